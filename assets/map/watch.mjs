// @ts-check
/** Keeps `page.line` true: looks at the line by the client's own clocks and asks the web process each second. */

import { line } from "./line.mjs";

const LOOK_MS = 250;
const ASK_MS = 1000;
const ANSWER_MS = 1500;

/** @returns {import("./line.mjs").Instant} */
export const instant = () => ({ mono: performance.now() / 1000, wall: Date.now() / 1000 });

/**
 * @param {import("../types.d.ts").Page} page
 * @param {string} stream what it is called when it is gone
 * @param {() => void} changed the line changed
 */
export function watchLine(page, stream, changed) {
  const state = line(instant(), stream);
  const look = () => {
    const now = state.at(instant());
    if (now.state === page.line.state && now.what === page.line.what) return;
    page.line = now;
    changed();
  };
  const ask = async () => {
    try {
      // Any answer will do: a web process that says "degraded" is there.
      const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
      await answer.text(); // to its end: an answer that nobody reads counts as a request that failed
      state.web(instant());
      look();
    } catch {
      // Silence is what the line measures.
    }
  };
  const timers = [setInterval(look, LOOK_MS), setInterval(ask, ASK_MS)];
  void ask();
  return {
    stop() {
      for (const timer of timers) clearInterval(timer);
    },
    /** A frame of the stream was applied. */
    heard() {
      state.hub(instant(), true);
      if (page.line.state !== "live") look();
    },
    /** @param {boolean} isLost */
    graphicsLost(isLost) {
      state.graphics(!isLost);
      look();
    },
    /** The tab is looked at again. Its timers had been slowed, so the web process gets a moment to answer. */
    woken() {
      state.web(instant());
      void ask();
      look();
    },
  };
}
