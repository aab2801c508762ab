// @ts-check
// The timeline of one incident, opened from its card: what became of it, who was on it, what happened near it, its
// findings. It stays with its incident whatever else is chosen; a press on a line goes to that moment.

import { METRES, RADII, cameIn, knownFrom, lagWords, rowsOf, standingAt } from "../review/chronology.mjs";
import { STATE_WORDS } from "../review/finding.mjs";
import { asHtml, asJson, keep } from "../review/report.mjs";
import { metresWords, viewWords } from "../review/words.mjs";
import { calmly, coversOthers, el, find, mark, pool, say, show } from "./dom.mjs";
import { drawing } from "./marks.mjs";
import { bring } from "./sheet.mjs";
import { sign } from "./signs.mjs";
import { age, clock, count, missingWords, noAnswer, plain, tagOf, thingName } from "./words.mjs";

/** While time goes on it is asked for again this often at most, and this many times as seldom as an answer takes, ms. */
const AGAIN_MS = 2000;
const SELDOM = 4;
/** A moment so near is the one that was meant, seconds: the end of the recording, a tick. */
const NEAR_S = 1.5;
const ZOOM = 15;
/** To the end of the tenth in which it could be known. */
const TENTH_S = 0.1;
const HINT = "Choose an incident, then “Timeline” on its card.";

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").Chronology} Chronology */
/** @typedef {import("../review/chronology.mjs").Row} Row */

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const [list, of, empty, close] = [find(root, ".chronology-rows"), find(root, ".chronology-of"), find(root, ".panel-empty"), find(root, ".chronology-close")];
  const face = clock(page.config.timezone);
  const covers = coversOthers(root);
  const top = head(of);
  /** @type {{ agency: string, id: string, name: string, said: Chronology | null, problem: string } | null} */
  let shown = null;
  let [asked, answered, metres] = [0, "", METRES];
  let [asking, notBefore] = [false, 0];
  /** Of the ask that is under way; another or none is wanted: the record is read no further for it. */
  let wants = new AbortController();
  /** @type {Row[]} */
  let rows = [];
  const nodes = pool(list, () => makeRow((row) => go(page, row)));

  const write = () => {
    mark(root, "open", String(shown !== null));
    covers(shown !== null);
    show(of, shown !== null);
    const said = shown?.said;
    rows = said?.found ? rowsOf(said, review.findings.all, review.view, review.at()) : [];
    const here = standingAt(rows, review.at());
    const usual = statusOf(rows);
    nodes.take(rows.length).forEach((node, i) => fill(node, rows[i], rowWords(rows[i], page, usual), face, i === here, i > here && rows[i].kind !== "finding"));
    say(empty, !shown ? HINT : shown.problem || (!said ? "Looking through the record …" : said.found ? "Nothing was known of it yet." : "Not known at this moment."));
    show(empty, rows.length === 0);
    if (!shown) return;
    say(top.name, shown.name);
    say(top.tag, tagOf(page, shown.agency));
    const last = said?.to;
    say(top.note, rows.length ? `${count(rows.length, "line")}${said?.more && last ? ` · goes on after ${face(last).time}` : ""}` : "");
    const placed = !said?.found || said.place;
    say(top.hidden, placed ? "" : "Where it was is not known or not shared: nothing near it is listed.");
    say(top.missing, (said?.missing ?? []).map((gap) => missingWords(page, face, gap)).join(" "));
    fillKnown(top.known, said?.found ? knownFrom(said) : [], page, face);
    top.near.toggleAttribute("disabled", !said?.place || cameIn(said) === null);
    for (const button of [top.html, top.json]) button.toggleAttribute("disabled", !said?.found);
  };
  const look = async () => {
    if (!shown) return;
    const [mine, wanted, key, at, began] = [++asked, shown, keyOf(), review.at(), performance.now()];
    asking = true;
    wants.abort();
    wants = new AbortController();
    try {
      const said = await review.chronology(wanted.agency, wanted.id, metres, wants.signal);
      if (mine === asked && shown === wanted) Object.assign(wanted, { said, problem: "" });
      // Asked on the way to another moment it is still of the one before.
      const there = said.at === null || said.at === undefined || review.playing || Math.abs(said.at - at) < NEAR_S;
      if (mine === asked && there) answered = key;
    } catch (error) {
      if (mine === asked && shown === wanted) wanted.problem = `${noAnswer(error)} Go to another moment to ask again.`;
    }
    if (mine !== asked) return;
    asking = false;
    notBefore = performance.now() + SELDOM * (performance.now() - began);
    write();
    if (!shown?.problem) calm();
  };
  /** What an answer is for: of the truth it is the same at every moment. */
  const keyOf = () => `${review.view} ${metres} ${review.view === "truth" ? "" : review.at().toFixed(1)} ${shown?.agency}/${shown?.id}`;
  const calm = calmly(() => {
    if (!shown || asking || keyOf() === answered) return;
    if (review.playing && performance.now() < notBefore) return void calm();
    void look();
  }, AGAIN_MS);
  const soon = calmly(write, 100);

  review.on("want", () => {
    const { wanted } = review;
    if (wanted?.panel !== "chronology") return;
    const { agency, id } = wanted;
    shown = { agency, id, name: thingName(page, { layer: "incidents", agency, id }), said: null, problem: "" };
    bring("chronology");
    write();
    void look();
    close.focus({ preventScroll: true });
  });
  /** @param {string} then the panel to see instead */
  const leave = (then) => {
    shown = null;
    wants.abort();
    bring(then);
    write();
  };
  close.addEventListener("click", () => leave("board"));
  top.near.addEventListener("click", () => {
    const said = shown?.said;
    const at = said ? cameIn(said) : null;
    if (!said?.place || at === null) return;
    leave("near");
    review.want({ panel: "near", place: said.place, at });
  });
  review.on("clock", () => {
    if (!shown) return;
    soon();
    calm();
  });
  review.findings.on("change", soon);
  page.on("hello", soon);
  page.on("frame", () => {
    if (shown && page.store.incidents.rows.has(`${shown.agency}/${shown.id}`)) shown.name = thingName(page, { layer: "incidents", ...shown });
  });
  top.radius.addEventListener("change", () => {
    metres = Number(top.radius.value);
    if (shown) shown.said = null;
    write();
    void look();
  });
  for (const [button, type] of /** @type {const} */ ([[top.html, "html"], [top.json, "json"]])) {
    button.addEventListener("click", () => {
      if (!shown?.said) return;
      const at = review.at();
      const stamp = {
        site: page.config.site, agency: page.hello?.viewer.agency ?? "", view: viewWords(review.view, page.hello?.agencies ?? []),
        moment: new Date(at * 1000).toISOString(), near: metresWords(metres), times: page.config.timezone, made: new Date().toISOString(),
      };
      const words = (/** @type {Row} */ row) => ({ time: full(face, row.observed), received: full(face, row.received), ...rowWords(row, page, "") });
      const known = knownFrom(shown.said).map((group) => knownWords(group, page, face));
      const report = { title: `Timeline: ${shown.name}`, stamp, timeline: shown.said, known, rows, words };
      const name = `timeline-${shown.agency}-${shown.id.replace(/[^\w.-]+/g, "_")}.${type}`;
      if (type === "html") keep(name, "text/html", asHtml(report));
      else keep(name, "application/json", asJson(report));
    });
  }
  write();
}

/** @param {ReturnType<typeof clock>} face @param {number} at */
const full = (face, at) => `${face(at).date} ${face(at).time}`;

/** What stands above the lines. @param {HTMLElement} root */
function head(root) {
  const [name, tag, note] = [el("h3", "chronology-name"), el("span", "tag"), el("span", "chronology-note")];
  const [hidden, missing, known] = [el("p", "chronology-hidden"), el("p", "chronology-hidden"), el("dl", "chronology-known")];
  const line = el("div", "chronology-line");
  line.append(name, tag);
  const acts = el("div", "chronology-acts");
  const radius = document.createElement("select");
  radius.setAttribute("aria-label", "What counts as near");
  for (const m of RADII) radius.append(new Option(`Near: ${metresWords(m)}`, String(m), m === METRES, m === METRES));
  const [html, json] = [["HTML", "Save as a page to keep"], ["JSON", "Save for programs"]].map(([word, title]) => {
    const button = el("button", "button", word);
    button.setAttribute("type", "button");
    button.title = title;
    button.prepend(sign("save"));
    return button;
  });
  const times = el("div", "chronology-times");
  times.append(el("span", "", "Observed, received"), note);
  const near = el("button", "button chronology-near", "Who was near then");
  near.setAttribute("type", "button");
  near.title = "Units within 1 km of it when it came in, in the view chosen";
  acts.append(near, radius, html, json);
  root.append(line, known, acts, hidden, missing, times);
  return { name, tag, note, hidden, missing, known, near, radius, html, json };
}

/** @typedef {ReturnType<typeof knownFrom>[number]} KnownFrom */

/** @param {KnownFrom} group @param {Page} page @param {ReturnType<typeof clock>} face */
function knownWords({ at, agencies }, page, face) {
  const time = at === null ? "Not by then" : `${face(at).time}.${Math.round(at * 10) % 10}`;
  return { time, who: agencies.map((agency) => tagOf(page, agency)).join(" ") };
}

/** When each agency could first have known of it; a press goes there. @param {HTMLElement} root @param {KnownFrom[]} groups @param {Page} page @param {ReturnType<typeof clock>} face */
function fillKnown(root, groups, page, face) {
  const drawn = JSON.stringify(groups);
  if (root.dataset.drawn === drawn) return;
  root.dataset.drawn = drawn;
  show(root, groups.length > 0);
  root.replaceChildren(el("dt", "chronology-known-title", "Could be known from"));
  for (const group of groups) {
    const { time, who } = knownWords(group, page, face);
    const line = el("dd", "chronology-known-line");
    const { at } = group;
    const when = el(at === null ? "span" : "button", at === null ? "chronology-known-never" : "chronology-known-at", time);
    if (at !== null) {
      when.setAttribute("type", "button");
      when.title = "Go to that moment";
      when.addEventListener("click", () => page.review?.seek(at + TENTH_S));
    }
    line.append(when, el("span", "chronology-known-who", who));
    root.append(line);
  }
}

/** @param {(row: Row) => void} pressed */
function makeRow(pressed) {
  const root = el("li", "chronology-row");
  const button = el("button", "row-button");
  button.setAttribute("type", "button");
  const [times, what] = [el("span", "chronology-when"), el("span", "chronology-what")];
  const [observed, received, sign, text, by, lag] = [
    el("span", "chronology-observed"), el("span", "chronology-received"), el("span", "chronology-sign"), el("span", "chronology-text"),
    el("span", "chronology-by"), el("b", "chronology-lag"),
  ];
  times.append(observed, received);
  what.append(text, by, lag);
  button.append(times, sign, what);
  root.append(button);
  const row = { root, observed, received, sign, text, by, lag, of: /** @type {Row | null} */ (null), drawn: "" };
  button.addEventListener("click", () => row.of && pressed(row.of));
  return row;
}

/** @param {ReturnType<typeof makeRow>} node @param {Row} row @param {ReturnType<typeof rowWords>} words @param {ReturnType<typeof clock>} face @param {boolean} here @param {boolean} ahead */
function fill(node, row, { text, by }, face, here, ahead) {
  node.of = row;
  mark(node.root, "kind", row.kind);
  mark(node.root, "here", String(here));
  mark(node.root, "ahead", String(ahead));
  say(node.observed, face(row.observed).time);
  say(node.received, row.finding ? "finding" : face(row.received).time);
  say(node.text, text);
  say(node.by, by);
  say(node.lag, row.line ? lagWords(row.line, age) : "");
  const drawn = row.line ? `${row.kind} ${row.line.event}` : "finding";
  if (node.drawn === drawn) return;
  node.drawn = drawn;
  node.sign.replaceChildren(signOf(row));
}

const ORDERS = new Set(["decision", "order", "request"]);

/** @param {Row} row */
function signOf({ line, kind }) {
  if (!line) return el("i", "sign-pin");
  if (kind === "unit") return drawing("units", line.event.toLowerCase() === "unsaid" ? "non" : line.event.toLowerCase());
  if (kind === "log_entry") return drawing("log", ORDERS.has(line.event) ? "order" : "note");
  if (kind === "camera_event") return drawing("cameras", "rec");
  if (kind === "incident") return el("i", "sign-status");
  return el("i", "sign-assigned", line.event === "assigned" ? "+" : "−");
}

/** What all of an incident's lines have in common need not be on each. @param {Row[]} rows */
const statusOf = (rows) => rows.find(({ kind }) => kind === "incident")?.line?.status ?? "";

/** What a row says, and who said it. @param {Row} row @param {Page} page @param {string} usual a report's status that is not said */
function rowWords({ line, finding }, page, usual) {
  if (finding) {
    const { said } = finding;
    return { text: `Finding: ${said.title}`, by: [`${tagOf(page, finding.agency)} ${finding.author_role}`, STATE_WORDS[said.state]].join(" · ") };
  }
  if (!line) return { text: "", by: "" };
  const who = [tagOf(page, line.agency), line.author_position ? plain(line.author_position) : line.source].filter(Boolean).join(" ");
  return { text: line.text, by: [who, line.near_m === undefined ? "" : `${metresWords(line.near_m)} away`, line.status && line.status !== usual ? plain(line.status) : ""].filter(Boolean).join(" · ") };
}

/** To the moment of a line, and what it is about. @param {Page} page @param {Row} row */
function go(page, { line, finding }) {
  if (finding) return page.review?.want({ panel: "findings", read: finding.id });
  if (!line) return;
  page.goTo?.(/** @type {any} */ (line));
  const [unit] = line.units ?? [];
  // Where panels stand behind tabs the card would lie over the line that was pressed.
  if (matchMedia("(min-width: 1101px)").matches) {
    if (line.kind === "log_entry") page.select("log", line.agency, line.id);
    else if (line.kind === "camera_event" && line.id) page.select("cameras", line.agency, line.id);
    else if (line.kind === "unit" && unit) page.select("units", unit[0], unit[1]);
  }
  if (line.lon !== undefined && line.lat !== undefined) page.flyTo(line.lon, line.lat, ZOOM);
}
