// @ts-check
// The latest camera events, newest first, as many as fit. Their age is drawn; an old one is not news.

import { calmly, el, find, mark, onResize, pixels, pool, say, show } from "./dom.mjs";
import { age, clock, eventType, plain, tagOf } from "./words.mjs";

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").PictureEvent} Happened */

const ROWS_MAX = 40;
const FRESH_S = 60;
/** What a person may have to look at; the rest only says what a camera does. */
const ALERTS = new Set(["lpr_hit", "gunshot_detected", "weapon_drawn", "tamper", "analytics_detection", "person_down"]);
/** @type {Record<string, string>} */
const VERIFIED = { unverified: "not verified", human_verified: "verified by a person", rejected: "rejected" };

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const list = find(root, ".events-rows");
  const note = find(root, ".panel-note");
  const empty = find(root, ".panel-empty");
  const face = clock(page.config.timezone);
  const rows = pool(list, () => makeRow(page));

  const write = () => {
    const latest = latestOf(page.store.events);
    const space = Math.floor((list.clientHeight + 1) / pixels(list, "--event-row", 50));
    const n = Math.min(latest.length, ROWS_MAX, pixels(list, "--scrolls", 0) ? ROWS_MAX : space);
    rows.take(n).forEach((row, i) => fill(row, latest[i], page, face));
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

/** @param {Page} page */
function makeRow(page) {
  const root = el("li", "event-row");
  const button = el("button", "row-button");
  button.setAttribute("type", "button");
  const [time, title, detail, tag] = [
    el("span", "event-time"), el("b", "row-title"), el("span", "row-second"), el("span", "tag"),
  ];
  const dot = el("span", "event-dot");
  button.append(dot, title, time, detail, tag);
  root.append(button);
  const row = { root, dot, time, title, detail, tag, event: /** @type {Happened | null} */ (null) };
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
  const alert = ALERTS.has(event.event) && event.verification !== "rejected";
  mark(row.root, "alert", String(alert));
  mark(row.root, "fresh", String(page.now() - event.at < FRESH_S));
  say(row.dot, alert ? "!" : "");
  say(row.time, face(event.at).time);
  const title = eventType(event.event);
  say(row.title, title);
  const verified = event.verification && !/confirmed|verified|found wrong/.test(event.text) ? VERIFIED[event.verification] ?? plain(event.verification) : "";
  say(row.detail, [withoutTitle(event.text, title), verified].filter(Boolean).join(" · "));
  say(row.tag, tagOf(page, event.agency));
}

/** The hub's line often begins with what the title already says. @param {string} text @param {string} title */
function withoutTitle(text, title) {
  if (!text.toLowerCase().startsWith(title.toLowerCase())) return text;
  return text.slice(title.length).replace(/^[\s,:;·-]+/, "");
}
