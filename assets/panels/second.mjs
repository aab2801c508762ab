// @ts-check
// Two moments side by side: a second map with a clock of its own, looking where the first one looks.

import { NARROWED_MS } from "../map/camera.mjs";
import { openPage } from "../map/page.mjs";
import { placeOf } from "../map/store.mjs";
import { followScreen } from "../review/screen.mjs";
import { openSession } from "../review/session.mjs";
import { CONNECTING, notShown } from "../review/words.mjs";
import { el, find, mark, say, show } from "./dom.mjs";
import { sign } from "./signs.mjs";
import * as watermark from "./watermark.mjs";

const STEPS = /** @type {const} */ ([[-60, "−1 min"], [-10, "−10 s"], [10, "+10 s"], [60, "+1 min"]]);
const GRAPH = "second-graph";

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  const toggle = find(root, "button");
  /** @type {(() => void) | null} */
  let close = null;
  let turned = false;
  const write = () => {
    toggle.setAttribute("aria-pressed", String(close !== null));
    window.dispatchEvent(new Event("resize")); // the first map fits itself to its half
    turned = true;
  };
  // What is chosen is not to be left under its card by that, once the map has its new width.
  page.review?.over((map) => map.on("resize", () => {
    if (!turned) return;
    turned = false;
    setTimeout(() => {
      const at = page.selected && placeOf(page.store, page.selected);
      if (at) page.centre(at[0], at[1]);
    }, NARROWED_MS);
  }));
  toggle.addEventListener("click", () => {
    if (close) close();
    close = close ? null : open(page, null);
    if (!close) page.review?.setAlso({ second: null });
    write();
  });
  const wanted = page.review?.also.second ?? null;
  if (!wanted) return;
  let opened = false;
  page.review?.over(() => {
    if (opened) return;
    opened = true;
    close = open(page, wanted);
    if (!close) page.review?.setAlso({ second: null });
    write();
  });
}

/** Opens the second map, at the same moment and in the same view or as the address has it; returns how to close it. @param {import("../types.d.ts").Page} page @param {import("../types.d.ts").Review["also"]["second"]} wanted */
function open(page, wanted) {
  const { review } = page;
  /** @type {any} */
  const plotly = /** @type {any} */ (window).Plotly;
  const first = /** @type {any} */ (document.querySelector("#map-graph .js-plotly-plot"));
  if (!review || !plotly || !first) return null;
  const room = el("div", "map-room second-room");
  const graph = el("div", "map-graph");
  graph.id = GRAPH;
  const words = /** @type {HTMLElement} */ (find(document, "#watermark").cloneNode(true));
  words.removeAttribute("id");
  room.append(graph, words);
  find(document, ".review").append(room);
  document.documentElement.dataset.split = "true";
  const { lon, lat, zoom } = page.camera();
  const { style } = first.layout.map;
  void plotly.newPlot(graph, [{ type: "scattermap", lon: [], lat: [], mode: "markers" }], {
    ...first.layout, width: undefined, height: undefined, map: { style, center: { lon, lat }, zoom, bearing: 0, pitch: 0, uirevision: "constant" },
  }, { displayModeBar: false, scrollZoom: true, doubleClick: false, responsive: true });
  const session = openSession(page.config, review.url, { ...(wanted ?? { at: review.at(), view: review.view }), speed: review.speed });
  const tell = () => review.setAlso({ second: { at: session.at(), view: session.view } });
  session.on("clock", tell);
  tell();
  const second = openPage({ ...page.config, view: { lon, lat, zoom, exact: true } }, session.source, `#${GRAPH}`);
  second.page.review = session;
  second.page.showOnly(page.only);
  const unfilter = page.on("only", () => second.page.showOnly(page.only));
  followScreen(second.page, session, second.over);
  watermark.mount(words, second.page);
  room.append(controls(session, review), lostSign(second.page, session));
  const unlink = together(second.over, review.over);
  return () => {
    unlink();
    unfilter();
    second.close();
    plotly.purge(graph);
    room.remove();
    delete document.documentElement.dataset.split;
  };
}

/**
 * Two maps look at the same place: each follows the other. Returns how to part them.
 * @param {import("../types.d.ts").Review["over"]} one @param {import("../types.d.ts").Review["over"]} other
 */
function together(one, other) {
  /** @type {import("../map/plotly_map.mjs").LiveMap[]} */
  const maps = [];
  let [apart, moves] = [false, false];
  for (const [i, over] of [one, other].entries()) {
    over((map) => {
      maps[i] = map;
      map.on("move", () => {
        const follower = maps[1 - i];
        if (apart || moves || !follower) return;
        moves = true;
        follower.jumpTo({ center: map.getCenter(), zoom: map.getZoom() });
        moves = false;
      });
    });
  }
  return () => {
    apart = true;
  };
}

/** Says in the middle of the map that it shows nothing, and why. @param {import("../types.d.ts").Page} page @param {import("../types.d.ts").Review} session */
function lostSign(page, session) {
  const node = el("div", "second-lost");
  node.setAttribute("role", "status");
  const [head, what] = [el("b", "", "This map is not connected"), el("span")];
  node.append(head, what);
  const write = () => {
    const missing = notShown(session, page.line, page.store.rev);
    say(what, missing);
    show(head, missing !== CONNECTING);
    mark(node, "kind", missing === CONNECTING ? "connecting" : "lost");
    show(node, missing !== "");
  };
  session.on("notice", write);
  for (const event of /** @type {const} */ (["line", "frame", "hello", "second"])) page.on(event, write);
  write();
  return node;
}

/** @param {import("../types.d.ts").Review} session @param {import("../types.d.ts").Review} first */
function controls(session, first) {
  const bar = el("div", "second-bar");
  const play = el("button", "button transport-button");
  play.setAttribute("type", "button");
  play.title = "Play or pause this moment";
  play.addEventListener("click", () => (session.playing ? session.pause() : session.play()));
  bar.append(play);
  for (const [by, words] of STEPS) bar.append(button(words, () => session.seek(session.at() + by)));
  bar.append(button("Same moment", () => session.seek(first.at())));
  const write = () => play.replaceChildren(sign(session.playing ? "pause" : "play"));
  session.on("clock", write);
  write();
  return bar;
}

/** @param {string} words @param {() => void} act */
function button(words, act) {
  const node = el("button", "button", words);
  node.setAttribute("type", "button");
  node.addEventListener("click", act);
  return node;
}
