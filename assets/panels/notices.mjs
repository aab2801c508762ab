// @ts-check
// What the recordings say to the person: each stands a while and goes; what is wrong stays.

import { el } from "./dom.mjs";

const STANDS_S = 8;
const SHOWN_MAX = 3;

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  let shown = "";
  const write = () => {
    const now = performance.now() / 1000;
    const fresh = review.notices.filter(({ since }) => now - since < STANDS_S).slice(-SHOWN_MAX);
    const words = [review.problem, ...fresh.map(({ text }) => text)].filter(Boolean);
    if (words.join("\n") === shown) return;
    shown = words.join("\n");
    root.replaceChildren(...words.map((text) => el("p", "notice", text)));
  };
  review.on("notice", write);
  review.on("recording", write);
  page.on("second", write);
  write();
}
