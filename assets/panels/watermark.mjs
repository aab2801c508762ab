// @ts-check
// The words over the map of a review. Nobody shall take what is shown for what is.

import { viewWords } from "../review/words.mjs";
import { find, say } from "./dom.mjs";
import { clock } from "./words.mjs";

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const time = find(root, ".watermark-time");
  const view = find(root, ".watermark-view");
  const face = clock(page.config.timezone);
  const write = () => {
    say(time, face(review.at()).time);
    say(view, viewWords(review.view, page.hello?.agencies ?? []));
  };
  let asked = 0;
  const frame = () => {
    asked = 0;
    write();
    if (review.playing && !document.hidden) soon();
  };
  const soon = () => (asked ||= requestAnimationFrame(frame));
  review.on("clock", soon);
  page.on("hello", write);
  page.on("second", soon);
  write();
}
