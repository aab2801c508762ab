// @ts-check
// The banner: the picture is frozen (by the client's own clock), the hub cannot hear the agencies, or the journal takes
// nothing from them. Nothing on the server is needed to show the first.

import { el, mark, say, show } from "./dom.mjs";
import { clock } from "./words.mjs";

const ASK_EVERY_MS = 5000;
let asked = 0;

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  const head = el("b", "frozen-head");
  const what = el("span", "frozen-what");
  root.append(head, what);
  const face = clock(page.config.timezone);

  const write = () => {
    const { line, store } = page;
    if (line.state === "frozen") {
      // A recording that stands is no danger to anybody.
      mark(root, "kind", page.review ? "connecting" : "frozen");
      say(head, `${page.review ? "REPLAY STOPPED" : "DATA FROZEN"} since ${face(line.since).time}`);
      say(what, page.review?.refused || lost(line.what));
    } else if (store.bus === "lost") {
      mark(root, "kind", "bus");
      say(head, `FEEDS NOT HEARD since ${face(store.busSince).time}`);
      say(what, "The hub cannot hear the agencies; everything is where it was last seen.");
    } else if (page.health?.journal) {
      mark(root, "kind", "bus");
      say(head, "REPORTS NOT TAKEN");
      say(what, `The journal takes nothing: ${page.health.journal}. Everything is where it was last seen.`);
    } else if (line.state === "connecting") {
      mark(root, "kind", "connecting");
      const other = page.review ? "the recordings" : "the hub";
      const refused = page.review?.refused ?? "";
      say(head, refused ? "Not connected to the recordings" : line.what ? `No connection to ${other} yet` : "Connecting");
      say(what, refused ? refused : line.what ? `Trying since ${face(line.since).time}; nothing is shown so far.` : page.review ? "to the recordings" : "to the live stream");
    } else {
      show(root, false);
      return;
    }
    show(root, true);
  };
  page.on("line", write);
  page.on("frame", write);
  page.on("health", write);
  page.review?.on("notice", write);
  page.on("second", () => {
    write();
    if (page.line.what) outIfLoggedOut();
  });
  write();
}

/** What is gone, for people. @param {string} what parts joined by "and" */
function lost(what) {
  const words = what ? `No ${what.replaceAll(" and ", ", no ")}. ` : "";
  return `${words}${what === "web server" ? "Details and new pages must wait." : "Everything stands where it was last seen."}`;
}

/** A log-in that ended cuts the stream for good: then the way on is the log-in, not waiting. */
function outIfLoggedOut() {
  if (performance.now() - asked < ASK_EVERY_MS) return;
  asked = performance.now();
  fetch("/_dash-dependencies", { cache: "no-store", signal: AbortSignal.timeout(3000) })
    .then((answer) => answer.text().then(() => answer.status))
    .then((status) => {
      if (status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    })
    .catch(() => {}); // the banner says already that the site does not answer
}
