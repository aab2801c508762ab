// @ts-check
/**
 * Tables -> what the graphics card is given: 16 bytes a thing, in row order, rewritten only where a row changed. Pure.
 *
 *     0  i32 x, i32 y   place, 2^-32 of the world (mercator.mjs)
 *     8  u16 turn       tenths of a degree clockwise from north
 *    10  u8  sprite     within its layer's sheet
 *    11  u8  pointer    sprite of the pointer below it, drawn turned; NONE for none
 *    12  u8  alpha      0 draws nothing: no thing in this row, or its place is not known
 *    13  u8  turns      1 when the sprite is drawn turned too
 *    14  2 bytes of nothing
 */

import { UNKNOWN_I4, UNKNOWN_U2 } from "./frame.mjs";
import { mercatorX, mercatorY } from "./mercator.mjs";
import { shapeOf } from "./shapes.mjs";
import { ALERT, CLOSED, CORRECTED, EMERGENCY, EN_ROUTE, LOST, ON_SCENE, PLANNED, UNASSIGNED, life } from "./store.mjs";

export const STRIDE = 16;
export const NONE = 255;

/** Unit states as drawn: 0 AVL, 1 ENR, 2 ONS, 3 CMT, 4 OOS, 5 not said, 6 EMG. */
export const UNIT_STATES = 7;
export const EMG = 6;
const ENR = 1;
/** Sprites of the units' sheet: by state and life, then their pointers. */
export const unitSprite = (/** @type {number} */ state, /** @type {number} */ age) => state * 3 + age;
export const UNIT_POINTERS = UNIT_STATES * 3;
export const UNIT_SPRITES = UNIT_POINTERS * 2;

/** Edges of an incident: 0 plain, 1 gap (nobody assigned), 2 arrow tick (en route), 3 bar (on scene). */
export const incidentSprite = (/** @type {number} */ priority, /** @type {number} */ edge, /** @type {number} */ age) =>
  (priority * 4 + edge) * 2 + (age ? 1 : 0);
export const INCIDENT_SPRITES = 5 * 4 * 2;

export const cameraSprite = (/** @type {number} */ state, /** @type {number} */ age) => state * 3 + age;
export const CAMERA_SPRITES = 6 * 3;

/** Letters of a zone that is a place without extent, by `zone_kind`; all others have none. @type {Record<number, number>} */
const PLATES = { 9: 1, 10: 2, 11: 3, 12: 4 };
export const zoneSprite = (/** @type {number} */ plate, /** @type {boolean} */ faint) => plate * 2 + (faint ? 1 : 0);
export const ZONE_SPRITES = 5 * 2;

/** Entries by which somebody wants something done: decision, order, request. */
const ORDERS = new Set([2, 3, 4]);
export const LOG_SPRITES = 2;

/** Below this a unit stands, and its course says nothing: decimetres a second. */
const STANDS = 8;

/** @typedef {import("../types.d.ts").Table<any>} Table */
/**
 * @typedef {object} Instances
 * @property {string} layer
 * @property {ArrayBuffer} bytes
 * @property {Int32Array} xy 4 words a row
 * @property {Uint8Array} u8 16 bytes a row
 * @property {number} end rows in use
 * @property {boolean} dirty not yet given to the graphics card
 * @property {Set<number>} raised rows drawn above the others: P2
 * @property {Set<number>} urgent rows drawn above those: emergencies, P1, alerts
 */

/** @param {string} layer @returns {Instances} */
export function emptyInstances(layer) {
  const bytes = new ArrayBuffer(256 * STRIDE);
  return { layer, bytes, xy: new Int32Array(bytes), u8: new Uint8Array(bytes), end: 0, dirty: true, raised: new Set(), urgent: new Set() };
}

/** @type {Record<string, (table: Table, row: number, to: Instances, u16: Uint16Array) => void>} */
const WRITERS = { units: writeUnit, incidents: writeIncident, cameras: writeCamera, zones: writeZone, log: writeEntry };

/**
 * Brings the instances to the table's state: the given rows, or all with `null`.
 * @param {Instances} to
 * @param {Table} table
 * @param {Uint32Array | null} rows
 * @param {((row: number) => boolean) | null} [shows] of those there, which are drawn; null: all
 */
export function write(to, table, rows, shows = null) {
  if (table.end * STRIDE > to.bytes.byteLength) {
    let size = to.bytes.byteLength;
    while (size < table.end * STRIDE) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(to.u8);
    to.bytes = grown.buffer;
    to.u8 = grown;
    to.xy = new Int32Array(to.bytes);
  }
  to.end = table.end;
  to.dirty = true;
  if (rows === null) {
    to.raised.clear();
    to.urgent.clear();
  }
  const u16 = new Uint16Array(to.bytes);
  const writer = WRITERS[to.layer];
  const { present } = table;
  const { lon, lat } = table.columns;
  const count = rows === null ? table.end : rows.length;
  for (let i = 0; i < count; i++) {
    const row = rows === null ? i : rows[i];
    if (row >= table.end) continue;
    to.raised.delete(row);
    to.urgent.delete(row);
    if (!present[row] || lon[row] === UNKNOWN_I4 || lat[row] === UNKNOWN_I4 || (shows && !shows(row))) {
      to.u8[row * STRIDE + 12] = 0;
      continue;
    }
    to.xy[row * 4] = mercatorX(lon[row] / 1e7);
    to.xy[row * 4 + 1] = mercatorY(lat[row] / 1e7);
    writer(table, row, to, u16);
  }
}

/** @param {Table} table @param {number} row @param {Instances} to @param {Uint16Array} u16 */
function writeUnit(table, row, to, u16) {
  const c = table.columns;
  const flags = c.flags[row];
  const emergency = (flags & EMERGENCY) !== 0;
  const state = emergency ? EMG : Math.min(c.status[row], 5);
  const age = Math.min(life(flags), LOST);
  const course = c.course[row];
  // A standing unit has no direction; one that does not say its speed keeps the course it gave.
  const heads = course !== UNKNOWN_U2 && c.speed[row] >= STANDS && age !== LOST;
  const at = row * STRIDE;
  u16[row * 8 + 4] = heads ? course : 0;
  to.u8[at + 10] = unitSprite(state, age);
  to.u8[at + 11] = heads ? UNIT_POINTERS + unitSprite(state, age) : NONE;
  to.u8[at + 12] = 255;
  to.u8[at + 13] = heads && state === ENR ? 1 : 0;
  if (emergency) to.urgent.add(row);
}

/** @param {Table} table @param {number} row @param {Instances} to */
function writeIncident(table, row, to) {
  const flags = table.columns.flags[row];
  const priority = Math.min(table.columns.priority[row], 4);
  const edge = flags & ON_SCENE ? 3 : flags & EN_ROUTE ? 2 : flags & UNASSIGNED ? 1 : 0;
  const at = row * STRIDE;
  to.u8[at + 10] = incidentSprite(priority, edge, life(flags));
  to.u8[at + 11] = NONE;
  to.u8[at + 12] = flags & CLOSED ? 110 : 255;
  if (flags & CLOSED) return;
  if (priority === 1) to.urgent.add(row);
  else if (priority === 2) to.raised.add(row);
}

/** @param {Table} table @param {number} row @param {Instances} to */
function writeCamera(table, row, to) {
  const flags = table.columns.flags[row];
  const at = row * STRIDE;
  to.u8[at + 10] = cameraSprite(Math.min(table.columns.camera_state[row], 5), Math.min(life(flags), LOST));
  to.u8[at + 11] = NONE;
  to.u8[at + 12] = 255;
  if (flags & ALERT) to.urgent.add(row);
}

/**
 * A place without extent is a mark; a shape is drawn by the map (zones.mjs), and only its name is placed here.
 * @param {Table} table @param {number} row @param {Instances} to
 */
function writeZone(table, row, to) {
  const record = table.records[row];
  const shape = record ? shapeOf(record) : null;
  const flags = table.columns.flags[row];
  const at = row * STRIDE;
  to.u8[at + 10] = zoneSprite(PLATES[table.columns.zone_kind[row]] ?? 0, (flags & PLANNED) !== 0 || life(flags) > 0);
  to.u8[at + 11] = NONE;
  to.u8[at + 12] = shape?.point ? 255 : 0;
  if (!shape) return;
  to.xy[row * 4] = mercatorX(shape.name[0]);
  to.xy[row * 4 + 1] = mercatorY(shape.name[1]);
}

/** @param {Table} table @param {number} row @param {Instances} to */
function writeEntry(table, row, to) {
  const at = row * STRIDE;
  to.u8[at + 10] = ORDERS.has(table.columns.entry_kind[row]) ? 1 : 0;
  to.u8[at + 11] = NONE;
  to.u8[at + 12] = table.columns.flags[row] & CORRECTED ? 0 : 255;
}

/** Layers from below to above. */
export const ORDER = /** @type {const} */ (["zones", "cameras", "log", "units", "incidents"]);
/** @typedef {{ layer: typeof ORDER[number], set: "all" | "raised" | "urgent" | "chosen" }} Pass */

/**
 * What is drawn after what: all, what matters more above it, what is urgent above that, what is chosen last. Of the
 * urgent a unit in emergency comes above an incident's foot, which stands at the same place.
 * @type {Pass[]}
 */
export const PASSES = (/** @type {Pass["set"][]} */ (["all", "raised", "urgent", "chosen"])).flatMap((set) =>
  (set === "urgent" ? /** @type {const} */ (["zones", "cameras", "log", "incidents", "units"]) : ORDER).map((layer) => ({ layer, set })),
);

/** The rows of one pass but the first. @param {Instances} of @param {Pass["set"]} set @param {number} chosen row of this layer, -1 for none @returns {number[]} */
export function rowsIn(of, set, chosen) {
  if (set === "chosen") return chosen >= 0 ? [chosen] : [];
  return set === "all" ? [] : [...of[set]];
}

/**
 * How many of the things with a place are within the view and without it.
 * @param {Instances} of
 * @param {import("./mercator.mjs").View} v
 * @returns {{ inside: number, outside: number }}
 */
export function census(of, v) {
  const { xy, u8, end } = of;
  const halfX = v.width / 2 / v.scale;
  const halfY = v.height / 2 / v.scale;
  let inside = 0;
  let placed = 0;
  for (let row = 0; row < end; row++) {
    if (!u8[row * STRIDE + 12]) continue;
    placed += 1;
    const dx = (xy[row * 4] - v.cx) | 0;
    const dy = (xy[row * 4 + 1] - v.cy) | 0;
    if (Math.abs(dx * v.cos + dy * v.sin) <= halfX && Math.abs(dy * v.cos - dx * v.sin) <= halfY) inside += 1;
  }
  return { inside, outside: placed - inside };
}
