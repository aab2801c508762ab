// @ts-check
// "12 units outside this view", and the jump: a person's act, the only thing here that moves the camera.

import { calmly, find, say, show } from "./dom.mjs";
import { count } from "./words.mjs";

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  const words = find(root, ".outside-words");
  find(root, "button").addEventListener("click", () => page.fitAll());
  const write = () => {
    const n = page.outside();
    if (n > 0) say(words, `${count(n, "unit")} outside this view`);
    show(root, n > 0);
  };
  const calm = calmly(write, 250);
  page.on("camera", calm);
  page.on("second", calm);
}
