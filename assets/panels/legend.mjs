// @ts-check
// Draws the marks of the legend; its words come from the server.

import { drawing } from "./marks.mjs";

/** @param {HTMLElement} root */
export function mount(root) {
  for (const node of root.querySelectorAll("[data-mark]")) {
    const { layer = "", mark = "" } = /** @type {HTMLElement} */ (node).dataset;
    node.replaceChildren(drawing(layer, mark));
  }
}
