// @ts-check
/**
 * Is the screen live? Decided by the client's own clocks alone, so that it works when everybody else is gone.
 * Pure: times are arguments, in seconds.
 *
 * The hub sends at least a heartbeat each second and the web process answers a poll each second. Two clocks are
 * asked, because the monotonic one may stop while a tablet sleeps and the wall clock may be set: the longer silence counts.
 */

/** Silence of the hub after which the screen is frozen, seconds; with a 250 ms check it is on screen within 3 s. */
export const HUB_SILENT_S = 2.2;
/** The same for the web process: a poll each second, 1.5 s to answer. */
export const WEB_SILENT_S = 2.6;
/** Without a first picture there is nothing to be frozen; after this long without a word of the hub it is said, seconds. */
export const NO_HUB_S = 8;

/** @typedef {{ mono: number, wall: number }} Instant seconds: monotonic, and Unix by the local clock */

/** @param {Instant} start @param {string} [stream] what the stream is called */
export function line(start, stream = "live stream") {
  let hub = start;
  let web = start;
  let graphics = true;
  let picture = false;

  /**
   * @param {Instant} last
   * @param {Instant} now
   */
  const silence = (last, now) => Math.max(now.mono - last.mono, now.wall - last.wall);

  return {
    /** A frame came. `isPicture` once the first keyframe is there. @param {Instant} now @param {boolean} isPicture */
    hub(now, isPicture) {
      hub = now;
      picture ||= isPicture;
    },
    /** The web process answered. @param {Instant} now */
    web(now) {
      web = now;
    },
    /** The canvas can draw or cannot. @param {boolean} works */
    graphics(works) {
      graphics = works;
    },
    /**
     * The line now. `since` is Unix seconds by the local clock: the last moment known to be good. Before the first
     * picture it is connecting, `what` the stream once that takes long, and `since` when it began.
     * @param {Instant} now
     * @returns {{ state: "connecting" | "live" | "frozen", since: number, what: string }}
     */
    at(now) {
      if (!picture) {
        const what = silence(hub, now) > NO_HUB_S ? stream : "";
        return { state: "connecting", since: start.wall, what };
      }
      const gone = [];
      let since = Infinity;
      if (silence(hub, now) > HUB_SILENT_S) {
        gone.push(stream);
        since = Math.min(since, hub.wall);
      }
      if (silence(web, now) > WEB_SILENT_S) {
        gone.push("web server");
        since = Math.min(since, web.wall);
      }
      if (!graphics) {
        gone.push("map graphics");
        since = Math.min(since, now.wall);
      }
      if (gone.length) return { state: "frozen", since, what: gone.join(" and ") };
      return { state: "live", since: hub.wall, what: "" };
    },
  };
}
