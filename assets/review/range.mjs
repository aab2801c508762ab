// @ts-check
/** The part of a recording that the timeline shows. Pure; times are Unix seconds, wall clocks are of a named zone. */

/** @typedef {{ from: number, to: number }} Range */

/** A timeline shows at least this much, seconds. */
export const LEAST_S = 60;

/**
 * The range inside its bounds, as long as before where it fits, and never shorter than LEAST_S.
 * @param {Range} range @param {Range} bounds @returns {Range}
 */
export function within({ from, to }, bounds) {
  const all = Math.max(bounds.to - bounds.from, LEAST_S);
  const length = Math.min(Math.max(to - from, LEAST_S), all);
  const middle = (from + to) / 2;
  const start = Math.min(Math.max(middle - length / 2, bounds.from), bounds.from + all - length);
  return { from: start, to: start + length };
}

/** Makes the range `factor` times as long around `at`, which stays where it is on the screen. @param {Range} range @param {number} at @param {number} factor @param {Range} bounds */
export function zoom({ from, to }, at, factor, bounds) {
  const all = Math.max(bounds.to - bounds.from, LEAST_S);
  const length = Math.min(Math.max((to - from) * factor, LEAST_S), all);
  const start = at - ((at - from) / (to - from)) * length;
  const held = Math.min(Math.max(start, bounds.from), bounds.from + all - length);
  return { from: held, to: held + length };
}

/** @param {Range} range @param {number} by seconds @param {Range} bounds */
export const pan = ({ from, to }, by, bounds) => within({ from: from + by, to: to + by }, bounds);

/** What two fingers hold stays under them: `a` and `b` are where they were, in times; `x` and `y` where they are, 0..1 of the width. @param {number} a @param {number} b @param {number} x @param {number} y @param {Range} bounds */
export function pinch(a, b, x, y, bounds) {
  if (Math.abs(y - x) < 1e-3) return null;
  const length = Math.min(Math.max((b - a) / (y - x), LEAST_S), Math.max(bounds.to - bounds.from, LEAST_S));
  const from = (a + b) / 2 - ((x + y) / 2) * length;
  return within({ from, to: from + length }, bounds);
}

/** The range turned on so that it holds `at`, a page further; itself when it does. @param {Range} range @param {number} at @param {Range} bounds @returns {Range} */
export function showing(range, at, bounds) {
  if (at >= range.from && at <= range.to) return range;
  const length = range.to - range.from;
  const from = at > range.to ? at - length * 0.05 : at - length * 0.95;
  return within({ from, to: from + length }, bounds);
}

/** By name: the last hour, the day (of the zone) that holds `at`, all. @param {string} name @param {Range} bounds @param {number} at @param {string} zone @returns {Range} */
export function named(name, bounds, at, zone) {
  if (name === "hour") return within({ from: bounds.to - 3600, to: bounds.to }, bounds);
  if (name === "day") {
    const date = toWall(at, zone).slice(0, 10);
    // A day on which the clock is set has 23 hours, or 25.
    const next = new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
    return { from: fromWall(date, zone), to: fromWall(next, zone) };
  }
  return { ...bounds };
}

const STEPS = [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

/**
 * Ticks at round times of the zone's clock, at most one every `room` of the width.
 * @param {Range} range @param {number} most how many have room @param {string} zone
 * @returns {{ at: number, text: string }[]}
 */
export function ticks({ from, to }, most, zone) {
  const step = STEPS.find((s) => (to - from) / s <= most) ?? 86400 * Math.ceil((to - from) / 86400 / most);
  /** The nearest round time: where the clock was set since the tick before, a step leads beside one. @param {number} at */
  const round = (at) => {
    const over = (at + offsetAt(at, zone)) % step;
    return over * 2 < step ? at - over : at - over + step;
  };
  const offset = offsetAt(from, zone);
  const out = [];
  for (let at = round(Math.ceil((from + offset) / step) * step - offset); at <= to; at = round(at + step)) {
    if (at < from) continue;
    const wall = toWall(at, zone);
    const midnight = wall.slice(11) === "00:00:00";
    out.push({ at, text: midnight && step < 86400 ? day(wall) : step < 60 ? wall.slice(11) : step < 86400 ? wall.slice(11, 16) : day(wall) });
  }
  return out;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** @param {string} wall */
const day = (wall) => `${Number(wall.slice(8, 10))} ${MONTHS[Number(wall.slice(5, 7)) - 1]}`;

/** @type {Map<string, Intl.DateTimeFormat>} */
const faces = new Map();
/** @param {string} zone */
function faceOf(zone) {
  let face = faces.get(zone);
  if (!face) {
    face = new Intl.DateTimeFormat("sv-SE", {
      timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    });
    faces.set(zone, face);
  }
  return face;
}

/** A moment on the zone's wall clock: `2026-11-27T14:03:07`. @param {number} at @param {string} zone */
export const toWall = (at, zone) => faceOf(zone).format(Math.floor(at) * 1000).replace(" ", "T");

/** Seconds the zone's clock is ahead of UTC. @param {number} at @param {string} zone */
function offsetAt(at, zone) {
  return Date.parse(`${toWall(at, zone)}Z`) / 1000 - Math.floor(at);
}

/**
 * The moment of a wall clock (date, or date and time); NaN when it is none. Of an hour that there was twice it is the first,
 * of one that the clock left out the one after it.
 * @param {string} wall @param {string} zone
 */
export function fromWall(wall, zone) {
  const plain = Date.parse(`${wall.length === 10 ? `${wall}T00:00` : wall}Z`) / 1000;
  if (!Number.isFinite(plain)) return NaN;
  const [before, after] = [-86400, 86400].map((by) => plain - offsetAt(plain + by, zone));
  return plain - offsetAt(before, zone) === before || plain - offsetAt(after, zone) !== after ? before : after;
}
