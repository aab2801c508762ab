// @ts-check
/** What differs between two pictures of one moment: who is elsewhere, who is older. Pure. */

import { UNKNOWN_I4 } from "../map/frame.mjs";
import { life } from "../map/store.mjs";

/** Nearer than this is the same place: what a report's way here costs is no difference, metres. */
export const SAME_M = 50;
const RAD = Math.PI / 180;
const EARTH_M = 6371008.8;

/** Metres between two places (degrees), good enough for a city. @param {number} lon1 @param {number} lat1 @param {number} lon2 @param {number} lat2 */
export function metres(lon1, lat1, lon2, lat2) {
  const x = (lon2 - lon1) * Math.cos(((lat1 + lat2) / 2) * RAD);
  return Math.hypot(x, lat2 - lat1) * RAD * EARTH_M;
}

/**
 * @typedef {object} Difference
 * @property {string} agency
 * @property {string} id
 * @property {string} sign what people call it
 * @property {[number, number] | null} here where the picture has it, degrees
 * @property {[number, number] | null} there where the other one has it
 * @property {number} metres between the two; 0 when one has no place
 * @property {string} why `moved`, `age`, `only here`, `only there`
 */

/**
 * Units that differ, the furthest first.
 * @param {import("../types.d.ts").Store} store @param {import("../types.d.ts").Store} other
 * @returns {Difference[]}
 */
export function differences(store, other) {
  /** @type {Difference[]} */
  const found = [];
  for (const [key, row] of store.units.rows) {
    const record = store.units.records[row];
    if (!record) continue;
    const here = placeOf(store.units, row);
    const away = other.units.rows.get(key);
    const there = away === undefined ? null : placeOf(other.units, away);
    const m = here && there ? metres(here[0], here[1], there[0], there[1]) : 0;
    const why = away === undefined ? "only here" : m > SAME_M ? "moved" : older(store.units, row, other.units, away) ? "age" : "";
    if (why) found.push({ agency: record.agency, id: record.id, sign: record.call_sign ?? record.id, here, there, metres: m, why });
  }
  for (const [key, row] of other.units.rows) {
    const record = other.units.records[row];
    if (!record || store.units.rows.has(key)) continue;
    const there = placeOf(other.units, row);
    found.push({ agency: record.agency, id: record.id, sign: record.call_sign ?? record.id, here: null, there, metres: 0, why: "only there" });
  }
  return found.sort((a, b) => b.metres - a.metres || (a.sign < b.sign ? -1 : 1));
}

/** @param {import("../types.d.ts").Table<any>} table @param {number} row @returns {[number, number] | null} */
function placeOf({ columns }, row) {
  return columns.lon[row] === UNKNOWN_I4 ? null : [columns.lon[row] / 1e7, columns.lat[row] / 1e7];
}

/** @param {import("../types.d.ts").Table<any>} a @param {number} i @param {import("../types.d.ts").Table<any>} b @param {number} j */
const older = (a, i, b, j) => life(a.columns.flags[i]) !== life(b.columns.flags[j]);
