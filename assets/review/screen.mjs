// @ts-check
/**
 * A screen on the reviewer's own: the map goes where that one looked, shows what was on there, and what lay beyond its
 * edge is covered: nobody saw it. The map follows until a person moves it, and again from where the screen moved next.
 */

import { mercatorX, mercatorY, toScreen } from "../map/mercator.mjs";
import { viewOf } from "../map/scene.mjs";
import { LAYERS } from "../map/screen.mjs";

/** Room between the screen's frame and the edge of the map, CSS pixels. */
const PADDING_PX = 20;
/** At most this part of the map's height is left to the words above, and to those below. */
const HEAD_PART = 0.25;
const FLIGHT_MS = 700;
const ASKED = { asked: true, screen: true };
/** A flight may be cut short by what else moves the map, as Plotly does once its tiles are there: so often it is flown again. */
const TRIES_MAX = 5;
const SAME_ZOOM = 0.01;

/** @typedef {import("../map/plotly_map.mjs").LiveMap} LiveMap */

/**
 * Where the frame is on the map: left, top, width, height, CSS pixels. Pure.
 * @param {import("../types.d.ts").ScreenLook["box"]} box @param {import("../map/mercator.mjs").View} view
 */
export function frameOf([west, south, east, north], view) {
  const [nw, se] = [[0, 0], [0, 0]];
  toScreen(view, mercatorX(west), mercatorY(north), nw);
  toScreen(view, mercatorX(east), mercatorY(south), se);
  return [nw[0], nw[1], se[0] - nw[0], se[1] - nw[1]];
}

/** Room for the frame: beside the words over the map, and a sheet that lies over it. CSS pixels. @param {LiveMap} map */
function paddingOf(map) {
  const box = map.getContainer().getBoundingClientRect();
  const room = map.getContainer().closest(".map-room");
  const rect = (/** @type {string} */ name) => [...(room?.querySelectorAll(name) ?? [])].filter((node) => node.checkVisibility())[0]?.getBoundingClientRect();
  const words = (rect(".watermark")?.bottom ?? box.top) - box.top;
  const notes = box.bottom - (rect(".maplibregl-ctrl-attrib")?.top ?? box.bottom);
  const sheets = [...document.querySelectorAll(".review .rooms .panel")].filter((panel) => panel.checkVisibility()).map((panel) => panel.getBoundingClientRect());
  const over = sheets.filter(({ left, right, top, bottom }) => left > box.left + box.width / 2 && left < box.right && right > box.left && top < box.bottom && bottom > box.top);
  return {
    left: PADDING_PX,
    top: Math.min(words + PADDING_PX / 4, box.height * HEAD_PART) + PADDING_PX / 4,
    right: PADDING_PX + Math.max(0, ...over.map(({ left }) => box.right - left)),
    bottom: Math.min(notes, box.height * HEAD_PART) + PADDING_PX / 2,
  };
}

/**
 * @param {import("../types.d.ts").Page} page @param {import("../types.d.ts").Review} review
 * @param {(fn: (map: LiveMap) => void) => void} over
 */
export function followScreen(page, review, over) {
  /** @type {LiveMap | null} */
  let map = null;
  const frame = document.createElement("div");
  frame.className = "screen-frame";
  let [follows, told, on, chosen, tries] = [true, "", false, "null", 0];

  const place = () => {
    const look = review.screen?.look;
    frame.hidden = !look;
    if (!map || !look) return;
    const [left, top, width, height] = frameOf(look.box, viewOf(map));
    Object.assign(frame.style, { transform: `translate(${left}px, ${top}px)`, width: `${width}px`, height: `${height}px` });
  };
  const go = (flies = false) => {
    const look = review.screen?.look;
    if (!map || !look || !follows) return;
    const [west, south, east, north] = look.box;
    map.fitBounds([[west, south], [east, north]], { padding: paddingOf(map), duration: flies ? FLIGHT_MS : 0 }, ASKED);
  };
  /** Where the map came to rest is not where it was to go, and no person moved it. */
  const strayed = () => {
    const look = review.screen?.look;
    if (!map || !look || !follows || tries >= TRIES_MAX) return false;
    const [west, south, east, north] = look.box;
    const meant = /** @type {any} */ (map).cameraForBounds([[west, south], [east, north]], { padding: paddingOf(map) });
    return Boolean(meant) && Math.abs(meant.zoom - map.getZoom()) > SAME_ZOOM;
  };
  const show = () => {
    const look = review.screen?.look;
    place();
    if (!look) {
      if (on) page.setOff([], []);
      [on, told, chosen] = [false, review.screen ? told : "", "null"];
      return;
    }
    const off = LAYERS.filter((layer) => !look.layers.includes(layer));
    if (String([off, look.without]) !== String([[...page.off.layers], [...page.off.agencies]])) page.setOff(off, look.without);
    on = true;
    // What the reviewer chose stays until the screen chose something else.
    const choice = JSON.stringify(look.chosen);
    if (choice !== chosen && look.chosen) page.select(look.chosen.layer, look.chosen.agency, look.chosen.id);
    else if (choice !== chosen) page.deselect();
    chosen = choice;
    const box = String([review.screen?.session, look.box]);
    if (box === told) return;
    follows = true;
    const flies = told !== "";
    [told, tries] = [box, 0];
    go(flies);
    if (!flies) requestAnimationFrame(() => requestAnimationFrame(() => go())); // the words over the map have their size by then
  };
  over((live) => {
    map = live;
    map.getContainer().insertBefore(frame, map.getContainer().querySelector(".maplibregl-control-container"));
    map.on("render", place);
    map.on("resize", () => go());
    map.on("movestart", (event) => { if (event.originalEvent || (event.asked && !event.screen)) follows = false; });
    map.on("moveend", () => setTimeout(() => {
      if (live !== map || map.isMoving() || !strayed()) return;
      tries += 1;
      go();
    }));
    go();
    show();
  });
  review.on("screen", show);
  show();
}
