// @ts-check
// The top bar of a review: counts and clocks of the moment, who looks, the link to it, the theme.

import { el, find, mark, say } from "./dom.mjs";
import { inStep } from "../review/in_step.mjs";
import { encode } from "../review/link.mjs";
import { mountCounts, mountTheme, mountViewer } from "./topbar.mjs";
import { clock } from "./words.mjs";

const SAID_MS = 2000;

/** @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
export function mount(root, page) {
  mountCounts(find(root, "#reviewbar-counts"), page);
  mountViewer(find(root, "#reviewbar-viewer"), page);
  mountTheme(find(root, "#reviewbar-theme"));
  mountMoment(find(root, "#reviewbar-clocks"), page);
  mountLink(find(root, "#reviewbar-link"));
  const live = /** @type {HTMLAnchorElement} */ (find(root, ".back-to-live"));
  live.addEventListener("click", () => {
    live.href = `/wall?${encode({ selected: page.selected ?? undefined, camera: page.camera() })}`;
  });
}

/** The clocks show the moment, with tenths while it stands. @param {HTMLElement} root @param {import("../types.d.ts").Page} page */
function mountMoment(root, page) {
  const { review } = page;
  if (!review) return;
  const faces = [
    { face: clock(page.config.timezone), node: el("div", "clock clock-local"), utc: false },
    { face: clock("UTC"), node: el("div", "clock clock-utc"), utc: true },
  ].map(({ face, node, utc }) => {
    const [line, time, tenths, zone] = [el("span", "clock-line"), el("b", "clock-time", "--:--:--"), el("span", "clock-tenths"), el("span", "clock-zone")];
    line.append(time, tenths);
    node.append(line, zone);
    root.append(node);
    return { face, time, tenths, zone, utc };
  });
  const write = () => {
    const at = review.at();
    for (const { face, time, tenths, zone, utc } of faces) {
      const shown = face(at);
      say(time, shown.time);
      say(tenths, utc ? "" : `.${Math.floor((at % 1) * 10)}`);
      say(zone, utc ? "UTC" : `${shown.zone} · ${shown.date}`);
    }
    mark(root, "playing", String(review.playing));
  };
  const soon = inStep(review, write);
  review.on("clock", soon);
  page.on("second", soon);
  write();
}

/** @param {HTMLElement} button */
function mountLink(button) {
  const words = button.textContent ?? "";
  button.title = "Copy the address of this moment, view and place";
  button.addEventListener("click", async () => {
    window.dispatchEvent(new Event("jointops-link")); // the address is brought up to date first
    let done = "Copied";
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      done = "Copy it from the address bar";
    }
    say(button, done);
    setTimeout(() => say(button, words), SAID_MS);
  });
}
