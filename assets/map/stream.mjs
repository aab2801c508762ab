// @ts-check
/**
 * The live stream: one socket, frames applied to the store in order, reconnect with resume (docs/wire.md).
 *
 * Frames are applied as they come, also in a hidden tab, so that nothing piles up here; the hub conflates for who
 * does not read. Deflated frames inflate in a promise: all frames, and what is said between them, then wait in one
 * chain, in order, and at most PENDING_MAX of them, beyond which the connection is given up and resumed.
 */

import { decode, inflate, isDeflated } from "./frame.mjs";
import { apply, newEpoch } from "./store.mjs";

const PAUSE_FIRST_MS = 250;
const PAUSE_MAX_MS = 2000;
/** A socket that is open and silent this long is dead, whatever the system says; heartbeats come each second. */
const SILENT_MS = 5000;
const PENDING_MAX = 64;
const ANSWER_MS = 5000;
const ASKS_MAX = 32;

/**
 * @typedef {object} Listener
 * @property {(change: import("./store.mjs").Change, frame: import("./frame.mjs").Frame, tookMs: number) => void} frame
 * @property {() => void} open a socket opened
 * @property {(hello: import("../types.d.ts").Hello) => void} hello
 * @property {(health: import("../types.d.ts").Health) => void} health
 * @property {() => object} [first] what to say first on each socket; without it: to resume
 * @property {(said: any) => void} [said] any other message
 * @property {(code: number, why: string) => void} [closed] the other end closed the socket
 */

/**
 * @param {string} url
 * @param {import("../types.d.ts").Store} store
 * @param {Listener} to
 */
export function openStream(url, store, to) {
  /** @type {WebSocket | null} */
  let socket = null;
  let epoch = "";
  let whole = false;
  /** The next frame is the first of another epoch. */
  let anew = false;
  /** Nobody wants frames until the first of another epoch. */
  let muted = false;
  let pause = PAUSE_FIRST_MS;
  let retry = 0;
  let watchdog = 0;
  let pending = 0;
  let stopped = false;
  let asked = 0;
  /** @type {Promise<void>} */
  let chain = Promise.resolve();
  /** @type {Map<number, { resolve: (answer: any) => void, reject: (error: Error) => void, timer: number }>} */
  const asks = new Map();

  const connect = () => {
    clearTimeout(retry);
    if (stopped) return;
    const mine = new WebSocket(url);
    socket = mine;
    mine.binaryType = "arraybuffer";
    alive();
    mine.onopen = () => {
      to.open();
      const resume = { type: "resume", epoch, rev: store.rev, events: store.eventNumber };
      // Without a whole picture there is nothing to go on from.
      mine.send(JSON.stringify(to.first ? to.first() : epoch && whole ? resume : { type: "resume" }));
    };
    mine.onmessage = ({ data }) => {
      if (mine !== socket) return;
      alive();
      if (typeof data !== "string") receive(mine, data);
      else if (!pending) take(JSON.parse(data));
      else chain = chain.then(() => { if (mine === socket) take(JSON.parse(data)); }).catch(broken);
    };
    mine.onclose = ({ code, reason }) => {
      if (mine !== socket) return;
      to.closed?.(code, reason);
      again(false);
    };
    mine.onerror = () => mine === socket && again(false);
  };

  /** Gives up the socket and connects again: at once, or after a pause that grows. @param {boolean} now */
  const again = (now) => {
    const old = socket;
    socket = null;
    pending = 0;
    chain = Promise.resolve();
    clearTimeout(watchdog);
    clearTimeout(retry);
    if (old && old.readyState <= WebSocket.OPEN) old.close();
    if (stopped) return;
    retry = window.setTimeout(connect, now ? 0 : pause * (0.5 + Math.random() / 2));
    if (!now) pause = Math.min(pause * 2, PAUSE_MAX_MS);
  };

  const alive = () => {
    clearTimeout(watchdog);
    watchdog = window.setTimeout(() => again(false), SILENT_MS);
  };

  /** @param {WebSocket} from @param {ArrayBuffer} data */
  const receive = (from, data) => {
    if (!pending && !isDeflated(data)) return use(() => decode(data));
    if (++pending > PENDING_MAX) return again(false);
    chain = chain.then(async () => {
      let frame;
      try {
        frame = await inflate(data);
      } catch (error) {
        if (from === socket) broken(error);
        return;
      }
      if (from !== socket) return;
      pending -= 1;
      use(() => frame);
    });
  };

  /** @param {() => import("./frame.mjs").Frame} read */
  const use = (read) => {
    if (muted) return;
    const began = performance.now();
    try {
      const frame = read();
      if (anew) newEpoch(store);
      anew = false;
      const change = apply(store, frame);
      // A hole: what we have cannot be trusted to be whole, so ask for a keyframe.
      if (!change.fits) return broken(new Error(`frame for revision ${frame.base}, have ${store.rev}`));
      whole = true;
      pause = PAUSE_FIRST_MS;
      to.frame(change, frame, began);
    } catch (error) {
      broken(error);
    }
  };

  /** @param {unknown} error */
  const broken = (error) => {
    console.warn(`stream_restarted: ${error instanceof Error ? error.message : error}`);
    whole = false;
    again(false);
  };

  /** @param {any} said */
  const take = (said) => {
    if (said.type === "hello") {
      if (said.epoch !== epoch) {
        anew = true;
        whole = false;
      }
      epoch = said.epoch ?? "";
      to.hello(said);
    } else if (said.type === "health") to.health(said);
    else if ("ask" in said) {
      const ask = asks.get(said.ask);
      asks.delete(said.ask);
      clearTimeout(ask?.timer);
      ask?.resolve(said);
    } else to.said?.(said);
  };

  /** Says something; false when nobody is there to hear it. @param {object} message */
  const send = (message) => {
    if (!socket || socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  };

  /**
   * Asks something that is answered.
   * @param {object} message @param {number} within ms @param {AbortSignal} [wanted] aborted when no answer is wanted any more
   * @returns {Promise<any>}
   */
  const askFor = (message, within, wanted) => {
    if (asks.size >= ASKS_MAX) return Promise.reject(new Error("too much asked for at once"));
    const ask = ++asked;
    if (!send({ ...message, ask })) return Promise.reject(new Error("no stream"));
    return new Promise((resolve, reject) => {
      const enough = (/** @type {string} */ why) => {
        if (!asks.delete(ask)) return;
        clearTimeout(timer);
        if (wanted) send({ type: "enough", ask });
        reject(new Error(why));
      };
      const timer = window.setTimeout(() => enough("no answer"), within);
      wanted?.addEventListener("abort", () => enough("called off"));
      asks.set(ask, { resolve, reject, timer });
    });
  };

  connect();
  return {
    /** The tab is looked at again: no more waiting. */
    poke() {
      pause = PAUSE_FIRST_MS;
      if (!socket || socket.readyState > WebSocket.OPEN) again(true);
    },
    /**
     * Asks for a detail card. Rejects after 5 s, or at once when there is no connection.
     * @param {string} layer @param {string} agency @param {string} id @returns {Promise<import("../types.d.ts").Card>}
     */
    card: (layer, agency, id) => askFor({ type: "card", layer, agency, id }, ANSWER_MS),
    send,
    ask: askFor,
    /** What comes next counts revisions and events from the start again. @param {boolean} [heard] and is wanted again, where it was not */
    anew(heard = true) {
      anew = true;
      if (heard) muted = false;
    },
    /** Whether frames are dropped. */
    get muted() {
      return muted;
    },
    /** Leaves the store to somebody else: frames are dropped until the first of an epoch that is wanted. */
    mute() {
      muted = true;
    },
    stop() {
      stopped = true;
      again(false);
    },
  };
}
