// @ts-check
/**
 * The time pyramid in the browser: fetches the blocks that a range needs, keeps their bytes, decodes the one under the
 * finger. What cannot be had is no error: whoever drags there seeks at the server.
 */

import { inflate } from "../map/frame.mjs";
import { stateAt } from "../map/instant.mjs";
import { readSpan } from "../map/span.mjs";
import { LEVELS, beginOf, blocksFor, bytesOf, keeper, levelsFor, stepOf } from "./blocks.mjs";

/** @typedef {import("./blocks.mjs").Level} Level */
/** @typedef {import("./range.mjs").Range} Range */
/** @typedef {import("../map/instant.mjs").State} State */
/** @typedef {{ at: number, until: number, spans: import("../map/span.mjs").Span[] }} Decoded */
/** @typedef {{ key: string, level: Level, at: number, parts: (ArrayBuffer | null)[], next: number, left: number }} Job */
/** @typedef {{ at: number, step_s: number, states: State[] }} Coarse units of all agencies at a step */

/** Requests at once: the page has others. */
const LANES = 3;
/** What could not be had, or still grew, is asked for again after this, ms; what there was not, after that. */
const AGAIN_MS = 30_000;
const NONE_MS = 300_000;

/**
 * @param {object} of
 * @param {(level: Level, agency: string, at: number) => Promise<ArrayBuffer | null>} of.get null: there is none; rejects when it cannot be had now
 * @param {() => string[]} of.agencies whose units there are
 * @param {{ blocks: number, bytes: number, packed: number }} of.limits
 * @param {() => number} of.now ms
 * @param {() => void} of.ready something is there that was not
 */
export function openOverviews({ get, agencies, limits, now, ready }) {
  /** @type {ReturnType<typeof keeper<ArrayBuffer[]>>} as they came, a block of all agencies each */
  const packed = keeper(Infinity, limits.packed);
  /** @type {ReturnType<typeof keeper<Decoded>>} */
  const decoded = keeper(limits.blocks, limits.bytes);
  /** @type {Map<string, number>} until when what was not had, or not whole, is not asked for again, ms */
  const tried = new Map();
  /** @type {Job[]} */
  let jobs = [];
  let lanes = 0;
  let generation = 0;
  let decoding = false;
  /** @type {string | null} the block to be decoded next: that under the finger */
  let wanted = null;

  const keyOf = (/** @type {Level} */ level, /** @type {number} */ at) => `${level}/${at}`;
  const lately = (/** @type {string} */ key) => now() < (tried.get(key) ?? -Infinity);

  /** @param {Level} level @param {number} at @param {boolean} [first] */
  const ask = (level, at, first = false) => {
    const key = keyOf(level, at);
    const there = jobs.findIndex((job) => job.key === key);
    if (there >= 0) {
      if (first) jobs.unshift(...jobs.splice(there, 1));
      return;
    }
    if (packed.has(key) || lately(key) || !agencies().length) return;
    const left = agencies().length;
    jobs[first ? "unshift" : "push"]({ key, level, at, parts: [], next: 0, left });
    while (lanes < LANES && lanes < jobs.length * left) void lane();
  };

  /** Fetches one part after the other, until there is none. */
  const lane = async () => {
    lanes += 1;
    const mine = generation;
    for (;;) {
      const names = agencies();
      const job = jobs.find(({ next }) => next < names.length);
      if (!job || mine !== generation) break;
      const i = job.next++;
      /** @type {ArrayBuffer | null} */
      let part = null;
      let again = NONE_MS;
      try {
        part = await get(job.level, names[i], job.at);
      } catch {
        again = AGAIN_MS;
      }
      if (mine !== generation) break;
      job.parts[i] = part;
      job.left -= 1;
      if (part && job.left) continue;
      jobs = jobs.filter((one) => one !== job);
      if (!part) tried.set(job.key, now() + again); // without one agency it would be a picture without it
      else if (job.parts.every(Boolean)) {
        const parts = /** @type {ArrayBuffer[]} */ (job.parts);
        packed.set(job.key, parts, parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
        ready();
      }
    }
    lanes -= mine === generation ? 1 : 0;
  };

  const decode = async () => {
    if (decoding) return;
    decoding = true;
    while (wanted !== null) {
      const [key, mine] = [wanted, generation];
      wanted = null;
      const parts = packed.get(key);
      if (!parts || decoded.has(key)) continue;
      try {
        const spans = [];
        for (const part of parts) spans.push(readSpan(await inflate(part)));
        if (mine !== generation) continue;
        const [at, until] = [Math.max(...spans.map((s) => s.at)), Math.min(...spans.map((s) => s.until))];
        decoded.set(key, { at, until, spans }, bytesOf(spans));
        const level = /** @type {Level} */ (key.slice(0, 2));
        if (until < beginOf(level, at) + LEVELS[level].length) tried.set(key, now() + AGAIN_MS); // it grows
      } catch (error) {
        console.warn(`overview_refused: ${error instanceof Error ? error.message : error}`);
        packed.set(key, [], 0);
        tried.set(key, now() + NONE_MS);
      }
      ready();
    }
    decoding = false;
  };

  /** The decoded block that tells of `t`, the best level first. @param {number} t @param {Range} range */
  const blockAt = (t, range) => {
    for (const level of levelsFor(range)) {
      const block = decoded.get(keyOf(level, beginOf(level, t)));
      if (block && t >= block.at && t < block.until) return { level, block };
    }
    return null;
  };

  return {
    /** Has what a range needs fetched, the nearest to `at` first. @param {Range} range @param {number} at */
    want(range, at) {
      jobs = jobs.filter(({ next }) => next > 0); // what is under way comes to its end
      for (const { level, at: begin } of blocksFor(range, at)) ask(level, begin);
    },
    /**
     * Whether `t` can be drawn: `here`, `coming` within a moment, or `none`; then it is fetched, if there is any.
     * @param {number} t @param {Range} range what the timeline shows
     */
    has(t, range) {
      const there = blockAt(t, range);
      let coming = false;
      for (const level of levelsFor(range)) {
        if (there?.level === level) break; // nothing better is to be had
        const begin = beginOf(level, t);
        const key = keyOf(level, begin);
        const parts = packed.get(key);
        if (!parts) {
          // A finger that crosses a day would have every ten minutes of it made.
          if (level === "l2" || levelsFor(range)[0] === "l1") ask(level, begin, true);
          continue;
        }
        const block = decoded.get(key);
        if (block && t < block.until) continue; // the record begins after it
        if (block || !parts.length) {
          // It ended before this when it was fetched, or it could not be read.
          if (lately(key)) continue;
          for (const kept of [packed, decoded]) kept.drop(key);
          tried.delete(key);
          ask(level, begin, true);
          continue;
        }
        wanted = key;
        coming = true;
        void decode();
        break;
      }
      return there ? "here" : coming ? "coming" : "none";
    },
    /** The units at the last step at or before `t`; null unless it is here. @param {number} t @param {Range} range @returns {Coarse | null} */
    at(t, range) {
      const there = blockAt(t, range);
      if (!there) return null;
      const at = Math.max(stepOf(there.level, t), there.block.at);
      return { at, step_s: LEVELS[there.level].step, states: there.block.spans.map((span) => stateAt(span, at)) };
    },
    /** Forgets everything: another view, other agencies. */
    clear() {
      generation += 1;
      lanes = 0;
      jobs = [];
      wanted = null;
      tried.clear();
      packed.clear();
      decoded.clear();
    },
    /** What is kept, and what is still to come. */
    get kept() {
      return { blocks: decoded.count, bytes: decoded.bytes, packed: packed.bytes, loaded: packed.count, coming: jobs.length };
    },
  };
}
