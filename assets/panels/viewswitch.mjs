// @ts-check
// The switch between the views of one moment; the moment stays.

import { MEANING, screenChoice, screenName, viewChoice } from "../review/words.mjs";
import { el, find, mark, show } from "./dom.mjs";
import { clock } from "./words.mjs";

/** Screens are asked for anew when the moment is so far from where they were asked for, seconds, at most this often, ms. */
const ASK_BEYOND_S = 60;
const ASK_EVERY_MS = 2000;

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const [views, choice, label] = [find(root, ".viewswitch-views"), find(root, ".viewswitch-choice"), find(root, ".viewswitch-agency")];
  const select = document.createElement("select");
  select.setAttribute("aria-label", "As seen by");
  choice.append(select);
  select.addEventListener("change", () => select.value && review.setView(select.value));
  const face = clock(page.config.timezone);
  /** Where the word beside the choice has no room. */
  const isNarrow = matchMedia("(max-width: 1100px)");
  let made = "";
  let asked = { at: NaN, since: -Infinity };
  const ask = () => {
    const now = performance.now();
    if (Math.abs(review.at() - asked.at) <= ASK_BEYOND_S || now - asked.since < ASK_EVERY_MS) return;
    asked = { at: review.at(), since: now };
    review.askScreens().catch(() => { asked.at = NaN; });
  };
  const make = () => {
    const agencies = page.hello?.agencies ?? [];
    const own = review.views.filter((view) => !view.startsWith("agency:"));
    const theirs = review.views.filter((view) => view.startsWith("agency:"));
    const screens = review.screens.map((of) => ({ view: `screen:${of.id}`, words: screenChoice(of, agencies, face) }));
    const { view } = review;
    if (view.startsWith("screen:") && screens.every((of) => of.view !== view)) screens.unshift({ view, words: screenName(view.slice(7), agencies) });
    const key = JSON.stringify([own, theirs, screens, agencies, isNarrow.matches]);
    if (key === made) return;
    made = key;
    views.replaceChildren(...own.map((view) => {
      const button = el("button", "segment", viewChoice(view, agencies));
      button.setAttribute("type", "button");
      button.dataset.view = view;
      button.title = MEANING[view] ?? "";
      button.addEventListener("click", () => review.setView(view));
      return button;
    }));
    select.replaceChildren(
      option("", isNarrow.matches ? "As seen by …" : "Choose …"),
      ...group("As available to", theirs.map((view) => option(view, viewChoice(view, agencies)))),
      ...group("On the screen of", screens.map((of) => option(of.view, of.words))),
    );
    show(label, theirs.length + screens.length > 0);
  };
  const write = () => {
    make();
    for (const node of views.children) node.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (node).dataset.view === review.view));
    const theirs = /^(agency|screen):/.test(review.view);
    if (select.value !== (theirs ? review.view : "")) select.value = theirs ? review.view : "";
    const named = theirs ? `As seen by ${select.selectedOptions[0]?.textContent ?? ""}. ` : "As seen by: ";
    select.title = named + (review.view.startsWith("screen:") ? MEANING.screen : MEANING.agency);
    mark(label, "chosen", String(theirs));
  };
  page.on("hello", () => {
    asked.at = NaN;
    write();
  });
  review.on("clock", write);
  review.on("screens", write);
  page.on("second", ask);
  write();
}

/** @param {string} words @param {HTMLElement[]} options */
function group(words, options) {
  if (!options.length) return [];
  const node = document.createElement("optgroup");
  node.label = words;
  node.append(...options);
  return [node];
}

/** @param {string} value @param {string} words */
function option(value, words) {
  const node = document.createElement("option");
  node.value = value;
  node.textContent = words;
  return node;
}
