// @ts-check
/**
 * Reads a span, what a recording holds of one agency's units: with instant.mjs the twin of layers/span.py (docs/wire.md).
 *
 * Its columns are unpacked once, into typed arrays; there is no object for a row. Pure: no page, no clock.
 */

import { FrameError, SPAN, UNKNOWN_I4 } from "./frame.mjs";

/** @typedef {import("./frame.mjs").Frame} Frame */
/** @typedef {import("./frame.mjs").Packed} Packed */
/**
 * @typedef {object} Span
 * @property {number} at
 * @property {number} until
 * @property {number} n units
 * @property {string} agency
 * @property {string[]} ids
 * @property {import("./frame.mjs").Stretch} stretch
 * @property {Record<string, import("./frame.mjs").Column>} key how each unit stood at `at`
 * @property {Int32Array} start where each unit's rows begin; n + 1 values
 * @property {Record<string, Int32Array>} rows rows sorted by unit, then as they came to stand
 * @property {Int32Array} received of each row, ms after `at`
 * @property {Int32Array} effective
 * @property {{ slot: Int32Array, word: Int32Array, received: Int32Array, effective: Int32Array }} said
 * @property {Int32Array} codes of each word
 * @property {[number, number, ArrayBuffer][]} frames of the other layers: received, observed (ms after `at`), frame
 * @property {Map<number, number>} cadences by source and word of status, as they are met
 */

/** Columns of a row, by their type. */
export const DRAWN = {
  lon: Int32Array, lat: Int32Array, course: Uint16Array, speed: Uint16Array, err: Uint16Array, flags: Uint8Array,
  report_status: Uint8Array, source: Uint16Array, good: Uint32Array, observed: Int32Array, delay: Int32Array,
};
export const NAMES = /** @type {(keyof typeof DRAWN)[]} */ (Object.keys(DRAWN));
/** Words are of status, emergency, identity, capability. */
export const GROUPS = 4;
const LONGEST_S = 24 * 3600;
const UNKNOWN = /** @type {Record<string, number>} */ ({ u1: -1, u2: 65535, u4: -1, i4: UNKNOWN_I4 });

/**
 * Returns the span in a frame. Throws FrameError when it is none, or when its parts do not fit together.
 * @param {Frame} frame
 * @returns {Span}
 */
export function readSpan(frame) {
  const layer = frame.layers.find((l) => l.name === "units");
  if (frame.type !== SPAN || !layer?.stretch) throw new FrameError("the frame is no span of units");
  const { stretch, n, columns: key } = layer;
  const seconds = (frame.until ?? 0) - frame.at;
  if (!(seconds > 0 && seconds <= LONGEST_S)) throw new FrameError(`a span of ${seconds} s is not of this world`);
  for (const name of [...NAMES, "here", "count", "older"]) {
    if (!key[name]) throw new FrameError(`the span's units have no column ${name}`);
  }
  const table = stretch.tables.rows;
  const start = new Int32Array(n + 1);
  for (let i = 0; i < n; i++) {
    if (key.older[i] > key.count[i]) throw new FrameError("the span counts more older rows than rows");
    start[i + 1] = start[i] + key.count[i];
  }
  if (!table || start[n] !== table.n) throw new FrameError(`the span counts ${start[n]} rows and has ${table?.n ?? 0}`);
  /** @type {Record<string, Int32Array>} */
  const rows = {};
  for (const name of NAMES) rows[name] = unpack(need(table, name), table.n, key[name], start);
  const received = new Int32Array(table.n);
  const effective = new Int32Array(table.n);
  for (let i = 0; i < table.n; i++) {
    received[i] = rows.observed[i] + rows.delay[i];
    effective[i] = Math.min(rows.observed[i], received[i]);
  }
  for (const source of [key.source, rows.source]) {
    for (let i = 0; i < source.length; i++) {
      if (!stretch.sources[source[i]]) throw new FrameError("the span names sources that are not there");
    }
  }
  if (stretch.ids.length !== n) throw new FrameError(`the span has ${stretch.ids.length} ids for ${n} units`);
  const { groups, codes } = readWords(stretch);
  return {
    at: frame.at, until: frame.until ?? 0, n, agency: stretch.agency, ids: stretch.ids, stretch, key, start, rows, received,
    effective, said: readSaid(stretch, n, groups), codes, frames: frame.frames ?? [], cadences: new Map(),
  };
}

/** @param {{ n: number, columns: Record<string, Packed> } | undefined} table @param {string} name */
function need(table, name) {
  const packed = table?.columns[name];
  if (!packed) throw new FrameError(`the span has no column ${name}`);
  return packed;
}

/** @param {import("./frame.mjs").Stretch} stretch */
function readWords(stretch) {
  const table = stretch.tables.words;
  const groups = unpack(need(table, "group"), table?.n ?? 0);
  if (stretch.words.length !== groups.length || groups.some((g) => g < 0 || g >= GROUPS)) {
    throw new FrameError("the span's words do not fit");
  }
  return { groups, codes: unpack(need(table, "code"), table.n) };
}

/** @param {import("./frame.mjs").Stretch} stretch @param {number} n @param {Int32Array} groups */
function readSaid(stretch, n, groups) {
  const table = stretch.tables.said;
  const column = (/** @type {string} */ name) => unpack(need(table, name), table.n);
  const [row, word, received, effective] = [column("row"), column("word"), column("received"), column("effective")];
  const slot = new Int32Array(row.length);
  for (let i = 0; i < row.length; i++) {
    if (row[i] < 0 || row[i] >= n || word[i] < 0 || word[i] >= groups.length) {
      throw new FrameError("the span's table said names rows or words that are not there");
    }
    slot[i] = row[i] * GROUPS + groups[word[i]];
  }
  return { slot, word, received, effective };
}

/**
 * Returns n values of a packed column; `key` and `start` where it goes by what stood before.
 * @param {Packed} packed
 * @param {number} n
 * @param {import("./frame.mjs").Column} [key]
 * @param {Int32Array} [start]
 */
function unpack({ dtype, encoding, planes, step, scale, data }, n, key, start) {
  const values = new Int32Array(n);
  for (let plane = 0; plane < planes; plane++) {
    const from = plane * n;
    const shift = 8 * plane;
    for (let i = 0; i < n; i++) values[i] |= data[from + i] << shift;
  }
  for (let i = 0; i < n; i++) values[i] = ((values[i] >>> 1) ^ -(values[i] & 1)) + step;
  const unknown = UNKNOWN[dtype];
  if (encoding === "delta") {
    if (!key || !start) throw new FrameError("a column goes by what stood before, and nothing stood");
    for (let unit = 0; unit < start.length - 1; unit++) {
      let value = key[unit] | 0;
      if (scale !== 1 && value !== unknown) value = Math.floor(value / scale);
      for (let i = start[unit]; i < start[unit + 1]; i++) value = values[i] = (value + values[i]) | 0;
    }
  }
  if (scale !== 1) for (let i = 0; i < n; i++) if (values[i] !== unknown) values[i] = Math.imul(values[i], scale);
  return values;
}
