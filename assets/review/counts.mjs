// @ts-check
/** Counts per minute -> lanes of the timeline. Pure. */

/** @typedef {{ at: number, agency: string } & Partial<Record<Kind, number>>} Minute */
/** @typedef {"unit" | "incident" | "camera" | "zone" | "log"} Kind */
/** @typedef {{ from: number, to: number, agency?: string, text: string }} Gap */
/** @typedef {{ from: number, to: number, minutes: Minute[], gaps: Gap[] }} Recording */
/** @typedef {{ key: string, parts: { key: string, values: Float64Array }[], most: number }} Lane */

export const KINDS = /** @type {const} */ (["unit", "incident", "camera", "zone", "log"]);
const BINS_S = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

/** Where for so long nothing was recorded any more, the record is said to be over; counts are by the minute and come later, seconds. */
const QUIET_S = 180;

/**
 * From where to where anything is on record. A site that stands still goes on recording nothing: its last hour is not
 * to be squeezed to the edge by that.
 * @param {import("./range.mjs").Range} bounds of the recording @param {Recording | null} recording @returns {import("./range.mjs").Range}
 */
export function filled(bounds, recording) {
  let last = -Infinity;
  for (const minute of recording?.minutes ?? []) if (KINDS.some((kind) => minute[kind])) last = Math.max(last, minute.at + 60);
  return last > bounds.from && bounds.to - last > QUIET_S ? { from: bounds.from, to: last } : bounds;
}

/** How many seconds a bin holds, so that there are at most `most`. @param {import("./range.mjs").Range} range @param {number} most */
export const binOf = ({ from, to }, most) => BINS_S.find((s) => (to - from) / s <= most) ?? BINS_S[BINS_S.length - 1];

/**
 * A lane for each kind, its agencies stacked; or one for each agency, its kinds stacked. A lane in which nothing is
 * recorded at all is left out.
 * @param {Recording} recording @param {"kind" | "agency"} by @param {import("./range.mjs").Range} range @param {number} bin seconds
 * @returns {{ start: number, bins: number, lanes: Lane[] }} bin i begins at `start + i * bin`
 */
export function lanes(recording, by, range, bin) {
  const start = Math.floor(range.from / bin) * bin;
  const bins = Math.max(1, Math.ceil((range.to - start) / bin));
  const agencies = [...new Set(recording.minutes.map((m) => m.agency))];
  /** @type {string[]} */
  const outer = by === "kind" ? [...KINDS] : agencies;
  /** @type {string[]} */
  const inner = by === "kind" ? agencies : [...KINDS];
  const made = outer.map((key) => ({ key, most: 0, any: false, parts: inner.map((k) => ({ key: k, values: new Float64Array(bins) })) }));
  const at = new Map(outer.map((key, i) => [key, i]));
  const part = new Map(inner.map((key, i) => [key, i]));
  for (const minute of recording.minutes) {
    const i = Math.floor((minute.at - start) / bin);
    for (const kind of KINDS) {
      const n = minute[kind] ?? 0;
      if (!n) continue;
      const [o, p] = by === "kind" ? [kind, minute.agency] : [minute.agency, kind];
      const lane = made[/** @type {number} */ (at.get(o))];
      lane.any = true;
      if (i >= 0 && i < bins) lane.parts[/** @type {number} */ (part.get(p))].values[i] += n;
    }
  }
  for (const lane of made) {
    for (let i = 0; i < bins; i++) lane.most = Math.max(lane.most, lane.parts.reduce((sum, { values }) => sum + values[i], 0));
  }
  return { start, bins, lanes: made.filter((lane) => lane.any).map(({ key, parts, most }) => ({ key, parts, most })) };
}

/** What is counted in the bin that holds `at`, by lane, none left out. @param {ReturnType<typeof lanes>} of @param {number} bin @param {number} at */
export function countsAt({ start, bins, lanes: all }, bin, at) {
  const i = Math.min(Math.max(Math.floor((at - start) / bin), 0), bins - 1);
  return all.map(({ key, parts }) => ({ key, n: parts.reduce((sum, { values }) => sum + values[i], 0) }));
}
