// @ts-check
/**
 * What alone is shown of a review: the things that were in an area in a stretch of time, as the server found them. Pure.
 * Zones stay: they say where things are.
 */

import { keyOf } from "./store.mjs";

/** @typedef {{ circle: [number, number, number] } | { box: [number, number, number, number] }} Area lon, lat (degrees), metres; or west, south, east, north */
/** @typedef {{ area: Area, from: number, to: number }} Asked Unix seconds */
/** @typedef {Asked & { keys: Record<string, Set<string>>, minutes: import("../review/counts.mjs").Minute[] }} Only */
/** @typedef {{ units: { agency: string, id: string }[], incidents: [string, string][], cameras: [string, string][], log: [string, string][], minutes: import("../review/counts.mjs").Minute[] }} Within the server's answer */

/** @param {Asked} asked @param {Within} said @returns {Only} */
export function onlyOf(asked, said) {
  const set = (/** @type {[string, string][]} */ pairs) => new Set(pairs.map(([agency, id]) => keyOf(agency, id)));
  return {
    ...asked,
    keys: {
      units: new Set(said.units.map(({ agency, id }) => keyOf(agency, id))),
      incidents: set(said.incidents), cameras: set(said.cameras), log: set(said.log),
    },
    minutes: said.minutes,
  };
}

/** Whether a thing is shown. @param {Only | null} only @param {string} layer @param {{ agency: string, id: string } | undefined} record */
export function shows(only, layer, record) {
  const keys = only?.keys[layer];
  return !keys || (record !== undefined && keys.has(keyOf(record.agency, record.id)));
}

/**
 * Whether what happened is shown: in the stretch, and of a thing that is shown.
 * @param {Only | null} only @param {{ kind: string, at: number, agency: string, id: string, camera_id?: string }} event
 */
export function showsEvent(only, event) {
  if (!only) return true;
  const [layer, id] = { camera_event: ["cameras", event.camera_id ?? event.id], log_entry: ["log", event.id] }[event.kind] ?? ["incidents", event.id];
  return event.at >= only.from && event.at <= only.to && shows(only, layer, { agency: event.agency, id });
}

/** The rows of a table that are shown. @param {Only | null} only @param {import("../types.d.ts").Table<any>} table */
export function countShown(only, table) {
  if (!only?.keys[table.name]) return table.count;
  let count = 0;
  for (let row = 0; row < table.end; row++) if (table.present[row] && shows(only, table.name, table.records[row])) count += 1;
  return count;
}
