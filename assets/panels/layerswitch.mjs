// @ts-check
// What the map draws: layers and agencies, each on or off. What is off is said beside the word: nobody shall take it for absent.

import { LAYERS } from "../map/screen.mjs";
import { el, find, say, show } from "./dom.mjs";
import { LAYER_WORDS, offWords } from "./words.mjs";

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  const [off, layers, agencies, all] = [find(root, ".layerswitch-off"), find(root, ".layerswitch-layers"), find(root, ".layerswitch-agencies"), find(root, "button")];
  layers.append(...LAYERS.map((name) => choice(name, LAYER_WORDS[name], () => page.setOff(toggled(page.off.layers, name), page.off.agencies))));
  let made = "";
  const write = () => {
    const known = page.hello?.agencies ?? [];
    const key = JSON.stringify(known);
    if (key !== made) {
      made = key;
      agencies.replaceChildren(...known.map(({ id, tag, name }) => {
        const button = choice(id, tag, () => page.setOff(page.off.layers, toggled(page.off.agencies, id)));
        button.title = name;
        return button;
      }));
    }
    for (const [list, names] of /** @type {[HTMLElement, Set<string>][]} */ ([[layers, page.off.layers], [agencies, page.off.agencies]])) {
      for (const node of /** @type {Iterable<HTMLElement>} */ (list.children)) node.setAttribute("aria-pressed", String(!names.has(node.dataset.name ?? "")));
    }
    const words = offWords(page.off.layers, page.off.agencies, known);
    say(off, words && `off: ${words}`);
    off.title = off.textContent ?? "";
    show(off, words !== "");
    show(all, words !== "");
  };
  all.addEventListener("click", () => page.setOff([], []));
  addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !root.contains(event.target)) root.removeAttribute("open");
  });
  page.on("off", write);
  page.on("hello", write);
  write();
}

/** @param {string} name @param {string} words @param {() => void} act */
function choice(name, words, act) {
  const node = el("button", "button layerswitch-choice", words);
  node.setAttribute("type", "button");
  node.dataset.name = name;
  node.addEventListener("click", act);
  return node;
}

/** The set with the name in it, or out of it when it was. Pure. @template T @param {Set<T>} names @param {T} name */
function toggled(names, name) {
  const now = new Set(names);
  if (!now.delete(name)) now.add(name);
  return now;
}
