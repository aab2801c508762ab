// @ts-check
// A finding being written. What is typed is kept until it is written or thrown away by hand: through a reload, when the
// site does not answer, and when somebody else was faster.

import { FIELD_WORDS, QUESTIONS, REFS_MAX, differing, fault, sameThing } from "../review/finding.mjs";
import { newId } from "../review/findings.mjs";
import { handOn } from "../review/hand.mjs";
import { viewWords } from "../review/words.mjs";
import { placeOf } from "../map/store.mjs";
import { el, say, show } from "./dom.mjs";
import { pinned, written } from "./finding_fields.mjs";
import { clock, thingName } from "./words.mjs";

const KEPT = "jointops-finding";

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").Finding} Finding */
/** @typedef {import("../types.d.ts").FindingDraft} FindingDraft */
/**
 * @typedef {{ said: FindingDraft, of: Finding | null, id?: string }} Writing `of`: the version that is changed; null: a new finding,
 *   whose id stays through all that is tried to save it
 */

/** What was being written when the page went. @returns {Writing | null} */
export function keptWriting() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

/** @param {Writing | null} writing */
function keepWriting(writing) {
  try {
    if (writing) sessionStorage.setItem(KEPT, JSON.stringify(writing));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // A browser that keeps nothing loses it at a reload only.
  }
}

/**
 * @param {HTMLFormElement} form @param {Page} page
 * @param {{ written: (finding: Finding) => void, left: (of: Finding | null) => void, moved: () => void }} told `moved`: where it is pinned
 */
export function mountForm(form, page, told) {
  const review = /** @type {import("../types.d.ts").Review} */ (page.review);
  const face = clock(page.config.timezone);
  /** @type {Writing | null} */
  let writing = null;
  let [busy, sure] = [false, false];
  const head = el("h3", "finding-head");
  const pin = pinned(form, head);
  const fields = written(form);
  const problem = el("div", "finding-problem");
  problem.setAttribute("role", "alert");
  const acts = el("div", "finding-acts");
  const [save, leave] = [el("button", "button button-main", "Save"), el("button", "button", "Cancel")];
  save.setAttribute("type", "submit");
  leave.setAttribute("type", "button");
  acts.append(save, leave);
  form.append(problem, acts);

  /** @param {string} text */
  const wrong = (text) => {
    problem.replaceChildren(...(text ? [el("p", "", text)] : []));
    if (text) problem.scrollIntoView({ block: "nearest" });
  };
  const changed = () => {
    if (!writing) return;
    keepWriting(writing);
    sure = false;
    write();
  };
  const write = () => {
    show(form, writing !== null);
    if (!writing) return;
    const { said, of } = writing;
    say(head, of ? "Change a finding" : "New finding");
    const { time, date } = face(said.at);
    say(pin.moment, `${date.replace(/^\w+ /, "")} ${time} · ${viewWords(said.view, page.hello?.agencies ?? [])}`);
    say(pin.place, hand.active ? "Press on the map where" : said.lon === null || said.lat === null ? "Nowhere" : `${said.lat.toFixed(5)}, ${said.lon.toFixed(5)}`);
    say(pin.mark, hand.active ? "Cancel" : "Mark it");
    show(pin.unmark, said.lon !== null && !hand.active);
    pin.things.replaceChildren(...said.refs.map((ref) => {
      const chip = el("button", "chip", thingName(page, ref));
      chip.setAttribute("type", "button");
      chip.title = chip.ariaLabel = `Take off ${thingName(page, ref)}`;
      chip.addEventListener("click", () => {
        said.refs = said.refs.filter((one) => !sameThing(one, ref));
        changed();
      });
      return chip;
    }));
    const chosen = page.selected;
    const addable = chosen !== null && said.refs.length < REFS_MAX && !said.refs.some((ref) => sameThing(ref, chosen));
    show(pin.add, addable);
    if (chosen) say(pin.add, `Add ${thingName(page, chosen)}`);
    show(pin.nothing, !said.refs.length && !addable);
    save.toggleAttribute("disabled", busy);
    say(save, busy ? "Saving …" : of ? `Save as version ${of.version + 1}` : "Save");
    say(leave, sure ? "Throw away what is typed" : "Cancel");
  };
  const hand = handOn(page, "finding", (held, done) => {
    if (writing && held) {
      [writing.said.lon, writing.said.lat] = held.to ?? held.from;
      changed();
      told.moved();
    }
    if (done || !held) write();
  });
  pin.now.addEventListener("click", () => {
    if (!writing) return;
    const at = Math.round(review.at() * 1000) / 1000;
    if (writing.said.until !== null && writing.said.until < at) writing.said.until = null;
    Object.assign(writing.said, { at, view: review.view });
    changed();
    told.moved();
  });
  pin.mark.addEventListener("click", () => {
    if (hand.active) hand.stop();
    else hand.start();
    write();
  });
  pin.unmark.addEventListener("click", () => {
    if (!writing) return;
    [writing.said.lon, writing.said.lat] = [null, null];
    changed();
    told.moved();
  });
  pin.add.addEventListener("click", () => {
    const { selected } = page;
    if (!writing || !selected) return;
    writing.said.refs = [...writing.said.refs, { ...selected }];
    const place = placeOf(page.store, selected);
    if (writing.said.lon === null && place) [writing.said.lon, writing.said.lat] = place;
    changed();
    told.moved();
  });
  fields.on((name, value) => {
    if (writing) writing.said = { ...writing.said, [name]: value };
    changed();
  });
  page.on("select", write);
  page.on("hello", write);

  /** Somebody else was faster: what they say, beside what is typed. @param {Finding} newer */
  const meet = (newer) => {
    if (!writing) return;
    const mine = writing.said;
    const names = differing(mine, newer.said);
    writing = { ...writing, of: newer };
    keepWriting(writing);
    const { time } = face(newer.made_at);
    problem.replaceChildren(
      el("p", "", `Not saved: version ${newer.version} was written at ${time} by ${newer.author_role}, while you were writing. What you typed is here; saving now makes version ${newer.version + 1} of it.`),
      ...[...new Set(names.map((name) => FIELD_WORDS[name]))].map((words) => {
        const of = names.filter((name) => FIELD_WORDS[name] === words);
        const theirs = el("p", "finding-theirs");
        const take = el("button", "button", "Take theirs");
        take.setAttribute("type", "button");
        theirs.append(el("b", "", words[0].toUpperCase() + words.slice(1)), el("span", "", of.map((name) => valueWords(newer.said[name])).join(", ")), take);
        take.addEventListener("click", () => {
          if (!writing) return;
          writing.said = { ...writing.said, ...Object.fromEntries(of.map((name) => [name, newer.said[name]])) };
          fields.fill(writing.said);
          theirs.remove();
          changed();
          told.moved();
        });
        return theirs;
      }),
    );
    problem.scrollIntoView({ block: "start" });
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!writing || busy) return;
    const said = { ...writing.said, title: writing.said.title.trim(), owner: writing.said.owner.trim() };
    const wanting = fault(said);
    wrong(wanting);
    if (wanting) {
      if (!said.title) fields.focus();
      return;
    }
    busy = true;
    write();
    const { finding, newer, problem: words, unsure } = await review.findings.write(said, writing.of ?? { id: writing.id ?? newId(), version: 0 });
    busy = false;
    if (finding) {
      writing = null;
      keepWriting(null);
      told.written(finding);
    } else if (newer) meet(newer);
    else if (unsure) wrong(`${words} Whether it is saved is not known. Save again: it will be there once.`);
    else wrong(`${words} Not saved; what you typed is still here.`);
    write();
  });
  leave.addEventListener("click", () => {
    const { said, of } = /** @type {Writing} */ (writing);
    const typed = of ? differing(said, of.said).length > 0 : QUESTIONS.some(([name]) => said[name]) || said.title || said.owner;
    if (typed && !sure) {
      sure = true;
      return write();
    }
    hand.stop();
    writing = null;
    keepWriting(null);
    write();
    told.left(of);
  });
  return {
    get writing() {
      return writing;
    },
    /** @param {Writing} next */
    open(next) {
      writing = { ...next, id: next.id ?? newId() };
      [sure, busy] = [false, false];
      fields.fill(next.said);
      wrong("");
      keepWriting(writing);
      write();
      fields.focus();
    },
    /** The rest of the panel is looked at; what is typed stays. @param {boolean} shown */
    show(shown) {
      show(form, shown && writing !== null);
      if (!shown && hand.active) hand.stop();
    },
  };
}

/** @param {unknown} value */
function valueWords(value) {
  if (Array.isArray(value)) return value.map(({ id }) => id).join(", ") || "nothing";
  if (typeof value === "boolean") return value ? "every agency" : "their own agency";
  return value === null || value === "" ? "nothing" : String(value);
}
