// @ts-check
/**
 * Makes the page that all panels share, and puts its parts together. No logic of its own: where frames come from, and
 * what time it is there, is the source's (the wall's is in map.mjs).
 */

import { awaitBasemap, repaint } from "./basemap.mjs";
import { centre, fit, fly, start } from "./camera.mjs";
import { emitter } from "./events.mjs";
import { DELTA } from "./frame.mjs";
import { oncePerFrame } from "./once.mjs";
import { followMap } from "./plotly_map.mjs";
import { makeScene } from "./scene.mjs";
import { tellScreen } from "./screen.mjs";
import { deselectOnEscape, selectOn } from "./select.mjs";
import { meter } from "./stats.mjs";
import { emptyStore, keyOf } from "./store.mjs";
import { readTheme, watchTheme } from "./theme.mjs";
import { instant, watchLine } from "./watch.mjs";
import { zoneLayers } from "./zones.mjs";

/** The stream opens with the map, or after this. */
const MAP_AWAITED_MS = 4000;
/** So close to the right of the card a place counts as under it: its mark is wide, CSS pixels. */
const BESIDE_PX = 48;

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").PageConfig} PageConfig */
/** @typedef {import("./plotly_map.mjs").LiveMap} LiveMap */
/**
 * @typedef {object} Heard what a source tells
 * @property {() => void} heard it said something, whatever it was
 * @property {import("./stream.mjs").Listener["frame"]} frame
 * @property {() => void} open
 * @property {(hello: import("../types.d.ts").Hello) => void} hello
 * @property {(health: import("../types.d.ts").Health) => void} health
 */
/** @typedef {ReturnType<typeof import("./stream.mjs").openStream>} Stream */
/** @typedef {Pick<Stream, "card" | "poke" | "stop"> & Partial<Pick<Stream, "send">>} Opened with `send` it is told what this screen shows */
/**
 * @typedef {object} Source
 * @property {string} name for people, when it is gone
 * @property {() => number} now the time there, Unix seconds
 * @property {(store: import("../types.d.ts").Store, to: Heard) => Opened} open
 */

/** What the page was told by the server that made it. @returns {PageConfig} */
export function readConfig() {
  return JSON.parse(document.querySelector("#jointops-config")?.getAttribute("data-config") ?? "{}");
}

/**
 * Opens a page on a source of frames; the panels are the caller's to mount.
 * @param {PageConfig} config
 * @param {Source} source
 * @param {string} [graph] the element whose map it takes
 */
export function openPage(config, source, graph = "#map-graph") {
  const ended = new AbortController();
  const measured = meter();
  /** @type {ReturnType<typeof emitter<Parameters<Page["on"]>[0]>>} */
  const events = emitter();
  /** @type {((map: LiveMap) => void)[]} */
  const overlays = [];
  /** @type {LiveMap | null} */
  let map = null;
  let theme = readTheme();

  /** @type {Page} */
  const page = {
    config,
    store: emptyStore(),
    hello: null,
    health: null,
    now: source.now,
    on: events.on,
    line: { state: "connecting", since: instant().wall, what: "" },
    selected: null,
    select(layer, agency, id) {
      page.selected = { layer, agency, id };
      scene.changed();
      events.emit("select");
    },
    deselect() {
      if (!page.selected) return;
      page.selected = null;
      scene.changed();
      events.emit("select");
    },
    card: (layer, agency, id) => (stream ? stream.card(layer, agency, id) : Promise.reject(new Error(`no ${source.name}`))),
    flyTo: (lon, lat, zoom) => map && fly(map, lon, lat, zoom, besideCard(map)),
    centre: (lon, lat) => map && centre(map, lon, lat, besideCard(map)),
    uncover: (lon, lat) => map && isUnderCard(map, lon, lat) && centre(map, lon, lat, besideCard(map)),
    camera: () => (map ? { lon: map.getCenter().lng, lat: map.getCenter().lat, zoom: map.getZoom() } : config.view),
    fitAll: () => map && fit(map, Object.values(scene.instances)),
    outside: () => scene.outside(),
    only: null,
    showOnly(only) {
      page.only = only;
      scene.rewrite();
      events.emit("only");
    },
    off: { layers: new Set(), agencies: new Set() },
    hides: (layer, record) => page.off.layers.has(/** @type {any} */ (layer)) || page.off.agencies.has(record?.agency ?? ""),
    setOff(layers, agencies) {
      page.off = { layers: new Set(layers), agencies: new Set(agencies) };
      scene.rewrite();
      zones.show(page.store.zones, page.hides);
      events.emit("off");
    },
  };
  const scene = makeScene(page, measured);
  scene.setTheme(theme);
  const zones = zoneLayers();
  events.on("select", () => {
    const { selected } = page;
    zones.choose(selected?.layer === "zones" ? keyOf(selected.agency, selected.id) : "");
  });
  const watch = watchLine(page, source.name, () => events.emit("line"));
  const picture = oncePerFrame(() => events.emit("frame"));
  const camera = oncePerFrame(() => events.emit("camera"));

  /** @type {ReturnType<Source["open"]> | null} */
  let stream = null;
  // With the first map: before there is one nothing can be drawn, and plotly.js keeps the page busy. Panels need no map.
  const begin = () => (stream ??= source.open(page.store, {
    heard: watch.heard,
    frame(change, frame, began) {
      if (!Object.keys(change.rows).length && !frame.events.length) return;
      if ("zones" in change.rows) zones.show(page.store.zones, page.hides);
      scene.take(change, frame.type === DELTA && frame.lag_ms ? frame.at - frame.lag_ms / 1000 : 0);
      measured.update(began, performance.now() - began + scene.uploadMs);
      picture();
    },
    open: () => measured.opened(performance.now()),
    hello(hello) {
      page.hello = hello;
      scene.changed();
      events.emit("hello");
    },
    health(health) {
      page.health = health;
      events.emit("health");
    },
  }));
  const late = setTimeout(begin, MAP_AWAITED_MS);
  tellScreen(page, () => map, () => scene.drawn, (word) => stream?.send?.(word) ?? false, ended.signal);

  const leave = followMap(graph, (live) => {
    if (!map) start(live, config.view);
    map = live;
    scene.mount(live, watch.graphicsLost);
    zones.mount(live, theme);
    selectOn(live, page, scene.instances, () => theme.scale, () => scene.tiers.incidents);
    live.on("move", camera);
    live.on("resize", camera);
    for (const fn of overlays) fn(live);
    begin();
    if (config.basemap)
      scene.afterFirst(() => void awaitBasemap(live, config.basemap, () => theme.name, () => map === live));
    events.emit("camera");
  });
  const unwatch = watchTheme(() => {
    const next = readTheme();
    if (JSON.stringify(next) === JSON.stringify(theme)) return;
    theme = next;
    scene.setTheme(next);
    zones.repaint(next);
    if (map && config.basemap) repaint(map, next.name);
  });
  deselectOnEscape(page, ended.signal);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    stream?.poke();
    watch.woken();
    scene.woken();
    picture();
  }, { signal: ended.signal });
  const seconds = setInterval(() => {
    if (!document.hidden) scene.changed(); // ages in tags
    events.emit("second");
  }, 1000);

  return {
    page,
    stats: () => measured.stats(performance.now(), page.store.rev),
    /** Calls `fn` with the map there is and each later one. @param {(map: LiveMap) => void} fn */
    over(fn) {
      overlays.push(fn);
      if (map) fn(map);
    },
    /** Ends everything; the graph is the caller's to take away. */
    close() {
      ended.abort();
      clearTimeout(late);
      clearInterval(seconds);
      leave();
      unwatch();
      watch.stop();
      stream?.stop();
      scene.unmount();
    },
  };
}

/** Where a stream is: its public address, or a port of this page's host. @param {string} url @param {number} port */
export function streamUrl(url, port) {
  return url || `${location.protocol === "https:" ? "wss" : "ws"}://${location.hostname}:${port}/stream`;
}

/**
 * How far right of and below the middle what is flown to shall come, so as not to lie under the card: half of what that
 * takes from the map's left side, or of its top where it is nearly as wide as the map. CSS pixels.
 * @param {LiveMap} map @returns {[number, number]}
 */
function besideCard(map) {
  const card = cardBox();
  const room = map.getContainer().getBoundingClientRect();
  if (!card || card.top >= room.bottom - 1 || card.left >= room.right) return [0, 0];
  if (card.width <= room.width * 0.6) return [(card.right - room.left) / 2, 0];
  return [0, card.bottom - room.top <= room.height * 0.6 ? (card.bottom - room.top) / 2 : 0];
}

const cardBox = () => document.querySelector(".card:not([hidden])")?.getBoundingClientRect();

/** @param {LiveMap} map @param {number} lon @param {number} lat */
function isUnderCard(map, lon, lat) {
  const card = cardBox();
  const room = map.getContainer().getBoundingClientRect();
  const { x, y } = map.project([lon, lat]);
  const [left, top] = [x + room.left, y + room.top];
  return card !== undefined && left > card.left && left < card.right + BESIDE_PX && top > card.top && top < card.bottom;
}

/** Fills the panels. @param {Page} page */
export async function mountPanels(page) {
  const panels = await import(/** @type {any} */ ("/assets/panels/panels.mjs"));
  panels.mountPanels(page);
}
