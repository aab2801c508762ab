// @ts-check
// The detail card of what is chosen: asks the hub (policy decides there what is in it), and again every few seconds.

import { notShown } from "../review/words.mjs";
import { el, say, show } from "./dom.mjs";
import { age, clock, mayWrite, plain, shortId } from "./words.mjs";

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").Card} Card */

const AGAIN_S = 3;
const ANSWER_WITHIN_MS = 3000;
/** After another view was chosen: so long its picture is waited for before anything is asked about it, ms. */
const VIEW_AWAITED_MS = 1000;
/** After a seek it is asked at once, but not more often than this, ms. */
const SEEK_MS = 500;
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
  /** What is asked for just now. */
  let asking = "";
  let askedAt = 0;
  /** Whether there was a card of it. */
  let wasThere = false;
  /** The view that was left, and when: what it had must not stand for what the next one has. */
  let left = { view: page.review?.view ?? "", epoch: "", since: -Infinity };
  let epoch = "";
  const nameOf = (/** @type {{ layer: string, agency: string, id: string }} */ { layer, agency, id }) => `${page.review?.view ?? ""} ${layer} ${agency}/${id}`;

  const draw = () => {
    if (!shown) return;
    say(title, shown.title ?? shortId(shown.id));
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
    const key = chosen ? nameOf(chosen) : "";
    if (!chosen || asking === key || isViewAwaited()) return;
    asking = key;
    askedAt = performance.now();
    try {
      const card = await Promise.race([page.card(chosen.layer, chosen.agency, chosen.id), tooLate()]);
      if (wanted !== key) return;
      if (card.found) {
        shown = card;
        wasThere = true;
        acts?.write(true);
        draw();
        ages();
      } else {
        empty(chosen.id);
        say(note, page.review ? "Not on the picture in this view." : wasThere ? "No longer on the picture." : "Not on the picture.");
      }
    } catch {
      if (wanted === key) say(note, unanswered());
    } finally {
      if (asking === key) asking = "";
    }
  };

  const asked = page.review ? "The recordings do not answer" : "The hub does not answer";
  const unanswered = () => {
    if (shown) return `${asked}; this is how it was last seen.`;
    const missing = page.review ? notShown(page.review, page.line, page.store.rev) : "";
    return missing || `${asked}.`;
  };
  const isViewAwaited = () => page.review?.epoch === left.epoch && performance.now() - left.since < VIEW_AWAITED_MS;
  /** Nothing of a thing but its id. @param {string} id */
  const empty = (id) => {
    shown = null;
    say(title, shortId(id));
    say(subtitle, "");
    body.replaceChildren();
    acts?.write(false);
  };

  const choose = () => {
    const chosen = page.selected;
    show(root, chosen !== null);
    document.documentElement.toggleAttribute("data-card", chosen !== null);
    wanted = chosen ? nameOf(chosen) : "";
    wasThere = false;
    if (!chosen) { shown = null; return; }
    empty(chosen.id);
    say(note, page.review ? "Asking the recordings" : "Asking the hub");
    void ask();
  };
  page.on("select", choose);
  page.review?.on("clock", () => {
    const { review } = page;
    if (!review) return;
    if (review.view !== left.view) {
      left = { view: review.view, epoch: review.epoch, since: performance.now() };
      choose();
    } else if (review.epoch !== epoch && !isViewAwaited() && performance.now() - askedAt > SEEK_MS) void ask();
    epoch = review.epoch;
  });
  page.on("second", () => {
    if (!page.selected) return;
    ages();
    if (performance.now() - askedAt > AGAIN_S * 1000 || (!shown && askedAt < left.since)) void ask();
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
  return {
    root,
    /** @param {boolean} found */
    write(found) {
      show(timeline, found && page.selected?.layer === "incidents");
      show(finding, found && mayWrite(page));
    },
  };
}

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
