// @ts-check
/** What shows the moment under review is written each animation frame while it plays, and else when it is asked for. */

import { oncePerFrame } from "../map/once.mjs";

/**
 * Returns what has `write` called in the next frame.
 * @param {import("../types.d.ts").Review} review @param {() => void} write
 */
export function inStep(review, write) {
  const soon = oncePerFrame(() => {
    write();
    if (review.playing && !document.hidden) soon();
  });
  return soon;
}
