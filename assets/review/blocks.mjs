// @ts-check
/** Blocks of the time pyramid: which of them a stretch of time needs, and how many are kept. Pure. */

/** @typedef {"l1" | "l2"} Level */
/** @typedef {import("./range.mjs").Range} Range */

/** A state each `step` seconds, in blocks of `length` seconds. */
export const LEVELS = { l1: { step: 10, length: 600 }, l2: { step: 60, length: 3600 } };
/** A timeline that shows no more than this has room for a state each ten seconds. */
const FINE_S = 7200;
/** Blocks that a range may ask for, the nearest to the moment. */
export const ASKED_MAX = 72;

const MB = 1 << 20;
/**
 * What is kept: decoded blocks, each one stretch of time of all agencies, and their bytes; bytes as they came.
 * A block of L2 is at most as large as a minute chunk of as many units at 1 Hz.
 */
export const LIMITS = {
  tablet: { blocks: 8, bytes: 48 * MB, packed: 12 * MB },
  wall: { blocks: 32, bytes: 192 * MB, packed: 48 * MB },
};

/** @param {string} kind of the account @param {boolean} finger whether it is held in a hand */
export const limitsOf = (kind, finger) => (kind === "field" || finger ? LIMITS.tablet : LIMITS.wall);

/** Which level is drawn first for a range. @param {Range} range @returns {Level[]} */
export const levelsFor = ({ from, to }) => (to - from <= FINE_S ? ["l1", "l2"] : ["l2", "l1"]);

/** Where the block that holds `t` begins. @param {Level} level @param {number} t */
export const beginOf = (level, t) => Math.floor(t / LEVELS[level].length) * LEVELS[level].length;

/** The last step at or before `t`. @param {Level} level @param {number} t */
export const stepOf = (level, t) => Math.floor(t / LEVELS[level].step) * LEVELS[level].step;

/**
 * The blocks that a range needs, the nearest to `at` first: all of L2, then those of L1 where they can be told apart.
 * @param {Range} range @param {number} at @returns {{ level: Level, at: number }[]}
 */
export function blocksFor(range, at) {
  /** @type {{ level: Level, at: number }[]} */
  const found = [];
  for (const level of /** @type {Level[]} */ (levelsFor(range)[0] === "l1" ? ["l2", "l1"] : ["l2"])) {
    const { length } = LEVELS[level];
    const own = [];
    for (let begin = beginOf(level, range.from); begin < range.to; begin += length) own.push({ level, at: begin });
    const far = (/** @type {{ at: number }} */ block) => Math.abs(block.at + length / 2 - at);
    found.push(...own.sort((a, b) => far(a) - far(b)).slice(0, ASKED_MAX));
  }
  return found;
}

/**
 * Keeps so many things and so many bytes of them; those used longest ago go, the newest never.
 * @template T
 * @param {number} most @param {number} bytesMost
 */
export function keeper(most, bytesMost) {
  /** @type {Map<string, { value: T, bytes: number }>} */
  const kept = new Map();
  let bytes = 0;
  return {
    get count() {
      return kept.size;
    },
    get bytes() {
      return bytes;
    },
    /** @param {string} key */
    has: (key) => kept.has(key),
    /** @param {string} key @returns {T | undefined} */
    get(key) {
      const found = kept.get(key);
      if (!found) return undefined;
      kept.delete(key);
      kept.set(key, found);
      return found.value;
    },
    /** @param {string} key @param {T} value @param {number} size bytes */
    set(key, value, size) {
      bytes += size - (kept.get(key)?.bytes ?? 0);
      kept.delete(key);
      kept.set(key, { value, bytes: size });
      for (const [oldest, { bytes: its }] of kept) {
        if (kept.size === 1 || (kept.size <= most && bytes <= bytesMost)) break;
        kept.delete(oldest);
        bytes -= its;
      }
    },
    /** @param {string} key */
    drop(key) {
      bytes -= kept.get(key)?.bytes ?? 0;
      kept.delete(key);
    },
    clear() {
      kept.clear();
      bytes = 0;
    },
  };
}

/** Bytes of the arrays that something holds, each buffer once. @param {unknown} of */
export function bytesOf(of) {
  /** @type {Set<ArrayBufferLike>} */
  const buffers = new Set();
  const seen = new Set();
  const walk = (/** @type {unknown} */ value) => {
    if (value === null || typeof value !== "object" || seen.has(value)) return;
    seen.add(value);
    if (ArrayBuffer.isView(value)) buffers.add(value.buffer);
    else if (value instanceof ArrayBuffer) buffers.add(value);
    else for (const one of Object.values(value)) walk(one);
  };
  walk(of);
  return [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
}
