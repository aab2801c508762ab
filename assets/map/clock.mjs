// @ts-check
/**
 * The server's clock as seen from here. Pure: the local time is an argument, in seconds.
 *
 * A frame's `at` reaches us late, never early: so the least (local - at) seen lately is the offset, plus the
 * quickest way here. Two windows, so that an old minimum is forgotten when a clock drifts or is set.
 */

const WINDOW_S = 60;

export function serverClock() {
  let previous = Infinity;
  let current = Infinity;
  let began = -Infinity;

  return {
    /**
     * Learns from a frame with tick `at` that was received at local time `local`.
     * @param {number} at
     * @param {number} local
     */
    hear(at, local) {
      if (local - began > WINDOW_S || local < began) {
        previous = local < began ? Infinity : current;
        current = Infinity;
        began = local;
      }
      current = Math.min(current, local - at);
    },

    /** Forgets everything: another hub may have another clock. */
    forget() {
      previous = current = Infinity;
      began = -Infinity;
    },

    /**
     * The server's time when the local clock says `local`; the local time itself before any frame.
     * @param {number} local
     */
    now(local) {
      const offset = Math.min(previous, current);
      return Number.isFinite(offset) ? local - offset : local;
    },
  };
}
