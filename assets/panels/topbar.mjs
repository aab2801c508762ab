// @ts-check
// The top bar: counts, clocks, the way back in time, who looks, the theme.

import { countShown, shows } from "../map/only.mjs";
import { keyOf } from "../map/store.mjs";
import { encode } from "../review/link.mjs";
import { calmly, el, find, mark, say, show } from "./dom.mjs";
import { drawing } from "./marks.mjs";
import { clock, notShared } from "./words.mjs";

/** @typedef {import("../types.d.ts").Page} Page */

const CLOSED = 64;
const EMERGENCY = 1;
const NOWHERE = 0x7fffffff;
const CLOSE_ZOOM = 14;

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  mountCounts(find(root, "#topbar-counts"), page);
  mountClocks(find(root, "#topbar-clocks"), page);
  mountViewer(find(root, "#topbar-viewer"), page);
  mountBack(find(root, "#topbar-back"), page);
  mountTheme(find(root, "#topbar-theme"));
}

/** @param {HTMLElement} root @param {Page} page */
export function mountCounts(root, page) {
  const units = figure(root, "Units");
  const emergencies = figure(root, "Emergencies", drawing("units", "emg"), "button");
  emergencies.root.setAttribute("type", "button");
  emergencies.root.title = "Show the next unit in emergency";
  emergencies.root.addEventListener("click", () => showNext(page));
  const incidents = el("div", "count count-incidents");
  const marks = el("span", "count-marks");
  incidents.append(marks, el("span", "count-word", "Incidents"));
  root.append(incidents);
  const byPriority = [1, 2, 3, 4].map((p) => {
    const node = el("span", "count-mark");
    const n = el("b", "count-n", "–");
    node.append(drawing("incidents", String(p)), n);
    marks.append(node);
    return n;
  });
  const others = /** @type {const} */ ([["cameras", figure(root, "Cameras")], ["zones", figure(root, "Zones")]]);

  const write = () => {
    const open = [0, 0, 0, 0, 0];
    const { present, columns } = page.store.incidents;
    for (let row = 0; row < page.store.incidents.end; row++) {
      if (present[row] && !(columns.flags[row] & CLOSED) && shows(page.only, "incidents", page.store.incidents.records[row])) open[Math.min(4, columns.priority[row])]++;
    }
    const urgent = emergencyRows(page.store.units).length;
    say(units.n, countShown(page.only, page.store.units).toLocaleString("en-US"));
    say(emergencies.n, String(urgent));
    emergencies.root.hidden = urgent === 0;
    byPriority.forEach((n, i) => say(n, String(open[i + 1])));
    for (const [layer, { root, n }] of others) {
      const hidden = notShared(page, layer);
      mark(root, "shared", String(!hidden));
      say(n, hidden ? "not shared" : countShown(page.only, page.store[layer]).toLocaleString("en-US"));
    }
  };
  page.on("frame", calmly(write, 500));
  page.on("only", write);
  if (page.store.rev) write();
}

/** @param {Page["store"]["units"]} units */
function emergencyRows(units) {
  const rows = [];
  for (let row = 0; row < units.end; row++) if (units.present[row] && units.columns.flags[row] & EMERGENCY) rows.push(row);
  return rows;
}

/** The unit in emergency after the one chosen, in the order of their names; the first after the last. Pure. @param {Page["store"]["units"]} units @param {Page["selected"]} selected */
export function nextEmergency(units, selected) {
  const named = emergencyRows(units).flatMap((row) => {
    const record = units.records[row];
    return record ? [{ row, record, key: keyOf(record.agency, record.id) }] : [];
  });
  named.sort((a, b) => (a.key < b.key ? -1 : 1));
  const now = selected?.layer === "units" ? keyOf(selected.agency, selected.id) : "";
  return named.find(({ key }) => key > now) ?? named[0] ?? null;
}

/** @param {Page} page */
function showNext(page) {
  const { units } = page.store;
  const next = nextEmergency(units, page.selected);
  if (!next) return;
  page.select("units", next.record.agency, next.record.id);
  const [lon, lat] = [units.columns.lon[next.row], units.columns.lat[next.row]];
  if (lon !== NOWHERE && lat !== NOWHERE) page.flyTo(lon / 1e7, lat / 1e7, CLOSE_ZOOM);
}

/** @param {HTMLElement} root @param {string} word @param {SVGElement} [drawn] @param {string} [tag] */
function figure(root, word, drawn, tag = "div") {
  const node = el(tag, `count count-${word.toLowerCase()}`);
  const line = el("span", "count-mark");
  const n = el("b", "count-n", "–");
  if (drawn) line.append(drawn);
  line.append(n);
  node.append(line, el("span", "count-word", word));
  root.append(node);
  return { root: node, n };
}

/** @param {HTMLElement} root @param {Page} page */
function mountClocks(root, page) {
  const faces = [
    { face: clock(page.config.timezone), node: el("div", "clock clock-local"), utc: false },
    { face: clock("UTC"), node: el("div", "clock clock-utc"), utc: true },
  ].map(({ face, node, utc }) => {
    const time = el("b", "clock-time", "--:--:--");
    const zone = el("span", "clock-zone", utc ? "UTC" : "");
    node.append(time, zone);
    root.append(node);
    return { face, time, zone, utc };
  });
  const write = () => {
    for (const { face, time, zone, utc } of faces) {
      const shown = face(page.now());
      say(time, shown.time);
      say(zone, utc ? "UTC" : `${shown.zone} · ${shown.date}`);
    }
  };
  page.on("second", write);
  write();
}

/** @param {HTMLElement} root @param {Page} page */
export function mountViewer(root, page) {
  const name = el("b", "who-name");
  const agency = el("span", "who-agency");
  root.append(name, agency);
  const write = () => {
    const viewer = page.hello?.viewer;
    if (!viewer) return;
    const known = page.hello?.agencies.find((a) => a.id === viewer.agency);
    say(name, viewer.name);
    say(agency, known?.name ?? viewer.agency);
  };
  page.on("hello", write);
  write();
}

/** To the same place some time ago, for who may review. @param {HTMLElement} root @param {Page} page */
function mountBack(root, page) {
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (root.querySelectorAll("[data-back]"))) {
    link.addEventListener("click", () => {
      const at = page.now() - Number(link.dataset.back);
      link.href = `/review?${encode({ at, selected: page.selected ?? undefined, camera: page.camera(), range: "hour" })}`;
    });
  }
  addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !root.contains(event.target)) root.removeAttribute("open");
  });
  const write = () => show(root, page.hello?.viewer.roles.includes("reviewer") === true);
  page.on("hello", write);
  write();
}

/** @param {HTMLElement} button */
export function mountTheme(button) {
  /** @type {{names: string[], set: (name: string) => void} | undefined} */
  const themes = /** @type {any} */ (window).jointopsTheme;
  if (!themes) return;
  const { names, set } = themes;
  const now = el("span", "theme-now");
  button.replaceChildren(el("span", "theme-word", "Theme: "), now);
  const write = () => say(now, document.documentElement.dataset.theme ?? "dark");
  button.title = "Change the theme: dark, light, night";
  button.addEventListener("click", () => {
    const at = names.indexOf(document.documentElement.dataset.theme ?? "dark");
    set(names[(at + 1) % names.length]);
    write();
  });
  write();
}
