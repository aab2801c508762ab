// @ts-check
/** A unit's way: what of it lies behind a moment, and its speed and status as steps. Pure. */

/** So near its edge more of a way is asked for, seconds. */
export const EDGE_S = 300;
/** Points further apart in time than this are not joined: nobody knows the way between, seconds. */
export const GAP_S = 90;

/** @typedef {import("../types.d.ts").TrackPoint} TrackPoint */

/**
 * What was told of a way: from when to when, and, but in truth, what was known of it at a moment that was `since` when it was
 * asked for and `by` when the answer came. Unix seconds.
 * @typedef {{ from: number, to: number, known: { since: number, by: number } | null }} Told
 */

/**
 * Whether what was told of a way holds at a moment: there may be "more" to ask for, or it is "gone", since it may tell what
 * was not known yet.
 * @param {Told} told @param {number} at @param {{ from: number, to: number }} bounds of the recording
 * @param {number} near moments so far apart are the same, seconds
 * @returns {"held" | "more" | "gone"}
 */
export function holds({ from, to, known }, at, bounds, near) {
  if (known && at < known.by - near) return "gone";
  const inside = at - from >= Math.min(EDGE_S, at - bounds.from) && to - at >= Math.min(EDGE_S, bounds.to - at);
  return inside && !(known && at > known.since + near) ? "held" : "more";
}

/**
 * The pieces of the way between two moments, each a run of places without a gap, the newest last.
 * @param {TrackPoint[]} points by time @param {number} from @param {number} to
 * @returns {{ at: number, lon: number, lat: number }[][]}
 */
export function trail(points, from, to) {
  /** @type {{ at: number, lon: number, lat: number }[][]} */
  const pieces = [];
  let last = -Infinity;
  for (const [at, lon, lat] of points) {
    if (at < from || at > to || lon === null || lat === null) continue;
    if (at - last > GAP_S) pieces.push([]);
    pieces[pieces.length - 1].push({ at, lon, lat });
    last = at;
  }
  return pieces;
}

/** Runs of one status: from, to, code. @param {TrackPoint[]} points @returns {{ from: number, to: number, status: number }[]} */
export function statuses(points) {
  /** @type {{ from: number, to: number, status: number }[]} */
  const runs = [];
  for (const [at, , , , , said] of points) {
    const status = said ?? 5;
    const run = runs[runs.length - 1];
    if (run && run.status === status && at - run.to <= GAP_S) run.to = at;
    else {
      if (run && at - run.to <= GAP_S) run.to = at;
      runs.push({ from: at, to: at, status });
    }
  }
  return runs;
}

/** The newest point until a moment. @param {TrackPoint[]} points by time @param {number} at @returns {TrackPoint | null} */
export function before(points, at) {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] <= at) low = middle + 1;
    else high = middle;
  }
  return low ? points[low - 1] : null;
}

/** What is said of a way: how fast at most, miles an hour, and whether parts of its record are damaged. @param {number} fast @param {boolean} isSome @param {boolean} isDamaged */
export function wayWords(fast, isSome, isDamaged) {
  if (!isSome) return isDamaged ? "Its record is damaged here." : "No way is recorded here.";
  return isDamaged ? `Damaged in part · ${fast} mph` : `Up to ${fast} mph`; // what matters most first: it may be cut
}
