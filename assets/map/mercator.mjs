// @ts-check
/**
 * Places as whole numbers: Web Mercator in 2^-32 of the world, signed 32 bits, x to the east and y to the south.
 *
 * The shader subtracts the camera's centre from these as integers, so a mark stands still to 1/30 pixel at street
 * level anywhere on Earth, and the date line wraps by itself; floats of 24 bits would shiver there. Pure.
 */

const WORLD = 2 ** 32;
const HALF = 2 ** 31;
const RAD = Math.PI / 180;
/** Beyond this the projection ends. */
const LAT_MAX = 85.051129;
const CIRCUMFERENCE_M = 40075016.686;
/** Pixels of the world at zoom 0 (MapLibre's tile size). */
const TILE = 512;

/** @param {number} lon degrees */
export function mercatorX(lon) {
  return (lon / 360) * WORLD | 0;
}

/** @param {number} lat degrees */
export function mercatorY(lat) {
  const s = Math.sin(Math.max(-LAT_MAX, Math.min(LAT_MAX, lat)) * RAD);
  return Math.max(-HALF, Math.min(HALF - 1, Math.round((-Math.log((1 + s) / (1 - s)) / (4 * Math.PI)) * WORLD)));
}

/** @param {number} x */
export const lonOf = (x) => (x / WORLD) * 360;
/** @param {number} y */
export const latOf = (y) => (2 * Math.atan(Math.exp((-y / WORLD) * 2 * Math.PI)) - Math.PI / 2) / RAD;

/** Metres of ground in a 2^-32 of the world. @param {number} lat degrees */
export const metresPer = (lat) => (CIRCUMFERENCE_M * Math.cos(lat * RAD)) / WORLD;

/**
 * The camera as the drawing needs it: a plain turn, scale and shift.
 * @typedef {object} View
 * @property {number} cx centre, 2^-32 of the world
 * @property {number} cy
 * @property {number} scale CSS pixels per 2^-32 of the world
 * @property {number} cos of the bearing
 * @property {number} sin
 * @property {number} width CSS pixels
 * @property {number} height
 * @property {number} zoom
 * @property {number} pxPerMetre at the centre
 */

/**
 * @param {number} lon degrees, centre
 * @param {number} lat
 * @param {number} zoom
 * @param {number} bearing degrees clockwise
 * @param {number} width CSS pixels
 * @param {number} height
 * @returns {View}
 */
export function view(lon, lat, zoom, bearing, width, height) {
  const world = TILE * 2 ** zoom;
  return {
    cx: mercatorX(lon),
    cy: mercatorY(lat),
    scale: world / WORLD,
    cos: Math.cos(bearing * RAD),
    sin: Math.sin(bearing * RAD),
    width,
    height,
    zoom,
    pxPerMetre: world / (CIRCUMFERENCE_M * Math.cos(lat * RAD)),
  };
}

/**
 * Where a place is on the screen: writes CSS pixels from the top left corner to `out`.
 * @param {View} v
 * @param {number} x
 * @param {number} y
 * @param {Float64Array | number[]} out
 */
export function toScreen(v, x, y, out) {
  const dx = ((x - v.cx) | 0) * v.scale;
  const dy = ((y - v.cy) | 0) * v.scale;
  out[0] = v.width / 2 + dx * v.cos + dy * v.sin;
  out[1] = v.height / 2 - dx * v.sin + dy * v.cos;
}
