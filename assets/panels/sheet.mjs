// @ts-check
// The tabs of the bottom sheet on a tablet. A second tap on the open tab closes the sheet: the map is the page.

import { mark } from "./dom.mjs";

/** @param {HTMLElement} root */
export function mount(root) {
  const wall = root.closest(".wall");
  if (!(wall instanceof HTMLElement)) return;
  const tabs = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-tab]")]);
  /** @param {string} name */
  const open = (name) => {
    mark(wall, "sheet", name);
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.dataset.tab === name));
    window.dispatchEvent(new Event("resize")); // the map and the lists measure themselves again
  };
  for (const tab of tabs) {
    tab.addEventListener("click", () => open(wall.dataset.sheet === tab.dataset.tab ? "" : tab.dataset.tab ?? ""));
  }
  open("board");
}
