// @ts-check
/**
 * What draws attention around marks: the ring of what is chosen, its uncertainty, pulses, fields of view. Pure.
 *
 * Calm when nothing happens: only emergencies pulse, at 1 Hz, and a camera for a few seconds after its alert began;
 * with "less motion" asked for they are still rings.
 *
 * A ring is 28 bytes: i32 x, i32 y, f32 radius, width (device pixels; 0: filled), direction, half angle (radians), rgba u8.
 */

import { UNKNOWN_U2 } from "./frame.mjs";
import { CAMERA_R, RADII, UNIT_R, incidentLift, incidentOuter } from "./glyphs.mjs";
import { STRIDE } from "./instances.mjs";

export const RING_STRIDE = 28;
/** Rings at once; further ones are left out, the urgent come first. */
export const RINGS_MAX = 1024;
const FULL = 4;
const ALERT_MS = 6000;
const WEDGE_PX = 8;
const DECIDEGREE = Math.PI / 1800;

/** @typedef {import("./theme.mjs").Theme} Theme */
/** @typedef {import("./theme.mjs").Rgb} Rgb */

export function ringList() {
  const bytes = new ArrayBuffer(RINGS_MAX * RING_STRIDE);
  const view = new DataView(bytes);
  let count = 0;
  return {
    bytes: new Uint8Array(bytes),
    get count() {
      return count;
    },
    clear() {
      count = 0;
    },
    /** @param {number} x @param {number} y @param {number} radius @param {number} width @param {Rgb} c @param {number} alpha @param {number} [direction] @param {number} [half] */
    add(x, y, radius, width, c, alpha, direction = 0, half = FULL) {
      if (count >= RINGS_MAX) return;
      const at = count++ * RING_STRIDE;
      view.setInt32(at, x, true);
      view.setInt32(at + 4, y, true);
      [radius, width, direction, half].forEach((value, i) => view.setFloat32(at + 8 + i * 4, value, true));
      [...c, alpha * 255].forEach((value, i) => view.setUint8(at + 24 + i, Math.round(value)));
    },
  };
}

/** Remembers since when each camera's alert is seen here, so that it pulses only at first. */
export function alerts() {
  /** @type {Map<number, number>} */
  const since = new Map();
  return {
    /** @param {Set<number>} urgent camera rows with an alert now @param {number} now ms */
    see(urgent, now) {
      for (const row of since.keys()) if (!urgent.has(row)) since.delete(row);
      for (const row of urgent) if (!since.has(row)) since.set(row, now);
    },
    /** Milliseconds since it began. @param {number} row @param {number} now */
    age: (row, now) => now - (since.get(row) ?? -Infinity),
    /** @param {number} now */
    fresh(now) {
      for (const began of since.values()) if (now - began < ALERT_MS) return true;
      return false;
    },
  };
}

/**
 * @typedef {object} Scene
 * @property {Record<string, import("./instances.mjs").Instances>} instances
 * @property {import("../types.d.ts").Store} store
 * @property {Theme} theme
 * @property {Record<string, number>} tiers
 * @property {{ layer: import("../types.d.ts").LayerName, row: number } | null} chosen
 * @property {number} s device pixels per CSS pixel of a mark
 * @property {number} scale device pixels per 2^-32 of the world
 * @property {number} pxPerMetre device pixels
 * @property {number} fade how strongly all but units is drawn, 0..1
 */

/** Under the marks: fields of view, and how uncertain the chosen unit's place is. @param {ReturnType<typeof ringList>} to @param {Scene} scene */
export function under(to, { instances, store, theme, chosen, pxPerMetre, fade }) {
  const { cameras, units } = store;
  const { bearing, fov, range } = cameras.columns;
  const of = instances.cameras;
  for (let row = 0; row < of.end; row++) {
    const reach = range[row] * pxPerMetre;
    if (!of.u8[row * STRIDE + 12] || reach < WEDGE_PX || range[row] === UNKNOWN_U2 || fov[row] === UNKNOWN_U2) continue;
    if (bearing[row] === UNKNOWN_U2 && fov[row] < 3600) continue;
    const isChosen = chosen?.layer === "cameras" && chosen.row === row;
    const half = fov[row] >= 3600 ? 3.0999 : (fov[row] / 2) * DECIDEGREE;
    to.add(of.xy[row * 4], of.xy[row * 4 + 1], reach, 0, theme.camera, (isChosen ? 0.5 : 0.26) * fade, bearing[row] * DECIDEGREE, half);
  }
  if (chosen?.layer !== "units" || units.columns.err[chosen.row] === UNKNOWN_U2) return;
  const at = instances.units.xy;
  const radius = units.columns.err[chosen.row] * pxPerMetre;
  to.add(at[chosen.row * 4], at[chosen.row * 4 + 1], radius, 0, theme.focus, 0.12);
  to.add(at[chosen.row * 4], at[chosen.row * 4 + 1], radius, 1.5, theme.focus, 0.5);
}

/** Over the marks: pulses and the chosen thing's ring. @param {ReturnType<typeof ringList>} to @param {Scene} scene @param {ReturnType<typeof alerts>} seen @param {number} now ms */
export function over(to, { instances, store, theme, tiers, chosen, s, scale, fade }, seen, now) {
  const phase = theme.calm ? 0.35 : (now % 1000) / 1000;
  const { units, cameras } = instances;
  const r = UNIT_R[tiers.units] * s;
  for (const row of units.urgent) {
    const [x, y] = [units.xy[row * 4], units.xy[row * 4 + 1]];
    to.add(x, y, r + (7 + 13 * phase) * s, 2.6 * s, theme.unit[6], (1 - phase) * 0.9);
  }
  for (const row of cameras.urgent) {
    const [x, y] = [cameras.xy[row * 4], cameras.xy[row * 4 + 1]];
    const inner = CAMERA_R[tiers.cameras] * 1.42 * s + 4 * s;
    to.add(x, y, inner, 1.8 * s, theme.caution, 0.95 * fade);
    if (fade === 1 && !theme.calm && seen.age(row, now) < ALERT_MS) {
      to.add(x, y, inner + 12 * phase * s, 2 * s, theme.caution, (1 - phase) * 0.9);
    }
  }
  if (!chosen) return;
  const of = instances[chosen.layer];
  const tier = Math.min(tiers[chosen.layer], 1); // as it is drawn above the others
  const priority = store.incidents.columns.priority[chosen.row];
  const isIncident = chosen.layer === "incidents";
  const radius = chosen.layer === "incidents" ? incidentOuter(priority, tier) : RADII[chosen.layer][tier];
  const around = (radius + 8) * s;
  const y = of.xy[chosen.row * 4 + 1] - (isIncident ? Math.round((incidentLift(priority, tier) * s) / scale) : 0);
  to.add(of.xy[chosen.row * 4], y, around, 6 * s, theme.ground, 0.85);
  to.add(of.xy[chosen.row * 4], y, around, 2.6 * s, theme.focus, 1);
}
