// @ts-check
// Who was within so many metres of a place between two moments. The place is pressed on the map, the radius is dragged.

import { css } from "../map/theme.mjs";
import { metres } from "../review/difference.mjs";
import { handOn } from "../review/hand.mjs";
import { fromWall, toWall } from "../review/range.mjs";
import { metresWords } from "../review/words.mjs";
import { el, find, pool, say, show } from "./dom.mjs";
import { clock, count, tagOf } from "./words.mjs";

const METRES = 300;
const METRES_MAX = 5000;
const METRES_MIN = 20;
/** Before and after the moment, seconds. */
const AROUND_S = 300;
const LONGEST_S = 3600;
const ROWS_MAX = 200;
const ZOOM = 15;

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").NearUnit} NearUnit */

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const [list, note, empty, toggle, ask] = [
    find(root, ".near-rows"), find(root, ".panel-note"), find(root, ".panel-empty"), find(root, ".near-toggle"), find(root, ".near-ask"),
  ];
  const zone = page.config.timezone;
  const face = clock(zone);
  /** @type {{ lon: number, lat: number, metres: number } | null} */
  let circle = null;
  /** @type {NearUnit[] | null} */
  let found = null;
  let problem = "";
  let asked = 0;
  const radius = input("number", "metres", ask);
  Object.assign(radius, { min: METRES_MIN, max: METRES_MAX, step: 10, value: String(METRES) });
  const from = input("datetime-local", "from", ask);
  const to = input("datetime-local", "to", ask);
  from.step = to.step = "1";
  const rows = pool(list, () => {
    const node = el("li", "near-row");
    const button = el("button", "row-button");
    button.setAttribute("type", "button");
    const [sign, far, tag, when] = [el("b", "row-title"), el("span", "row-age"), el("span", "tag"), el("span", "row-second")];
    button.append(sign, far, when, tag);
    node.append(button);
    const row = { root: node, sign, far, tag, when, of: /** @type {NearUnit | null} */ (null) };
    button.addEventListener("click", () => {
      if (!row.of || !circle) return;
      review.seek(row.of.nearest_at);
      page.select("units", row.of.agency, row.of.id);
      page.flyTo(circle.lon, circle.lat, ZOOM);
    });
    return row;
  });

  const write = () => {
    const units = (found ?? []).slice(0, ROWS_MAX);
    rows.take(units.length).forEach((row, i) => {
      row.of = units[i];
      say(row.sign, units[i].call_sign ?? units[i].id);
      say(row.tag, tagOf(page, units[i].agency));
      say(row.far, `${metresWords(units[i].nearest_m)} at ${face(units[i].nearest_at).time}`);
      say(row.when, `${face(units[i].first).time}–${face(units[i].last).time}`);
    });
    const hand = hands.active;
    toggle.setAttribute("aria-pressed", String(hand));
    say(toggle, hand ? "Cancel" : circle ? "Clear" : "Mark a place");
    say(note, found ? count(found.length, "unit") : "");
    const words = hand ? "Press on the map where; drag for how far." : problem || (!circle ? "Which units came near a place, and when." : !found ? "Looking …" : "Nobody whom you may see.");
    say(empty, words);
    show(empty, units.length === 0);
    show(ask, circle !== null);
    const shown = circle;
    review.sketch("near", shown && ((pen) => drawCircle(pen, shown)));
  };
  const look = async () => {
    if (!circle) return;
    const mine = ++asked;
    const [begin, end] = [fromWall(from.value, zone), fromWall(to.value, zone)];
    found = null;
    problem = !(end > begin) ? "“to” must come after “from”." : end - begin > LONGEST_S ? "At most one hour." : "";
    write();
    if (problem) return;
    try {
      const units = await review.near(circle.lon, circle.lat, circle.metres, begin, end);
      if (mine === asked) found = units;
    } catch (error) {
      if (mine === asked) problem = `No answer: ${error instanceof Error ? error.message : error}.`;
    }
    if (mine === asked) write();
  };
  const hands = handOn(page, "near", (held, done) => {
    if (!held) return void write();
    if (!circle) {
      from.value = toWall(review.at() - AROUND_S, zone);
      to.value = toWall(review.at() + AROUND_S, zone);
    }
    circle = circleOf(held);
    radius.value = String(Math.round(circle.metres));
    found = null;
    write();
    if (done) void look();
  });
  toggle.addEventListener("click", () => {
    if (hands.active) hands.stop();
    else if (circle) {
      asked += 1;
      [circle, found, problem] = [null, null, ""];
    } else hands.start();
    write();
  });
  for (const field of [radius, from, to]) {
    field.addEventListener("change", () => {
      if (circle && radius.validity.valid) circle = { ...circle, metres: Number(radius.value) || METRES };
      void look();
    });
  }
  write();
}

/** @param {string} type @param {string} word @param {HTMLElement} into */
function input(type, word, into) {
  const label = el("label", `near-${word}`);
  const field = document.createElement("input");
  field.type = type;
  label.append(el("span", "", word), field);
  into.append(label);
  return field;
}

/**
 * The circle round where it was pressed, as far as it was dragged.
 * @param {{ from: [number, number], to: [number, number] | null }} held
 */
function circleOf({ from, to }) {
  const far = to ? metres(from[0], from[1], to[0], to[1]) : METRES;
  return { lon: from[0], lat: from[1], metres: Math.min(Math.max(far, METRES_MIN), METRES_MAX) };
}

/** @param {import("../review/sketch.mjs").Pen} pen @param {{ lon: number, lat: number, metres: number }} circle */
function drawCircle({ context, at, pxPerMetre, theme, replay }, circle) {
  const [x, y] = at(circle.lon, circle.lat);
  context.beginPath();
  context.arc(x, y, Math.max(circle.metres * pxPerMetre, 3), 0, Math.PI * 2);
  context.globalAlpha = 0.14;
  context.fillStyle = replay;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = css(theme.ground, 0.8);
  context.lineWidth = 4.5 * theme.scale;
  context.stroke();
  context.strokeStyle = replay;
  context.lineWidth = 2 * theme.scale;
  context.stroke();
  context.beginPath();
  context.arc(x, y, 3 * theme.scale, 0, Math.PI * 2);
  context.fillStyle = replay;
  context.fill();
}
