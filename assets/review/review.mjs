// @ts-check
/** The page of recordings: the same page as the wall's on another source, and what belongs to a review alone. */

import { mountPanels, openPage, readConfig, streamUrl } from "../map/page.mjs";
import { placeOf } from "../map/store.mjs";
import { clock } from "../panels/words.mjs";
import { decode, encode, isMomentUnread } from "./link.mjs";
import { openSession } from "./session.mjs";
import { followScreen } from "./screen.mjs";
import { makeSketch } from "./sketch.mjs";
import { movedWords } from "./words.mjs";

/** The address is brought up to date this often while time goes on: browsers refuse more than some hundred a minute. */
const LINK_MS = 1000;
/** A report is in the picture by so much later, seconds. */
const TICK_S = 0.2;
/** Whether what is chosen lies under its card is looked at so many seconds: the card grows, and a map takes its size, when they can. */
const LOOKS = 5;

const config = readConfig();
const place = decode(location.search);
// The first camera is the link's; the map is fitted to nothing else.
if (place.camera) config.view = { ...place.camera, exact: true };
const session = openSession(config, streamUrl(config.review_url, config.review_port), place, true);
const { page, stats, over } = openPage(config, session.source);
window.jointops = { stats, page, overview: session.overview };
page.review = session;
// To when it was so, or to when that was known: a tick of the hub after its report had come.
page.goTo = ({ at, received_at }) => session.seek(session.view === "truth" ? Math.min(at, received_at) : Math.max(at, received_at) + TICK_S);
const sketch = makeSketch(over);
session.sketch = sketch.set;
session.placeAt = sketch.placeAt;
session.over = over;
followScreen(page, session, over);
if (place.selected) {
  const { layer, agency, id } = place.selected;
  page.select(layer, agency, id);
}

// The address looks where its writer's screen did: on a narrower one what was chosen may lie under its own card, and
// again when the page gets another size, until a person moves the map.
if (place.selected && place.camera) {
  const { selected } = place;
  let [size, looks, moved, ours] = ["", 0, false, false];
  over((map) => map.on("movestart", (/** @type {any} */ event) => {
    moved ||= !ours && Boolean(event.originalEvent || event.asked);
  }));
  const settled = page.on("second", () => {
    if (moved || page.selected?.agency !== selected.agency || page.selected.id !== selected.id) return void settled(); // a person went on
    const now = `${innerWidth} ${innerHeight}`;
    if (now !== size) [size, looks] = [now, LOOKS];
    if (!looks) return;
    const at = placeOf(page.store, selected);
    if (!at || !document.querySelector(".card:not([hidden]) .card-rows > *")) return; // as long as it is empty it is low
    looks -= 1;
    ours = true;
    page.uncover(at[0], at[1]);
    ours = false;
  });
}

// Said once there is a picture to say it over.
const unread = isMomentUnread(location.search);
const first = page.on("frame", () => {
  first();
  const words = movedWords(place.at, unread, session.bounds(), clock(config.timezone));
  if (words) session.notify(words);
});

/** What the address says: this moment and how it is looked at. */
const link = () => {
  const { theme } = Object.fromEntries(new URLSearchParams(location.search));
  const range = session.rangeName || session.range;
  const only = page.only ?? session.only ?? undefined;
  const query = encode({ at: session.at(), view: session.view, speed: session.speed, selected: page.selected ?? undefined, camera: page.camera(), range, only, near: (!only && session.also.near) || undefined, second: session.also.second ?? undefined, compare: session.also.compare });
  const url = `${location.pathname}?${query}${theme ? `&theme=${encodeURIComponent(theme)}` : ""}`;
  if (`${location.pathname}${location.search}` !== url) history.replaceState(null, "", url);
};
// What is of another moment than the units says so by being faint.
session.on("clock", () => document.documentElement.toggleAttribute("data-coarse", session.coarse !== null));
let due = 0;
const soon = () => {
  due ||= window.setTimeout(() => {
    due = 0;
    link();
  }, LINK_MS);
};
// Nothing is known of the moment before the server has spoken.
const stop = session.on("clock", () => {
  stop();
  for (const event of /** @type {const} */ (["camera", "select", "only"])) page.on(event, soon);
  for (const event of /** @type {const} */ (["clock", "range", "also"])) session.on(event, soon);
  addEventListener("jointops-link", link);
  addEventListener("pagehide", link);
  soon();
});

// What is followed stays in the middle, until a person moves the map.
over((map) => map.on("dragstart", () => session.setFollow(null)));
const follow = () => {
  if (!session.follow) return;
  const place = placeOf(page.store, { layer: "units", ...session.follow });
  if (place) page.centre(place[0], place[1]);
};
page.on("frame", follow);
session.on("follow", follow);

void mountPanels(page);
