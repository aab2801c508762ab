// @ts-check
// The incident board: open incidents by priority, then the newest first; as many as fit, and a button that turns the page.

import { NOT_ACTUAL, keyOf, referred } from "../map/store.mjs";
import { shows } from "../map/only.mjs";
import { calmly, el, find, mark, onResize, pixels, pool, say, show } from "./dom.mjs";
import { drawing } from "./marks.mjs";
import { age, count, incidentStatus, incidentType, notShared, NOT_SHARED, tagOf } from "./words.mjs";

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").IncidentRecord} Incident */
/** @typedef {{record: Incident, priority: number, flags: number}} Open */

const NOBODY = 128;
const CLOSED = 64;
const LIFE = 6;
const CALLED_MAX = 5;
const ROWS_MAX = 60;
/** After this the board is back at its top by itself. */
const TURNED_MS = 30_000;

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const list = find(root, ".board-rows");
  const note = find(root, ".panel-note");
  const empty = find(root, ".panel-empty");
  const calmWords = empty.textContent ?? "";
  const more = el("button", "more");
  more.setAttribute("type", "button");
  root.append(more);
  const rows = pool(list, () => makeRow(page));
  /** The first row shown, and where the next page begins. */
  let [start, next] = [0, 0];
  let turned = 0;
  let top = "";

  const write = () => {
    const open = openIncidents(page);
    const first = open.length ? keyOf(open[0].record.agency, open[0].record.id) : "";
    // What is new at the top is not to be missed for a page further down.
    if (first !== top || start >= open.length || performance.now() - turned > TURNED_MS) start = 0;
    top = first;
    const below = open.slice(start);
    const n = howMany(list, below);
    const shown = rows.take(n);
    shown.forEach((row, i) => fill(row, below[i], page));
    next = start + n < open.length ? start + Math.max(1, n) : 0;
    say(note, open.length ? `${open.length} open` : "");
    say(empty, notShared(page, "incidents") ? NOT_SHARED : calmWords);
    show(empty, open.length === 0 && page.store.rev > 0);
    more.classList.toggle("more-none", n >= open.length);
    say(more, moreWords(start, n, open));
  };
  more.addEventListener("click", () => {
    start = next;
    turned = performance.now();
    write();
  });
  const calm = calmly(write, 400);
  let seen = -1;
  page.on("frame", () => {
    const version = page.store.incidents.version;
    if (version !== seen) { seen = version; calm(); }
  });
  page.on("second", calm);
  page.on("select", calm);
  page.on("only", write);
  onResize(list, write);
  write();
}

/** What the button says: how many more there are, or which are shown. Pure. @param {number} start @param {number} n rows shown @param {Open[]} open */
export function moreWords(start, n, open) {
  if (n >= open.length) return "";
  if (!start) return `+${open.length - n} more: ${rest(open.slice(n))} · next`;
  return `${start + 1}-${start + n} of ${open.length} · ${start + n < open.length ? "next" : "back to the top"}`;
}

/** Open incidents, the order of the board. @param {Page} page @returns {Open[]} */
export function openIncidents(page) {
  const { incidents } = page.store;
  /** @type {Open[]} */
  const open = [];
  for (let row = 0; row < incidents.end; row++) {
    const record = incidents.records[row];
    const flags = incidents.columns.flags[row];
    if (!incidents.present[row] || !record || flags & CLOSED || !shows(page.only, "incidents", record)) continue;
    open.push({ record, flags, priority: incidents.columns.priority[row] });
  }
  return open.sort(
    (a, b) => (a.priority || 9) - (b.priority || 9) || b.record.opened_at - a.record.opened_at || (a.record.id < b.record.id ? -1 : 1),
  );
}

/** What is not shown, by priority. @param {Open[]} hidden */
function rest(hidden) {
  return [1, 2, 3, 4, 0]
    .map((p) => [p, hidden.filter((i) => i.priority === p).length])
    .filter(([, n]) => n)
    .map(([p, n]) => (p ? `${n} P${p}` : `${n} without priority`))
    .join(", ");
}

/** How many rows the list's height holds. @param {HTMLElement} list @param {Open[]} open */
function howMany(list, open) {
  if (pixels(list, "--scrolls", 0)) return Math.min(open.length, ROWS_MAX);
  const [row, urgent] = [pixels(list, "--row", 56), pixels(list, "--row-urgent", 76)];
  let left = list.clientHeight + 1;
  let n = 0;
  for (; n < open.length && n < ROWS_MAX; n++) {
    left -= isUrgent(open[n]) ? urgent : row;
    if (left < 0) break;
  }
  return n;
}

/** @param {{priority: number}} incident */
const isUrgent = (incident) => incident.priority === 1 || incident.priority === 2;

/** @param {Page} page */
function makeRow(page) {
  const root = el("li", "board-row");
  const button = el("button", "row-button");
  button.setAttribute("type", "button");
  const [drawn, type, old] = [el("span", "row-mark"), el("b", "row-title"), el("span", "row-age")];
  const [place, tag, status, calls] = [
    el("span", "row-place"), el("span", "tag"), el("span", "row-status"), el("span", "row-calls"),
  ];
  const second = el("span", "row-second");
  second.append(status, place);
  button.append(drawn, type, old, second, tag, calls);
  root.append(button);
  const row = { root, button, drawn, type, old, place, tag, status, calls, agency: "", id: "" };
  button.addEventListener("click", () => choose(page, row.agency, row.id));
  return row;
}

/** @param {Page} page @param {string} agency @param {string} id */
function choose(page, agency, id) {
  page.select("incidents", agency, id);
  const { rows, columns } = page.store.incidents;
  const at = rows.get(keyOf(agency, id));
  if (at === undefined) return;
  const [lon, lat] = [columns.lon[at], columns.lat[at]];
  if (lon !== 0x7fffffff && lat !== 0x7fffffff) page.flyTo(lon / 1e7, lat / 1e7, 14);
}

/** @param {ReturnType<typeof makeRow>} row @param {Open} incident @param {Page} page */
function fill(row, { record, priority, flags }, page) {
  const nobody = (flags & NOBODY) !== 0;
  row.agency = record.agency;
  row.id = record.id;
  mark(row.root, "priority", String(priority));
  mark(row.root, "urgent", String(priority === 1 || priority === 2));
  mark(row.root, "life", String((flags & LIFE) >> 1));
  mark(row.root, "nobody", String(nobody));
  mark(row.root, "chosen", String(isChosen(page, record)));
  if (row.drawn.dataset.mark !== String(priority)) {
    row.drawn.dataset.mark = String(priority);
    row.drawn.replaceChildren(drawing("incidents", String(priority)));
    row.drawn.setAttribute("aria-label", priority ? `Priority ${priority}` : "No priority");
  }
  say(row.type, incidentType(record));
  say(row.old, age(page.now() - record.opened_at));
  say(row.place, record.address || "Place not said");
  const exercise = flags & NOT_ACTUAL && !page.config.demo ? "EX " : ""; // on a demo site the badge says it for all
  say(row.tag, exercise + tagOf(page, record.agency));
  const units = record.units ?? [];
  const status = incidentStatus(record.status);
  say(row.status, units.length && !isUrgent({ priority }) ? `${status}, ${count(units.length, "unit")}` : status);
  say(row.calls, nobody ? "No unit assigned" : calls(page, record.agency, units));
}

/** @param {Page} page @param {Incident} record */
function isChosen({ selected }, record) {
  return selected?.layer === "incidents" && selected.agency === record.agency && selected.id === record.id;
}

/** Who is on it; nothing when that is not shared, which is not the same as nobody. @param {Page} page @param {string} agency @param {string[]} ids */
export function calls(page, agency, ids) {
  if (!ids.length) return "";
  const { units } = page.store;
  const signs = ids.slice(0, CALLED_MAX).map((id) => {
    const row = referred(units, agency, id);
    return (row === undefined ? undefined : units.records[row]?.call_sign) || id;
  });
  const rest = ids.length - signs.length;
  return `${count(ids.length, "unit")}: ${signs.join(", ")}${rest > 0 ? ` +${rest}` : ""}`;
}
