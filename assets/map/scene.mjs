// @ts-check
/**
 * The picture on the canvas: keeps the instances in step with the store, chooses sizes and tags, draws.
 * The camera comes from the map at each draw and is never changed here.
 */

import { overlay } from "./draw.mjs";
import { ORDER, census, emptyInstances, write } from "./instances.mjs";
import { drawLoop } from "./loop.mjs";
import { view } from "./mercator.mjs";
import { shows } from "./only.mjs";
import { alerts, over, ringList, under } from "./rings.mjs";
import { rowOf, tableOf } from "./store.mjs";
import { tags } from "./tags.mjs";

/** All but units, while these are drawn of another moment. */
const FADED = 0.35;
/** Small things that lie over the map. */
const OVER_MAP = ".map-room .maplibregl-ctrl-attrib, .map-room .outside:not([hidden]), .map-room .watermark, .map-room .layerswitch";
/** Tags are placed again at most this often. */
const TAGS_MS = 250;
/** The streets wait so long for the first picture. */
const PICTURE_AWAITED_MS = 1500;
/** Room a mark needs to be drawn in full or middle size, square CSS pixels at scale 1; below it is small. */
const ROOM = [2000, 420];
/** A size stays until the room is this much beyond its limit, so that it does not jump to and fro. */
const STAYS = 1.25;

/** @typedef {import("./plotly_map.mjs").LiveMap} LiveMap */

/** @param {LiveMap} map */
export function viewOf(map) {
  const { lng, lat } = map.getCenter();
  const box = map.getContainer();
  return view(lng, lat, map.getZoom(), map.getBearing(), box.clientWidth, box.clientHeight);
}

/** What lies over the map and would hide a tag: left, top, right, bottom, CSS pixels. @param {LiveMap} map */
function coveredOf(map) {
  const { left, top } = map.getContainer().getBoundingClientRect();
  return [...document.querySelectorAll(OVER_MAP)].map((node) => {
    const box = node.getBoundingClientRect();
    return [box.left - left, box.top - top, box.right - left, box.bottom - top];
  });
}

/** The size class for `n` things in the view, given the one they have. @param {number} n @param {import("./mercator.mjs").View} v @param {number} scale @param {number} had */
export function tierFor(n, v, scale, had) {
  const room = (v.width * v.height) / Math.max(n, 1) / scale ** 2;
  const limit = (/** @type {number} */ i) => ROOM[i] * (had > i ? STAYS : 1 / STAYS);
  return room > limit(0) ? 0 : room > limit(1) ? 1 : 2;
}

/**
 * @param {import("../types.d.ts").Page} page
 * @param {ReturnType<typeof import("./stats.mjs").meter>} meter
 */
export function makeScene(page, meter) {
  const { store } = page;
  const instances = {
    units: emptyInstances("units"), incidents: emptyInstances("incidents"), cameras: emptyInstances("cameras"),
    zones: emptyInstances("zones"), log: emptyInstances("log"),
  };
  const tiers = { units: 0, incidents: 0, cameras: 1, zones: 1, log: 1 };
  const below = ringList();
  const above = ringList();
  const seen = alerts();
  /** @type {Map<string, number>} */
  const slots = new Map();
  /** @type {import("./theme.mjs").Theme | null} */
  let theme = null;
  /** @type {{ map: LiveMap, canvas: ReturnType<typeof overlay>, loop: ReturnType<typeof drawLoop> } | null} */
  let mounted = null;
  let tagsDue = true;
  let taggedAt = -Infinity;
  let tagTimer = 0;
  /** Receipt of the oldest live frame not yet drawn, Unix seconds by the server's clock; 0 when none. */
  let undrawn = 0;
  /** A picture came that was never drawn. */
  let fresh = false;
  let sleeps = 0;
  let last = { rev: 0, at: 0 };
  let waiting = false;
  let shown = 0;
  /** @type {(() => void)[]} */
  const waits = [];

  const fadeNow = () => (page.review?.coarse ? FADED : 1);
  const chosen = () => {
    const row = page.selected ? rowOf(store, page.selected) : undefined;
    if (row === undefined || !page.selected) return null;
    // A row written before the newest table grew, or one without a place, has nothing to draw around.
    const of = instances[page.selected.layer];
    return row < of.end && of.u8[row * 16 + 12] ? { layer: page.selected.layer, row } : null;
  };

  const draw = () => {
    if (!mounted || !theme || !mounted.canvas.works) return;
    const began = performance.now();
    const { canvas, map } = mounted;
    const v = viewOf(map);
    if (!v.width || !v.height) return;
    if (fresh && !shown) shown = taggedAt = began; // the first picture comes without tags, and sooner
    if (began - taggedAt >= TAGS_MS) retag(v, began);
    else if (!tagTimer) tagTimer = window.setTimeout(() => { tagTimer = 0; wake(); }, TAGS_MS);
    const at = chosen();
    const fade = fadeNow();
    const s = canvas.ratio * theme.scale;
    const scene = {
      instances, store, theme, tiers, chosen: at, s, scale: v.scale * canvas.ratio, pxPerMetre: v.pxPerMetre * canvas.ratio, fade,
    };
    below.clear();
    above.clear();
    under(below, scene);
    over(above, scene, seen, began);
    if (!canvas.draw({ view: v, instances, tiers, under: below, over: above, chosen: at, fade })) return;
    const now = performance.now();
    if (last.rev !== store.rev) last = { rev: store.rev, at: now };
    meter.draw(began, now - began, ORDER.reduce((sum, layer) => sum + store[layer].count, 0));
    if (fresh && !waiting) measure(canvas.fence(), undrawn);
    undrawn = 0;
    fresh = false;
  };

  /** Latency ends when the card has finished the frame, not when it was asked. @param {() => boolean} done @param {number} received */
  const measure = (done, received) => {
    waiting = true;
    const slept = sleeps;
    const poll = () => {
      if (!done()) return requestAnimationFrame(poll);
      waiting = false;
      meter.shown(performance.now());
      release();
      // A tab that slept meanwhile measured its sleep.
      if (received && slept === sleeps) meter.latency(performance.now(), (page.now() - received) * 1000);
    };
    requestAnimationFrame(poll);
  };

  /** @param {import("./mercator.mjs").View} v @param {number} now */
  const retag = (v, now) => {
    if (!mounted || !theme || !mounted.canvas.letters) return;
    const moves = mounted.map.isMoving();
    if (!tagsDue && !moves) return;
    taggedAt = now;
    tagsDue = moves;
    tiers.units = tierFor(census(instances.units, v).inside, v, theme.scale, tiers.units);
    tiers.incidents = tierFor(census(instances.incidents, v).inside * 2, v, theme.scale, tiers.incidents);
    tiers.cameras = tiers.zones = tiers.log = v.zoom > 13.5 ? 0 : v.zoom > 11 ? 1 : 2;
    const { letters, ratio } = mounted.canvas;
    mounted.canvas.setTags(tags({ page, instances, view: v, letters, ratio, scale: theme.scale, tiers, covered: coveredOf(mounted.map), fade: fadeNow() }, slots));
  };

  const release = () => {
    for (const fn of waits.splice(0)) fn();
  };
  const wake = () => mounted?.loop.wake();
  const changed = () => {
    tagsDue = true;
    wake();
  };

  /** Which rows are drawn where not all are. @param {import("../types.d.ts").Table<any>} table */
  const drawn = (table) => {
    const { only, off } = page;
    if (!only?.keys[table.name] && !off.layers.size && !off.agencies.size) return null;
    return (/** @type {number} */ row) => shows(only, table.name, table.records[row]) && !page.hides(table.name, table.records[row]);
  };

  return {
    /** Other things are to be drawn than before. */
    rewrite() {
      for (const layer of ORDER) write(instances[layer], tableOf(store, layer), null, drawn(tableOf(store, layer)));
      changed();
    },
    /** The picture changed: brings the instances in step. @param {import("./store.mjs").Change} change @param {number} received of a live frame: Unix seconds by the server's clock; 0 when nothing was received */
    take(change, received) {
      for (const [layer, rows] of Object.entries(change.rows)) {
        // What is written of a zone is in its record too, which may change while its columns stay.
        const table = tableOf(store, layer);
        write(/** @type {any} */ (instances)[layer], table, layer === "zones" ? null : rows, drawn(table));
      }
      seen.see(instances.cameras.urgent, performance.now());
      fresh = true;
      undrawn = document.hidden || !shown ? 0 : undrawn || received;
      changed();
    },
    /** The last revision drawn, and when it first was, ms of this page's clock; 0: none. */
    get drawn() {
      return last;
    },
    /** The tab is looked at again: what waited for that is no measure of anything. */
    woken() {
      undrawn = 0;
      sleeps += 1;
      changed();
    },
    /** Main-thread time of the last upload, milliseconds. */
    get uploadMs() {
      return mounted?.canvas.uploadMs ?? 0;
    },
    instances,
    tiers,
    changed,
    /** @param {import("./theme.mjs").Theme} next */
    setTheme(next) {
      theme = next;
      mounted?.canvas.setTheme(next);
      taggedAt = -Infinity;
      changed();
    },
    /** Lays the canvas over a map; over another one than before, it moves there. @param {LiveMap} map @param {(isLost: boolean) => void} lost */
    mount(map, lost) {
      mounted?.loop.stop();
      mounted?.canvas.destroy();
      const canvas = overlay(map.getContainer(), (isLost) => {
        lost(isLost);
        taggedAt = -Infinity;
        changed();
      });
      const pulses = () => !theme?.calm && (instances.units.urgent.size > 0 || seen.fresh(performance.now()));
      mounted = { map, canvas, loop: drawLoop(map, draw, pulses) };
      map.on("move", () => { tagsDue = true; });
      if (theme) canvas.setTheme(theme);
      changed();
    },
    unmount() {
      clearTimeout(tagTimer);
      mounted?.loop.stop();
      mounted?.canvas.destroy();
      mounted = null;
    },
    /** Calls `fn` once the first picture is on the screen, or soon in any case: what moves comes before the streets. @param {() => void} fn */
    afterFirst(fn) {
      if (store.rev) return fn();
      waits.push(fn);
      setTimeout(release, PICTURE_AWAITED_MS);
    },
    /** Units with a place outside the map's view. */
    outside: () => (mounted ? census(instances.units, viewOf(mounted.map)).outside : 0),
  };
}
