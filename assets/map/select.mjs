// @ts-check
/** Choosing by click, tap or keyboard: the nearest mark within reach of a finger, else the zone that is there. */

import { incidentLift } from "./glyphs.mjs";
import { STRIDE } from "./instances.mjs";
import { toScreen } from "./mercator.mjs";
import { viewOf } from "./scene.mjs";
import { distance, shapeOf } from "./shapes.mjs";
import { rowOf, tableOf } from "./store.mjs";
import { BOUNDARIES } from "./zones.mjs";

/** Reach, CSS pixels: a finger, and a mouse. */
const TOUCH_PX = 24;
const MOUSE_PX = 16;
/** A mark that was drawn above another is this much nearer, pixels: urgent first, units before incidents before cameras. */
const FAVOUR = { units: 4, incidents: 3, log: 1, cameras: 0, zones: 0 };
const URGENT_FAVOUR = 6;

/** @typedef {import("../types.d.ts").LayerName} LayerName */

/**
 * The thing nearest to a point of the screen, or null. Pure.
 * @param {Partial<Record<LayerName, import("./instances.mjs").Instances>>} instances
 * @param {import("./mercator.mjs").View} view
 * @param {number} x CSS pixels
 * @param {number} y
 * @param {number} reach
 * @param {(row: number) => number} lift how far an incident is drawn above its place
 * @returns {{ layer: LayerName, row: number } | null}
 */
export function nearest(instances, view, x, y, reach, lift) {
  const at = [0, 0];
  let best = Infinity;
  /** @type {{ layer: LayerName, row: number } | null} */
  let found = null;
  for (const layer of /** @type {LayerName[]} */ (["units", "incidents", "log", "cameras", "zones"])) {
    const of = instances[layer];
    if (!of) continue;
    for (let row = 0; row < of.end; row++) {
      if (!of.u8[row * STRIDE + 12]) continue;
      toScreen(view, of.xy[row * 4], of.xy[row * 4 + 1], at);
      const up = layer === "incidents" ? lift(row) : 0;
      const away = Math.hypot(at[0] - x, at[1] - up - y);
      if (away > reach) continue;
      const felt = away - FAVOUR[layer] - (of.urgent.has(row) ? URGENT_FAVOUR : 0);
      if (felt < best) {
        best = felt;
        found = { layer, row };
      }
    }
  }
  return found;
}

/**
 * The row of the zone at a place, or -1: the smallest of those it is in or within `reach` of. A boundary counts by its
 * line alone, else nothing could be let go by a tap beside it. Pure.
 * @param {import("./zones.mjs").Zones} zones
 * @param {[number, number]} place degrees
 * @param {number} reach metres
 * @param {(layer: string, record: any) => boolean} [hides] says what is not drawn
 */
export function zoneAt(zones, place, reach, hides = () => false) {
  let [best, found] = [Infinity, -1];
  for (let row = 0; row < zones.end; row++) {
    const record = zones.present[row] ? zones.records[row] : undefined;
    const shape = record && !hides("zones", record) ? shapeOf(record) : null;
    if (!shape || shape.point || shape.size >= best) continue;
    if (distance(shape, place, reach, BOUNDARIES.has(zones.columns.zone_kind[row])) <= reach) [best, found] = [shape.size, row];
  }
  return found;
}

/**
 * @param {import("./plotly_map.mjs").LiveMap} map
 * @param {import("../types.d.ts").Page} page
 * @param {Record<LayerName, import("./instances.mjs").Instances>} instances
 * @param {() => number} scale of marks
 * @param {() => number} tier size class of incidents
 */
export function selectOn(map, page, instances, scale, tier) {
  let hover = 0;
  /** @param {{ point: { x: number, y: number }, lngLat: { lng: number, lat: number }, originalEvent?: any }} event @returns {{ layer: LayerName, row: number } | null} */
  const under = (event) => {
    const reach = (event.originalEvent?.pointerType === "touch" ? TOUCH_PX : MOUSE_PX) * Math.max(1, scale());
    const { priority } = page.store.incidents.columns;
    const lift = (/** @type {number} */ row) => incidentLift(priority[row], tier()) * scale();
    const view = viewOf(map);
    const mark = nearest(instances, view, event.point.x, event.point.y, reach, lift);
    if (mark) return mark;
    const row = zoneAt(page.store.zones, [event.lngLat.lng, event.lngLat.lat], reach / 2 / view.pxPerMetre, page.hides);
    return row < 0 ? null : { layer: "zones", row };
  };
  map.on("click", (event) => {
    const found = under(event);
    const record = found && tableOf(page.store, found.layer).records[found.row];
    // A second tap inside the chosen zone lets it go: a large one leaves no room beside it.
    const again = found?.layer === "zones" && page.selected?.layer === "zones" && rowOf(page.store, page.selected) === found.row;
    if (found && record && !again) page.select(found.layer, record.agency, record.id);
    else page.deselect();
  });
  map.on("mousemove", (event) => {
    // Once per frame: a mouse says more than a screen can show.
    if (hover || map.isMoving()) return;
    hover = requestAnimationFrame(() => {
      hover = 0;
      map.getCanvas().style.cursor = under(event) ? "pointer" : "";
    });
  });
}

/** Escape lets go. @param {import("../types.d.ts").Page} page @param {AbortSignal} signal ends it */
export function deselectOnEscape(page, signal) {
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && page.selected) page.deselect();
  }, { signal });
}
