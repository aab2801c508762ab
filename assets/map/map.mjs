// @ts-check
/** The wall: the page on the live stream. */

import { decode } from "../review/link.mjs";
import { serverClock } from "./clock.mjs";
import { mountPanels, openPage, readConfig, streamUrl } from "./page.mjs";
import { openStream } from "./stream.mjs";

/** The hub's live stream as a source. @param {import("../types.d.ts").PageConfig} config @returns {import("./page.mjs").Source} */
function live(config) {
  const clock = serverClock();
  const local = () => (performance.timeOrigin + performance.now()) / 1000;
  let epoch = "";
  return {
    name: "live stream",
    now: () => clock.now(local()),
    open: (store, to) =>
      openStream(streamUrl(config.live_url, config.live_port), store, {
        ...to,
        frame(change, frame, began) {
          clock.hear(frame.at, local());
          to.heard();
          to.frame(change, frame, began);
        },
        hello(hello) {
          if (epoch && epoch !== hello.epoch) clock.forget();
          epoch = hello.epoch ?? "";
          to.hello(hello);
        },
        said(said) {
          if (said.type === "refused") console.warn(`refused what=${said.what}: ${said.text}`);
        },
      }),
  };
}

const config = readConfig();
const place = decode(location.search); // who comes back from a recording looks where they looked there
if (place.camera) config.view = { ...place.camera, exact: true };
const { page, stats } = openPage(config, live(config));
window.jointops = { stats, page };
if (place.selected) page.select(place.selected.layer, place.selected.agency, place.selected.id);
void mountPanels(page);
