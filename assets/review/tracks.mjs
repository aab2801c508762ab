// @ts-check
/** A unit's way: what of it lies behind a moment, and its speed and status as steps. Pure. */

/** Points further apart in time than this are not joined: nobody knows the way between, seconds. */
export const GAP_S = 90;

/** @typedef {import("../types.d.ts").TrackPoint} TrackPoint */

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
