// @ts-check
/** The counts as a Plotly figure: a lane for each kind or agency, its parts stacked in greys. Drawn when the range changes. */

import { css, readTheme } from "../map/theme.mjs";
import { ticks } from "./range.mjs";

/** A tick needs so much room, pixels at scale 1. */
const TICK_PX = 88;
/** What is below the lanes, pixels at scale 1: the ticks' words. */
const FOOT_PX = 22;
const GAP = 0.14;
/** Strength of a lane's parts, from below. */
const STRENGTHS = [0.78, 0.6, 0.46, 0.36, 0.28, 0.22, 0.17, 0.13];

/**
 * @param {Element} root the dcc.Graph @param {ReturnType<typeof import("./counts.mjs").lanes>} counts @param {number} bin seconds
 * @param {import("./range.mjs").Range} range @param {string} zone @param {number} width @param {number} height CSS pixels
 */
export function drawFigure(root, counts, bin, range, zone, width, height) {
  /** @type {any} */
  const plotly = /** @type {any} */ (window).Plotly;
  const graph = root.querySelector(".js-plotly-plot");
  if (!plotly || !graph) return;
  const { data, layout } = figureOf(counts, bin, range, zone, width, height, readTheme());
  void plotly.react(graph, data, layout, { displayModeBar: false, staticPlot: true });
}

/**
 * Pure.
 * @param {ReturnType<typeof import("./counts.mjs").lanes>} counts @param {number} bin @param {import("./range.mjs").Range} range
 * @param {string} zone @param {number} width @param {number} height @param {import("../map/theme.mjs").Theme} theme
 */
export function figureOf({ start, bins, lanes }, bin, range, zone, width, height, theme) {
  const marks = ticks(range, Math.max(2, width / (TICK_PX * theme.scale)), zone);
  const x = Array.from({ length: bins + 1 }, (_, i) => start + i * bin);
  /** @type {Record<string, any>} */
  const axes = {};
  const data = lanes.flatMap((lane, i) => {
    const name = i ? String(i + 1) : "";
    const share = 1 / lanes.length;
    axes[`yaxis${name}`] = {
      domain: [1 - (i + 1) * share, 1 - (i + GAP) * share], range: [0, Math.max(lane.most, 1) * 1.04], visible: false, fixedrange: true,
    };
    return lane.parts.flatMap(({ values }, p) => {
      if (values.every((n) => !n)) return [];
      const y = [...values, values[bins - 1]]; // a step holds until the next
      return [{
        type: "scatter", mode: "lines", x, y, yaxis: `y${name}`, stackgroup: `lane${i}`, hoverinfo: "skip",
        line: { shape: "hv", width: 0 }, fillcolor: css(theme.camera, STRENGTHS[Math.min(p, STRENGTHS.length - 1)]),
      }];
    });
  });
  const layout = {
    width, height, margin: { l: 0, r: 0, t: 0, b: FOOT_PX * theme.scale }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: false, hovermode: false,
    font: { family: theme.font, size: 14 * theme.scale, color: css(theme.ink2) },
    xaxis: {
      range: [range.from, range.to], fixedrange: true, showgrid: true, gridcolor: css(theme.camera, 0.22), zeroline: false, ticks: "",
      tickmode: "array", tickvals: marks.map(({ at }) => at), ticktext: marks.map(({ text }) => text), anchor: "free", position: 0,
    },
    ...axes,
  };
  // Without a lane there is nothing to hold the axis.
  if (!data.length) data.push(/** @type {any} */ ({ type: "scatter", x: [range.from], y: [null], hoverinfo: "skip" }));
  return { data, layout };
}
