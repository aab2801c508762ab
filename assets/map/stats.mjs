// @ts-check
/** What the map measures of itself; bounded rings, no page. Times are milliseconds of the monotonic clock. */

/** More than a minute of anything that is measured; older is forgotten. */
const KEPT = 4096;
const FPS_WINDOW_MS = 2000;
/** What is told is about so much of the past, milliseconds. */
export const WINDOW_MS = 60_000;

/** A ring of the last `size` numbers, each with its time (monotonic milliseconds). @param {number} [size] */
export function ring(size = KEPT) {
  const values = new Float64Array(size);
  const times = new Float64Array(size);
  let n = 0;
  return {
    /** @param {number} value @param {number} [at] */
    add(value, at = 0) {
      times[n % size] = at;
      values[n++ % size] = value;
    },
    clear() {
      n = 0;
    },
    get length() {
      return Math.min(n, size);
    },
    /** The p-quantile (0..1) of what is kept and not older than `since`; 0 when empty. @param {number} p @param {number} [since] */
    quantile(p, since = -Infinity) {
      const kept = values.slice(0, Math.min(n, size)).filter((_, i) => times[i] >= since).sort();
      return kept.length ? kept[Math.min(kept.length - 1, Math.ceil(p * kept.length) - 1)] : 0;
    },
    /** How many are above `least`. @param {number} least */
    above(least) {
      let count = 0;
      for (let i = 0; i < Math.min(n, size); i++) if (values[i] > least) count += 1;
      return count;
    },
  };
}

export function meter() {
  const frames = ring();
  const draws = ring();
  const updates = ring();
  const latency = ring();
  let drawn = 0;
  let opened = 0;
  let first = 0;
  return {
    /** The stream's first socket opened. @param {number} at */
    opened(at) {
      opened ||= at;
    },
    /** The card has finished a frame that shows a picture. @param {number} at */
    shown(at) {
      if (opened) first ||= at - opened;
    },
    /** One frame of the canvas was drawn. @param {number} at @param {number} tookMs @param {number} things */
    draw(at, tookMs, things) {
      frames.add(at);
      draws.add(tookMs, at);
      drawn = things;
    },
    /** One frame of the stream was taken in: main-thread time, decode to upload. @param {number} at @param {number} tookMs */
    update(at, tookMs) {
      updates.add(tookMs, at);
    },
    /** Gateway receipt to drawn, of what came live: not of a keyframe, whose things may be old. @param {number} at @param {number} ms */
    latency(at, ms) {
      latency.add(ms, at);
    },
    clear() {
      for (const kept of [frames, draws, updates, latency]) kept.clear();
    },
    /**
     * @param {number} now
     * @param {number} revision
     */
    stats(now, revision) {
      return {
        drawn,
        fps: frames.above(now - FPS_WINDOW_MS) / (FPS_WINDOW_MS / 1000),
        frame_ms_p95: draws.quantile(0.95, now - WINDOW_MS),
        latency_ms_p95: latency.quantile(0.95, now - WINDOW_MS),
        revision,
        first_picture_ms: first,
        update_ms_p50: updates.quantile(0.5, now - WINDOW_MS),
        update_ms_p95: updates.quantile(0.95, now - WINDOW_MS),
      };
    },
  };
}
