// @ts-check
/**
 * The units of a span at any instant of it, drawn by the code of the live stream: `stateAt` gives the columns that a
 * keyframe has, `frameOf` makes frames of them for the store. Typed arrays, no object for a row. Pure: no page, no clock.
 *
 * A view never looks at a row that it may not use at its instant, not even to move a marker towards it:
 * `known` uses what was received by then, `truth` what was so by then, whenever it came.
 */

import { DELTA, KEYFRAME, UNKNOWN_I4 } from "./frame.mjs";
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
/** A marker is not moved over a gap longer than this, ms: where it was meanwhile nobody said. */
export const GAP_MS = 15000;

/** @param {Span} span @param {number} t */
function instant(span, t) {
  if (!(t >= span.at && t <= span.until)) throw new RangeError(`${t} is outside the span from ${span.at} until ${span.until}`);
  return Math.floor((t - span.at) * 1000 + 0.0005);
}

/**
 * The newest row of a unit that the view may use at `tMs` and that is no later than `byMs`, -1 for how it stood at `at`.
 * @param {Span} span @param {number} unit @param {Int32Array} times @param {number} tMs @param {number} byMs
 */
function rowBy(span, unit, times, tMs, byMs) {
  const first = span.start[unit] + span.key.older[unit];
  for (let i = span.start[unit + 1] - 1; i >= first; i--) if (times[i] <= tMs && span.effective[i] <= byMs) return i;
  return -1;
}

/** When the row of a unit was so, ms after `at`. @param {Span} span @param {number} unit @param {number} row */
function effectiveOf(span, unit, row) {
  if (row >= 0) return span.effective[row];
  const observed = span.key.observed[unit];
  return Math.min(observed, observed + span.key.delay[unit]);
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
    standing[unit] = rowBy(span, unit, times, tMs, Infinity);
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
 * Returns where the markers of a state are drawn, `behind` ms before its instant: between two rows that the view may use
 * at that instant, or where the unit was last. Never ahead of what was known, and not over a gap of more than GAP_MS.
 * `before` is the span that ends where this one begins: without it markers stand still for the first `behind` ms.
 * @param {State} state
 * @param {number} behind
 * @param {Span | null} [before]
 * @returns {{ lon: Int32Array, lat: Int32Array }} degrees x 1e7
 */
export function placesBehind({ span, t, view, unit, columns }, behind, before = null) {
  const tMs = instant(span, t);
  const byMs = tMs - behind;
  const times = view === "known" ? span.received : span.effective;
  const there = before && before.until === span.at && before.agency === span.agency ? unitsIn(before, span) : null;
  const places = { lon: Int32Array.from(columns.lon), lat: Int32Array.from(columns.lat) };
  for (let i = 0; i < unit.length; i++) {
    const u = unit[i];
    const from = rowBy(span, u, times, tMs, byMs);
    if (from < 0 && !span.key.here[u]) continue;
    const earlier = there && from < 0 && effectiveOf(span, u, -1) > byMs ? there[u] : -1;
    if (before && earlier >= 0) {
      // All that came before this span was known when it began.
      const byThen = byMs + (span.at - before.at) * 1000;
      move(places, i, before, earlier, rowBy(before, earlier, before.received, Infinity, byThen), before.received, Infinity, byThen);
    } else {
      move(places, i, span, u, from, times, tMs, byMs);
    }
  }
  return places;
}

/**
 * Moves marker `i` to where the unit was at `byMs`, between the row `from` and the next that may be used at `tMs`.
 * @param {{ lon: Int32Array, lat: Int32Array }} places @param {number} i @param {Span} span @param {number} unit
 * @param {number} from @param {Int32Array} times @param {number} tMs @param {number} byMs
 */
function move(places, i, span, unit, from, times, tMs, byMs) {
  const { key, rows, start } = span;
  let to = from < 0 ? start[unit] + key.older[unit] : from + 1;
  while (to < start[unit + 1] && times[to] > tMs) to += 1;
  if (to >= start[unit + 1]) return; // nothing newer may be used: it is where it was last
  const lon = from < 0 ? key.lon[unit] : rows.lon[from];
  const lat = from < 0 ? key.lat[unit] : rows.lat[from];
  if (lon === UNKNOWN_I4 || rows.lon[to] === UNKNOWN_I4) return;
  const begun = effectiveOf(span, unit, from);
  const gap = span.effective[to] - begun;
  const part = gap > 0 && gap <= GAP_MS ? Math.max(0, Math.min(1, (byMs - begun) / gap)) : 0;
  places.lon[i] = Math.round(lon + (rows.lon[to] - lon) * part);
  places.lat[i] = Math.round(lat + (rows.lat[to] - lat) * part);
}

/** @type {WeakMap<Span, { span: Span, units: Int32Array }>} */
const sameUnits = new WeakMap();

/** Of each unit of `span` its number in `before`, -1 for none. @param {Span} before @param {Span} span */
function unitsIn(before, span) {
  const met = sameUnits.get(before);
  if (met?.span === span) return met.units;
  const numbers = new Map(before.ids.map((id, unit) => [id, unit]));
  const units = Int32Array.from(span.ids, (id) => numbers.get(id) ?? -1);
  sameUnits.set(before, { span, units });
  return units;
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
