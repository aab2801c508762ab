// @ts-check
/**
 * The picture in the browser: one table of typed arrays per layer, changed only by frames. Pure: no page, no clock.
 *
 * Rules: a delta that does not fit the revision changes nothing and says so; a keyframe replaces everything;
 * memory is bounded by what is in the picture (tables grow by doubling) and by EVENTS_MAX.
 */

import { DELTA, HEARTBEAT, KEYFRAME, UNKNOWN_I4 } from "./frame.mjs";

/** Events kept, newest last. */
export const EVENTS_MAX = 500;
/** No picture has more rows than this; a frame that says so is refused. */
const ROWS_MAX = 1 << 22;
const FIRST = 256;

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array };

/** The columns of docs/wire.md, but `row`. @type {Record<string, Record<string, keyof typeof ARRAYS>>} */
export const COLUMNS = {
  units: {
    lon: "i4", lat: "i4", course: "u2", speed: "u2", status: "u1", flags: "u1", age: "u2", err: "u2", lag: "u2",
  },
  incidents: { lon: "i4", lat: "i4", priority: "u1", flags: "u1", age: "u4" },
  cameras: {
    lon: "i4", lat: "i4", bearing: "u2", fov: "u2", range: "u2", camera_state: "u1", camera_kind: "u1", flags: "u1",
    age: "u2",
  },
  zones: { lon: "i4", lat: "i4", zone_kind: "u1", flags: "u1", age: "u4" },
  log: { lon: "i4", lat: "i4", entry_kind: "u1", flags: "u1", age: "u4" },
};

/** Bits of the `flags` columns. */
export const EMERGENCY = 1;
export const NOT_ACTUAL = 8;
export const ALERT = 16;
export const EN_ROUTE = 16;
export const PLANNED = 16;
export const ON_SCENE = 32;
export const CORRECTED = 32;
export const CLOSED = 64;
export const UNASSIGNED = 128;
/** @param {number} flags */
export const life = (flags) => (flags >> 1) & 3;
export const STALE = 1;
export const LOST = 2;

/** @typedef {import("../types.d.ts").Store} Store */
/** @template R @typedef {import("../types.d.ts").Table<R>} Table */
/**
 * What one frame changed: rows by layer, `null` for all of them; no layer when the frame did not fit.
 * @typedef {{ fits: boolean, rows: Record<string, Uint32Array | null> }} Change
 */

/**
 * @template R
 * @param {string} name
 * @returns {Table<R>}
 */
function emptyTable(name) {
  /** @type {Table<R>} */
  const table = {
    name, end: 0, count: 0, present: new Uint8Array(FIRST), columns: {}, at: new Float64Array(FIRST), records: [],
    rows: new Map(), agencies: new Set(), version: 0,
  };
  for (const [column, dtype] of Object.entries(COLUMNS[name])) table.columns[column] = new ARRAYS[dtype](FIRST);
  return table;
}

/** @returns {Store} */
export function emptyStore() {
  return {
    rev: 0, eventNumber: 0, units: emptyTable("units"), incidents: emptyTable("incidents"),
    cameras: emptyTable("cameras"), zones: emptyTable("zones"), log: emptyTable("log"), events: [], bus: "", busSince: 0,
  };
}

/**
 * Applies a frame and returns what it changed. A delta on another revision changes nothing: `fits` is false.
 * @param {Store} store
 * @param {import("./frame.mjs").Frame} frame
 * @returns {Change}
 */
export function apply(store, frame) {
  /** @type {Change} */
  const change = { fits: true, rows: {} };
  if (frame.type !== KEYFRAME && frame.base !== store.rev && !(frame.type === HEARTBEAT && frame.rev === store.rev)) {
    return { fits: false, rows: {} };
  }
  if (frame.type === KEYFRAME) {
    for (const name of Object.keys(COLUMNS)) {
      clear(tableOf(store, name));
      change.rows[name] = null;
    }
  }
  for (const layer of frame.layers) {
    if (!(layer.name in COLUMNS)) continue; // a newer hub may know layers we do not draw
    const touched = applyLayer(tableOf(store, layer.name), layer, frame.at);
    if (frame.type === DELTA) change.rows[layer.name] = touched;
  }
  for (const [n, event] of frame.events) keepEvent(store, n, event);
  store.rev = frame.rev;
  store.bus = frame.bus;
  store.busSince = frame.bus_since;
  return change;
}

/** Forgets event numbers: another epoch counts from 1 again. @param {Store} store */
export function newEpoch(store) {
  store.rev = 0;
  store.eventNumber = 0;
  store.events = [];
}

/**
 * @param {Store} store
 * @param {string} name
 * @returns {Table<any>}
 */
export function tableOf(store, name) {
  return /** @type {any} */ (store)[name];
}

/** What a thing is found by: its id is unique within its agency only. @param {string} agency @param {string} id */
export const keyOf = (agency, id) => `${agency}/${id}`;

/**
 * The row of what a thing of `agency` names by `id`: its own agency's, else another's (the first by name).
 * @param {Table<any>} table @param {string} agency @param {string} id @returns {number | undefined}
 */
export function referred(table, agency, id) {
  const own = table.rows.get(keyOf(agency, id));
  if (own !== undefined) return own;
  for (const other of [...table.agencies].sort()) {
    const row = table.rows.get(keyOf(other, id));
    if (row !== undefined) return row;
  }
  return undefined;
}

/** The row of what is chosen. @param {Store} store @param {{ layer: string, agency: string, id: string }} thing */
export const rowOf = (store, { layer, agency, id }) => tableOf(store, layer).rows.get(keyOf(agency, id));

/** Where a thing is, degrees, or null. @param {Store} store @param {{ layer: string, agency: string, id: string }} thing @returns {[number, number] | null} */
export function placeOf(store, thing) {
  const row = rowOf(store, thing);
  const { lon, lat } = tableOf(store, thing.layer).columns;
  return row === undefined || lon[row] === UNKNOWN_I4 ? null : [lon[row] / 1e7, lat[row] / 1e7];
}

/** @param {Table<any>} table @param {number} row @param {any} record */
function forget(table, row, record) {
  const key = keyOf(record.agency, record.id);
  if (table.rows.get(key) === row) table.rows.delete(key);
}

/** @param {Table<any>} table */
function clear(table) {
  table.present.fill(0);
  table.records = [];
  table.rows.clear();
  table.agencies.clear();
  table.end = table.count = 0;
  table.version += 1;
}

/**
 * @param {Table<any>} table
 * @param {import("./frame.mjs").FrameLayer} layer
 * @param {number} at
 */
function applyLayer(table, layer, at) {
  // Gone first: the same frame may give a freed row to another thing.
  for (const row of layer.gone) remove(table, row);
  const rows = layer.columns.row;
  const touched = new Uint32Array(layer.gone.length + layer.n);
  touched.set(layer.gone);
  if (rows) touched.set(rows, layer.gone.length);
  for (let i = 0; i < layer.n; i++) {
    const row = rows[i];
    if (row >= table.end) extend(table, row + 1);
    if (!table.present[row]) {
      table.present[row] = 1;
      table.count += 1;
    }
    table.at[row] = at;
  }
  for (const name of Object.keys(layer.columns)) {
    const to = table.columns[name];
    if (!to) continue;
    const from = layer.columns[name];
    for (let i = 0; i < layer.n; i++) to[rows[i]] = from[i];
  }
  for (const [row, record] of layer.records) {
    if (row >= table.end) extend(table, row + 1);
    const old = table.records[row];
    if (old) forget(table, row, old);
    table.records[row] = record;
    table.rows.set(keyOf(record.agency, record.id), row);
    table.agencies.add(record.agency);
  }
  table.version += 1;
  return touched;
}

/**
 * @param {Table<any>} table
 * @param {number} row
 */
function remove(table, row) {
  if (row >= table.end || !table.present[row]) return;
  table.present[row] = 0;
  table.count -= 1;
  const record = table.records[row];
  if (record) forget(table, row, record);
  table.records[row] = undefined;
}

/**
 * @param {Table<any>} table
 * @param {number} end
 */
function extend(table, end) {
  if (end > ROWS_MAX) throw new RangeError(`row ${end - 1} of ${table.name} is beyond ${ROWS_MAX}`);
  let size = table.present.length;
  while (size < end) size *= 2;
  if (size > table.present.length) {
    const grown = (/** @type {any} */ from) => {
      const to = new from.constructor(size);
      to.set(from);
      return to;
    };
    table.present = grown(table.present);
    table.at = grown(table.at);
    for (const name of Object.keys(table.columns)) table.columns[name] = grown(table.columns[name]);
  }
  table.end = end;
}

/**
 * @param {Store} store
 * @param {number} n
 * @param {any} event
 */
function keepEvent(store, n, event) {
  if (n <= store.eventNumber) return; // seen before the connection was resumed
  store.eventNumber = n;
  store.events.push({ ...event, n });
  if (store.events.length > EVENTS_MAX) store.events.splice(0, store.events.length - EVENTS_MAX);
}
