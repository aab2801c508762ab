// @ts-check
/** What a view of a moment is called. Pure. */

import { LAYERS } from "../map/screen.mjs";
import { offWords } from "../panels/words.mjs";

/** @typedef {{ id: string, name: string, tag: string }} Agency */

/** In one line, after "REPLAY 14:03:07 ·". @param {string} view @param {Agency[]} agencies */
export function viewWords(view, agencies) {
  if (view === "known") return "as known then";
  if (view === "truth") return "truth as known today";
  const [kind, id] = [view.slice(0, view.indexOf(":")), view.slice(view.indexOf(":") + 1)];
  if (kind === "agency") return `as available to ${agencies.find((a) => a.id === id)?.tag ?? id.toUpperCase()}`;
  if (kind === "screen") return `screen of ${screenName(id, agencies)}`;
  return view;
}

/** The same for a choice among several: the long name of the agency. @param {string} view @param {Agency[]} agencies */
export function viewChoice(view, agencies) {
  if (view.startsWith("agency:")) return agencies.find((a) => a.id === view.slice(7))?.name ?? view.slice(7);
  const words = viewWords(view, agencies);
  return words[0].toUpperCase() + words.slice(1);
}

/** Whose screen, of which kind: "CPD wall". @param {string} id AGENCY-KIND-NUMBER @param {Agency[]} agencies */
export function screenName(id, agencies) {
  const [, agency, kind] = /^(.+)-([a-z]+)-\d+$/.exec(id) ?? ["", id, ""];
  return `${agencies.find((a) => a.id === agency)?.tag ?? agency.toUpperCase()} ${kind}`.trim();
}

/** A screen as a choice: when it was opened, and to the minute closed. @param {import("../types.d.ts").ScreenOffer} of @param {Agency[]} agencies @param {(at: number) => { time: string }} face */
export function screenChoice({ id, since, until }, agencies, face) {
  return `${screenName(id, agencies)} ${until === null ? "since " : ""}${face(since).time}${until === null ? "" : `–${face(until).time.slice(0, 5)}`}`;
}

/** What a screen showed at a moment, or why nothing is shown: one line each. @param {import("../types.d.ts").ScreenSaid} said @param {number} at @param {Agency[]} agencies */
export function screenWords({ text, look, rev, drawn_at, is_tick }, at, agencies) {
  if (text || !look || drawn_at === undefined) return [text || "Nothing is on record of this screen at this moment."];
  const off = offWords(LAYERS.filter((layer) => !look.layers.includes(layer)), look.without, agencies);
  return [
    `revision ${rev}, drawn ${agoWords(at - drawn_at)} before${is_tick ? "" : "; its tick is not on record, the nearest picture is shown"}`,
    look.away ? "nobody could see it: another tab was in front" : "",
    off && `off: ${off}`,
  ].filter(Boolean);
}

/** @param {number} seconds */
const agoWords = (seconds) => (seconds < 10 ? `${Math.max(0, seconds).toFixed(1)} s` : seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

/** Nearer to the record's beginning than this nothing may be known yet, seconds. */
const BEGINS_S = 5;

/** Where the record begins or has ended already, next to a moment there; "" in between. @param {number} at @param {import("./range.mjs").Range} filled @param {import("./range.mjs").Range} bounds @param {(at: number) => { time: string }} face */
export function edgeWords(at, filled, bounds, face) {
  if (at <= bounds.from + BEGINS_S) return "the record begins here";
  return at > filled.to && bounds.to > filled.to ? `nothing recorded since ${face(filled.to).time.slice(0, 5)}` : "";
}

/**
 * What became of the moment of an address, where it is not shown; "" where it is.
 * @param {number | undefined} asked @param {boolean} unread it is there and cannot be read @param {import("./range.mjs").Range} bounds @param {(at: number) => { time: string, date: string }} face
 */
export function movedWords(asked, unread, { from, to }, face) {
  const [begin, end] = [face(from), face(to)];
  const record = `The record goes from ${begin.date} ${begin.time} to ${end.date === begin.date ? "" : `${end.date} `}${end.time}`;
  if (unread) return `The moment in the address cannot be read. ${record}.`;
  if (asked === undefined || (asked >= from - 1 && asked <= to + 1)) return "";
  return `The address asks for a moment that is not on record. ${record}; this is its ${asked < from ? "beginning" : "end"}.`;
}

/** What each view means, for who rests the mouse on it. @type {Record<string, string>} */
export const MEANING = {
  known: "What the system had received by this moment: late reports and corrections are not in it yet.",
  truth: "What was so at this moment, by all that is known today: late reports and corrections are in it.",
  agency: "What this agency's people could see at this moment, under the rules then in force.",
  screen: "What this screen had drawn by this moment, where its map looked, and what was on.",
};

export const CONNECTING = "Connecting to the recordings.";
const TOO_MANY = 4429;
const FAILED = 1011;

/** Why the recordings closed a review, for people; "" when that says nothing. @param {number} code of the socket's end @param {string} why as they said it */
export function refusalWords(code, why) {
  if (code === TOO_MANY) return "Too many reviews are open. Close one; this one tries again by itself.";
  return code === FAILED && why ? `${why[0].toUpperCase()}${why.slice(1)}. This tries again by itself.` : "";
}

/**
 * Why what is on the map is not of the moment; "" when it is. Nobody shall take an empty map for an empty city.
 * @param {{ refused: string }} review @param {import("../types.d.ts").Page["line"]} line @param {number} rev of the picture, 0: there is none
 */
export function notShown({ refused }, line, rev) {
  if (refused) return refused;
  if (line.what.includes("replay")) return "The recordings do not answer.";
  return rev ? "" : CONNECTING;
}

/** @param {number} m */
export const metresWords = (m) => (m < 1000 ? `${Math.round(m)} m` : `${(m / 1000).toFixed(m < 10_000 ? 1 : 0)} km`);
