// @ts-check
/**
 * The shapes of the marks, drawn with a 2-D context whose origin is the mark's middle, in device pixels.
 *
 * Shape says what it is (unit circle, incident diamond, camera square), the inner mark says its state, the outline
 * says its age (dashed: stale, faint and hollow: lost). Colour only repeats what shape and mark already said.
 */

import { css } from "./theme.mjs";

/** @typedef {import("./theme.mjs").Theme} Theme */
/** @typedef {import("./theme.mjs").Rgb} Rgb */
/** @typedef {CanvasRenderingContext2D} Paint */

const TAU = Math.PI * 2;
const [AVL, ENR, ONS, CMT, OOS, , EMG] = [0, 1, 2, 3, 4, 5, 6];

/** Radii by tier (full, middle, small), CSS pixels at scale 1. */
export const UNIT_R = [11, 7.5, 4.2];
export const INCIDENT_R = [14, 10, 7];
export const CAMERA_R = [6.5, 5, 3];
export const ZONE_R = [9, 7, 4];
export const LOG_R = [8, 7, 5];
/** Radii of the marks whose size does not depend on their state. */
export const RADII = { units: UNIT_R, cameras: CAMERA_R, zones: ZONE_R, log: LOG_R };

/** Half a cell, CSS pixels at scale 1, that holds the largest of the layer with its halo. */
export const HALF = {
  units: [26, 22, 6],
  incidents: [40, 31, 23],
  cameras: [11, 9, 6],
  zones: [21, 17, 6],
  log: [20, 17, 13],
};
/**
 * How far above its place a cell's middle is: an incident stands on a stem, so that the units on its scene, which
 * are at the same place, do not hide it nor it them.
 */
export const LIFT = { units: [0, 0, 0], incidents: [37, 28, 20], cameras: [0, 0, 0], zones: [0, 0, 0], log: [0, 0, 0] };
const STEM = [9, 6, 3];

/**
 * The part of a cell in which a mark that is not urgent lies, CSS pixels at scale 1 from the cell's middle: left, top,
 * right, bottom. Every pixel not drawn is time; the urgent are larger and drawn once more, whole.
 * @param {import("../types.d.ts").LayerName} layer @param {number} tier @returns {[number, number, number, number]}
 */
export function box(layer, tier) {
  if (layer === "incidents") {
    const r = INCIDENT_R[tier] + 3.5;
    return [-r, LIFT.incidents[tier] - incidentLift(2, tier) - r, r, HALF.incidents[tier]];
  }
  const r = layer === "units" ? UNIT_R[tier] + 2.5 : HALF[layer][tier];
  return [-r, -r, r, r];
}

/** The same of a pointer. @param {number} tier @returns {[number, number, number, number]} */
export function pointerBox(tier) {
  const r = UNIT_R[tier];
  return [-r * 0.7 - 2, -r - 10.5, r * 0.7 + 2, -r + 0.5];
}

/** Outer radius of an incident, CSS pixels at scale 1. @param {number} priority @param {number} tier */
export const incidentOuter = (priority, tier) =>
  priority === 1 ? INCIDENT_R[tier] * 1.42 + 4.6 * (tier ? 0.7 : 1) : INCIDENT_R[tier];

/** How far an incident's own middle is above its place. @param {number} priority @param {number} tier */
export const incidentLift = (priority, tier) => incidentOuter(priority, tier) + STEM[tier];

/**
 * The upright part of a unit: circle, state mark, age.
 * @param {Paint} p @param {Theme} theme @param {number} state @param {number} age @param {number} tier @param {number} s device pixels per CSS pixel
 */
export function unit(p, theme, state, age, tier, s) {
  const r = UNIT_R[tier] * s;
  const line = (tier === 0 ? 2.2 : tier === 1 ? 1.8 : 1.5) * s;
  const colour = theme.unit[state];
  if (state === EMG) return emergency(p, theme, age, tier, s);
  disc(p, r + (tier === 2 ? 1.2 : 2) * s, css(theme.ground, age === 2 ? 0.55 : 0.92));
  p.strokeStyle = css(colour, age === 2 ? 0.75 : 1);
  p.fillStyle = css(colour, age ? 0.5 : 1);
  p.lineWidth = age === 2 ? line * 0.7 : state === AVL ? line * 1.35 : line;
  dashes(p, r, age, s);
  if (state === ONS && age < 2) disc(p, r, css(colour, age ? 0.5 : 1));
  ring(p, r - p.lineWidth / 2);
  p.setLineDash([]);
  if (age === 2) return; // lost: hollow, "last seen" only
  p.globalAlpha = age ? 0.5 : 1;
  if (state === ONS && tier < 2) {
    p.fillStyle = css(theme.ground);
    p.fillRect(-r * 0.55, -r * 0.17, r * 1.1, r * 0.34);
  } else if (state === CMT) {
    p.beginPath();
    p.arc(0, 0, r * 0.62, Math.PI / 2, -Math.PI / 2);
    p.closePath();
    p.fill();
  } else if (state === OOS) {
    p.lineWidth = line;
    segment(p, -r * 0.62, r * 0.62, r * 0.62, -r * 0.62);
  } else if (state === ENR) {
    arrow(p, r, css(colour));
  } else if (state !== AVL && state !== ONS && tier < 2) {
    disc(p, r * 0.22, css(colour, age ? 0.5 : 1));
  }
  p.globalAlpha = 1;
}

/** Octagon with "!", double ring. @param {Paint} p @param {Theme} theme @param {number} age @param {number} tier @param {number} s */
function emergency(p, theme, age, tier, s) {
  const r = UNIT_R[tier] * s * 1.08;
  const colour = theme.unit[EMG];
  disc(p, r + (tier === 2 ? 2.5 : 6) * s, css(theme.ground, 0.85));
  p.strokeStyle = css(colour);
  p.lineWidth = 1.6 * s;
  dashes(p, r + 4 * s, age, s);
  ring(p, r + (tier === 2 ? 1.8 : 4) * s);
  p.setLineDash([]);
  p.beginPath();
  for (let i = 0; i < 8; i++) {
    const a = TAU * ((i + 0.5) / 8);
    p.lineTo(Math.cos(a) * r, Math.sin(a) * r);
  }
  p.closePath();
  p.fillStyle = css(colour, age ? 0.5 : 1);
  if (age === 2) p.stroke();
  else p.fill();
  if (tier === 2) return;
  // However old the word of it is, the "!" stays: nobody has said that it is over.
  p.fillStyle = css(age === 2 ? colour : age ? theme.ink : theme.onMark);
  p.fillRect(-r * 0.13, -r * 0.58, r * 0.26, r * 0.7);
  p.fillRect(-r * 0.13, r * 0.28, r * 0.26, r * 0.26);
}

/**
 * The pointer of a unit, to the north; drawn below the circle and turned with its course.
 * @param {Paint} p @param {Theme} theme @param {number} state @param {number} age @param {number} tier @param {number} s
 */
export function unitPointer(p, theme, state, age, tier, s) {
  const r = UNIT_R[tier] * s;
  const foot = r + (state === EMG ? 6 : 2) * s; // where the circle's own halo ends, which covers the rest
  const wide = r * (tier ? 0.7 : 0.6);
  p.beginPath();
  p.moveTo(0, -foot - 6.4 * s);
  p.lineTo(wide, -foot + 2 * s);
  p.lineTo(-wide, -foot + 2 * s);
  p.closePath();
  p.lineJoin = "round";
  p.lineWidth = 3.2 * s;
  p.strokeStyle = css(theme.ground, 0.92);
  p.stroke();
  p.fillStyle = css(theme.unit[state], age ? 0.6 : 1);
  p.fill();
}

/** @param {Paint} p @param {number} r @param {string} colour */
function arrow(p, r, colour) {
  p.beginPath();
  p.moveTo(0, -r * 0.66);
  p.lineTo(r * 0.52, r * 0.5);
  p.lineTo(0, r * 0.22);
  p.lineTo(-r * 0.52, r * 0.5);
  p.closePath();
  p.fillStyle = colour;
  p.fill();
}

/**
 * An incident: diamond with its numeral; its edge says who is there.
 * @param {Paint} p @param {Theme} theme @param {number} priority 0 (not said) to 4 @param {number} edge @param {number} age @param {number} tier @param {number} s
 */
export function incident(p, theme, priority, edge, age, tier, s) {
  const r = INCIDENT_R[tier] * s * (priority === 1 ? 1.42 : 1);
  const colour = theme.incident[priority];
  const filled = priority === 1 || priority === 2;
  const outer = incidentOuter(priority, tier) * s;
  stem(p, theme, css(colour), (LIFT.incidents[tier] - incidentLift(priority, tier)) * s, LIFT.incidents[tier] * s, outer, s);
  diamond(p, outer + 3 * s);
  p.fillStyle = css(theme.ground, 0.92);
  p.fill();
  p.strokeStyle = css(colour);
  p.lineJoin = "miter";
  diamond(p, filled ? r : r - (priority === 3 ? 1.5 : 0.8) * s);
  if (filled) {
    p.fillStyle = css(colour, age ? 0.5 : 1);
    p.fill();
  }
  if (age) p.setLineDash([3.2 * s, 2.6 * s]);
  p.lineWidth = (priority === 3 ? 3 : 1.6) * s;
  if (!filled || age) p.stroke();
  if (priority === 1) {
    p.lineWidth = 1.8 * s;
    diamond(p, outer);
    p.stroke();
  }
  p.setLineDash([]);
  edgeMark(p, theme, css(colour), edge, outer, s);
  p.fillStyle = css(filled ? (age ? theme.ink : theme.onMark) : colour);
  p.font = `700 ${r * (filled ? 1.05 : 0.98)}px ${theme.font}`;
  p.textAlign = "center";
  p.textBaseline = "alphabetic";
  p.fillText(priority ? String(priority) : "·", 0, r * 0.36);
}

/** From the lowest corner to the place; moves the origin to the diamond's middle. @param {Paint} p @param {Theme} theme @param {string} colour @param {number} middle @param {number} foot @param {number} outer @param {number} s */
function stem(p, theme, colour, middle, foot, outer, s) {
  for (const [style, width] of /** @type {[string, number][]} */ ([[css(theme.ground, 0.92), 5], [colour, 1.8]])) {
    p.strokeStyle = style;
    p.lineWidth = width * s;
    segment(p, 0, middle + outer, 0, foot);
  }
  disc(p, 2.2 * s, colour, foot);
  p.translate(0, middle);
}

/** Gap (nobody assigned), arrow tick (en route), bar (on scene), at the lowest corner. @param {Paint} p @param {Theme} theme @param {string} colour @param {number} edge @param {number} r @param {number} s */
function edgeMark(p, theme, colour, edge, r, s) {
  if (edge === 1) {
    p.fillStyle = css(theme.ground);
    p.beginPath();
    p.moveTo(-4.4 * s, r + 3 * s);
    p.lineTo(0, r - 6.5 * s);
    p.lineTo(4.4 * s, r + 3 * s);
    p.fill();
  } else if (edge === 2) {
    p.lineJoin = "miter";
    for (const [style, width] of /** @type {[string, number][]} */ ([[css(theme.ground), 5], [colour, 2.2]])) {
      p.strokeStyle = style;
      p.lineWidth = width * s;
      p.beginPath();
      p.moveTo(-5 * s, r + 5.4 * s);
      p.lineTo(0, r + 1 * s);
      p.lineTo(5 * s, r + 5.4 * s);
      p.stroke();
    }
  } else if (edge === 3) {
    p.fillStyle = css(theme.ground);
    p.fillRect(-8 * s, r, 16 * s, 6.6 * s);
    p.fillStyle = colour;
    p.fillRect(-6.6 * s, r + 1.6 * s, 13.2 * s, 3.4 * s);
  }
}

/**
 * A camera: a small square; the dot says recording (filled), buffering (hollow) or live (small), a slash offline.
 * @param {Paint} p @param {Theme} theme @param {number} state @param {number} age @param {number} tier @param {number} s
 */
export function camera(p, theme, state, age, tier, s) {
  const r = CAMERA_R[tier] * s;
  const colour = css(theme.camera, state === 5 || age === 2 ? 0.65 : 1);
  p.fillStyle = css(theme.ground, 0.92);
  p.fillRect(-r - 1.8 * s, -r - 1.8 * s, 2 * r + 3.6 * s, 2 * r + 3.6 * s);
  p.strokeStyle = p.fillStyle = colour;
  p.lineWidth = 1.5 * s;
  if (age) p.setLineDash([2.4 * s, 2 * s]);
  p.strokeRect(-r + 0.75 * s, -r + 0.75 * s, 2 * r - 1.5 * s, 2 * r - 1.5 * s);
  p.setLineDash([]);
  if (tier === 2 || age === 2) return;
  if (state === 2) disc(p, r * 0.26, colour);
  else if (state === 3) disc(p, r * 0.5, colour);
  else if (state === 4) {
    p.lineWidth = 1.3 * s;
    ring(p, r * 0.42);
  } else if (state === 5) segment(p, -r * 0.8, r * 0.8, r * 0.8, -r * 0.8);
}

/** What stands on a zone's plate: other, staging, command post, landing zone, traffic control. */
const PLATE_WORDS = ["", "S", "ICP", "LZ", "TC"];

/**
 * A zone that is a place: a plate with its letters; faint when planned or stale.
 * @param {Paint} p @param {Theme} theme @param {number} plate @param {boolean} faint @param {number} tier @param {number} s
 */
export function place(p, theme, plate, faint, tier, s) {
  const h = ZONE_R[tier] * s;
  const word = tier === 2 ? "" : PLATE_WORDS[plate];
  const w = word.length > 1 ? h * (0.55 + 0.52 * word.length) : h;
  const colour = css(theme.zone, faint ? 0.6 : 1);
  p.fillStyle = css(theme.ground, 0.92);
  p.fillRect(-w - 2 * s, -h - 2 * s, 2 * w + 4 * s, 2 * h + 4 * s);
  p.strokeStyle = p.fillStyle = colour;
  p.lineWidth = 1.6 * s;
  if (faint) p.setLineDash([3 * s, 2.2 * s]);
  p.strokeRect(-w + 0.8 * s, -h + 0.8 * s, 2 * w - 1.6 * s, 2 * h - 1.6 * s);
  p.setLineDash([]);
  if (!word) return disc(p, h * 0.3, colour);
  p.font = `700 ${h * 1.25}px ${theme.font}`;
  p.textAlign = "center";
  p.textBaseline = "alphabetic";
  p.fillText(word, 0, h * 0.44);
}

/**
 * A log entry: a flag whose foot is at its place, filled when somebody wants something done.
 * @param {Paint} p @param {Theme} theme @param {boolean} filled @param {number} tier @param {number} s
 */
export function flag(p, theme, filled, tier, s) {
  const u = (LOG_R[tier] / LOG_R[0]) * s;
  const outline = () => {
    p.beginPath();
    p.moveTo(0, 0);
    p.lineTo(0, -17 * u);
    p.lineTo(11 * u, -13 * u);
    p.lineTo(0, -8.5 * u);
  };
  p.lineJoin = p.lineCap = "round";
  for (const [style, width] of /** @type {[string, number][]} */ ([[css(theme.ground, 0.92), 5.5], [css(theme.zone), 1.8]])) {
    outline();
    p.strokeStyle = style;
    p.lineWidth = width * u;
    p.stroke();
    p.fillStyle = filled ? style : css(theme.ground, 0.92);
    p.fill();
  }
  disc(p, 1.9 * u, css(theme.zone));
}

/** @param {Paint} p @param {number} r @param {string} fill @param {number} [y] */
function disc(p, r, fill, y = 0) {
  p.fillStyle = fill;
  p.beginPath();
  p.arc(0, y, r, 0, TAU);
  p.fill();
}

/** @param {Paint} p @param {number} r */
function ring(p, r) {
  p.beginPath();
  p.arc(0, 0, r, 0, TAU);
  p.stroke();
}

/** @param {Paint} p @param {number} r */
function diamond(p, r) {
  p.beginPath();
  p.moveTo(0, -r);
  p.lineTo(r, 0);
  p.lineTo(0, r);
  p.lineTo(-r, 0);
  p.closePath();
}

/** @param {Paint} p @param {number} x @param {number} y @param {number} x2 @param {number} y2 */
function segment(p, x, y, x2, y2) {
  p.beginPath();
  p.moveTo(x, y);
  p.lineTo(x2, y2);
  p.stroke();
}

/** Whole dashes around the circle. @param {Paint} p @param {number} r @param {number} age @param {number} s */
function dashes(p, r, age, s) {
  if (!age) return;
  const n = Math.max(6, Math.round((TAU * r) / (6 * s)));
  const step = (TAU * r) / n;
  p.setLineDash(age === 2 ? [step * 0.3, step * 0.7] : [step * 0.58, step * 0.42]);
}
