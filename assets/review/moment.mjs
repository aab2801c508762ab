// @ts-check
/**
 * The moment under review, between what the server says of it four times a second. Pure: local time is an argument, in
 * seconds of a clock that never steps.
 *
 * A moment that a person asked for stands until the server is there too, so that a playhead never jumps back to where
 * it came from while a seek is under way.
 */

/** Without a word of the server for this long time no longer goes on, seconds. */
const ALONE_S = 1;
/** A seek that was not answered is forgotten after this, seconds. */
const AWAITED_S = 2;
/** The server may come to stand so far from what was asked: at the end of the recording, at a tick; seconds. */
const NEAR_S = 1.5;

/** @param {number} start Unix seconds */
export function moment(start) {
  let base = start;
  let heard = 0;
  let playing = false;
  let speed = 1;
  /** What the server really reaches of it. */
  let pace = 1;
  /** @type {{ at: number, since: number } | null} */
  let asked = null;

  return {
    get playing() {
      return playing;
    },
    get speed() {
      return speed;
    },
    /**
     * The server says where it is.
     * @param {{ at: number, playing: boolean, speed: number, pace?: number }} clock @param {number} local
     * @returns {boolean} whether it was believed; not while it answers an older seek
     */
    hear(clock, local) {
      if (asked && local - asked.since < AWAITED_S && Math.abs(clock.at - asked.at) > NEAR_S) return false;
      asked = null;
      base = clock.at;
      heard = local;
      playing = clock.playing;
      if (clock.speed > 0) speed = clock.speed;
      pace = clock.pace || speed;
      return true;
    },
    /** A person asks for a moment. @param {number} at @param {number} local */
    ask(at, local) {
      base = at;
      heard = local;
      asked = { at, since: local };
    },
    /** A person asks for another course of time; the server confirms it. @param {boolean} plays @param {number} at @param {number} times @param {number} local */
    set(plays, at, times, local) {
      base = at;
      heard = local;
      playing = plays;
      speed = pace = times;
    },
    /** Whose answer is still to come: then what is drawn is older than this. */
    get awaited() {
      return asked !== null;
    },
    /** @param {number} local @returns {number} Unix seconds */
    at(local) {
      return playing && !asked ? base + Math.min(Math.max(0, local - heard), ALONE_S) * pace : base;
    },
  };
}

/**
 * Says at most one thing every `ms`, the newest, and waits for its answer so long. For a finger that asks for more
 * moments than anybody can show.
 * @template T
 * @param {(value: T) => void} say @param {number} ms @param {number} patience longest wait for an answer, ms
 * @param {() => number} now ms @param {(fn: () => void, ms: number) => unknown} later
 */
export function newestWins(say, ms, patience, now, later) {
  /** @type {{ value: T } | null} */
  let next = null;
  let said = -Infinity;
  let open = false;
  let waiting = false;
  const look = () => {
    if (!next || waiting) return;
    const wait = Math.max(said + ms, open ? said + patience : -Infinity) - now();
    if (wait > 0) {
      waiting = true;
      later(() => {
        waiting = false;
        look();
      }, open ? Math.min(wait, ms) : wait);
      return;
    }
    const { value } = next;
    next = null;
    said = now();
    open = true;
    say(value);
  };
  return {
    /** @param {T} value */
    take(value) {
      next = { value };
      look();
    },
    answered() {
      open = false;
      look();
    },
    /** What waits is not said any more. */
    clear() {
      next = null;
    },
  };
}

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

/** The next speed up (1) or down (-1). @param {number} speed @param {1 | -1} by */
export function nextSpeed(speed, by) {
  const faster = SPEEDS.filter((s) => (by > 0 ? s > speed : s < speed));
  return (by > 0 ? faster[0] : faster[faster.length - 1]) ?? (by > 0 ? SPEEDS[SPEEDS.length - 1] : SPEEDS[0]);
}

/** @param {number} speed */
export const speedWords = (speed) => `${Number(speed.toFixed(speed < 10 ? 2 : 0))}×`;
