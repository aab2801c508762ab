// @ts-check
/**
 * Zones on the map: a GeoJSON source of their own with fills and lines below the canvas of what moves.
 *
 * They are slow: their data is set when a zone changed and at no other time, for each setting repaints the basemap.
 * The kind is told by the style of the line (double, long dashes, dots, bars, ...); colour is one grey, but for a public
 * warning. A planned or stale zone is the same line at half strength, without its fill. Names are the canvas's tags.
 */

import { shapeOf } from "./shapes.mjs";
import { PLANNED, keyOf, life } from "./store.mjs";
import { css } from "./theme.mjs";

export const SOURCE = "jointops-zones";
const WARNING = 16;

/** Lines by pattern: dashes in widths of the line. @type {Record<string, { dash?: number[], cap?: "round" }>} */
const PATTERNS = {
  solid: {},
  long: { dash: [5, 2.5] },
  dash: { dash: [2.5, 1.5] },
  dots: { dash: [0.01, 2.4], cap: "round" },
  dashdot: { dash: [4, 2, 0.8, 2] },
  bars: { dash: [0.4, 0.8] },
};

/** @typedef {{ pattern: keyof typeof PATTERNS, width: number, gap: number, line: number, fill: number }} Style widths in pixels, strengths 0..1 */

/** @param {keyof typeof PATTERNS} pattern @param {number} width @param {number} [fill] @param {number} [line] @param {number} [gap] @returns {Style} */
const style = (pattern, width, fill = 0, line = 1, gap = 0) => ({ pattern, width, gap, line, fill });

const BOUNDARY = style("solid", 1, 0, 0.45);
/** By `zone_kind` of docs/wire.md. @type {Style[]} */
export const STYLES = [
  style("solid", 1.4),
  BOUNDARY,
  BOUNDARY,
  BOUNDARY,
  style("solid", 1.5, 0.07, 1, 2.5),
  style("long", 2, 0.04),
  style("solid", 3.2, 0.1),
  style("dash", 2.4, 0.06),
  style("dots", 2.4, 0.04),
  style("dots", 1.8, 0.1),
  style("solid", 1.4, 0.1),
  style("solid", 1.4, 0.06),
  style("bars", 7, 0.04),
  style("dashdot", 2.2, 0.05),
  style("dashdot", 1.4, 0.03, 0.8),
  style("dashdot", 1.4, 0.03, 0.8),
  style("solid", 2.2, 0.1),
];
/** Kinds that cover everything: they are chosen by their line, not by what is inside. */
export const BOUNDARIES = new Set([1, 2, 3]);

/** @typedef {import("../types.d.ts").Table<import("../types.d.ts").ZoneRecord>} Zones */

/**
 * The zones as GeoJSON features with what their layers need; places without extent are marks of the canvas. Pure.
 * @param {Zones} zones
 * @param {(layer: string, record: any) => boolean} [hides] says what is not to be drawn
 */
export function features(zones, hides = () => false) {
  const out = [];
  for (let row = 0; row < zones.end; row++) {
    const record = zones.records[row];
    const shape = zones.present[row] && record ? shapeOf(record) : null;
    if (!record || !shape || shape.point || hides("zones", record)) continue;
    const flags = zones.columns.flags[row];
    const kind = Math.min(zones.columns.zone_kind[row], STYLES.length - 1);
    const { pattern, width, gap, line, fill } = STYLES[kind];
    const faint = flags & PLANNED || life(flags) ? 0.5 : 1;
    const geometry = shape.areas.length
      ? { type: "MultiPolygon", coordinates: shape.areas }
      : { type: "MultiLineString", coordinates: shape.lines };
    out.push({
      type: "Feature",
      geometry,
      properties: {
        key: keyOf(record.agency, record.id), pattern, width, gap, line: line * faint, fill: faint < 1 ? 0 : fill,
        tone: kind === WARNING ? "caution" : "zone",
      },
    });
  }
  return out;
}

/** The zones' layers on whatever map there is. */
export function zoneLayers() {
  /** @type {any} */
  let map = null;
  /** @type {ReturnType<typeof features>} */
  let shown = [];
  let chosen = "";
  let told = "[]";

  return {
    /** Puts the layers on a map, above all that is there. @param {import("./plotly_map.mjs").LiveMap} live @param {import("./theme.mjs").Theme} theme */
    mount(live, theme) {
      map = live;
      if (!map.getSource(SOURCE)) {
        map.addSource(SOURCE, { type: "geojson", data: collection(shown) });
        for (const layer of layers()) map.addLayer({ ...layer, source: SOURCE });
      }
      this.repaint(theme);
      this.choose(chosen);
    },
    /** Shows what the table holds; what draws the same costs no repaint. @param {Zones} zones @param {(layer: string, record: any) => boolean} [hides] */
    show(zones, hides) {
      shown = features(zones, hides);
      const now = JSON.stringify(shown);
      if (now === told) return;
      told = now;
      map?.getSource(SOURCE)?.setData(collection(shown));
    },
    /** Marks the chosen zone, "" for none. @param {string} key */
    choose(key) {
      chosen = key;
      map?.setFilter("zones-chosen", ["==", ["get", "key"], key]);
    },
    /** @param {import("./theme.mjs").Theme} theme */
    repaint(theme) {
      if (!map) return;
      const tone = ["match", ["get", "tone"], "caution", css(theme.caution), css(theme.zone)];
      map.setPaintProperty("zones-fill", "fill-color", tone);
      for (const name of Object.keys(PATTERNS)) {
        map.setPaintProperty(`zones-${name}`, "line-color", tone);
        map.setPaintProperty(`zones-${name}`, "line-width", ["*", ["get", "width"], theme.scale]);
        map.setPaintProperty(`zones-${name}`, "line-gap-width", ["*", ["get", "gap"], theme.scale]);
      }
      map.setPaintProperty("zones-chosen", "line-color", css(theme.focus, 0.5));
      map.setPaintProperty("zones-chosen", "line-width", 9 * theme.scale);
    },
  };
}

/** @param {ReturnType<typeof features>} list */
const collection = (list) => ({ type: "FeatureCollection", features: list });

/** Fills, the ring of what is chosen, then lines. */
function layers() {
  const fill = {
    id: "zones-fill", type: "fill", filter: [">", ["get", "fill"], 0],
    paint: { "fill-opacity": ["get", "fill"], "fill-antialias": false },
  };
  const chosen = { id: "zones-chosen", type: "line", filter: ["==", ["get", "key"], ""], layout: { "line-join": "round" } };
  const lines = Object.entries(PATTERNS).map(([name, { dash, cap }]) => ({
    id: `zones-${name}`, type: "line", filter: ["==", ["get", "pattern"], name],
    layout: { "line-join": "round", "line-cap": cap ?? "butt" },
    paint: { "line-opacity": ["get", "line"], ...(dash ? { "line-dasharray": dash } : {}) },
  }));
  return [fill, chosen, ...lines];
}
