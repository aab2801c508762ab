// @ts-check
/**
 * A moment of a review as an address: time, view, speed, what is chosen, where the map looks, which part of the
 * recording is shown, what alone is, and what else is open. Pure. What cannot be read is left out, never guessed.
 */

/**
 * @typedef {object} Place
 * @property {number} [at] Unix seconds
 * @property {string} [view]
 * @property {number} [speed]
 * @property {{ layer: import("../types.d.ts").LayerName, agency: string, id: string }} [selected]
 * @property {{ lon: number, lat: number, zoom: number }} [camera]
 * @property {import("./range.mjs").Range | string} [range] a name, or from and to
 * @property {import("../map/only.mjs").Asked} [only] nothing is shown but what was there then
 * @property {import("../map/only.mjs").Asked} [near] who was there is asked for
 * @property {{ at: number, view: string }} [second] the moment of the second map
 * @property {boolean} [compare] the view is compared with another
 */

const LAYERS = new Set(["units", "incidents", "cameras", "zones", "log"]);
const RANGES = new Set(["hour", "day", "all"]);
const SPEED = [0.25, 64];
const VIEW = /^[a-z][a-z0-9:_-]{1,80}$/;

/** @param {number} at Unix seconds */
const iso = (at) => new Date(Math.round(at * 1000)).toISOString().replace(/\.000Z$/, "Z");
/** @param {string | null | undefined} text */
const unix = (text) => (text && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? Date.parse(text) / 1000 : NaN);
/** Escapes what an address needs escaped, and leaves readable what it does not. @param {string} text */
const plain = (text) => encodeURIComponent(text).replaceAll("%3A", ":").replaceAll("%2C", ",");

/** @param {import("../map/only.mjs").Area} area */
const spoken = (area) => ("circle" in area ? [...area.circle.slice(0, 2).map((degrees) => degrees.toFixed(6)), Math.round(area.circle[2])] : area.box.map((degrees) => degrees.toFixed(6))).join(",");

/** @param {string} text lon, lat, metres; or west, south, east, north @returns {import("../map/only.mjs").Area | null} */
function areaOf(text) {
  const numbers = text.split(",").map((number) => (number.trim() ? Number(number) : NaN));
  const [west, south, east, north] = numbers;
  if (!(Math.abs(west) <= 180 && Math.abs(south) <= 85)) return null;
  if (numbers.length === 3) return east > 0 ? { circle: [west, south, east] } : null;
  return numbers.length === 4 && east > west && east <= 180 && north > south && north <= 85 ? { box: [west, south, east, north] } : null;
}

/** The query of an address. @param {Place} place */
export function encode({ at, view, speed, selected, camera, range, only, near, second, compare }) {
  /** @type {string[]} */
  const parts = [];
  /** @param {string} name @param {string} value */
  const add = (name, value) => parts.push(`${name}=${plain(value)}`);
  if (at !== undefined) add("at", iso(at));
  if (view) add("view", view);
  if (speed !== undefined && speed !== 1) add("speed", String(speed));
  if (selected) add("chosen", [selected.layer, selected.agency, selected.id].join("~"));
  if (camera) add("map", `${camera.lat.toFixed(5)},${camera.lon.toFixed(5)},${camera.zoom.toFixed(2)}`);
  if (typeof range === "string") add("range", range);
  else if (range) add("range", `${iso(Math.round(range.from))}~${iso(Math.round(range.to))}`);
  for (const [name, asked] of /** @type {const} */ ([["only", only], ["near", near]])) {
    if (asked) add(name, [spoken(asked.area), iso(Math.round(asked.from)), iso(Math.round(asked.to))].join("~"));
  }
  if (second) add("second", `${iso(second.at)}~${second.view}`);
  if (compare) add("compare", "on");
  return parts.join("&");
}

/** Whether an address names a moment that nobody can read. @param {string} query */
export function isMomentUnread(query) {
  const said = new URLSearchParams(query).get("at");
  return said !== null && !Number.isFinite(unix(said));
}

/** @param {string} query @returns {Place} */
export function decode(query) {
  const said = new URLSearchParams(query);
  /** @type {Place} */
  const place = {};
  const at = unix(said.get("at"));
  if (Number.isFinite(at)) place.at = at;
  const view = said.get("view") ?? "";
  if (VIEW.test(view)) place.view = view;
  const speed = Number(said.get("speed"));
  if (said.has("speed") && speed >= SPEED[0] && speed <= SPEED[1]) place.speed = speed;
  const [layer, agency, ...id] = (said.get("chosen") ?? "").split("~"); // an id may hold any letter
  if (LAYERS.has(layer) && agency && id.join("~")) place.selected = { layer: /** @type {any} */ (layer), agency, id: id.join("~") };
  const [lat, lon, zoom] = (said.get("map") ?? "").split(",").map((text) => (text.trim() ? Number(text) : NaN));
  if (Math.abs(lat) <= 85 && Math.abs(lon) <= 180 && zoom >= 0 && zoom <= 22) place.camera = { lon, lat, zoom };
  const range = said.get("range") ?? "";
  if (RANGES.has(range)) place.range = range;
  else {
    const [from, to] = range.split("~").map(unix);
    if (to > from) place.range = { from, to };
  }
  for (const name of /** @type {const} */ (["only", "near"])) {
    const [where, ...when] = (said.get(name) ?? "").split("~");
    const area = areaOf(where);
    const [from, to] = when.map(unix);
    if (area && to > from) place[name] = { area, from, to };
  }
  const [then, seen = ""] = (said.get("second") ?? "").split("~");
  if (Number.isFinite(unix(then)) && VIEW.test(seen)) place.second = { at: unix(then), view: seen };
  if (said.get("compare") === "on") place.compare = true;
  return place;
}
