// @ts-check
/**
 * Units of the time pyramid as frames for the store, which the stream's own frames have filled: of layer units alone,
 * all other layers stay as they were. Pure.
 */

import { frameOf } from "../map/instant.mjs";
import { DELTA } from "../map/frame.mjs";

/** @typedef {import("../map/instant.mjs").State} State */
/** @typedef {import("../map/frame.mjs").Frame} Frame */

/**
 * A delta on what the store has that makes its units those of `states`. `since`: the states that were drawn last, null
 * when something else was.
 * @param {import("../types.d.ts").Store} store @param {State[]} states @param {State[] | null} since
 * @returns {Frame}
 */
export function unitsFrame(store, states, since) {
  const follows = since && since.length === states.length && since.every((state, i) => state.span === states[i].span);
  const frame = frameOf(states, store.rev + 1, follows ? since : undefined);
  if (follows) return frame;
  /** @type {number[]} */
  const gone = [];
  const { present, end } = store.units;
  for (let row = 0; row < end; row++) if (present[row]) gone.push(row);
  return { ...frame, type: DELTA, base: store.rev, layers: frame.layers.map((layer) => ({ ...layer, gone })) };
}
