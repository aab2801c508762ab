// @ts-check
/**
 * What stands beside the marks: finds the candidates in the view, says their text, and turns the placed ones into
 * letters for the card. Text is agency tag and call sign, and the age where a thing is stale.
 *
 * A letter is 16 bytes: i32 x, i32 y (the mark's place), i16 dx, i16 dy (device pixels), u8 letter, u8 colour, u8 alpha, u8.
 */

import { shortType, zoneName } from "../panels/words.mjs";
import { gapOf, letterOf, widthOf } from "./atlas.mjs";
import { CAMERA_R, LOG_R, UNIT_R, ZONE_R, incidentLift, incidentOuter } from "./glyphs.mjs";
import { STRIDE } from "./instances.mjs";
import { CLASSES, SELECTED, URGENT, place } from "./labels.mjs";
import { toScreen } from "./mercator.mjs";
import { shapeOf } from "./shapes.mjs";
import { CLOSED, EMERGENCY, NOT_ACTUAL, PLANNED, life, rowOf, tableOf } from "./store.mjs";
import { BOUNDARIES } from "./zones.mjs";

/** Colours of letters, indexes of the palette: agency tag, name, age, alarm. */
export const TAG = 0;
export const NAME = 1;
export const AGE = 2;
export const ALARM = 3;

/** Things looked at for one placing; the urgent are always among them. */
const CANDIDATES_MAX = 700;
const NAME_MAX = 22;
/** Cameras are named from this zoom on, incidents of low priority from that. */
const CAMERA_ZOOM = 14.5;
const LOG_ZOOM = 14.5;
/** A zone is named from this size on, CSS pixels at scale 1; a boundary, which is everywhere, from that. */
const ZONE_PX = 64;
const BOUNDARY_PX = 220;
/** A zone's name stands on its upper edge. */
const ABOVE = 3;
const P4_ZOOM = 12.5;
/** From this zoom on every unit is named. */
const NAMES_ZOOM = 12.8;
/** Stands before the tag of what is no actual report. */
const EXERCISE = "EX";
/** Status column: available, out of service. */
const [AVL, OOS] = [0, 4];
const QUIET = [AVL, OOS];

/** @typedef {import("./instances.mjs").Instances} Instances */
/** @typedef {[text: string, colour: number][]} Text */
/** @typedef {import("./labels.mjs").Candidate & { at: number, of: Instances, text: Text, tag: string, lift: number }} Tag */

/** @param {number} seconds */
export function ageText(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86400)}d`;
}

/**
 * @param {object} from
 * @param {import("../types.d.ts").Page} from.page
 * @param {Record<string, Instances>} from.instances
 * @param {import("./mercator.mjs").View} from.view CSS pixels
 * @param {import("./atlas.mjs").Letters} from.letters
 * @param {number} from.ratio device pixels per CSS pixel
 * @param {number} from.scale of marks
 * @param {Record<string, number>} from.tiers size class by layer
 * @param {number[][]} from.covered left, top, right, bottom of what lies over the map, CSS pixels
 * @param {number} from.fade how strongly all but units is written, 0..1
 * @param {Map<string, number>} previous slots of the last placing
 * @returns {{ bytes: Uint8Array, count: number }}
 */
export function tags({ page, instances, view, letters, ratio, scale, tiers, covered, fade }, previous) {
  const found = candidates(page, instances, view, scale, tiers);
  for (const tag of found) {
    const gaps = (tag.text.length - 1) * gapOf(letters);
    tag.width = (gaps + tag.text.reduce((sum, [text]) => sum + widthOf(letters, text), 0)) / ratio;
    tag.short = tag.tag ? widthOf(letters, tag.tag) / ratio : 0;
  }
  const placed = place(found, view.width, view.height, letters.height / ratio, previous, scale, covered);
  let count = 0;
  for (const { index, short } of placed) {
    count += short ? found[index].tag.length : found[index].text.reduce((sum, [text]) => sum + text.length, 0);
  }
  const bytes = new Uint8Array(count * STRIDE);
  const i32 = new Int32Array(bytes.buffer);
  const i16 = new Int16Array(bytes.buffer);
  let i = 0;
  // The most important were placed first and are written last: over the others where they had to overlap.
  for (const { index, dx, dy, short } of placed.reverse()) {
    const { of, at, text, tag, lift } = found[index];
    const alpha = of.layer === "units" ? 255 : Math.round(255 * fade);
    let x = Math.round(dx * ratio) - letters.pad;
    const y = Math.round((dy - lift) * ratio) - (letters.cellHeight - letters.height) / 2;
    for (const [part, colour] of short ? /** @type {Text} */ ([[tag, TAG]]) : text) {
      for (let k = 0; k < part.length; k++, i++) {
        const letter = letterOf(part.charCodeAt(k));
        i32[i * 4] = of.xy[at * 4];
        i32[i * 4 + 1] = of.xy[at * 4 + 1];
        i16[i * 8 + 4] = Math.round(x);
        i16[i * 8 + 5] = y;
        bytes.set([letter, colour, alpha, 0], i * STRIDE + 12);
        x += letters.advances[letter];
      }
      x += gapOf(letters);
    }
  }
  return { bytes, count };
}

/**
 * The things in the view that may have a tag, the most important first; at most CANDIDATES_MAX and the urgent.
 * @param {import("../types.d.ts").Page} page @param {Record<string, Instances>} instances
 * @param {import("./mercator.mjs").View} view @param {number} scale @param {Record<string, number>} tiers @returns {Tag[]}
 */
function candidates(page, instances, view, scale, tiers) {
  const { store, selected } = page;
  const { units, incidents, cameras, zones, log } = store;
  const chosen = selected ? (rowOf(store, selected) ?? -1) : -1;
  const screen = [0, 0];
  /** @type {Tag[][]} */
  const found = Array.from({ length: CLASSES }, () => []);
  /** @param {Instances} of @param {number} row @param {number} r @param {number} priority @param {number} [lift] @param {number} [slot] of the name of a shape, which has no mark */
  const add = (of, row, r, priority, lift = 0, slot) => {
    const isChosen = row === chosen && selected?.layer === of.layer;
    const class_ = isChosen ? SELECTED : priority;
    if ((slot === undefined && !of.u8[row * STRIDE + 12]) || (class_ > URGENT && found[class_].length >= CANDIDATES_MAX)) return;
    toScreen(view, of.xy[row * 4], of.xy[row * 4 + 1], screen);
    screen[1] -= lift * scale;
    if (screen[0] < -r || screen[1] < -r || screen[0] > view.width + r || screen[1] > view.height + r) return;
    found[class_].push({
      key: `${of.layer}/${row}`, x: screen[0], y: screen[1], r: (r + (isChosen && slot === undefined ? 8 : 0)) * scale, width: 0, short: 0, priority: class_,
      at: row, of, text: [], tag: "", lift: lift * scale, slot,
    });
  };

  for (let row = 0; row < incidents.end; row++) {
    const p = incidents.columns.priority[row] || 4;
    const quiet = incidents.columns.flags[row] & CLOSED || (p === 4 && view.zoom < P4_ZOOM);
    if (quiet && row !== chosen) continue;
    add(instances.incidents, row, incidentOuter(p, tiers.incidents) + 1, p === 1 ? 2 : p + 1, incidentLift(p, tiers.incidents));
  }
  for (let row = 0; row < units.end; row++) {
    const emergency = units.columns.flags[row] & EMERGENCY;
    const priority = emergency ? URGENT : units.columns.status[row] === OOS ? 6 : 4;
    add(instances.units, row, UNIT_R[tiers.units] + (tiers.units === 2 ? 2 : emergency ? 12 : 7), priority);
  }
  for (let row = 0; row < cameras.end; row++) {
    if (view.zoom < CAMERA_ZOOM && row !== chosen) continue;
    add(instances.cameras, row, CAMERA_R[tiers.cameras] + 1, 7);
  }
  for (let row = 0; row < log.end; row++) {
    if (view.zoom >= LOG_ZOOM || row === chosen) add(instances.log, row, LOG_R[tiers.log] + 4, 7);
  }
  for (let row = 0; row < zones.end; row++) {
    const record = zones.present[row] ? zones.records[row] : undefined;
    const shape = record && !page.hides("zones", record) ? shapeOf(record) : null;
    if (!shape) continue;
    if (shape.point) {
      if (view.zoom >= CAMERA_ZOOM || row === chosen) add(instances.zones, row, ZONE_R[tiers.zones] + 6, 8);
      continue;
    }
    const least = (BOUNDARIES.has(zones.columns.zone_kind[row]) ? BOUNDARY_PX : ZONE_PX) * scale;
    if (shape.size * view.pxPerMetre >= least || row === chosen) add(instances.zones, row, 0, 8, 0, ABOVE);
  }
  const urgent = found[SELECTED].length + found[URGENT].length;
  const kept = found.flat().slice(0, Math.max(CANDIDATES_MAX, urgent));
  const agencies = new Map((page.hello?.agencies ?? []).map((a) => [a.id, a.tag]));
  for (const tag of kept) say(tag, page, agencies, view.zoom);
  return kept.filter((tag) => tag.text.length);
}

/**
 * Writes the text of a tag: agency, name, and age when stale. What is no actual report says EX, also in its shortest
 * form; on a demo site the page's badge says it for all.
 * @param {Tag} to @param {import("../types.d.ts").Page} page @param {Map<string, string>} agencies @param {number} zoom
 */
export function say(to, page, agencies, zoom) {
  const { store } = page;
  const table = tableOf(store, to.of.layer);
  const record = table.records[to.at];
  if (!record) return;
  const flags = table.columns.flags[to.at];
  const exercise = flags & NOT_ACTUAL && !page.config.demo ? EXERCISE : "";
  if (exercise) to.text.push([exercise, AGE]);
  if (to.of.layer === "cameras") {
    to.text.push([cut(record.name ?? record.id), TAG]);
    return;
  }
  if (to.of.layer === "zones" || to.of.layer === "log") {
    const name = cut(to.of.layer === "zones" ? zoneName(record) : record.text ?? record.entry_kind);
    to.text.push([to.of.layer === "zones" && flags & PLANNED ? `planned: ${name}` : name, TAG]);
    return;
  }
  to.tag = [exercise, agencies.get(record.agency)].filter(Boolean).join(" ");
  if (agencies.has(record.agency)) to.text.push([agencies.get(record.agency) ?? "", TAG]);
  if (to.of.layer === "incidents") {
    to.text.push([shortType(record), NAME]);
    return;
  }
  // Far out, a unit that is free says whose it is; its name comes when one looks closer, or when it matters.
  const named = zoom >= NAMES_ZOOM || flags & EMERGENCY || to.priority === SELECTED || !to.tag || !QUIET.includes(table.columns.status[to.at]);
  if (named) to.text.push([cut(record.call_sign ?? record.id), flags & EMERGENCY ? ALARM : NAME]);
  if (life(flags)) to.text.push([`${ageText(page.now() - table.at[to.at] + table.columns.age[to.at] / 10)}`, AGE]);
}

/** @param {string} text */
const cut = (text) => (text.length > NAME_MAX ? `${text.slice(0, NAME_MAX - 2)}..` : text);
