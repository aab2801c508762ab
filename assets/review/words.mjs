// @ts-check
/** What a view of a moment is called. Pure. */

/** @typedef {{ id: string, name: string, tag: string }} Agency */

/** In one line, after "REPLAY 14:03:07 ·". @param {string} view @param {Agency[]} agencies */
export function viewWords(view, agencies) {
  if (view === "known") return "as known then";
  if (view === "truth") return "truth as known today";
  const [kind, id] = [view.slice(0, view.indexOf(":")), view.slice(view.indexOf(":") + 1)];
  if (kind === "agency") return `as available to ${agencies.find((a) => a.id === id)?.tag ?? id.toUpperCase()}`;
  if (kind === "screen") return `as on screen ${id}`;
  return view;
}

/** The same for a choice among several: the long name of the agency. @param {string} view @param {Agency[]} agencies */
export function viewChoice(view, agencies) {
  if (view.startsWith("agency:")) return agencies.find((a) => a.id === view.slice(7))?.name ?? view.slice(7);
  const words = viewWords(view, agencies);
  return words[0].toUpperCase() + words.slice(1);
}

/** What each view means, for who rests the mouse on it. @type {Record<string, string>} */
export const MEANING = {
  known: "What the system had received by this moment: late reports and corrections are not in it yet.",
  truth: "What was so at this moment, by all that is known today: late reports and corrections are in it.",
  agency: "What this agency's people could see at this moment, under the rules then in force.",
  screen: "What was on this screen at this moment.",
};

/** @param {number} m */
export const metresWords = (m) => (m < 1000 ? `${Math.round(m)} m` : `${(m / 1000).toFixed(m < 10_000 ? 1 : 0)} km`);
