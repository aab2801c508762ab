// @ts-check
// What differs between the chosen view of the moment and another: on the map a hollow mark where the other one has it.

import { css } from "../map/theme.mjs";
import { openGhost } from "../review/ghost.mjs";
import { metresWords, viewWords } from "../review/words.mjs";
import { calmly, el, find, onResize, pool, say, show } from "./dom.mjs";
import { count, tagOf } from "./words.mjs";

const ROWS_MAX = 60;
const MARK_PX = 9;
const ZOOM = 13.5;

/** @typedef {import("../review/difference.mjs").Difference} Difference */
/** @typedef {import("../types.d.ts").Page} Page */

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const [list, note, empty, toggle] = [find(root, ".compare-rows"), find(root, ".panel-note"), find(root, ".panel-empty"), find(root, ".compare-toggle")];
  /** @type {ReturnType<typeof openGhost> | null} */
  let ghost = null;
  let against = "";
  const rows = pool(list, () => {
    const node = el("li", "compare-row");
    const button = el("button", "row-button");
    button.setAttribute("type", "button");
    const [sign, far, tag, why] = [el("b", "row-title"), el("span", "row-age"), el("span", "tag"), el("span", "row-second")];
    button.append(sign, far, why, tag);
    node.append(button);
    const row = { root: node, sign, far, tag, why, of: /** @type {Difference | null} */ (null) };
    button.addEventListener("click", () => {
      if (!row.of) return;
      const place = row.of.here ?? row.of.there;
      if (row.of.here) page.select("units", row.of.agency, row.of.id);
      if (place) page.flyTo(place[0], place[1], ZOOM);
    });
    return row;
  });

  const write = () => {
    const found = ghost?.found ?? null;
    const agencies = page.hello?.agencies ?? [];
    const other = viewWords(ghost?.view ?? (review.view === "truth" ? "known" : "truth"), agencies);
    toggle.setAttribute("aria-pressed", String(ghost !== null));
    say(toggle, ghost ? "Stop" : "Compare");
    toggle.title = `Mark the units that ${other} has elsewhere, or stale where they are fresh here`;
    say(note, found ? count(found.length, "unit differs", "units differ") : "");
    const shown = (found ?? []).slice(0, ROWS_MAX);
    rows.take(shown.length).forEach((row, i) => fill(row, shown[i], page));
    say(empty, !ghost ? `Off. Compares this view with ${other}.` : !found ? without(ghost.refused, other, review.playing) : `No unit is elsewhere, stale or missing: the same ${other}.`);
    show(empty, shown.length === 0);
    review.sketch("ghosts", found?.length ? (pen) => drawGhosts(pen, found) : null);
  };
  const calm = calmly(write, 120);
  const open = () => {
    ghost?.stop();
    against = review.view;
    ghost = openGhost(page, review, calm);
    write();
  };
  toggle.addEventListener("click", () => {
    if (ghost) {
      ghost.stop();
      ghost = null;
      write();
    } else open();
    review.setAlso({ compare: ghost !== null });
  });
  review.on("clock", () => {
    if (ghost && against !== review.view) open();
    else if (!ghost) calm();
  });
  onResize(list, calm);
  const first = review.on("clock", () => {
    first();
    if (review.also.compare && !ghost) open();
  });
  write();
}

/** Why nothing is compared. @param {string} refused @param {string} other the other view @param {boolean} playing */
function without(refused, other, playing) {
  if (refused) return `Not connected to compare with ${other}. ${refused}`;
  return playing ? "Nothing to compare just now: this plays too fast." : `Nothing to compare yet: the moment ${other} is not there yet.`;
}

/** @param {{ sign: HTMLElement, far: HTMLElement, tag: HTMLElement, why: HTMLElement, of: Difference | null }} row @param {Difference} of @param {Page} page */
function fill(row, of, page) {
  row.of = of;
  say(row.sign, of.sign);
  say(row.tag, tagOf(page, of.agency));
  say(row.far, of.metres ? metresWords(of.metres) : "");
  say(row.why, { moved: "Elsewhere in the other view", age: "Fresh in one view, stale in the other", "only here": "Not in the other view", "only there": "Only in the other view" }[of.why] ?? "");
}

/** @param {import("../review/sketch.mjs").Pen} pen @param {Difference[]} found */
function drawGhosts({ context, at, theme, replay }, found) {
  const r = MARK_PX * theme.scale;
  /** The path in the colour of a replay, on a wider one of the ground. @param {number} halo @param {number} width */
  const stroke = (halo, width) => {
    for (const [colour, px] of /** @type {[string, number][]} */ ([[css(theme.ground, 0.9), halo], [replay, width]])) {
      context.strokeStyle = colour;
      context.lineWidth = px * theme.scale;
      context.stroke();
    }
  };
  for (const { here, there } of found) {
    if (!there) continue;
    const [x, y] = at(there[0], there[1]);
    if (here) {
      const [hx, hy] = at(here[0], here[1]);
      const away = Math.hypot(hx - x, hy - y);
      if (away > r) {
        context.beginPath();
        context.setLineDash([5 * theme.scale, 4 * theme.scale]);
        context.moveTo(x + ((hx - x) * r) / away, y + ((hy - y) * r) / away);
        context.lineTo(hx, hy);
        stroke(4, 1.75);
        context.setLineDash([]);
      }
    }
    context.beginPath();
    context.arc(x, y, r, 0, Math.PI * 2);
    stroke(5, 2.25);
  }
}
