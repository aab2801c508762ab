// @ts-check
/**
 * The live stream: one socket, frames applied to the store in order, reconnect with resume (docs/wire.md).
 *
 * Frames are applied as they come, also in a hidden tab, so that nothing piles up here; the hub conflates for who
 * does not read. Deflated frames inflate in a promise: all frames then wait in one chain, in order, and at most
 * PENDING_MAX of them, beyond which the connection is given up and resumed.
 */

import { decode, inflate, isDeflated } from "./frame.mjs";
import { apply, newEpoch } from "./store.mjs";

const PAUSE_FIRST_MS = 250;
const PAUSE_MAX_MS = 2000;
/** A socket that is open and silent this long is dead, whatever the system says; heartbeats come each second. */
const SILENT_MS = 5000;
const PENDING_MAX = 64;
const CARD_MS = 5000;
const ASKS_MAX = 32;

/**
 * @typedef {object} Listener
 * @property {(change: import("./store.mjs").Change, frame: import("./frame.mjs").Frame, tookMs: number) => void} frame
 * @property {() => void} open a socket opened
 * @property {(hello: import("../types.d.ts").Hello) => void} hello
 * @property {(health: import("../types.d.ts").Health) => void} health
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
  let pause = PAUSE_FIRST_MS;
  let retry = 0;
  let watchdog = 0;
  let pending = 0;
  let stopped = false;
  let asked = 0;
  /** @type {Promise<void>} */
  let chain = Promise.resolve();
  /** @type {Map<number, { resolve: (card: any) => void, reject: (error: Error) => void, timer: number }>} */
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
      mine.send(JSON.stringify(epoch && whole ? resume : { type: "resume" }));
    };
    mine.onmessage = ({ data }) => {
      if (mine !== socket) return;
      alive();
      if (typeof data === "string") take(JSON.parse(data));
      else receive(mine, data);
    };
    mine.onclose = () => mine === socket && again(false);
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
    const began = performance.now();
    try {
      const frame = read();
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
        newEpoch(store);
        whole = false;
      }
      epoch = said.epoch;
      to.hello(said);
    } else if (said.type === "health") to.health(said);
    else if (said.type === "card") {
      const ask = asks.get(said.ask);
      asks.delete(said.ask);
      clearTimeout(ask?.timer);
      ask?.resolve(said);
    }
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
    card(layer, agency, id) {
      const through = socket;
      if (!through || through.readyState !== WebSocket.OPEN) return Promise.reject(new Error("no live stream"));
      if (asks.size >= ASKS_MAX) return Promise.reject(new Error("too many cards asked for at once"));
      const ask = ++asked;
      return new Promise((resolve, reject) => {
        const timer = window.setTimeout(() => {
          asks.delete(ask);
          reject(new Error("no answer to a card"));
        }, CARD_MS);
        asks.set(ask, { resolve, reject, timer });
        through.send(JSON.stringify({ type: "card", ask, layer, agency, id }));
      });
    },
    stop() {
      stopped = true;
      again(false);
    },
  };
}
