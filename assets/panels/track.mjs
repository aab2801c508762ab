// @ts-check
// The chosen unit's way: following it, its trail on the map, its speed and status over time; a click there goes to the moment.

import { css, readTheme } from "../map/theme.mjs";
import { ticks } from "../review/range.mjs";
import { before, holds, statuses, trail, wayWords } from "../review/tracks.mjs";
import { calmly, el, find, onResize, say, show } from "./dom.mjs";
import { clock, missingWords } from "./words.mjs";

/** What is asked for around the moment, seconds. */
const AROUND_S = 1800;
/** It is asked for this often at most; while time goes on more seldom, and so many times as seldom as an answer takes, ms. */
const ASK_MS = 500;
const AGAIN_MS = 3000;
const SELDOM = 4;
/** What cannot be had is asked for again after this, ms. */
const REFUSED_MS = 10_000;
/** Moments so far apart are the same: where it stands, and, real seconds, while time goes on, between the server's words. */
const STANDS_S = 0.25;
const PLAYS_S = 1.5;
/** The trail's lengths, minutes; 0: none. */
const TRAILS = [5, 15, 30, 0];
const MPH = 2.23694;
const FOOT_PX = 20;
const TOP_PX = 6;
const STATUS_PX = 8;

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").TrackPoint} TrackPoint */

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const [follow, trails, note, plot, graph] = [
    find(root, '[data-act="follow"]'), find(root, '[data-act="trail"]'), find(root, ".track-note"), find(root, ".track-plot"), find(root, "#track-graph"),
  ];
  const clocks = el("p", "track-clocks");
  root.append(clocks);
  const cursor = el("div", "track-cursor");
  const bands = el("div", "track-statuses");
  plot.append(bands, cursor);
  for (const node of [cursor, clocks]) show(node, false);
  const zone = page.config.timezone;
  /** @type {(import("../review/tracks.mjs").Told & { key: string, points: TrackPoint[], missing: import("../types.d.ts").Missing[] }) | null} */
  let shown = null;
  /** The way that is asked for; which was asked for last, and when it may be again. */
  let [asked, asking, last, notBefore] = [0, "", "", 0];
  let problem = "";
  let minutes = TRAILS[0];

  const unit = () => (page.selected?.layer === "units" ? page.selected : null);
  const keyOf = (/** @type {{ agency: string, id: string }} */ { agency, id }) => `${review.view} ${agency}/${id}`;

  /** What there is of the way of what is chosen, if that holds. */
  const state = () => {
    const now = unit();
    if (!now || !shown || shown.key !== keyOf(now)) return "gone";
    if (review.coarse) return "held"; // not for each moment that a finger passes
    return holds(shown, review.at(), review.bounds(), review.playing ? PLAYS_S * Math.max(1, review.speed) : STANDS_S);
  };
  /** Takes away what does not hold at this moment. */
  const clear = () => {
    if (!shown || state() !== "gone") return;
    shown = null;
    bands.replaceChildren();
    say(note, problem);
    for (const node of [graph, cursor, clocks]) show(node, false);
    sketch();
  };
  /** Asks for the way around the moment where what is there does not hold it. */
  const need = async () => {
    const chosen = unit();
    if (!chosen || review.coarse || document.hidden || page.line.state === "connecting") return;
    const [key, at, bounds, now] = [keyOf(chosen), review.at(), review.bounds(), performance.now()];
    const has = state();
    if (has === "held" || asking === key) return;
    if (last === key && now < notBefore && (problem || (has === "more" && review.playing))) return;
    const mine = ++asked;
    // The axis stays while the moment has room on it.
    const stays = shown && has === "more" && holds({ ...shown, known: null }, at, bounds, 0) === "held" ? shown : null;
    const { from, to } = stays ?? { from: Math.max(at - AROUND_S, bounds.from), to: Math.min(at + AROUND_S, bounds.to) };
    [asking, last] = [key, key];
    try {
      const { points, missing } = await review.track(chosen.agency, chosen.id, from, to);
      if (mine !== asked) return;
      // What came on the way to another moment may be of either.
      const known = review.view === "truth" ? null : { since: at, by: Math.max(at, review.at()) };
      shown = { key, from, to, known, points, missing };
      problem = "";
    } catch {
      if (mine !== asked) return;
      problem = "No answer just now";
    }
    asking = "";
    notBefore = performance.now() + (problem ? REFUSED_MS : Math.max(AGAIN_MS, SELDOM * (performance.now() - now)));
    clear();
    draw();
    sketch();
  };
  const soon = calmly(() => void need(), ASK_MS);
  const sketch = () => {
    const chosen = unit();
    const of = shown;
    if (!chosen || !of || of.key !== keyOf(chosen) || !minutes) return review.sketch("trail", null);
    review.sketch("trail", (pen) => drawTrail(pen, of.points, review.at(), minutes * 60));
  };
  const cursorTo = () => {
    if (!shown) return;
    const times = clockWords(shown.points, review.at(), zone);
    say(clocks, times);
    show(clocks, times !== "");
    const x = (review.at() - shown.from) / (shown.to - shown.from);
    show(cursor, x >= 0 && x <= 1);
    cursor.style.left = `${x * 100}%`;
  };
  const draw = () => {
    /** @type {any} */
    const plotly = /** @type {any} */ (window).Plotly;
    const chosen = unit();
    if (problem) say(note, problem);
    if (!plotly || !shown || !chosen || shown.key !== keyOf(chosen) || root.hidden) return;
    const { points, missing, from, to } = shown;
    const fast = points.reduce((most, p) => Math.max(most, (p[3] ?? 0) * MPH), 0);
    if (!problem) say(note, wayWords(Math.round(fast), points.length > 0, missing.length > 0));
    note.title = missing.map((gap) => missingWords(page, clock(zone), gap)).join(" ");
    const theme = readTheme();
    show(graph, true);
    bands.replaceChildren(...statuses(points).map((run) => {
      const node = el("span", "track-status");
      node.style.left = `${(100 * (run.from - from)) / (to - from)}%`;
      node.style.width = `${(100 * Math.max(run.to - run.from, 1)) / (to - from)}%`;
      node.style.background = css(theme.unit[Math.min(run.status, 5)]);
      node.title = `${clock(zone)(run.from).time} ${WORDS[run.status] ?? ""}`;
      return node;
    }));
    const marks = ticks({ from, to }, Math.max(2, plot.clientWidth / (84 * theme.scale)), zone);
    void plotly.react(graph, [{
      type: "scatter", mode: "lines", x: points.map((p) => p[0]), y: points.map((p) => (p[3] === null ? null : p[3] * MPH)), connectgaps: false,
      fill: "tozeroy", fillcolor: css(theme.camera, 0.22), line: { width: 1.5 * theme.scale, color: css(theme.camera), shape: "linear" },
    }], {
      width: plot.clientWidth, height: plot.clientHeight, margin: { l: 0, r: 0, t: (TOP_PX + STATUS_PX + 4) * theme.scale, b: FOOT_PX * theme.scale },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: false,
      font: { family: theme.font, size: 14 * theme.scale, color: css(theme.ink2) },
      xaxis: { range: [from, to], fixedrange: true, gridcolor: css(theme.camera, 0.22), zeroline: false, tickmode: "array", tickvals: marks.map(({ at }) => at), ticktext: marks.map(({ text }) => text) },
      yaxis: { range: [0, Math.max(fast, 20) * 1.08], fixedrange: true, side: "right", ticklabelposition: "inside", nticks: 3, ticksuffix: " mph", layer: "above traces", tickfont: { color: css(theme.ink2, 1) }, showgrid: true, gridcolor: css(theme.camera, 0.22), zeroline: false },
    }, { displayModeBar: false, staticPlot: true });
    cursorTo();
  };

  const chosen = () => {
    const now = unit();
    show(root, now !== null);
    if (!now || keyOf(now) !== last) {
      problem = "";
      say(note, "");
    }
    clear();
    if (review.follow && (!now || now.agency !== review.follow.agency || now.id !== review.follow.id)) review.setFollow(null);
    sketch();
    soon();
  };
  const write = () => {
    follow.setAttribute("aria-pressed", String(review.follow !== null));
    say(follow, review.follow ? "Following" : "Follow");
    trails.setAttribute("aria-pressed", String(minutes > 0));
    say(trails, minutes ? `Trail ${minutes} min` : "No trail");
  };
  follow.addEventListener("click", () => {
    const now = unit();
    review.setFollow(review.follow || !now ? null : { agency: now.agency, id: now.id });
  });
  trails.addEventListener("click", () => {
    minutes = TRAILS[(TRAILS.indexOf(minutes) + 1) % TRAILS.length];
    write();
    sketch();
  });
  plot.addEventListener("pointerdown", (event) => {
    if (!shown) return;
    const box = plot.getBoundingClientRect();
    review.seek(shown.from + ((event.clientX - box.left) / box.width) * (shown.to - shown.from));
  });
  review.on("follow", write);
  review.on("clock", () => {
    clear();
    cursorTo();
    soon();
  });
  page.on("line", () => {
    if (page.line.state === "live") notBefore = 0; // there is somebody to ask again
  });
  page.on("frame", sketch);
  page.on("select", chosen);
  onResize(plot, draw);
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  chosen();
  write();
}

/**
 * "14:30:42 by its own clock, 14:30:05 ± 1.0 s by ours": both times of the newest place until the moment.
 * @param {TrackPoint[]} points @param {number} at @param {string} zone
 */
export function clockWords(points, at, zone) {
  const point = before(points, at);
  if (!point) return "";
  const [, , , , , , observed, aligned, error] = point;
  if (aligned == null || error == null) return "";
  const face = clock(zone);
  return `${face(observed).time} by its own clock, ${face(aligned).time} ± ${error.toFixed(1)} s by ours`;
}

const WORDS = ["Available", "En route", "On scene", "Committed, may be asked", "Out of service", "Not said"];

/** The way behind, fainter with its age. @param {import("../review/sketch.mjs").Pen} pen @param {TrackPoint[]} points @param {number} now @param {number} seconds */
function drawTrail({ context, at, theme, replay }, points, now, seconds) {
  context.lineJoin = context.lineCap = "round";
  for (const piece of trail(points, now - seconds, now)) {
    const places = piece.map(({ lon, lat }) => at(lon, lat));
    for (const [colour, width] of /** @type {const} */ ([[css(theme.ground, 0.8), 6], [replay, 3]])) {
      context.strokeStyle = colour;
      context.lineWidth = width * theme.scale;
      for (let i = 1; i < places.length; i++) {
        context.globalAlpha = 0.15 + 0.85 * (1 - (now - piece[i].at) / seconds);
        context.beginPath();
        context.moveTo(...places[i - 1]);
        context.lineTo(...places[i]);
        context.stroke();
      }
    }
  }
  context.globalAlpha = 1;
}
