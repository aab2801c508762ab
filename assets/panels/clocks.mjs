// @ts-check
// The sources whose clock was off at the moment under review, as far as it was known then.

import { el, find, mark, pool, say, show } from "./dom.mjs";
import { count, offBy, tagOf } from "./words.mjs";

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const [list, note, empty] = [find(root, ".clocks-rows"), find(root, ".panel-note"), find(root, ".panel-empty")];
  const rows = pool(list, () => {
    const node = el("li", "clocks-row");
    const [tag, source, off] = [el("span", "tag"), el("span", "clocks-source"), el("b", "clocks-off")];
    node.append(tag, source, off);
    return { root: node, tag, source, off };
  });
  const write = () => {
    const clocks = review.clocks;
    rows.take(clocks.length).forEach((row, i) => {
      const { agency, source } = clocks[i];
      say(row.tag, tagOf(page, agency));
      say(row.source, source.startsWith(`${agency}-`) ? source.slice(agency.length + 1) : source);
      say(row.off, offBy(clocks[i]));
      row.root.title = "What these sources say keeps their own time; a card, a track and an export show the aligned one beside it.";
    });
    mark(root, "none", String(clocks.length === 0));
    say(note, clocks.length ? count(clocks.length, "source") : "");
    say(empty, "No source's clock is known to have been off.");
    show(empty, clocks.length === 0);
  };
  review.on("clocks", write);
  page.on("hello", write);
  write();
}
