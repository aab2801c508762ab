// @ts-check
/** The camera's acts, each asked for by a person; live updates never come here. Places are degrees. */

import { STRIDE } from "./instances.mjs";
import { latOf, lonOf } from "./mercator.mjs";

const ZOOM_MAX = 18;
const ZOOM_MIN = 2;
const FLIGHT_MS = 1200;
const FIT_ZOOM_MAX = 15;
const FIT_PADDING_PX = 70;
/** Size of the map, CSS pixels, for which the site's start zoom is meant. */
const MEANT_FOR = [1168, 860];

/** The page has its size after this. */
const SETTLED_MS = 4000;
/** Event data of moves that a person asked for. */
const ASKED = { asked: true };

/** @typedef {import("./plotly_map.mjs").LiveMap} LiveMap */

/** The zoom at which a map of this size shows as much ground as `zoom` does on the one it is meant for. @param {number} zoom @param {number} width @param {number} height */
export function startZoom(zoom, width, height) {
  return zoom + Math.log2((width * height) / (MEANT_FOR[0] * MEANT_FOR[1])) / 2;
}

/**
 * West, south, east, north of all things with a place, or null when there are none. Pure.
 * @param {Iterable<import("./instances.mjs").Instances>} layers
 * @returns {[[number, number], [number, number]] | null}
 */
export function extent(layers) {
  let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { xy, u8, end } of layers) {
    for (let row = 0; row < end; row++) {
      if (!u8[row * STRIDE + 12]) continue;
      west = Math.min(west, xy[row * 4]);
      east = Math.max(east, xy[row * 4]);
      north = Math.min(north, xy[row * 4 + 1]);
      south = Math.max(south, xy[row * 4 + 1]);
    }
  }
  return west <= east ? [[lonOf(west), latOf(south)], [lonOf(east), latOf(north)]] : null;
}

/**
 * Shows the site's view, and again when the page finds its size only now; never once a person has moved the map.
 * @param {LiveMap} map @param {{ lon: number, lat: number, zoom: number }} view
 */
export function start(map, { lon, lat, zoom }) {
  const box = map.getContainer();
  const show = () => map.jumpTo({ center: [lon, lat], zoom: clampZoom(startZoom(zoom, box.clientWidth, box.clientHeight)) });
  const stop = () => {
    map.off("resize", show);
    map.off("movestart", byHand);
  };
  // A person's move has an event of theirs; a flight of ours was asked for by a person too.
  const byHand = (/** @type {any} */ event) => (event.originalEvent || event.asked) && stop();
  map.on("resize", show);
  map.on("movestart", byHand);
  setTimeout(stop, SETTLED_MS);
  show();
}

/** @param {LiveMap} map @param {number} lon @param {number} lat @param {number} [zoom] at least this zoom @param {number} [right] how far right of the middle the place shall come, CSS pixels */
export function fly(map, lon, lat, zoom, right = 0) {
  if (!Number.isFinite(lon) || !Number.isFinite(lat)) return;
  const center = [Math.max(-180, Math.min(180, lon)), Math.max(-85, Math.min(85, lat))];
  map.flyTo({ center, zoom: clampZoom(Math.max(map.getZoom(), zoom ?? 0)), maxDuration: FLIGHT_MS, duration: FLIGHT_MS, offset: [right, 0] }, ASKED);
}

/** @param {LiveMap} map @param {Iterable<import("./instances.mjs").Instances>} layers */
export function fit(map, layers) {
  const bounds = extent(layers);
  if (bounds) map.fitBounds(bounds, { padding: FIT_PADDING_PX, maxZoom: FIT_ZOOM_MAX, duration: FLIGHT_MS }, ASKED);
}

/** @param {number} zoom */
const clampZoom = (zoom) => Math.max(ZOOM_MIN, Math.min(ZOOM_MAX, zoom));
