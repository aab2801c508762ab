// @ts-check
/**
 * A moment that is dragged: units drawn at once from the overview in the browser, no seek at the server, which is asked
 * for the exact picture when the finger lets go. Where there is no overview the server seeks as it always did.
 *
 * While the overview draws, the stream is mute: what it sends is of other moments. The first picture of an epoch that
 * was asked for since takes over again.
 */

import { oncePerFrame } from "../map/once.mjs";
import { apply } from "../map/store.mjs";
import { limitsOf } from "./blocks.mjs";
import { unitsFrame } from "./coarse.mjs";
import { openOverviews } from "./overviews.mjs";
import { fetchSpan, isTold } from "./spans.mjs";

/** A range that stays for so long has its overview fetched, ms. */
const SETTLED_MS = 300;
/** What is sealed meanwhile, or could not be had, is looked for this often, ms. */
const AGAIN_MS = 60_000;

/**
 * @param {import("../types.d.ts").Review} review
 * @param {import("../types.d.ts").PageConfig} config
 * @param {{ seek: (at: number) => void, mute: () => void, changed: () => void }} to
 */
export function makeScrub(review, config, to) {
  /** @type {string[]} */
  let agencies = [];
  let view = review.view;
  /** The moment under the finger. @type {number | null} */
  let held = null;
  let drawing = false;
  /** What the store has of the overview. @type {import("../map/instant.mjs").State[] | null} */
  let drawn = null;
  let exact = NaN;
  let wanting = 0;
  /** @type {{ store: import("../types.d.ts").Store, frame: import("../map/stream.mjs").Listener["frame"] } | null} */
  let canvas = null;

  const overviews = openOverviews({
    get: (level, agency, at) => fetchSpan(view, level, agency, at),
    agencies: () => agencies,
    limits: limitsOf(config.kind, matchMedia("(pointer: coarse)").matches),
    now: () => performance.now(),
    ready() {
      if (held !== null && (drawing || has(held) !== "none")) take(held);
    },
  });
  const has = (/** @type {number} */ at) => (canvas && isTold(view) ? overviews.has(at, review.range) : "none");

  /** Shows a moment. @param {number} at */
  const take = (at) => {
    drawing = has(at) !== "none";
    if (!drawing) return to.seek(at);
    to.mute();
    draw();
  };

  const draw = oncePerFrame(() => {
    if (held === null || !drawing || !canvas) return;
    const coarse = overviews.at(held, review.range);
    if (!coarse || (review.coarse?.at === coarse.at && drawn?.[0]?.span === coarse.states[0]?.span)) return;
    const began = performance.now();
    const frame = unitsFrame(canvas.store, coarse.states, drawn);
    review.coarse = { at: coarse.at, step_s: coarse.step_s, exact };
    drawn = coarse.states;
    canvas.frame(apply(canvas.store, frame), frame, began);
    to.changed();
  });

  const want = () => {
    clearTimeout(wanting);
    if (!canvas || Number.isNaN(exact) || !isTold(view)) return; // the first picture comes first
    wanting = window.setTimeout(() => overviews.want(review.range, review.at()), SETTLED_MS);
  };
  const anew = () => {
    overviews.clear();
    want();
  };
  const looking = setInterval(want, AGAIN_MS);
  review.on("range", want);
  review.on("clock", () => {
    if (view === review.view) return;
    view = review.view;
    anew();
  });

  return {
    /** The finger has the moment, and what is shown is the overview's. */
    get draws() {
      return drawing;
    },
    /** What is drawn on. @param {import("../types.d.ts").Store} store @param {import("../map/stream.mjs").Listener["frame"]} frame */
    on(store, frame) {
      canvas = { store, frame };
    },
    /** Whose units there are. @param {string[]} names */
    of(names) {
      if (names.join() === agencies.join()) return;
      agencies = names;
      anew();
    },
    /** @param {number} at */
    hold(at) {
      held = at;
      take(at);
    },
    /** The finger lets go: the next picture is the server's. */
    release() {
      held = null;
      drawing = false;
    },
    /** A picture of the server's is in the store. @param {number} at its time */
    pictured(at) {
      const first = Number.isNaN(exact);
      exact = at;
      drawn = null;
      if (first) want();
      if (!review.coarse) return;
      review.coarse = null;
      to.changed();
    },
    /** What is kept (for whoever measures). */
    kept: () => overviews.kept,
    stop() {
      clearTimeout(wanting);
      clearInterval(looking);
      overviews.clear();
    },
  };
}
