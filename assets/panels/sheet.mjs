// @ts-check
// The tabs of the bottom sheet on a tablet. A second tap on the open tab closes the sheet: the map is the page.

import { mark } from "./dom.mjs";

/** Brings a panel to the front, where panels stand behind tabs. @param {string} name */
export const bring = (name) => dispatchEvent(new CustomEvent("jointops-sheet", { detail: name }));

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
  // Another panel may bring one to the front; on a wall all are there.
  addEventListener("jointops-sheet", (event) => open(/** @type {CustomEvent<string>} */ (event).detail));
  open("board");
}
