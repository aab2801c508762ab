// @ts-check
// The map's marks as small drawings for legend, board and card: same shapes, same inner marks. Shape says what,
// the inner mark says the state; colour (by class, from the tokens) only repeats it.

import { svg } from "./dom.mjs";

/** @typedef {SVGElement} S */

/** @param {string} className @param {S[]} children @returns {S} */
function frame(className, children) {
  return svg("svg", { viewBox: "0 0 32 32", class: `mark ${className}`, "aria-hidden": "true", focusable: "false" }, children);
}

/** @param {number} r @param {string} [c] */
const disc = (r, c = "fill") => svg("circle", { cx: 16, cy: 17, r, class: c });
/** @param {string} d @param {string} [c] */
const path = (d, c = "line") => svg("path", { d, class: c });

/** The pointer of a unit: its course, up. */
const POINTER = "M16 1.5 20.5 8h-9Z";

/** @type {Record<string, () => S[]>} */
const UNITS = {
  avl: () => [disc(9, "line"), path(POINTER, "fill")],
  enr: () => [disc(9, "line"), path("M16 11 21 21.5l-5-2.6-5 2.6Z", "fill"), path(POINTER, "fill")],
  ons: () => [disc(10, "fill"), path("M10 17h12", "cut"), path(POINTER, "fill")],
  cmt: () => [disc(9, "line"), path("M16 8a9 9 0 0 1 0 18Z", "fill"), path(POINTER, "fill")],
  oos: () => [disc(9, "line"), path("M9.6 23.4 22.4 10.6"), path(POINTER, "fill")],
  emg: () => [
    path("M11.4 4h9.2L28 11.4v9.2L20.6 28h-9.2L4 20.6v-9.2Z", "fill"),
    path("M16 8.5v9.5M16 21.6v2.4", "cut"),
    path("M10.2 1h11.6L31 10.2v11.6L21.8 31H10.2L1 21.8V10.2Z", "thin"),
  ],
  non: () => [disc(9, "line"), disc(2, "fill"), path(POINTER, "fill")],
  stl: () => [svg("circle", { cx: 16, cy: 17, r: 9, class: "line dashed" }), path(POINTER, "half")],
};

const DIAMOND = "M16 3 29 16 16 29 3 16Z";

/** @param {string} text @param {string} c */
const numeral = (text, c) => {
  const node = svg("text", { x: 16, y: 16, class: `numeral ${c}` });
  node.textContent = text;
  return node;
};

/** @type {Record<string, () => S[]>} */
const INCIDENTS = {
  1: () => [path("M16 0.8 31.2 16 16 31.2.8 16Z", "thin"), path("M16 4.5 27.5 16 16 27.5 4.5 16Z", "fill"), numeral("1", "on")],
  2: () => [path(DIAMOND, "fill"), numeral("2", "on")],
  3: () => [path(DIAMOND, "line thick"), numeral("3", "off")],
  4: () => [path(DIAMOND, "thin"), numeral("4", "off")],
  0: () => [path(DIAMOND, "thin"), numeral("–", "off")],
};

/** @type {Record<string, () => S[]>} */
const CAMERAS = {
  "": () => [path("M6 8h20v16H6Z", "line")],
  rec: () => [path("M6 8h20v16H6Z", "line"), svg("circle", { cx: 16, cy: 16, r: 4.2, class: "fill" })],
  buf: () => [path("M6 8h20v16H6Z", "line"), svg("circle", { cx: 16, cy: 16, r: 3.6, class: "line" })],
  off: () => [path("M6 8h20v16H6Z", "line"), path("M6 24 26 8")],
  "?": () => [path("M6 8h20v16H6Z", "fill"), path("M13 13.4a3 3 0 1 1 4.4 2.6q-1.4.8-1.4 1.9M16 19.6v1.8", "cut thinner")],
};

/** A line as a zone's edge: its dashes as an attribute, for they are the mark. @param {string} dash @param {number} width */
const edge = (dash, width) =>
  svg("path", { d: "M1 16H31", class: "edge", "stroke-width": width, ...(dash ? { "stroke-dasharray": dash } : {}) });

/** @param {string} text */
const plate = (text) => {
  const node = svg("text", { x: 16, y: 16.5, class: "numeral off" });
  node.textContent = text;
  return [path("M5 5h22v22H5Z", "line thinner"), node];
};

/** @type {Record<string, () => S[]>} */
const ZONES = {
  inn: () => [svg("path", { d: "M1 13H31M1 19H31", class: "edge", "stroke-width": 2.2 })],
  out: () => [edge("11 5", 3)],
  hzd: () => [edge("", 5)],
  rst: () => [edge("10 4 2.5 4", 3)],
  tcp: () => [edge("4 7", 12)],
  bnd: () => [edge("", 1.6)],
  wrn: () => [path("M1 8H31V30H1Z", "shade"), svg("path", { d: "M1 8H31", class: "edge", "stroke-width": 3.4 })],
  stg: () => plate("S"),
};

const FLAG = "M9 29V4L26 9.5 9 16";

/** @type {Record<string, () => S[]>} */
const LOG = {
  note: () => [path(FLAG, "line thinner")],
  order: () => [path(FLAG, "line thinner"), path("M9 4 26 9.5 9 16Z", "fill")],
};

/** @type {Record<string, Record<string, () => S[]>>} */
const LAYERS = { units: UNITS, incidents: INCIDENTS, cameras: CAMERAS, zones: ZONES, log: LOG };

/**
 * The drawing of a mark; an unknown one is an empty frame.
 * @param {string} layer
 * @param {string} name its code in small letters: avl, 1, rec
 * @returns {SVGElement}
 */
export function drawing(layer, name) {
  return frame(`mark-${layer} mark-${name || "plain"}`, LAYERS[layer]?.[name]?.() ?? []);
}
