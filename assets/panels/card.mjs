// @ts-check
// The detail card of what is chosen: asks the hub (policy decides there what is in it), and again every few seconds.

import { el, say, show } from "./dom.mjs";
import { age, clock, mayWrite, plain } from "./words.mjs";

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").Card} Card */

const AGAIN_S = 3;
const ANSWER_WITHIN_MS = 3000;
const HISTORY_MAX = 12;
/** A report that took longer than this to come says so, seconds. */
const LATE_S = 2;

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const [head, names] = [el("div", "card-head"), el("div", "card-names")];
  const [title, subtitle] = [el("h2", "card-title"), el("p", "card-subtitle")];
  const close = /** @type {HTMLButtonElement} */ (el("button", "button card-close", "Close"));
  close.type = "button";
  const note = el("p", "card-note");
  const body = el("div", "card-body");
  names.append(title, subtitle);
  head.append(names, close);
  const acts = page.review ? actsOf(page, page.review) : null;
  root.append(head, note, ...(acts ? [acts.root] : []), body);
  close.addEventListener("click", () => page.deselect());
  const face = clock(page.config.timezone);
  const utc = clock("UTC");
  /** @type {Card | null} */
  let shown = null;
  let wanted = "";
  let asking = false;
  let askedAt = 0;

  const draw = () => {
    if (!shown) return;
    say(title, shown.title ?? shown.id);
    say(subtitle, shown.subtitle ?? "");
    body.replaceChildren(...parts(shown, face));
  };

  const ages = () => {
    if (!shown?.found || !shown.observed_at) return;
    const { time, zone } = face(shown.observed_at);
    const late = (shown.received_at ?? shown.observed_at) - shown.observed_at;
    const both = zone === "UTC" ? `${time} UTC` : `${time} ${zone} · ${utc(shown.observed_at).time} UTC`;
    if (shown.aligned_at != null && shown.aligned_error_s != null) {
      const ours = `${face(shown.aligned_at).time} ± ${shown.aligned_error_s.toFixed(1)} s by ours`;
      say(note, `Last report ${age(page.now() - shown.aligned_at)} ago · ${time} by its own clock, ${ours}`);
      return;
    }
    say(note, `Last report ${age(page.now() - shown.observed_at)} ago · ${both}${late > LATE_S ? ` · received ${age(late)} later` : ""}`);
  };

  const ask = async () => {
    const chosen = page.selected;
    if (!chosen || asking) return;
    const key = nameOf(chosen);
    asking = true;
    askedAt = performance.now();
    try {
      const card = await Promise.race([page.card(chosen.layer, chosen.agency, chosen.id), tooLate()]);
      if (wanted !== key) return;
      if (card.found) {
        shown = card;
        draw();
        ages();
      } else {
        shown = null;
        say(note, "No longer on the picture.");
      }
    } catch {
      if (wanted === key) say(note, shown ? "The hub does not answer; this is how it was last seen." : "The hub does not answer.");
    } finally {
      asking = false;
      if (page.selected && wanted !== key) void ask();
    }
  };

  const choose = () => {
    const chosen = page.selected;
    show(root, chosen !== null);
    document.documentElement.toggleAttribute("data-card", chosen !== null);
    wanted = chosen ? nameOf(chosen) : "";
    acts?.write();
    if (!chosen) { shown = null; return; }
    shown = null;
    say(title, chosen.id);
    say(subtitle, "");
    say(note, "Asking the hub");
    body.replaceChildren();
    void ask();
  };
  page.on("select", choose);
  page.on("second", () => {
    if (!page.selected) return;
    ages();
    if (performance.now() - askedAt > AGAIN_S * 1000) void ask();
  });
  choose();
}

/** What a reviewer may do with what is chosen. @param {Page} page @param {import("../types.d.ts").Review} review */
function actsOf(page, review) {
  const root = el("div", "card-acts");
  const [timeline, finding] = ["Timeline", "Write a finding"].map((word) => {
    const button = el("button", "button", word);
    button.setAttribute("type", "button");
    root.append(button);
    return button;
  });
  timeline.addEventListener("click", () => {
    const chosen = page.selected;
    if (chosen) review.want({ panel: "chronology", agency: chosen.agency, id: chosen.id });
  });
  finding.addEventListener("click", () => review.want({ panel: "findings", write: page.selected }));
  show(finding, mayWrite(page));
  return { root, write: () => show(timeline, page.selected?.layer === "incidents") };
}

/** @param {{ layer: string, agency: string, id: string }} thing */
const nameOf = ({ layer, agency, id }) => `${layer} ${agency}/${id}`;

/** @returns {Promise<never>} */
function tooLate() {
  return new Promise((_, refuse) => setTimeout(() => refuse(new Error("no answer")), ANSWER_WITHIN_MS));
}

/** @param {Card} card @param {ReturnType<typeof clock>} face */
function parts(card, face) {
  const list = el("dl", "card-rows");
  for (const [label, text] of card.rows ?? []) list.append(el("dt", "", label), el("dd", "", text));
  const out = [list];
  if (card.flagged?.length) out.push(el("p", "card-flagged", `Not in the registry: ${card.flagged.map(plain).join(", ").toLowerCase()}`));
  if (card.history?.length) {
    const history = el("ol", "card-history");
    const newestFirst = [...card.history].sort((a, b) => b[0] - a[0]).slice(0, HISTORY_MAX);
    for (const [at, text] of newestFirst) {
      const row = el("li");
      row.append(el("span", "card-at", face(at).time), el("span", "", text));
      history.append(row);
    }
    out.push(el("h3", "card-part", "History"), history);
  }
  return out;
}
