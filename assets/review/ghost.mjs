// @ts-check
/** The other view of the same moment: a second review beside the first, and what differs between the two. */

import { emptyStore } from "../map/store.mjs";
import { openStream } from "../map/stream.mjs";
import { differences } from "./difference.mjs";
import { newestWins } from "./moment.mjs";
import { refusalWords } from "./words.mjs";

/** Asked for anew at most this often, ms. */
const EVERY_MS = 250;
const PATIENCE_MS = 1500;
/** Pictures of moments further apart than this are not compared, seconds: everybody would have moved. */
const SAME_S = 2.5;

/**
 * @param {import("../types.d.ts").Page} page @param {import("../types.d.ts").Review} review @param {() => void} changed
 */
export function openGhost(page, review, changed) {
  const store = emptyStore();
  const view = review.view === "truth" ? "known" : "truth";
  let [at, pictured, epoch, asked] = [NaN, NaN, "", NaN];
  /** @type {import("./difference.mjs").Difference[] | null} */
  let found = null;
  let refused = "";
  const queue = newestWins((/** @type {number} */ to) => stream.send({ type: "seek", at: to }), EVERY_MS, PATIENCE_MS, () => performance.now(), setTimeout);
  const compare = () => {
    found = Math.abs(pictured - review.at()) <= SAME_S ? differences(page.store, store) : null;
    changed();
  };
  const stream = openStream(review.url, store, {
    first: () => ({ type: "open", at: (asked = review.at()), view, speed: 0 }),
    open() {},
    hello() {
      refused = "";
    },
    health() {},
    frame(_, frame) {
      pictured = frame.at;
      queue.answered();
      compare();
    },
    said(said) {
      if (said.type !== "clock") return;
      if (said.epoch !== epoch) stream.anew();
      epoch = said.epoch;
      at = said.at;
    },
    closed(code, why) {
      [epoch, pictured] = ["", NaN];
      refused = refusalWords(code, why);
      compare();
    },
  });
  const follow = () => {
    if (review.coarse || Math.abs(review.at() - asked) < 0.01) return; // not while the moment is dragged
    asked = review.at();
    queue.take(asked);
  };
  const stops = [review.on("clock", follow), page.on("frame", compare)];
  return {
    view,
    get at() {
      return at;
    },
    /** Why there is no other view, in words; "" where that is not known. */
    get refused() {
      return refused;
    },
    /** Units that differ, the furthest first; null while there is nothing to compare with. */
    get found() {
      return found;
    },
    stop() {
      for (const stop of stops) stop();
      stream.stop();
    },
  };
}
