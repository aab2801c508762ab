// @ts-check
// The switch between the views of one moment; the moment stays.

import { MEANING, viewChoice } from "../review/words.mjs";
import { el, find, mark, show } from "./dom.mjs";

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const [views, choice, label] = [find(root, ".viewswitch-views"), find(root, ".viewswitch-choice"), find(root, ".viewswitch-agency")];
  const select = document.createElement("select");
  select.setAttribute("aria-label", "As available to");
  choice.append(select);
  select.addEventListener("change", () => select.value && review.setView(select.value));
  let made = "";
  const make = () => {
    const agencies = page.hello?.agencies ?? [];
    const own = review.views.filter((view) => !view.startsWith("agency:"));
    const theirs = review.views.filter((view) => view.startsWith("agency:"));
    const key = JSON.stringify([own, theirs, agencies]);
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
    select.replaceChildren(option("", "Choose an agency"), ...theirs.map((view) => option(view, viewChoice(view, agencies))));
    select.title = MEANING.agency;
    show(label, theirs.length > 0);
  };
  const write = () => {
    make();
    for (const node of views.children) node.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (node).dataset.view === review.view));
    const theirs = review.view.startsWith("agency:");
    if (select.value !== (theirs ? review.view : "")) select.value = theirs ? review.view : "";
    mark(label, "chosen", String(theirs));
  };
  page.on("hello", write);
  review.on("clock", write);
  write();
}

/** @param {string} value @param {string} words */
function option(value, words) {
  const node = document.createElement("option");
  node.value = value;
  node.textContent = words;
  return node;
}
