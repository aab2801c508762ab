// @ts-check
// The feed health strip: a cell per agency, a line per feed. Silence must never look like calm: ages go on counting
// here, by the client's own clock, between the hub's words.

import { calmly, el, find, mark, onResize, pixels, pool, say, show } from "./dom.mjs";
import { aheadWords, clock, count, feedAge, tagOf } from "./words.mjs";

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").FeedHealth} Feed */

const CELLS_MAX = 24;
const LINES = 3;
/** @type {Record<string, string>} */
const WORDS = { live: "LIVE", stale: "STALE", silent: "SILENT", idle: "NO DATA" };
/** @type {Record<string, number>} */
const WORST = { silent: 0, stale: 1, live: 2, idle: 3 };

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const list = find(root, ".feeds-cells");
  const note = find(root, ".panel-note");
  const record = find(root, ".feeds-record");
  const face = clock(page.config.timezone);
  const empty = find(root, ".panel-empty");
  const cells = pool(list, makeCell);

  const write = () => {
    const feeds = page.health?.feeds ?? [];
    const agencies = byAgency(feeds);
    const space = pixels(list, "--scrolls", 0)
      ? CELLS_MAX
      : Math.min(CELLS_MAX, Math.max(1, Math.floor(list.clientWidth / pixels(list, "--feed-cell", 230))));
    const over = agencies.length > space;
    const shown = over ? worstFirst(agencies).slice(0, space - 1) : agencies;
    const since = page.health ? Math.max(0, page.now() - page.health.at) : 0;
    const taken = cells.take(shown.length + (over ? 1 : 0));
    shown.forEach((group, i) => fill(taken[i], group, since, page));
    if (over) fillRest(taken[shown.length], agencies.filter((a) => !shown.includes(a)));
    show(empty, page.health !== null && feeds.length === 0);
    say(note, summary(feeds));
    say(record, recordWords(page.health?.recorder, (at) => face(at).time));
  };
  const calm = calmly(write, 400);
  page.on("health", calm);
  page.on("second", calm);
  page.on("hello", calm);
  onResize(list, write);
  write();
}

/** Feeds of each agency, in the order the hub names them. @param {Feed[]} feeds @returns {Feed[][]} */
export function byAgency(feeds) {
  /** @type {Map<string, Feed[]>} */
  const groups = new Map();
  for (const feed of feeds) {
    const group = groups.get(feed.agency);
    if (group) group.push(feed);
    else groups.set(feed.agency, [feed]);
  }
  return [...groups.values()];
}

/** @param {Feed[]} group */
const worst = (group) => Math.min(...group.map((feed) => WORST[feed.state] ?? 0));
/** @param {Feed[][]} groups */
const worstFirst = (groups) => [...groups].sort((a, b) => worst(a) - worst(b));

/** @param {Feed[]} feeds */
function summary(feeds) {
  const spoke = feeds.filter((f) => f.state !== "idle").length;
  const live = feeds.filter((f) => f.state === "live").length;
  return spoke ? `${live} of ${spoke} live` : "";
}

/** What is wrong with the record, if anything: a recorder at work is not talked of.
 * @param {import("../types.d.ts").RecorderHealth | undefined} recorder @param {(at: number) => string} time */
export function recordWords(recorder, time) {
  if (!recorder || ["recording", "off", "starting"].includes(recorder.state)) return "";
  const what = { behind: "record is behind", silent: "recorder silent" }[recorder.state] ?? `not recorded: ${recorder.state}`;
  return recorder.since === null ? what : `${what} since ${time(recorder.since)}`;
}

function makeCell() {
  const root = el("li", "feed");
  const head = el("div", "feed-line");
  const [tag, name, lost] = [el("span", "tag"), el("span", "feed-agency"), el("span", "feed-lost")];
  head.append(tag, name, lost);
  root.append(head);
  const lines = Array.from({ length: LINES }, () => {
    const line = el("div", "feed-line feed-source-line");
    const parts = [el("span", "feed-dot"), el("span", "feed-source"), el("span", "feed-clock"), el("b", "feed-state"), el("span", "feed-age"), el("span", "feed-every")];
    line.append(...parts);
    root.append(line);
    const [, source, clock, state, old, every] = parts;
    return { root: line, source, clock, state, old, every };
  });
  return { root, tag, name, lost, lines };
}

/** @param {ReturnType<typeof makeCell>} cell @param {Feed[]} feeds @param {number} since @param {Page} page */
function fill(cell, feeds, since, page) {
  const { agency } = feeds[0];
  say(cell.tag, tagOf(page, agency));
  say(cell.name, page.hello?.agencies.find((a) => a.id === agency)?.name ?? "");
  say(cell.lost, losses(feeds));
  mark(cell.root, "state", Object.keys(WORST)[worst(feeds)]);
  const shown = feeds.length > LINES ? [...feeds].sort((a, b) => (WORST[a.state] ?? 0) - (WORST[b.state] ?? 0)) : feeds;
  cell.lines.forEach((line, i) => {
    const feed = shown[i];
    mark(line.root, "state", feed?.state ?? "none");
    say(line.source, feed ? feedName(feed) + (i === LINES - 1 && feeds.length > LINES ? ` +${feeds.length - LINES}` : "") : "");
    // Of a live feed a wrong clock is the news; of a silent one its silence.
    const off = feed?.state === "live" ? clockOff(feed) : "";
    mark(line.root, "clock", off && "off");
    say(line.clock, off && "clock");
    say(line.state, off || (feed ? WORDS[feed.state] ?? feed.state : ""));
    say(line.old, feed && feed.age_s !== null ? feedAge(feed.age_s + since) : "");
    say(line.every, feed ? `/ ${feedAge(feed.cadence_s).replace(".0 s", " s")}` : "");
    const folded = i === LINES - 1 ? shown.slice(LINES) : [];
    const title = feed ? [feed, ...folded].map(longTitle).join("\n\n") : "";
    if (line.root.title !== title) line.root.title = title;
  });
}

/** The source without its agency's own prefix: "cpd-avl" is "avl". @param {Feed} feed */
const feedName = (feed) => (feed.source.startsWith(`${feed.agency}-`) ? feed.source.slice(feed.agency.length + 1) : feed.source);

/** @param {Feed[]} feeds */
function losses(feeds) {
  const gaps = feeds.reduce((n, feed) => n + feed.gaps, 0);
  const refused = feeds.reduce((n, feed) => n + feed.rejected, 0);
  return [gaps ? count(gaps, "gap") : "", refused ? `${refused.toLocaleString("en-US")} refused` : ""].filter(Boolean).join(", ");
}

const CLOCK_SAID_S = 2;

/** "37 s ahead": how far the source's clock is off, where that is much and beyond its error. @param {Feed} feed */
export function clockOff(feed) {
  const offset = feed.clock_offset_s ?? 0;
  const off = Math.abs(offset);
  if (off <= CLOCK_SAID_S || off <= (feed.clock_error_s ?? 0)) return "";
  return aheadWords(offset);
}

/** @param {Feed} feed */
function longTitle(feed) {
  const off = clockOff(feed);
  const head = `${feed.source} (${feed.adapter}): ${feed.accepted} accepted, ${feed.duplicate} duplicate, ${feed.rejected} refused, ${count(feed.gaps, "gap")}`;
  return [
    head,
    off ? `clock ${off}, give or take ${(feed.clock_error_s ?? 0).toFixed(1)} s` : "",
    feed.held_s ? `held back for ${feedAge(feed.held_s)}: over its rate` : "",
    feed.last_reason ? `last refusal: ${feed.last_reason}` : "",
    feed.last_sample ? `its shape: ${feed.last_sample}` : "",
    ...worstOf(feed.reasons, "refused"),
    ...worstOf(feed.closed, "cut"),
  ].filter(Boolean).join("\n");
}

/** The three most frequent reasons, a line each. @param {Record<string, number> | undefined} reasons @param {string} what */
function worstOf(reasons, what) {
  const sorted = Object.entries(reasons ?? {}).sort((a, b) => b[1] - a[1]).slice(0, 3);
  return sorted.map(([reason, n]) => `${n.toLocaleString("en-US")} ${what}: ${reason}`);
}

/** @param {ReturnType<typeof makeCell>} cell @param {Feed[][]} rest */
function fillRest(cell, rest) {
  const feeds = rest.flat();
  say(cell.tag, `+${rest.length}`);
  say(cell.name, rest.length === 1 ? "more agency" : "more agencies");
  say(cell.lost, losses(feeds));
  mark(cell.root, "state", Object.keys(WORST)[worst(feeds)]);
  const states = Object.keys(WORST).filter((state) => feeds.some((f) => f.state === state));
  cell.lines.forEach((line, i) => {
    const state = states[i];
    mark(line.root, "state", state ?? "none");
    say(line.source, state ? count(feeds.filter((f) => f.state === state).length, "feed") : "");
    mark(line.root, "clock", "");
    say(line.clock, "");
    say(line.state, state ? WORDS[state] : "");
    say(line.old, "");
    say(line.every, "");
    line.root.title = "";
  });
}
