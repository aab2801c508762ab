// @ts-check
// Play and pause, speed, and steps from event to event; by button and by key.

import { placeOf } from "../map/store.mjs";
import { nextSpeed, speedWords } from "../review/moment.mjs";
import { find, mark, say } from "./dom.mjs";
import { sign } from "./signs.mjs";
import { clock } from "./words.mjs";

/** A speed that is reached to this part is as asked for. */
const NEARLY = 0.85;
const KEY_STEP_S = { one: 1, ten: 10, minute: 60 };
const STEP_ZOOM = 13;

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").StepKind} StepKind */

/** @type {Record<StepKind, string>} */
const KINDS = { incident: "incident change", camera: "camera event", alarm: "emergency", log: "log entry" };

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const review = page.review;
  if (!review) return;
  /** @type {StepKind} */
  let kind = "incident";
  const buttons = Object.fromEntries(
    [...root.querySelectorAll("[data-act]")].map((node) => [/** @type {HTMLElement} */ (node).dataset.act ?? "", /** @type {HTMLElement} */ (node)]),
  );
  for (const name of ["slower", "faster", "before", "after"]) buttons[name].append(sign(name));
  const play = buttons.play;
  const speed = find(root, ".transport-speed");
  const pace = find(root, ".transport-pace");
  const toggle = () => (review.playing ? review.pause() : review.play());
  play.addEventListener("click", toggle);
  buttons.slower.addEventListener("click", () => review.setSpeed(nextSpeed(review.speed, -1)));
  buttons.faster.addEventListener("click", () => review.setSpeed(nextSpeed(review.speed, 1)));
  buttons.before.addEventListener("click", () => review.step(kind, -1));
  buttons.after.addEventListener("click", () => review.step(kind, 1));
  const segments = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-step]")]);
  const choose = (/** @type {StepKind} */ next) => {
    kind = next;
    for (const node of segments) node.setAttribute("aria-pressed", String(node.dataset.step === kind));
  };
  for (const node of segments) node.addEventListener("click", () => choose(/** @type {StepKind} */ (node.dataset.step)));
  choose(kind);

  const write = () => {
    const drawn = review.playing ? "pause" : "play";
    if (play.dataset.sign !== drawn) {
      mark(play, "sign", drawn);
      play.replaceChildren(sign(drawn));
    }
    say(speed, speedWords(review.speed));
    const slow = review.playing && review.reached > 0 && review.reached < review.speed * NEARLY;
    say(pace, slow ? `${speedWords(review.reached)} reached` : review.playing ? "playing" : "paused");
  };
  review.on("clock", write);
  review.on("stepped", () => arrive(page));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || takesKeys(event)) return;
    const by = event.shiftKey ? KEY_STEP_S.minute : KEY_STEP_S.one;
    /** @type {Record<string, () => void>} */
    const keys = {
      " ": toggle,
      ArrowLeft: () => review.seek(review.at() - by),
      ArrowRight: () => review.seek(review.at() + by),
      ArrowDown: () => review.seek(review.at() - KEY_STEP_S.ten),
      ArrowUp: () => review.seek(review.at() + KEY_STEP_S.ten),
      ",": () => review.step(kind, -1),
      ".": () => review.step(kind, 1),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation(); // the map moves by arrows too, where it has the focus
    act();
  }, { capture: true });
  // A button that was pressed by hand lets the space bar go, which plays and pauses; one reached by key keeps it.
  addEventListener("click", ({ detail, target }) => {
    if (detail && target instanceof Element) /** @type {HTMLElement | null} */ (target.closest("button"))?.blur();
  });
  write();
}

/** Does the key belong to what has the focus? @param {KeyboardEvent} event */
function takesKeys({ target, key }) {
  if (!(target instanceof Element)) return false;
  if (target.closest("input, select, textarea")) return true;
  return key === " " && target.closest("button, a") !== null;
}

/** What was stepped to is chosen and shown. Where nothing was found the server says how far it looked. @param {Page} page */
function arrive(page) {
  const { review } = page;
  const said = review?.stepped;
  if (!review || !said?.found) return;
  const event = said.events[0];
  const [agency, id] = said.units[0] ?? [];
  if (event) {
    review.notify(`${clock(page.config.timezone)(event.at).time} · ${event.text}`);
    const layer = event.kind === "incident" ? "incidents" : event.kind === "log_entry" ? "log" : "cameras";
    page.select(layer, event.agency, layer === "cameras" ? (event.camera_id ?? event.id) : event.id);
    if (event.lon !== undefined && event.lat !== undefined) page.flyTo(event.lon, event.lat, STEP_ZOOM);
  } else if (agency !== undefined && id !== undefined) {
    page.select("units", agency, id);
    // The picture of that moment is still on its way.
    const stop = page.on("frame", () => {
      stop();
      const place = placeOf(page.store, { layer: "units", agency, id });
      if (place) page.flyTo(place[0], place[1], STEP_ZOOM);
    });
  }
}
