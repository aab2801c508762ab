// @ts-check
// What was in a circle or a box between two moments: who passed it, and nothing but that on the page if one likes.

import { NARROWED_MS } from "../map/camera.mjs";
import { onlyOf } from "../map/only.mjs";
import { css } from "../map/theme.mjs";
import { metres } from "../review/difference.mjs";
import { handOn } from "../review/hand.mjs";
import { fromWall, toWall } from "../review/range.mjs";
import { metresWords } from "../review/words.mjs";
import { calmly, el, find, pool, say, show } from "./dom.mjs";
import { bring } from "./sheet.mjs";
import { clock, count, missingWords, noAnswer, tagOf } from "./words.mjs";

const METRES = 300;
const METRES_MAX = 5000;
/** Round an incident. */
const FAR_M = 1000;
const METRES_MIN = 20;
/** Before and after the moment, seconds. */
const AROUND_S = 300;
const LONGEST_S = 3600;
const ROWS_MAX = 200;
const ZOOM = 15;
/** It is asked again this often at most, ms. */
const AGAIN_MS = 2000;
/** Moments so far apart are the same, seconds; so is one to which a row leads, and the tick there. */
const STANDS_S = 0.25;
const LED_S = 1.5;

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").NearUnit} NearUnit */
/** @typedef {import("../types.d.ts").Missing} Missing */
/** @typedef {import("../map/only.mjs").Area} Area */

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const [listed, note, empty, toggle, boxes, ask, alone] = [
    find(root, ".near-rows"), find(root, ".panel-note"), find(root, ".panel-empty"), find(root, ".near-toggle"), find(root, ".near-box"),
    find(root, ".near-ask"), find(root, ".near-only"),
  ];
  const zone = page.config.timezone;
  const face = clock(zone);
  /** @type {Area | null} */
  let area = null;
  /** @type {NearUnit[] | null} */
  let found = null;
  /** Parts of the time whose record is damaged. @type {Missing[]} */
  let missing = [];
  /** Of which view that is, and of what was known at a moment between `since` and `by`; or so it was asked for in vain. */
  let of = { view: "", since: NaN, by: NaN };
  let asking = false;
  /** The moment to which a row of it led: it stays there, to lead to the next. */
  let led = NaN;
  let problem = "";
  let asked = 0;
  /** What the address asks for is not forgotten before it was looked at. */
  let begun = false;
  /** @type {"circle" | "box"} */
  let shape = "circle";
  const hole = el("p", "near-hole");
  listed.before(hole);
  const radius = input("number", "metres", ask);
  Object.assign(radius, { min: METRES_MIN, max: METRES_MAX, step: 10, value: String(METRES) });
  const from = input("datetime-local", "from", ask);
  const to = input("datetime-local", "to", ask);
  from.step = to.step = "1";
  const rows = pool(listed, () => {
    const node = el("li", "near-row");
    const button = el("button", "row-button");
    button.setAttribute("type", "button");
    const [sign, far, tag, when] = [el("b", "row-title"), el("span", "row-age"), el("span", "tag"), el("span", "row-second")];
    button.append(sign, far, when, tag);
    node.append(button);
    const row = { root: node, sign, far, tag, when, of: /** @type {NearUnit | null} */ (null) };
    button.addEventListener("click", () => {
      if (!row.of || !area) return;
      led = row.of.nearest_at;
      review.seek(row.of.nearest_at);
      page.select("units", row.of.agency, row.of.id);
      const [lon, lat] = middle(area);
      page.flyTo(lon, lat, ZOOM);
    });
    return row;
  });

  /** Whether what is shown is not of the list's moment. */
  const moved = () => (of.view !== "truth" || problem !== "") && Math.abs(review.at() - of.since) > STANDS_S;
  const writeNote = () => {
    const then = found && moved() ? face(of.since).time : "";
    say(note, !found ? "" : then ? `${found.length} as of ${then}` : count(found.length, "unit"));
    note.title = then && found ? `${count(found.length, "unit")}, as known at ${then}` : "";
  };
  const write = () => {
    const units = (found ?? []).slice(0, ROWS_MAX);
    rows.take(units.length).forEach((row, i) => {
      row.of = units[i];
      say(row.sign, units[i].call_sign ?? units[i].id);
      say(row.tag, tagOf(page, units[i].agency));
      say(row.far, area && "box" in area ? `in it at ${face(units[i].nearest_at).time}` : `${metresWords(units[i].nearest_m)} at ${face(units[i].nearest_at).time}`);
      say(row.when, `${face(units[i].first).time}–${face(units[i].last).time}`);
    });
    const hand = hands.active;
    toggle.setAttribute("aria-pressed", String(hand));
    say(toggle, hand ? "Cancel" : area ? "Clear" : "Circle");
    show(boxes, !hand && area === null);
    show(alone, area !== null && (found !== null || page.only !== null));
    alone.setAttribute("aria-pressed", String(page.only !== null));
    say(alone, page.only ? "Show everything again" : "Show only what was there");
    show(find(ask, ".near-metres"), area !== null && "circle" in area);
    writeNote();
    const words = hand ? HANDS[shape] : problem || (!area ? "Who was near a place, or in a box, and when: draw it on the map." : !found ? "Looking …" : "Nobody whom you may see.");
    say(empty, words);
    const damaged = found ? missing.map((gap) => missingWords(page, face, gap)).join(" ") : "";
    say(hole, damaged);
    show(hole, damaged !== "");
    show(empty, units.length === 0);
    show(ask, area !== null);
    const shown = area;
    const when = { from: fromWall(from.value, zone), to: fromWall(to.value, zone) };
    if (begun) review.setAlso({ near: area && when.to > when.from ? { area, ...when } : null });
    review.sketch("near", shown && ((pen) => drawArea(pen, shown)));
  };
  /**
   * Asks of what is shown now, and takes what is answered, unless something else was asked for meanwhile.
   * @template T @param {() => Promise<T>} ask @param {(said: T) => void} take
   */
  const asks = async (ask, take) => {
    const mine = ++asked;
    const then = { view: review.view, since: review.at(), by: review.at() };
    asking = true;
    problem = "";
    try {
      const said = await ask();
      if (mine !== asked) return;
      then.by = Math.max(then.by, review.at()); // what came on the way to another moment may be of either
      take(said);
    } catch (error) {
      if (mine !== asked) return;
      problem = `${noAnswer(error)} Go to another moment to ask again.`;
      found = null;
      page.showOnly(null);
    }
    of = then;
    asking = false;
    drop();
    write();
    again();
  };
  /** @param {import("../types.d.ts").Near} said */
  const take = (said) => {
    found = said.units ?? [];
    missing = said.missing ?? [];
  };
  /** @param {boolean} [keeps] the list there is stands until another comes */
  const list = async (keeps = false) => {
    if (!area) return;
    const of = area;
    const [begin, end] = [fromWall(from.value, zone), fromWall(to.value, zone)];
    if (!keeps) found = null;
    problem = !(end > begin) ? "“to” must come after “from”." : end - begin > LONGEST_S ? "At most one hour." : "";
    write();
    if (problem) return;
    await asks(
      async () => ("circle" in of ? review.near(...of.circle, begin, end) : review.within({ area: of, from: begin, to: end })),
      take,
    );
  };
  const look = () => {
    page.showOnly(null);
    return list();
  };
  /** Lets the page show nothing but what was there then. */
  const showAlone = async () => {
    if (!area) return;
    const of = { area, from: fromWall(from.value, zone), to: fromWall(to.value, zone) };
    await asks(() => review.within(of), (said) => {
      take(said);
      page.showOnly(onlyOf(of, said));
      if (said.more) review.notify("More was there than is shown. Choose a smaller area or a shorter time.");
    });
  };
  /** Takes the list away where it is of another view, or may tell what was not known yet. */
  const drop = () => {
    if (!found || review.coarse) return;
    const ahead = of.view !== "truth" && review.at() < of.by - (review.playing ? LED_S * Math.max(1, review.speed) : STANDS_S);
    if (of.view === review.view && (!ahead || page.only || isLed())) return;
    found = null;
    write();
  };
  const isLed = () => Math.abs(review.at() - led) < LED_S;
  /** Asks again what is of another view or moment; while time goes on not for each. */
  const again = calmly(() => {
    if (!area || !of.view || asking || hands.active || review.coarse) return;
    if (of.view !== review.view) void (page.only ? showAlone() : list());
    else if (!page.only && ((!found && !problem) || (moved() && !isLed() && !review.playing))) void list(found !== null);
  }, AGAIN_MS);
  /** Shows alone what the address says, once there is somebody to ask. */
  const begin = async () => {
    const wanted = review.only ?? review.also.near;
    begun = true;
    if (!wanted) return;
    ({ area } = wanted);
    [from.value, to.value] = [toWall(wanted.from, zone), toWall(wanted.to, zone)];
    if ("circle" in wanted.area) radius.value = String(wanted.area.circle[2]);
    if (!review.only) return void look();
    write();
    await showAlone();
    review.only = null;
    if (!page.only) review.notify("What the address asks to see alone cannot be found. Everything is shown.");
  };
  const hands = handOn(page, "near", (held, done) => {
    const next = held && areaOf(held, shape);
    if (!next) return void write();
    if (!area) {
      from.value = toWall(review.at() - AROUND_S, zone);
      to.value = toWall(review.at() + AROUND_S, zone);
    }
    area = next;
    if ("circle" in next) radius.value = String(Math.round(next.circle[2]));
    [asked, found, asking] = [asked + 1, null, false];
    write();
    if (done) void look();
  });
  toggle.addEventListener("click", () => {
    if (hands.active) hands.stop();
    else if (area) {
      asked += 1;
      [area, found, problem, asking] = [null, null, "", false];
      page.showOnly(null);
    } else {
      shape = "circle";
      hands.start();
    }
    write();
  });
  boxes.addEventListener("click", () => {
    shape = "box";
    hands.start();
    write();
  });
  alone.addEventListener("click", () => {
    if (!page.only) return void showAlone();
    page.showOnly(null);
    write();
  });
  mountSign(page, face, () => {
    page.showOnly(null);
    write();
  });
  review.on("want", () => {
    const { wanted } = review;
    if (wanted?.panel !== "near") return;
    if (hands.active) hands.stop();
    area = { circle: [...wanted.place, FAR_M] };
    radius.value = String(FAR_M);
    [from.value, to.value] = [toWall(wanted.at, zone), toWall(wanted.at + 1, zone)];
    bring("near");
    setTimeout(() => page.flyTo(...wanted.place, ZOOM), NARROWED_MS); // the panel takes its room from the map first
    void look();
  });
  const first = review.on("clock", () => {
    first();
    void begin();
  });
  review.on("clock", () => {
    drop();
    writeNote();
    again();
  });
  for (const field of [radius, from, to]) {
    field.addEventListener("change", () => {
      if (area && "circle" in area && radius.validity.valid) area = { circle: [area.circle[0], area.circle[1], Number(radius.value) || METRES] };
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

/** @type {Record<string, string>} */
const HANDS = { circle: "Press on the map where; drag for how far.", box: "Press on the map at one corner; drag to the other." };

/** @param {Area} area @returns {[number, number]} */
const middle = (area) => ("circle" in area ? [area.circle[0], area.circle[1]] : [(area.box[0] + area.box[2]) / 2, (area.box[1] + area.box[3]) / 2]);

/** Says over the map that not everything is shown, and how to see it again. @param {Page} page @param {ReturnType<typeof clock>} face @param {() => void} all */
function mountSign(page, face, all) {
  const sign = el("div", "only-sign");
  const words = el("span", "only-words");
  const button = el("button", "button", "Show everything");
  button.setAttribute("type", "button");
  button.addEventListener("click", all);
  sign.append(words, button);
  find(document, ".map-room").append(sign);
  const write = () => {
    const { only } = page;
    show(sign, only !== null);
    if (!only) return;
    const where = "circle" in only.area ? `within ${metresWords(only.area.circle[2])}` : "in the box";
    say(words, `Only what was ${where}, ${face(only.from).time.slice(0, 5)}–${face(only.to).time.slice(0, 5)}`);
  };
  page.on("only", write);
  write();
}

/**
 * The circle round where it was pressed, as far as it was dragged, or the box between; null: not a box yet.
 * @param {{ from: [number, number], to: [number, number] | null }} held @param {"circle" | "box"} shape @returns {Area | null}
 */
function areaOf({ from, to }, shape) {
  if (shape === "box") {
    if (!to || to[0] === from[0] || to[1] === from[1]) return null;
    return { box: [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])] };
  }
  const far = to ? metres(from[0], from[1], to[0], to[1]) : METRES;
  return { circle: [from[0], from[1], Math.min(Math.max(far, METRES_MIN), METRES_MAX)] };
}

/** @param {import("../review/sketch.mjs").Pen} pen @param {Area} area */
function drawArea({ context, at, pxPerMetre, theme, replay }, area) {
  const [x, y] = at(...middle(area));
  context.beginPath();
  if ("circle" in area) context.arc(x, y, Math.max(area.circle[2] * pxPerMetre, 3), 0, Math.PI * 2);
  else {
    const [west, south, east, north] = area.box;
    for (const [lon, lat] of [[west, north], [east, north], [east, south], [west, south]]) context.lineTo(...at(lon, lat));
    context.closePath();
  }
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
  if (!("circle" in area)) return;
  context.beginPath();
  context.arc(x, y, 3 * theme.scale, 0, Math.PI * 2);
  context.fillStyle = replay;
  context.fill();
}
