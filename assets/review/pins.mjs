// @ts-check
/** Findings where and when they are pinned: on the map, and on the timeline. */

import { css } from "../map/theme.mjs";
import { isClosed } from "./finding.mjs";

/** @typedef {import("../types.d.ts").Finding} Finding */
/** @typedef {{ id: string, x: number, y: number }} Pin the middle of its head, CSS pixels */

const HEAD_PX = 7;
/** The needle leans, so that its head stands clear of a mark at the same place and of the words beside that. */
const LEAN_PX = [-26, -44];
/** How near a press must be, pixels. */
const REACH_PX = 24;

/**
 * Draws the pins; returns where their heads are, the uppermost last.
 * @param {import("./sketch.mjs").Pen} pen @param {Finding[]} findings @param {string} chosen id
 * @returns {Pin[]}
 */
export function drawPins({ context, at, theme, replay }, findings, chosen) {
  const r = HEAD_PX * theme.scale;
  /** @type {Pin[]} */
  const pins = [];
  const inOrder = [...findings].sort((a, b) => Number(a.id === chosen) - Number(b.id === chosen));
  for (const { id, said } of inOrder) {
    if (said.lon === null || said.lat === null) continue;
    const [x, y] = at(said.lon, said.lat);
    const [hx, hy] = [x + LEAN_PX[0] * theme.scale, y + LEAN_PX[1] * theme.scale];
    const closed = isClosed(said.state);
    const ground = css(theme.ground, 0.95);
    /** @type {[string, number, number][]} colour, width of the needle, of the head's line */
    const strokes = [[ground, 5, 6], ...(id === chosen ? [/** @type {[string, number, number]} */ ([css(theme.focus), 4, 7])] : []), [replay, 2, 2]];
    for (const [colour, needle, line] of strokes) {
      context.strokeStyle = colour;
      context.lineWidth = needle * theme.scale;
      context.lineCap = "round";
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(hx, hy);
      context.stroke();
      context.lineWidth = line * theme.scale;
      context.beginPath();
      context.arc(hx, hy, r, 0, Math.PI * 2);
      context.stroke();
    }
    context.fillStyle = closed ? ground : replay;
    context.fill();
    pins.push({ id, x: hx, y: hy });
  }
  return pins;
}

/** The pin under a press, the uppermost, or null. Pure. @param {Pin[]} pins @param {number} x @param {number} y */
export function pinAt(pins, x, y) {
  let [best, found] = [REACH_PX, /** @type {Pin | null} */ (null)];
  for (const pin of pins) {
    const away = Math.hypot(pin.x - x, pin.y - y);
    if (away <= best) [best, found] = [away, pin];
  }
  return found;
}
