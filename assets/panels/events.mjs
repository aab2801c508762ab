// @ts-check
// The latest camera events and lines of the log, newest first, as many as fit. Their age is drawn; an old one is not news.

import { keyOf, referred } from "../map/store.mjs";
import { showsEvent } from "../map/only.mjs";
import { calmly, el, find, mark, onResize, pixels, pool, say, show } from "./dom.mjs";
import { drawing } from "./marks.mjs";
import { age, clock, eventType, incidentType, notShared, NOT_SHARED, plain, tagOf } from "./words.mjs";

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").PictureEvent} Happened */

const ROWS_MAX = 40;
const FRESH_S = 60;
/** What a person may have to look at; the rest only says what a camera does. */
const ALERTS = new Set(["lpr_hit", "gunshot_detected", "weapon_drawn", "tamper", "analytics_detection", "person_down"]);
/** Entries by which somebody wants something done: their flag is filled. */
const ORDERS = new Set(["decision", "order", "request"]);
/** @type {Record<string, string>} */
const VERIFIED = { unverified: "Not confirmed", human_verified: "Confirmed by a person", rejected: "Rejected" };

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const list = find(root, ".events-rows");
  const note = find(root, ".panel-note");
  const empty = find(root, ".panel-empty");
  const calmWords = empty.textContent ?? "";
  const face = clock(page.config.timezone);
  const rows = pool(list, () => makeRow(page));

  const write = () => {
    const latest = latestOf(page.only ? page.store.events.filter((event) => showsEvent(page.only, event)) : page.store.events);
    const n = howMany(list, latest);
    const corrected = correctedOf(page.store.events);
    rows.take(n).forEach((row, i) => fill(row, latest[i], page, face, corrected));
    say(empty, notShared(page, "cameras") && notShared(page, "log") ? NOT_SHARED : calmWords);
    show(empty, latest.length === 0);
    say(note, latest.length ? `last ${age(page.now() - latest[0].at)} ago` : "");
  };
  const calm = calmly(write, 400);
  let seen = -1;
  page.on("frame", () => {
    if (page.store.eventNumber !== seen) { seen = page.store.eventNumber; calm(); }
  });
  page.on("second", calm);
  page.on("only", write);
  onResize(list, write);
  write();
}

/** Camera events and log entries, newest first. @param {Happened[]} events */
export function latestOf(events) {
  const out = [];
  for (let i = events.length - 1; i >= 0 && out.length < ROWS_MAX; i--) {
    if (events[i].kind !== "incident" && events[i].event !== "announced") out.push(events[i]);
  }
  return out;
}

/** Log entries that another one corrects: both lines stay. Pure. @param {Happened[]} events */
export function correctedOf(events) {
  return new Set(events.filter((e) => e.kind === "log_entry" && e.supersedes).map((e) => keyOf(e.agency, e.supersedes ?? "")));
}

/** How many rows the list's height holds. @param {HTMLElement} list @param {Happened[]} latest */
function howMany(list, latest) {
  if (pixels(list, "--scrolls", 0)) return latest.length;
  const [row, verified] = [pixels(list, "--event-row", 50), pixels(list, "--event-row-verified", 70)];
  let left = list.clientHeight + 1;
  let n = 0;
  for (; n < latest.length; n++) {
    left -= latest[n].verification || latest[n].kind === "log_entry" ? verified : row;
    if (left < 0) break;
  }
  return n;
}

/** @param {Happened} event */
const isAlert = (event) => ALERTS.has(event.event) && event.verification !== "rejected";

/** @param {Page} page */
function makeRow(page) {
  const root = el("li", "event-row");
  const button = el("button", "row-button");
  button.setAttribute("type", "button");
  const [time, title, detail, tag, verified] = [
    el("span", "event-time"), el("b", "row-title"), el("span", "row-second"), el("span", "tag"), el("span", "event-verified"),
  ];
  const dot = el("span", "event-dot");
  button.append(dot, title, time, detail, tag, verified);
  root.append(button);
  const row = { root, dot, time, title, detail, tag, verified, event: /** @type {Happened | null} */ (null) };
  button.addEventListener("click", () => {
    if (!row.event) return;
    page.goTo?.(row.event);
    if (row.event.kind === "log_entry") page.select("log", row.event.agency, row.event.id);
    else page.select("cameras", row.event.agency, row.event.camera_id ?? row.event.id);
    if (row.event.lon !== undefined && row.event.lat !== undefined) page.flyTo(row.event.lon, row.event.lat, 14);
  });
  return row;
}

/** @param {ReturnType<typeof makeRow>} row @param {Happened} event @param {Page} page @param {ReturnType<typeof clock>} face @param {Set<string>} corrected */
function fill(row, event, page, face, corrected) {
  const alert = isAlert(event);
  const flag = event.kind === "log_entry" ? (ORDERS.has(event.event) ? "order" : "note") : "";
  if (row.root.dataset.flag !== flag) {
    row.root.dataset.flag = flag;
    row.dot.replaceChildren(...(flag ? [drawing("log", flag)] : []));
  }
  row.event = event;
  mark(row.root, "alert", String(alert));
  mark(row.root, "fresh", String(page.now() - event.at < FRESH_S));
  if (!flag) say(row.dot, alert ? "!" : "");
  say(row.time, face(event.at).time);
  mark(row.root, "corrected", String(flag !== "" && corrected.has(keyOf(event.agency, event.id))));
  const words = flag ? entryWords(event, page) : wordsOf(event);
  say(row.title, words.title);
  mark(row.root, "verified", String(words.verified !== ""));
  say(row.detail, words.where);
  say(row.verified, words.verified);
  say(row.tag, tagOf(page, event.agency));
}

/** What an entry says, then what it is and about which incident, then who wrote it. @param {Happened} event @param {Page} page */
export function entryWords(event, page) {
  const { incidents } = page.store;
  const at = event.incident_id ? referred(incidents, event.agency, event.incident_id) : undefined;
  const incident = at === undefined ? undefined : incidents.records[at];
  const about = incident ? incidentType(incident) : "";
  const by = event.author_position ? plain(event.author_position) : "";
  return { title: event.text, where: [plain(event.event), about].filter(Boolean).join(" · "), verified: by };
}

/**
 * What happened, where, and whether it is so, each said once: the hub's line says all three. Pure.
 * @param {Happened} event
 */
export function wordsOf(event) {
  const title = eventType(event.event);
  const verified = event.verification ? VERIFIED[event.verification] ?? plain(event.verification) : "";
  let where = event.text;
  if (where.toLowerCase().startsWith(title.toLowerCase())) where = where.slice(title.length).replace(/^[\s,:;·-]+/, "");
  if (verified) where = where.replace(/\s*\([^()]*\)$/, "");
  return { title, where, verified };
}
