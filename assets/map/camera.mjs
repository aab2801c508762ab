// @ts-check
/** The camera's acts, each asked for by a person; live updates never come here. Places are degrees. */

import { STRIDE } from "./instances.mjs";
import { latOf, lonOf, mercatorX, mercatorY, metresPer, toScreen, view } from "./mercator.mjs";

const ZOOM_MAX = 18;
const ZOOM_MIN = 2;
const FLIGHT_MS = 1200;
const FIT_ZOOM_MAX = 15;
const FIT_PADDING_PX = 70;
/** What is further than this from the middle of all does not decide what "all" is, metres: one unit abroad would. */
const NEAR_M = 80_000;
/** Size of the map, CSS pixels, for which the site's start zoom is meant. */
const MEANT_FOR = [1168, 860];

/** A map that is made narrower has its size soon after it says so, ms. */
export const NARROWED_MS = 200;
/** The page has its size after this. */
const SETTLED_MS = 4000;
/** Event data of moves that a person asked for. */
const ASKED = { asked: true };

/** @typedef {import("./plotly_map.mjs").LiveMap} LiveMap */

/** The zoom at which a map of this size shows as much ground as `zoom` does on the one it is meant for. @param {number} zoom @param {number} width @param {number} height */
export function startZoom(zoom, width, height) {
  return zoom + Math.log2((width * height) / (MEANT_FOR[0] * MEANT_FOR[1])) / 2;
}

/** West, south, east, north, degrees. @typedef {[[number, number], [number, number]]} Bounds */
/** @typedef {Iterable<import("./instances.mjs").Instances>} Layers */

/** The places of all things that are drawn, in x and y. @param {Layers} layers */
function places(layers) {
  const [xs, ys] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (const { xy, u8, end } of layers) {
    for (let row = 0; row < end; row++) {
      if (!u8[row * STRIDE + 12]) continue;
      xs.push(xy[row * 4]);
      ys.push(xy[row * 4 + 1]);
    }
  }
  return [xs, ys];
}

/** @param {number[]} xs @param {number[]} ys @param {(x: number, y: number) => boolean} counts @returns {{ bounds: Bounds, n: number } | null} */
function around(xs, ys, counts) {
  let [west, north, east, south, n] = [Infinity, Infinity, -Infinity, -Infinity, 0];
  for (let i = 0; i < xs.length; i++) {
    if (!counts(xs[i], ys[i])) continue;
    n += 1;
    west = Math.min(west, xs[i]);
    east = Math.max(east, xs[i]);
    north = Math.min(north, ys[i]);
    south = Math.max(south, ys[i]);
  }
  return n ? { bounds: [[lonOf(west), latOf(south)], [lonOf(east), latOf(north)]], n } : null;
}

/** The bounds of all things with a place, or null when there are none. Pure. @param {Layers} layers */
export function extent(layers) {
  const [xs, ys] = places(layers);
  return around(xs, ys, () => true)?.bounds ?? null;
}

/**
 * The bounds of the things within 80 km of the median place; of all where that is not most of them. Null when there
 * are none. Pure.
 * @param {Layers} layers
 */
export function nearExtent(layers) {
  const [xs, ys] = places(layers);
  const [x, y] = [median(xs), median(ys)];
  const reach = NEAR_M / metresPer(latOf(y));
  const near = around(xs, ys, (px, py) => Math.hypot(px - x, py - y) <= reach);
  return near && near.n * 2 > xs.length ? near.bounds : (around(xs, ys, () => true)?.bounds ?? null);
}

/** @param {number[]} values */
const median = (values) => Float64Array.from(values).sort()[values.length >> 1];

/** Are the bounds on the screen, all of them? @param {Bounds} bounds @param {import("./mercator.mjs").View} v */
export function inView([[west, south], [east, north]], v) {
  const at = [0, 0];
  return [[west, south], [west, north], [east, south], [east, north]].every(([lon, lat]) => {
    toScreen(v, mercatorX(lon), mercatorY(lat), at);
    return at[0] >= 0 && at[1] >= 0 && at[0] <= v.width && at[1] <= v.height;
  });
}

/**
 * Shows the site's view, and again when the page finds its size only now; never once a person has moved the map.
 * @param {LiveMap} map @param {import("../types.d.ts").PageConfig["view"]} view
 */
export function start(map, { lon, lat, zoom, exact }) {
  const box = map.getContainer();
  const show = () => map.jumpTo({ center: [lon, lat], zoom: clampZoom(exact ? zoom : startZoom(zoom, box.clientWidth, box.clientHeight)) });
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

/** @param {LiveMap} map @param {number} lon @param {number} lat @param {number} [zoom] at least this zoom @param {[number, number]} [offset] how far right of and below the middle the place shall come, CSS pixels */
export function fly(map, lon, lat, zoom, offset = [0, 0]) {
  if (!Number.isFinite(lon) || !Number.isFinite(lat)) return;
  const center = [Math.max(-180, Math.min(180, lon)), Math.max(-85, Math.min(85, lat))];
  map.flyTo({ center, zoom: clampZoom(Math.max(map.getZoom(), zoom ?? 0)), maxDuration: FLIGHT_MS, duration: FLIGHT_MS, offset }, ASKED);
}

/** Puts a place in the middle at once: what is followed. @param {LiveMap} map @param {number} lon @param {number} lat @param {[number, number]} [offset] as for `fly` */
export function centre(map, lon, lat, offset = [0, 0]) {
  if (Number.isFinite(lon) && Number.isFinite(lat)) map.easeTo({ center: [lon, Math.max(-85, Math.min(85, lat))], offset, duration: 0 }, ASKED);
}

/** Shows what is near the middle of all, and when that is in view already, truly all. @param {LiveMap} map @param {Layers} layers */
export function fit(map, layers) {
  const near = nearExtent(layers);
  if (!near) return;
  const [{ lng, lat }, box] = [map.getCenter(), map.getContainer()];
  const now = view(lng, lat, map.getZoom(), map.getBearing(), box.clientWidth, box.clientHeight);
  const bounds = inView(near, now) ? (extent(layers) ?? near) : near;
  map.fitBounds(bounds, { padding: FIT_PADDING_PX, maxZoom: FIT_ZOOM_MAX, duration: FLIGHT_MS }, ASKED);
}

/** @param {number} zoom */
const clampZoom = (zoom) => Math.max(ZOOM_MIN, Math.min(ZOOM_MAX, zoom));
