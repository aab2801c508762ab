// @ts-check
// The latest camera events, newest first, as many as fit. Their age is drawn; an old one is not news.

import { calmly, el, find, mark, onResize, pixels, pool, say, show } from "./dom.mjs";
import { age, clock, eventType, notShared, NOT_SHARED, plain, tagOf } from "./words.mjs";

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").PictureEvent} Happened */

const ROWS_MAX = 40;
const FRESH_S = 60;
/** What a person may have to look at; the rest only says what a camera does. */
const ALERTS = new Set(["lpr_hit", "gunshot_detected", "weapon_drawn", "tamper", "analytics_detection", "person_down"]);
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
    const latest = latestOf(page.store.events);
    const n = howMany(list, latest);
    rows.take(n).forEach((row, i) => fill(row, latest[i], page, face));
    say(empty, notShared(page, "cameras") ? NOT_SHARED : calmWords);
    show(empty, latest.length === 0);
    say(note, latest.length ? `last ${age(page.now() - latest[0].at)} ago` : "");
  };
  const calm = calmly(write, 400);
  let seen = -1;
  page.on("frame", () => {
    if (page.store.eventNumber !== seen) { seen = page.store.eventNumber; calm(); }
  });
  page.on("second", calm);
  onResize(list, write);
  write();
}

/** Camera events, newest first. @param {Happened[]} events */
export function latestOf(events) {
  const out = [];
  for (let i = events.length - 1; i >= 0 && out.length < ROWS_MAX; i--) {
    if (events[i].kind === "camera_event" && events[i].event !== "announced") out.push(events[i]);
  }
  return out;
}

/** How many rows the list's height holds. @param {HTMLElement} list @param {Happened[]} latest */
function howMany(list, latest) {
  if (pixels(list, "--scrolls", 0)) return latest.length;
  const [row, verified] = [pixels(list, "--event-row", 50), pixels(list, "--event-row-verified", 70)];
  let left = list.clientHeight + 1;
  let n = 0;
  for (; n < latest.length; n++) {
    left -= latest[n].verification ? verified : row;
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
    page.select("cameras", row.event.agency, row.event.camera_id ?? row.event.id);
    if (row.event.lon !== undefined && row.event.lat !== undefined) page.flyTo(row.event.lon, row.event.lat, 14);
  });
  return row;
}

/** @param {ReturnType<typeof makeRow>} row @param {Happened} event @param {Page} page @param {ReturnType<typeof clock>} face */
function fill(row, event, page, face) {
  row.event = event;
  const alert = isAlert(event);
  mark(row.root, "alert", String(alert));
  mark(row.root, "fresh", String(page.now() - event.at < FRESH_S));
  say(row.dot, alert ? "!" : "");
  say(row.time, face(event.at).time);
  const words = wordsOf(event);
  say(row.title, words.title);
  mark(row.root, "verified", String(words.verified !== ""));
  say(row.detail, words.where);
  say(row.verified, words.verified);
  say(row.tag, tagOf(page, event.agency));
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
