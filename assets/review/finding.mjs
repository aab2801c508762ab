// @ts-check
/** A finding: what one says at first, which are shown, what two versions differ in. Pure: time is an argument. */

/** @typedef {import("../types.d.ts").Finding} Finding */
/** @typedef {import("../types.d.ts").FindingDraft} FindingDraft */
/** @typedef {import("../types.d.ts").FindingRef} FindingRef */

/** @type {FindingDraft["state"][]} */
export const STATES = ["open", "in progress", "done", "rejected"];
/** @type {Record<FindingDraft["state"], string>} */
export const STATE_WORDS = { open: "Open", "in progress": "In progress", done: "Done", rejected: "Rejected" };
export const TITLE_MAX = 120;
export const OWNER_MAX = 80;
export const WORDS_MAX = 4000;
export const REFS_MAX = 50;
/** More cannot be sent at once, bytes. */
export const SENT_MAX = 64 * 1024;

/** What is written freely, by field: the three questions of a review. @type {[("happened" | "response" | "differently"), string][]} */
export const QUESTIONS = [
  ["happened", "What happened?"], ["response", "What was our response?"], ["differently", "What would we do differently?"],
];
/** @type {Record<string, string>} */
export const FIELD_WORDS = {
  at: "moment", until: "end", view: "view", lon: "place", lat: "place", refs: "things", title: "title", happened: "what happened",
  response: "the response", differently: "what to do differently", owner: "owner", due: "due", state: "state", shared: "who may read it",
};

/** @param {FindingDraft["state"]} state */
export const isClosed = (state) => state === "done" || state === "rejected";

/**
 * A finding that says nothing yet, pinned.
 * @param {number} at @param {string} view @param {[number, number] | null} place @param {FindingRef[]} refs
 * @returns {FindingDraft}
 */
export function begun(at, view, place, refs) {
  const [lon, lat] = place ?? [null, null];
  return {
    at: Math.round(at * 1000) / 1000, until: null, view, lon, lat, refs, title: "", happened: "", response: "", differently: "", owner: "",
    due: null, state: "open", shared: false,
  };
}

/** Those in a state, by the moment they are pinned to; "unclosed" and "" (all) are choices too. @param {Finding[]} all @param {string} which */
export function inState(all, which) {
  const fits = (/** @type {Finding} */ { said: { state } }) => (which === "unclosed" ? !isClosed(state) : !which || state === which);
  return all.filter(fits).sort((a, b) => a.said.at - b.said.at || (a.id < b.id ? -1 : 1));
}

/** Those pinned to a moment in the range, or to a stretch that reaches into it. @param {Finding[]} all @param {import("./range.mjs").Range} range */
export const inRange = (all, { from, to }) => all.filter(({ said }) => (said.until ?? said.at) >= from && said.at <= to);

/** @param {FindingDraft} said @param {string} today `2026-11-28` */
export const isOverdue = ({ due, state }, today) => due !== null && due < today && !isClosed(state);

/** Names of the fields in which two versions differ. @param {FindingDraft} a @param {FindingDraft} b */
export function differing(a, b) {
  /** @type {(keyof FindingDraft)[]} */
  const names = ["title", "happened", "response", "differently", "owner", "due", "state", "shared", "at", "until", "view", "lon", "lat", "refs"];
  return names.filter((name) => JSON.stringify(a[name] ?? null) !== JSON.stringify(b[name] ?? null));
}

/** What changed, in words, each once. @param {(keyof FindingDraft)[]} names */
export const changedWords = (names) => [...new Set(names.map((name) => FIELD_WORDS[name]))].join(", ");

/** Whether two name the same thing. @param {FindingRef} a @param {FindingRef} b */
export const sameThing = (a, b) => a.layer === b.layer && a.agency === b.agency && a.id === b.id;

/** Findings that are about a thing. @param {Finding[]} all @param {FindingRef} thing */
export const about = (all, thing) => all.filter(({ said }) => said.refs.some((ref) => sameThing(ref, thing)));

/** What cannot be written, in words; "" when it can. @param {FindingDraft} said */
export function fault(said) {
  if (!said.title.trim()) return "A finding needs a title.";
  if (new TextEncoder().encode(JSON.stringify(said)).length > SENT_MAX) return "This is longer than one finding may be. Shorten it, or write two.";
  return "";
}
