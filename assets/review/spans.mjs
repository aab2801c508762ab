// @ts-check
/** Fetches stretches of the record from the site (docs/wire.md). */

/** A block that nobody asked for yet has to be made first, ms. */
const ANSWER_MS = 12_000;

/** Whether the overview tells of a view: it knows what was known each few seconds, not what was true. @param {string} view */
export const isTold = (view) => view === "known" || view.startsWith("agency:");

/**
 * A block of one agency; null when there is none, or none for this viewer. Rejects when it cannot be had now.
 * @param {string} view @param {string} level @param {string} agency @param {number} at where it begins, Unix seconds
 * @returns {Promise<ArrayBuffer | null>}
 */
export async function fetchSpan(view, level, agency, at) {
  const path = [view, level, agency, String(at)].map(encodeURIComponent).join("/");
  // What the browser has is good when the site says so: who may have it is looked at each time.
  const answer = await fetch(`/api/spans/${path}`, { cache: "no-cache", signal: AbortSignal.timeout(ANSWER_MS) });
  const body = await answer.arrayBuffer();
  if (answer.status === 200) return body;
  if (answer.status === 204) return null;
  throw new Error(`the site answers ${answer.status}`);
}
