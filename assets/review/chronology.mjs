// @ts-check
/** An incident's timeline as rows: lines of the record and findings, in order, each with both its times. Pure. */

import { about } from "./finding.mjs";

/** A report that took longer than this to come says so, seconds. */
export const LATE_S = 3;
/** Places that near may mean, metres. */
export const RADII = [100, 300, 1000, 3000];
export const METRES = 300;

/** @typedef {import("../types.d.ts").Chronology} Chronology */
/** @typedef {import("../types.d.ts").ChronologyLine} ChronologyLine */
/** @typedef {import("../types.d.ts").Finding} Finding */
/**
 * @typedef {object} Row
 * @property {number} at its place in the order
 * @property {number} observed
 * @property {number} received when it was known; of a finding when it was written
 * @property {"" | ChronologyLine["kind"] | "finding"} kind
 * @property {ChronologyLine} [line]
 * @property {Finding} [finding]
 */

/**
 * What is to be shown at a moment: in a view of what was known nothing that came later, whenever it was asked for.
 * Findings belong to the review, not to the record, and stand in every view.
 * @param {Chronology} said @param {Finding[]} findings all there are @param {string} view @param {number} at
 * @returns {Row[]}
 */
export function rowsOf(said, findings, view, at) {
  const lines = view === "truth" ? said.lines : said.lines.filter((line) => Math.max(line.received_at, line.at) <= at);
  /** @type {Row[]} */
  const rows = lines.map((line) => ({ at: line.at, observed: line.observed_at, received: line.received_at, kind: line.kind, line }));
  for (const finding of about(findings, { layer: "incidents", agency: said.agency, id: said.id })) {
    rows.push({ at: finding.said.at, observed: finding.said.at, received: finding.made_at, kind: "finding", finding });
  }
  return rows.sort((a, b) => a.at - b.at || a.received - b.received);
}

/** The row at which a moment stands: the last that was by then; -1 before all. @param {Row[]} rows @param {number} at */
export function standingAt(rows, at) {
  let found = -1;
  rows.forEach((row, i) => {
    if (row.kind !== "finding" && row.at <= at) found = i;
  });
  return found;
}

/**
 * From when on who could know of it: agencies by the tenth of a second, earliest first; those that could not have at null.
 * @param {Chronology} said @returns {{ at: number | null, agencies: string[] }[]}
 */
export function knownFrom(said) {
  /** @type {Map<number | null, string[]>} */
  const groups = new Map();
  for (const [agency, at] of said.known ?? []) {
    const tenth = at === null ? null : Math.floor(at * 10) / 10;
    groups.set(tenth, [...(groups.get(tenth) ?? []), agency]);
  }
  return [...groups].map(([at, agencies]) => ({ at, agencies })).sort((a, b) => (a.at ?? Infinity) - (b.at ?? Infinity));
}

/** When the incident came in, as far as it is told; null: nothing is. @param {Chronology} said */
export function cameIn(said) {
  const lines = said.lines.filter(({ kind }) => kind === "incident").map(({ received_at }) => received_at);
  const firsts = (said.known ?? []).flatMap(([, at]) => (at === null ? [] : [at]));
  const times = [...lines, ...firsts];
  return times.length ? Math.min(...times) : null;
}

/** How far apart its two times are, in words; "" when that is nothing. @param {ChronologyLine} line @param {(seconds: number) => string} age */
export function lagWords({ observed_at, received_at }, age) {
  const late = received_at - observed_at;
  return late > LATE_S ? `came ${age(late)} later` : late < -LATE_S ? `its clock is ${age(-late)} ahead` : "";
}
