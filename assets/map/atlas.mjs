// @ts-check
/**
 * The sheet of all marks and the sheet of all letters, painted once per theme and size with the browser's own 2-D
 * canvas at exactly the pixels they will have on screen. Copying such sprites costs the card less than computing
 * each shape in a shader, and shapes, dashes and numerals are written as drawing, not as formulas.
 */

import { HALF, LIFT, camera, flag, incident, place, unit, unitPointer } from "./glyphs.mjs";
import { CAMERA_SPRITES, INCIDENT_SPRITES, LOG_SPRITES, UNIT_POINTERS, UNIT_SPRITES, ZONE_SPRITES } from "./instances.mjs";

/** @typedef {import("./theme.mjs").Theme} Theme */
/** @typedef {import("../types.d.ts").LayerName} LayerName */
/** @typedef {{ y: number, cell: number, columns: number, lift: number }} Sheet corner, cell and lift in texels */

const WIDTH = 2048;
const TIERS = 3;

/** @type {Record<LayerName, { count: number, paint: (p: CanvasRenderingContext2D, t: Theme, i: number, tier: number, s: number) => void }>} */
const LAYERS = {
  units: {
    count: UNIT_SPRITES,
    paint(p, theme, i, tier, s) {
      const state = Math.floor((i % UNIT_POINTERS) / 3);
      (i < UNIT_POINTERS ? unit : unitPointer)(p, theme, state, i % 3, tier, s);
    },
  },
  incidents: {
    count: INCIDENT_SPRITES,
    paint: (p, theme, i, tier, s) => incident(p, theme, i >> 3, (i >> 1) & 3, i & 1, tier, s),
  },
  cameras: { count: CAMERA_SPRITES, paint: (p, theme, i, tier, s) => camera(p, theme, Math.floor(i / 3), i % 3, tier, s) },
  zones: { count: ZONE_SPRITES, paint: (p, theme, i, tier, s) => place(p, theme, i >> 1, (i & 1) === 1, tier, s) },
  log: { count: LOG_SPRITES, paint: (p, theme, i, tier, s) => flag(p, theme, i === 1, tier, s) },
};

/**
 * @param {Theme} theme
 * @param {number} s device pixels per CSS pixel of a mark: pixel ratio times the theme's scale
 * @returns {{ image: HTMLCanvasElement, sheets: Record<LayerName, Sheet[]> }}
 */
export function paintMarks(theme, s) {
  /** @type {Record<LayerName, Sheet[]>} */
  const sheets = { units: [], incidents: [], cameras: [], zones: [], log: [] };
  const names = /** @type {LayerName[]} */ (Object.keys(LAYERS));
  let y = 0;
  for (const name of names) {
    for (let tier = 0; tier < TIERS; tier++) {
      const cell = 2 * Math.ceil(HALF[name][tier] * s);
      const columns = Math.floor(WIDTH / cell);
      sheets[name].push({ y, cell, columns, lift: Math.round(LIFT[name][tier] * s) });
      y += Math.ceil(LAYERS[name].count / columns) * cell;
    }
  }
  const { image, paint } = canvas(WIDTH, y);
  for (const name of names) {
    sheets[name].forEach((sheet, tier) => {
      for (let i = 0; i < LAYERS[name].count; i++) {
        const column = i % sheet.columns;
        const row = Math.floor(i / sheet.columns);
        paint.save();
        paint.translate((column + 0.5) * sheet.cell, sheet.y + (row + 0.5) * sheet.cell);
        LAYERS[name].paint(paint, theme, i, tier, s);
        paint.restore();
      }
    });
  }
  return { image, sheets };
}

const FIRST = 32;
const LAST = 126;

/**
 * @typedef {object} Letters one row of cells
 * @property {HTMLCanvasElement} image red: the letter, green: the letter and its halo
 * @property {Float32Array} cells left edge and width of each letter's cell, texels
 * @property {number} cellHeight texels
 * @property {number} pad texels from the cell's left edge to the letter's
 * @property {Float32Array} advances texels, by letter
 * @property {number} height texels, of a line of text
 */

/**
 * @param {Theme} theme
 * @param {number} px size of the letters, device pixels
 * @returns {Letters}
 */
export function paintLetters(theme, px) {
  const halo = Math.max(2, Math.round(px * 0.15));
  const pad = halo + 1;
  const cellHeight = Math.ceil(px * 1.05) + 2 * halo;
  const count = LAST - FIRST + 1;
  const font = `600 ${px}px ${theme.font}`;
  const measure = canvas(1, 1).paint;
  measure.font = font;
  const advances = new Float32Array(count);
  const cells = new Float32Array(count * 2);
  let width = 0;
  for (let i = 0; i < count; i++) {
    advances[i] = measure.measureText(String.fromCharCode(FIRST + i)).width;
    cells[i * 2] = width;
    cells[i * 2 + 1] = Math.ceil(advances[i]) + 2 * pad;
    width += cells[i * 2 + 1];
  }
  const { image, paint } = canvas(width, cellHeight);
  paint.fillStyle = "black";
  paint.fillRect(0, 0, image.width, image.height);
  paint.font = font;
  paint.textBaseline = "alphabetic";
  paint.lineJoin = "round";
  paint.lineWidth = halo * 2;
  paint.globalCompositeOperation = "lighten";
  for (let i = 0; i < count; i++) {
    const letter = String.fromCharCode(FIRST + i);
    const x = cells[i * 2] + pad;
    const y = halo + Math.round(px * 0.82);
    paint.save();
    paint.beginPath();
    paint.rect(cells[i * 2], 0, cells[i * 2 + 1], cellHeight);
    paint.clip();
    paint.strokeStyle = "rgb(0 255 0)";
    paint.strokeText(letter, x, y);
    paint.fillStyle = "rgb(255 255 0)";
    paint.fillText(letter, x, y);
    paint.restore();
  }
  return { image, cells, cellHeight, pad, advances, height: cellHeight - 2 * halo };
}

/** Between the agency's tag and the name, texels. @param {Letters} letters */
export const gapOf = (letters) => letters.advances[0] * 1.5;

/** The letter of a character; what the sheet lacks is a question mark. @param {number} code */
export const letterOf = (code) => (code >= FIRST && code <= LAST ? code - FIRST : 63 - FIRST);

/** Width of a text, texels. @param {Letters} letters @param {string} text */
export function widthOf(letters, text) {
  let width = 0;
  for (let i = 0; i < text.length; i++) width += letters.advances[letterOf(text.charCodeAt(i))];
  return width;
}

/** @param {number} width @param {number} height */
function canvas(width, height) {
  const image = document.createElement("canvas");
  image.width = width;
  image.height = height;
  const paint = image.getContext("2d");
  if (!paint) throw new Error("this browser gives no 2-D canvas");
  return { image, paint };
}
