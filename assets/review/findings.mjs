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
 * @property {boolean} [unsure] nobody said whether it is written: the same is to be sent again
 */

/** The id of a finding that is begun, so that what is sent twice is there once. */
export const newId = () => `f-${[...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;

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
    /**
     * Writes what a finding says from now on, after its version `of`: 0 of a new one, whose id is the writer's.
     * @param {FindingDraft} said @param {Pick<Finding, "id" | "version">} of @returns {Promise<Written>}
     */
    async write(said, of) {
      const path = `${PATH}/${encodeURIComponent(of.id)}?version=${of.version}`;
      let answer;
      try {
        answer = await fetched(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(said) });
      } catch {
        return { problem: SILENT, unsure: true };
      }
      if (answer.status === 409) {
        const newer = await findings.versions(of.id).then((all) => all[all.length - 1], () => undefined);
        void findings.load();
        return newer ? { newer } : { problem: answer.words };
      }
      if (answer.status === 401) return { problem: "You are logged out. Log in again in another tab, then save." };
      if (answer.status >= 300) return { problem: answer.words };
      if (!answer.said.finding) return { problem: SILENT, unsure: true }; // the answer was cut
      await findings.load();
      return { finding: answer.said.finding };
    },
  };
  setInterval(() => {
    if (!document.hidden) void findings.load();
  }, EVERY_MS);
  return findings;
}
