// @ts-check
/**
 * Shapes of zones: a record's geometry as rings and lines, where its name goes, and whether a place is in it. Pure;
 * places are degrees, longitude first.
 *
 * A disc (a point with a radius) becomes a ring of 64 sides here: it travels as two numbers.
 */

const SIDES = 64;
const EARTH_M = 6_371_008.8;
const M_PER_DEGREE = (EARTH_M * Math.PI) / 180;
const RAD = Math.PI / 180;

/** @typedef {[number, number]} Place */
/**
 * @typedef {object} Shape
 * @property {Place[][][]} areas polygons: rings, the first the outer one
 * @property {Place[][]} lines
 * @property {Place | null} point a place without extent, drawn as a mark
 * @property {Place} name where the name goes: the middle of the upper edge, a line's own middle
 * @property {[number, number, number, number]} bounds west, south, east, north
 * @property {number} size the larger side, metres
 */

/** A shape is made once for each record. @type {WeakMap<object, Shape | null>} */
const made = new WeakMap();

/** The shape of a zone's record, or null when it says none. @param {import("../types.d.ts").ZoneRecord} record @returns {Shape | null} */
export function shapeOf(record) {
  let shape = made.get(record);
  if (shape === undefined) {
    shape = record.geometry ? build(record.geometry, record.radius_m ?? 0) : null;
    made.set(record, shape);
  }
  return shape;
}

/** @param {NonNullable<import("../types.d.ts").ZoneRecord["geometry"]>} geometry @param {number} radius metres @returns {Shape} */
function build({ type, coordinates }, radius) {
  /** @type {any} */
  const at = coordinates;
  /** @type {Place[][][]} */
  const areas = type === "Polygon" ? [at] : type === "MultiPolygon" ? at : type === "Point" && radius ? [[disc(at, radius)]] : [];
  /** @type {Place[][]} */
  const lines = type === "LineString" ? [at] : [];
  const point = type === "Point" && !radius ? at : null;
  const all = point ? [point] : [...areas.flat(2), ...lines.flat()];
  const [lons, lats] = [all.map((p) => p[0]), all.map((p) => p[1])];
  const west = lons.reduce((a, b) => Math.min(a, b));
  const east = lons.reduce((a, b) => Math.max(a, b));
  const south = lats.reduce((a, b) => Math.min(a, b));
  const north = lats.reduce((a, b) => Math.max(a, b));
  const across = (east - west) * Math.cos(((south + north) / 2) * RAD);
  return {
    areas, lines, point, bounds: [west, south, east, north], size: Math.max(across, north - south) * M_PER_DEGREE,
    name: point ?? (areas.length ? top(areas, (west + east) / 2) : lines[0][lines[0].length >> 1]),
  };
}

/** A ring of 64 sides round a place. @param {Place} centre @param {number} radius metres @returns {Place[]} */
export function disc([lon, lat], radius) {
  const far = radius / EARTH_M;
  const [sin, cos] = [Math.sin(lat * RAD), Math.cos(lat * RAD)];
  /** @type {Place[]} */
  const ring = [];
  for (let i = 0; i < SIDES; i++) {
    const turn = (2 * Math.PI * i) / SIDES;
    const s = sin * Math.cos(far) + cos * Math.sin(far) * Math.cos(turn);
    const dx = Math.atan2(Math.sin(turn) * Math.sin(far) * cos, Math.cos(far) - sin * s);
    ring.push([lon + dx / RAD, Math.asin(s) / RAD]);
  }
  return [...ring, ring[0]];
}

/** The highest place of the areas' edges on a meridian, or the highest corner. @param {Place[][][]} areas @param {number} lon @returns {Place} */
function top(areas, lon) {
  /** @type {Place} */
  let best = [lon, -Infinity];
  for (const [ring] of areas) {
    for (let i = 1; i < ring.length; i++) {
      const [a, b] = [ring[i - 1], ring[i]];
      if (a[0] <= lon === b[0] <= lon) continue;
      const lat = a[1] + ((lon - a[0]) / (b[0] - a[0])) * (b[1] - a[1]);
      if (lat > best[1]) best = [lon, lat];
    }
  }
  return best[1] > -Infinity ? best : areas[0][0].reduce((a, b) => (b[1] > a[1] ? b : a));
}

/**
 * How a place lies to a shape: 0 inside an area, else the distance to the nearest edge or line, metres; Infinity when
 * further than `reach`.
 * @param {Shape} shape @param {Place} place @param {number} reach metres @param {boolean} [edges] to the edges alone: inside does not count
 */
export function distance(shape, [lon, lat], reach, edges = false) {
  const [dy, dx] = [reach / M_PER_DEGREE, reach / M_PER_DEGREE / Math.max(0.01, Math.cos(lat * RAD))];
  const [west, south, east, north] = shape.bounds;
  if (lon < west - dx || lon > east + dx || lat < south - dy || lat > north + dy) return Infinity;
  if (!edges && shape.areas.some((rings) => rings.filter((ring) => holds(ring, lon, lat)).length % 2 === 1)) return 0;
  let nearest = Infinity;
  for (const line of [...shape.areas.flat(), ...shape.lines]) {
    for (let i = 1; i < line.length; i++) nearest = Math.min(nearest, toSegment(line[i - 1], line[i], lon, lat));
  }
  return nearest <= reach ? nearest : Infinity;
}

/** @param {Place[]} ring @param {number} lon @param {number} lat */
function holds(ring, lon, lat) {
  let inside = false;
  for (let i = 1; i < ring.length; i++) {
    const [a, b] = [ring[i - 1], ring[i]];
    if (a[1] > lat !== b[1] > lat && lon < a[0] + ((lat - a[1]) / (b[1] - a[1])) * (b[0] - a[0])) inside = !inside;
  }
  return inside;
}

/** Metres from a place to a segment. @param {Place} a @param {Place} b @param {number} lon @param {number} lat */
function toSegment(a, b, lon, lat) {
  const shrink = Math.cos(lat * RAD);
  const [ax, ay] = [(a[0] - lon) * shrink, a[1] - lat];
  const [bx, by] = [(b[0] - lon) * shrink - ax, b[1] - lat - ay];
  const share = Math.max(0, Math.min(1, -(ax * bx + ay * by) / (bx * bx + by * by || 1)));
  return Math.hypot(ax + bx * share, ay + by * share) * M_PER_DEGREE;
}
