// @ts-check
// The signs of a player and of what is saved, drawn: no font is sure to have them.

import { svg } from "./dom.mjs";

/** @type {Record<string, string>} */
const PATHS = {
  play: "M8 5v14l11-7Z",
  pause: "M7 5h3.5v14H7ZM13.5 5H17v14h-3.5Z",
  before: "M6 5h2.5v14H6ZM19 5v14l-9.5-7Z",
  after: "M15.5 5H18v14h-2.5ZM5 5v14l9.5-7Z",
  slower: "M5 10.8h14v2.4H5Z",
  save: "M11 4h2v8.2l3-3 1.4 1.4L12 16l-5.4-5.4L8 9.2l3 3ZM5 18h14v2H5Z",
  faster: "M10.8 5h2.4v5.8H19v2.4h-5.8V19h-2.4v-5.8H5v-2.4h5.8Z",
};

/** @param {string} name */
export function sign(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: "sign", "aria-hidden": "true", focusable: "false" }, [
    svg("path", { d: PATHS[name] }),
  ]);
}
