// @ts-check
/**
 * What this page tells of its own screen, for the record: where its map looks, what is on, what it drew last. At most one
 * word a second, and nothing while nothing changes; who came to look at another tab is told at once.
 */

/** @typedef {import("../types.d.ts").LayerName} LayerName */

/** @type {LayerName[]} */
export const LAYERS = ["units", "incidents", "cameras", "zones", "log"];
const [DEGREES, ZOOM] = [1e6, 1e3];
/** The hub believes no age beyond a day. */
const AGO_MAX_MS = 86_400_000;

/**
 * What is to be said next, given what was said. Pure.
 * @param {object | null} look how the screen looks; null: there is no map yet
 * @param {{ rev: number, at: number }} drawn ms
 * @param {{ look: string, rev: number }} said
 * @param {number} now ms
 */
export function nextWord(look, drawn, said, now) {
  if (!look) return null;
  const of = { rev: drawn.rev, ago_ms: drawn.rev ? Math.min(Math.max(0, Math.round(now - drawn.at)), AGO_MAX_MS) : 0 };
  if (JSON.stringify(look) !== said.look) return { type: "screen", ...look, ...of };
  return drawn.rev > said.rev ? { type: "drawn", ...of } : null;
}

/**
 * How the screen looks. Degrees, CSS pixels; null without a map of any size.
 * @param {import("../types.d.ts").Page} page @param {import("./plotly_map.mjs").LiveMap | null} map
 */
export function lookOf(page, map) {
  const box = map?.getContainer();
  if (!map || !box?.clientWidth || !box.clientHeight) return null;
  const [nw, se] = [map.unproject([0, 0]), map.unproject([box.clientWidth, box.clientHeight])];
  return {
    box: [nw.lng, se.lat, se.lng, nw.lat].map((v) => Math.round(v * DEGREES) / DEGREES),
    zoom: Math.round(map.getZoom() * ZOOM) / ZOOM,
    width: box.clientWidth,
    height: box.clientHeight,
    layers: LAYERS.filter((layer) => !page.off.layers.has(layer)),
    without: [...page.off.agencies].sort(),
    theme: document.documentElement.dataset.theme ?? "dark",
    chosen: page.selected && { ...page.selected },
    away: document.hidden,
  };
}

/**
 * @param {import("../types.d.ts").Page} page
 * @param {() => import("./plotly_map.mjs").LiveMap | null} map
 * @param {() => { rev: number, at: number }} drawn
 * @param {(word: object) => boolean} tell returns whether somebody hears
 * @param {AbortSignal} signal ends it
 */
export function tellScreen(page, map, drawn, tell, signal) {
  let said = { look: "", rev: 0 };
  let epoch = "";
  /** Drawn of an earlier epoch: of another count of revisions. */
  let before = drawn();
  const say = () => {
    if (!page.hello) return;
    const look = lookOf(page, map());
    const last = drawn() === before ? { rev: 0, at: 0 } : drawn();
    const word = nextWord(look, last, said, performance.now());
    if (word && tell(word)) said = { look: JSON.stringify(look), rev: last.rev };
  };
  page.on("second", say);
  page.on("hello", () => {
    said = { look: "", rev: 0 }; // another connection is another session
    if (page.hello?.epoch !== epoch) before = drawn();
    epoch = page.hello?.epoch ?? "";
  });
  document.addEventListener("visibilitychange", say, { signal });
}
