// @ts-check
/** The findings that this viewer may read, from the site's web process: read now and then, written, never edited. */

import { emitter } from "../map/events.mjs";

const PATH = "/api/findings";
const ANSWER_MS = 10_000;
const EVERY_MS = 60_000;
const SILENT = "The site does not answer.";

/** @typedef {import("../types.d.ts").Finding} Finding */
/** @typedef {import("../types.d.ts").FindingDraft} FindingDraft */

/**
 * @typedef {object} Written what came of writing: one of them
 * @property {Finding} [finding] it is written
 * @property {Finding} [newer] somebody else was faster: what it says now
 * @property {string} [problem] why not, in words
 */

export function openFindings() {
  /** @type {ReturnType<typeof emitter<"change">>} */
  const events = emitter();

  /** @param {string} path @param {RequestInit} [how] */
  const fetched = async (path, how = {}) => {
    const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS), ...how });
    const said = await answer.json().catch(() => ({}));
    return { status: answer.status, said, words: said.error || `The site answers ${answer.status}.` };
  };
  const findings = {
    /** @type {Finding[]} */
    all: [],
    /** Why they cannot be read, in words. */
    problem: "",
    /** Whether they were ever read. */
    known: false,
    on: events.on,
    async load() {
      try {
        const { status, said, words } = await fetched(PATH);
        findings.problem = status === 200 ? "" : words;
        if (status === 200) [findings.all, findings.known] = [said.findings, true];
      } catch {
        findings.problem = SILENT;
      }
      events.emit("change");
    },
    /** All that a finding said, oldest first. Rejects with words. @param {string} id @returns {Promise<Finding[]>} */
    async versions(id) {
      const { status, said, words } = await fetched(`${PATH}/${encodeURIComponent(id)}`).catch(() => ({ status: 0, said: null, words: SILENT }));
      if (status !== 200) throw new Error(words);
      return said.versions;
    },
    /** Writes a finding, or what it says from now on. @param {FindingDraft} said @param {Pick<Finding, "id" | "version"> | null} of @returns {Promise<Written>} */
    async write(said, of) {
      const path = of ? `${PATH}/${encodeURIComponent(of.id)}?version=${of.version}` : PATH;
      let answer;
      try {
        answer = await fetched(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(said) });
      } catch {
        return { problem: SILENT };
      }
      if (answer.status === 409 && of) {
        const newer = await findings.versions(of.id).then((all) => all[all.length - 1], () => undefined);
        void findings.load();
        return newer ? { newer } : { problem: answer.words };
      }
      if (answer.status === 401) return { problem: "You are logged out. Log in again in another tab, then save." };
      if (answer.status >= 300) return { problem: answer.words };
      await findings.load();
      return { finding: answer.said.finding };
    },
  };
  setInterval(() => {
    if (!document.hidden) void findings.load();
  }, EVERY_MS);
  return findings;
}
