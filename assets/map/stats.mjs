// @ts-check
/** What the map measures of itself; bounded rings, no page. Times are milliseconds of the monotonic clock. */

const KEPT = 512;
const FPS_WINDOW_MS = 2000;

/** A ring of the last `size` numbers. @param {number} [size] */
export function ring(size = KEPT) {
  const values = new Float64Array(size);
  let n = 0;
  return {
    /** @param {number} value */
    add(value) {
      values[n++ % size] = value;
    },
    clear() {
      n = 0;
    },
    get length() {
      return Math.min(n, size);
    },
    /** The p-quantile (0..1) of what is kept; 0 when empty. @param {number} p */
    quantile(p) {
      const kept = values.slice(0, Math.min(n, size)).sort();
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
      draws.add(tookMs);
      drawn = things;
    },
    /** One frame of the stream was taken in: main-thread time, decode to upload. @param {number} tookMs */
    update(tookMs) {
      updates.add(tookMs);
    },
    /** Gateway receipt to drawn. @param {number} ms */
    latency(ms) {
      latency.add(ms);
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
        frame_ms_p95: draws.quantile(0.95),
        latency_ms_p95: latency.quantile(0.95),
        revision,
        first_picture_ms: first,
        update_ms_p50: updates.quantile(0.5),
        update_ms_p95: updates.quantile(0.95),
      };
    },
  };
}
