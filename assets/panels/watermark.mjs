// @ts-check
// The words over the map of a review. Nobody shall take what is shown for what is.

import { inStep } from "../review/in_step.mjs";
import { edgeWords, notShown, screenWords, viewWords } from "../review/words.mjs";
import { find, mark, say, show } from "./dom.mjs";
import { clock } from "./words.mjs";

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const time = find(root, ".watermark-time");
  const [view, rest, screen] = [find(root, ".watermark-view"), find(root, ".watermark-rest"), find(root, ".watermark-screen")];
  const face = clock(page.config.timezone);
  const write = () => {
    const { coarse } = review;
    const agencies = page.hello?.agencies ?? [];
    const missing = notShown(review, page.line, page.store.rev);
    mark(root, "lost", String(missing !== ""));
    say(time, missing ? "" : face(coarse?.at ?? review.at()).time);
    const words = viewWords(review.view, agencies);
    say(view, missing ? "not connected" : coarse ? `${words} · units each ${coarse.step_s} s` : words);
    say(rest, coarse && !missing ? `all else as at ${face(coarse.exact).time}` : missing || !review.recording ? "" : edgeWords(review.at(), review.filled(), review.bounds(), face));
    say(screen, review.screen ? screenWords(review.screen, review.at(), agencies).join(" · ") : "");
    show(screen, review.screen !== null && !missing);
  };
  const soon = inStep(review, write);
  review.on("clock", soon);
  review.on("screen", soon);
  review.on("notice", write);
  page.on("line", write);
  page.on("frame", soon);
  page.on("hello", write);
  page.on("second", soon);
  write();
}
