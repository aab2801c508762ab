// @ts-check
// The words over the map of a review. Nobody shall take what is shown for what is.

import { inStep } from "../review/in_step.mjs";
import { viewWords } from "../review/words.mjs";
import { find, say } from "./dom.mjs";
import { clock } from "./words.mjs";

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const time = find(root, ".watermark-time");
  const view = find(root, ".watermark-view");
  const rest = find(root, ".watermark-rest");
  const face = clock(page.config.timezone);
  const write = () => {
    const { coarse } = review;
    say(time, face(coarse?.at ?? review.at()).time);
    const words = viewWords(review.view, page.hello?.agencies ?? []);
    say(view, coarse ? `${words} · units each ${coarse.step_s} s` : words);
    say(rest, coarse ? `all else as at ${face(coarse.exact).time}` : "");
  };
  const soon = inStep(review, write);
  review.on("clock", soon);
  page.on("hello", write);
  page.on("second", soon);
  write();
}
