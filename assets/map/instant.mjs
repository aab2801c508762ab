// @ts-check
/**
 * The units of a span at any instant of it, drawn by the code of the live stream: `stateAt` gives the columns that a
 * keyframe has, `frameOf` makes frames of them for the store. Typed arrays, no object for a row. Pure: no page, no clock.
 *
 * The page draws blocks of the overview with it, at their steps (`review/overviews.mjs`). A minute's chunk, at any instant of
 * it, is what `bench replay` measures; the golden frames hold both views to what Python reads. The page draws neither.
 *
 * A view never looks at a row that it may not use at its instant: `known` uses what was received by then, `truth` what was
 * so by then, whenever it came.
 */

import { DELTA, KEYFRAME } from "./frame.mjs";
import { DRAWN, GROUPS, NAMES } from "./span.mjs";
import { EMERGENCY, NOT_ACTUAL } from "./store.mjs";

/** @typedef {import("./frame.mjs").Frame} Frame */
/** @typedef {import("./span.mjs").Span} Span */
/** @typedef {"known" | "truth"} View */
/**
 * Units at an instant; arrays of as many values as there are units then.
 * @typedef {object} State
 * @property {Span} span
 * @property {number} t
 * @property {View} view
 * @property {Uint32Array} unit which unit of the span
 * @property {Int32Array} row the row that stands for it, -1 for how it stood at `at`
 * @property {Int32Array} words what stands of each group of each unit, four values a unit
 * @property {Record<string, import("./frame.mjs").Column>} columns as of layer `units`, but `row`
 */

export const REPORT_STATUS = ["actual", "exercise", "system", "test", "draft"];
const UNKNOWN_U4 = 4294967295;
const UNSAID = 5;

/** @param {Span} span @param {number} t */
function instant(span, t) {
  if (!(t >= span.at && t <= span.until)) throw new RangeError(`${t} is outside the span from ${span.at} until ${span.until}`);
  return Math.floor((t - span.at) * 1000 + 0.0005);
}

/**
 * The newest row of a unit that the view may use at `tMs`, -1 for how it stood at `at`.
 * @param {Span} span @param {number} unit @param {Int32Array} times @param {number} tMs
 */
function rowBy(span, unit, times, tMs) {
  const first = span.start[unit] + span.key.older[unit];
  for (let i = span.start[unit + 1] - 1; i >= first; i--) if (times[i] <= tMs) return i;
  return -1;
}

/**
 * Returns the units at `t` (Unix seconds), as a keyframe of the stream has them. Throws RangeError outside the span.
 * @param {Span} span
 * @param {number} t
 * @param {View} [view]
 * @returns {State}
 */
export function stateAt(span, t, view = "known") {
  const tMs = instant(span, t);
  const times = view === "known" ? span.received : span.effective;
  const standing = new Int32Array(span.n);
  let m = 0;
  for (let unit = 0; unit < span.n; unit++) {
    standing[unit] = rowBy(span, unit, times, tMs);
    if (standing[unit] >= 0 || span.key.here[unit]) m += 1;
  }
  const unit = new Uint32Array(m);
  const row = new Int32Array(m);
  for (let u = 0, i = 0; u < span.n; u++) {
    if (standing[u] < 0 && !span.key.here[u]) continue;
    unit[i] = u;
    row[i++] = standing[u];
  }
  const words = wordsAt(span, tMs, view, unit);
  return { span, t, view, unit, row, words, columns: columnsOf(span, tMs, unit, row, words) };
}

/** @param {Span} span @param {number} tMs @param {View} view @param {Uint32Array} unit */
function wordsAt(span, tMs, view, unit) {
  const all = new Int32Array(span.n * GROUPS);
  const times = view === "known" ? span.said.received : span.said.effective;
  // Of several that may stand the last is written last.
  for (let i = 0; i < times.length; i++) if (times[i] <= tMs) all[span.said.slot[i]] = span.said.word[i];
  const words = new Int32Array(unit.length * GROUPS);
  for (let i = 0; i < unit.length; i++) for (let g = 0; g < GROUPS; g++) words[i * GROUPS + g] = all[unit[i] * GROUPS + g];
  return words;
}

/** @param {Span} span @param {number} tMs @param {Uint32Array} unit @param {Int32Array} row @param {Int32Array} words */
function columnsOf(span, tMs, unit, row, words) {
  const m = unit.length;
  /** @type {Record<string, any>} */
  const taken = {};
  for (const name of NAMES) {
    const to = (taken[name] = new DRAWN[name](m));
    const [key, rows] = [span.key[name], span.rows[name]];
    for (let i = 0; i < m; i++) to[i] = row[i] < 0 ? key[unit[i]] : rows[row[i]];
  }
  const { lon, lat, course, speed, err, flags, report_status: told, source, good, observed, delay } = taken;
  const [status, age, lag] = [new Uint8Array(m), new Uint16Array(m), new Uint16Array(m)];
  for (let i = 0; i < m; i++) {
    const received = observed[i] + delay[i];
    const old = tMs - Math.min(observed[i], received);
    age[i] = Math.max(0, Math.min(65535, roundEven(old / 100)));
    lag[i] = Math.max(0, Math.min(65534, tMs - received));
    const word = words[i * GROUPS];
    status[i] = word ? span.codes[word] : UNSAID;
    const cadence = cadenceOf(span, source[i], word) * 1000;
    const fresh = good[i] === UNKNOWN_U4 ? 3 * cadence : Math.min(3 * cadence, good[i]);
    const life = (old > fresh ? 1 : 0) + (old > Math.max(60000, 10 * cadence) ? 1 : 0);
    flags[i] |= (told[i] ? NOT_ACTUAL : 0) | (span.codes[words[i * GROUPS + 1]] ? EMERGENCY : 0) | (life << 1);
  }
  return { lon, lat, course, speed, status, flags, err, age, lag, source, report_status: told };
}

/** To the nearest, halves to the even one, as the server does. @param {number} x */
function roundEven(x) {
  const down = Math.floor(x);
  return x - down === 0.5 ? down + (down & 1) : Math.round(x);
}

/** How often a unit is to be heard, seconds. @param {Span} span @param {number} source @param {number} word */
function cadenceOf(span, source, word) {
  const memo = source * span.codes.length + word;
  let cadence = span.cadences.get(memo);
  if (cadence === undefined) {
    const [, plain, byState = {}] = span.stretch.sources[source];
    const { primary_status: primary, secondary_status: secondary } = span.stretch.words[word];
    const told = [primary].concat(secondary).filter((state) => state in byState).map((state) => byState[state]);
    cadence = told.length ? Math.max(...told) : plain;
    span.cadences.set(memo, cadence);
  }
  return cadence;
}

/** The record of unit `i` of a state, as the stream's. @param {State} state @param {number} i */
export function recordOf({ span, unit, words, columns }, i) {
  const record = { id: span.ids[unit[i]], agency: span.agency, family: span.stretch.family };
  for (let g = 0; g < GROUPS; g++) Object.assign(record, span.stretch.words[words[i * GROUPS + g]]);
  const source = columns.source[i];
  return Object.assign(record, {
    source: span.stretch.sources[source][0], cadence_s: cadenceOf(span, source, words[i * GROUPS]),
    status: REPORT_STATUS[columns.report_status[i]],
  });
}

/**
 * Returns a frame of layer `units` for the store, of one state for each agency; a unit's row is its number counted on from
 * span to span. Without `since` a keyframe; with it (the states of the frame before, of the same spans) a delta.
 * @param {State[]} states
 * @param {number} rev the store's revision after it
 * @param {State[]} [since]
 * @returns {Frame}
 */
export function frameOf(states, rev, since) {
  const n = states.reduce((sum, state) => sum + state.unit.length, 0);
  /** @type {Record<string, any>} */
  const columns = { row: new Uint32Array(n) };
  /** @type {[number, any][]} */
  const records = [];
  /** @type {number[]} */
  const gone = [];
  let filled = 0;
  let first = 0;
  states.forEach((state, s) => {
    const before = since?.[s];
    const was = before ? placesIn(before) : null;
    for (const [name, values] of Object.entries(state.columns)) {
      if (name === "source" || name === "report_status") continue;
      columns[name] ??= new /** @type {any} */ (values.constructor)(n);
      columns[name].set(values, filled);
    }
    for (let i = 0; i < state.unit.length; i++) {
      columns.row[filled + i] = first + state.unit[i];
      const old = was ? was[state.unit[i]] : -1;
      if (!before || old < 0 || !sameWords(state, i, before, old)) records.push([first + state.unit[i], recordOf(state, i)]);
      if (was) was[state.unit[i]] = -1;
    }
    was?.forEach((place, unit) => place >= 0 && gone.push(first + unit));
    filled += state.unit.length;
    first += state.span.n;
  });
  const layer = { name: "units", n, columns, records, gone };
  return {
    type: since ? DELTA : KEYFRAME, rev, base: since ? rev - 1 : 0, at: states[0]?.t ?? 0, lag_ms: 0, layers: [layer],
    events: [], events_from: 0, bus: "", bus_since: 0,
  };
}

/** Unit -> its place in the state's arrays, -1 for none. @param {State} state */
function placesIn(state) {
  const places = new Int32Array(state.span.n).fill(-1);
  state.unit.forEach((unit, i) => (places[unit] = i));
  return places;
}

/** @param {State} a @param {number} i @param {State} b @param {number} j */
function sameWords(a, i, b, j) {
  for (let g = 0; g < GROUPS; g++) if (a.words[i * GROUPS + g] !== b.words[j * GROUPS + g]) return false;
  return a.columns.source[i] === b.columns.source[j] && a.columns.report_status[i] === b.columns.report_status[j];
}
