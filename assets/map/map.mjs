// @ts-check
/** The live map: makes the page that all panels share, and puts its parts together. No logic of its own. */

import { awaitBasemap, repaint } from "./basemap.mjs";
import { fit, fly, start } from "./camera.mjs";
import { serverClock } from "./clock.mjs";
import { emitter } from "./events.mjs";
import { DELTA } from "./frame.mjs";
import { followMap } from "./plotly_map.mjs";
import { makeScene } from "./scene.mjs";
import { deselectOnEscape, selectOn } from "./select.mjs";
import { meter } from "./stats.mjs";
import { emptyStore, keyOf } from "./store.mjs";
import { openStream } from "./stream.mjs";
import { readTheme, watchTheme } from "./theme.mjs";
import { instant, watchLine } from "./watch.mjs";
import { zoneLayers } from "./zones.mjs";

/** The stream opens with the map, or after this. */
const MAP_AWAITED_MS = 4000;

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("./plotly_map.mjs").LiveMap} LiveMap */

const root = document.querySelector("#jointops-config");
if (root) open(JSON.parse(root.getAttribute("data-config") ?? "{}"));

/** @param {import("../types.d.ts").PageConfig} config */
function open(config) {
  const clock = serverClock();
  const measured = meter();
  /** @type {ReturnType<typeof emitter<Parameters<Page["on"]>[0]>>} */
  const events = emitter();
  const local = () => (performance.timeOrigin + performance.now()) / 1000;
  /** @type {LiveMap | null} */
  let map = null;
  let theme = readTheme();

  /** @type {Page} */
  const page = {
    config,
    store: emptyStore(),
    hello: null,
    health: null,
    now: () => clock.now(local()),
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
    card: (layer, agency, id) => (stream ? stream.card(layer, agency, id) : Promise.reject(new Error("no live stream"))),
    flyTo: (lon, lat, zoom) => map && fly(map, lon, lat, zoom, besideCard(map)),
    fitAll: () => map && fit(map, Object.values(scene.instances)),
    outside: () => scene.outside(),
  };
  const scene = makeScene(page, measured);
  scene.setTheme(theme);
  const zones = zoneLayers();
  events.on("select", () => {
    const { selected } = page;
    zones.choose(selected?.layer === "zones" ? keyOf(selected.agency, selected.id) : "");
  });
  const watch = watchLine(page, () => events.emit("line"));
  const picture = oncePerFrame(() => events.emit("frame"));
  const camera = oncePerFrame(() => events.emit("camera"));

  /** @type {ReturnType<typeof openStream> | null} */
  let stream = null;
  // With the first map: before there is one nothing can be drawn, and plotly.js keeps the page busy. Panels need no map.
  const begin = () => (stream ??= openStream(streamUrl(config), page.store, {
    frame(change, frame, began) {
      clock.hear(frame.at, local());
      watch.heard();
      if (!Object.keys(change.rows).length && !frame.events.length) return;
      if ("zones" in change.rows) zones.show(page.store.zones);
      scene.take(change, frame.type === DELTA && frame.lag_ms ? frame.at - frame.lag_ms / 1000 : 0);
      measured.update(began, performance.now() - began + scene.uploadMs);
      picture();
    },
    open: () => measured.opened(performance.now()),
    hello(hello) {
      if (page.hello && page.hello.epoch !== hello.epoch) clock.forget();
      page.hello = hello;
      scene.changed();
      events.emit("hello");
    },
    health(health) {
      page.health = health;
      events.emit("health");
    },
  }));
  setTimeout(begin, MAP_AWAITED_MS);

  followMap("#map-graph", (live) => {
    if (!map) start(live, config.view);
    map = live;
    scene.mount(live, watch.graphicsLost);
    zones.mount(live, theme);
    selectOn(live, page, scene.instances, () => theme.scale, () => scene.tiers.incidents);
    live.on("move", camera);
    live.on("resize", camera);
    begin();
    if (config.basemap)
      scene.afterFirst(() => void awaitBasemap(live, config.basemap, () => theme.name, () => map === live));
    events.emit("camera");
  });
  watchTheme(() => {
    const next = readTheme();
    if (JSON.stringify(next) === JSON.stringify(theme)) return;
    theme = next;
    scene.setTheme(next);
    zones.repaint(next);
    if (map && config.basemap) repaint(map, next.name);
  });
  deselectOnEscape(page);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    stream?.poke();
    watch.woken();
    scene.woken();
    picture();
  });
  setInterval(() => {
    if (!document.hidden) scene.changed(); // ages in tags
    events.emit("second");
  }, 1000);

  window.jointops = { stats: () => measured.stats(performance.now(), page.store.rev), page };
  void mountPanels(page);
}

/** @param {import("../types.d.ts").PageConfig} config */
function streamUrl(config) {
  if (config.live_url) return config.live_url;
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.hostname}:${config.live_port}/stream`;
}

/** Half of what the card takes from the map's left side: what is flown to shall not come to lie under it. @param {LiveMap} map */
function besideCard(map) {
  const card = document.querySelector(".card:not([hidden])")?.getBoundingClientRect();
  const room = map.getContainer().getBoundingClientRect();
  if (!card || card.top >= room.bottom - 1 || card.width > room.width / 2) return 0;
  return (card.right - room.left) / 2;
}

/** Calls `fn` at most once an animation frame. @param {() => void} fn */
function oncePerFrame(fn) {
  let asked = 0;
  return () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      fn();
    });
  };
}

/** @param {Page} page */
async function mountPanels(page) {
  const panels = await import(/** @type {any} */ ("/assets/panels/panels.mjs"));
  panels.mountPanels(page);
}
