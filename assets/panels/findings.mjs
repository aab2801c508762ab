// @ts-check
// Findings of the review: the list of all that this viewer may read, one of them to read with its versions, one to
// write. Their pins on the map and ticks on the timeline are drawn from here too.

import { placeOf } from "../map/store.mjs";
import { oncePerFrame } from "../map/once.mjs";
import { STATES, STATE_WORDS, begun, inRange, inState, isClosed, isOverdue } from "../review/finding.mjs";
import { drawPins, pinAt } from "../review/pins.mjs";
import { toWall } from "../review/range.mjs";
import { coversOthers, el, find, mark, pool, say, show } from "./dom.mjs";
import { keptWriting, mountForm } from "./finding_form.mjs";
import { drawRead, goTo, momentWords, planWords } from "./finding_read.mjs";
import { bring } from "./sheet.mjs";
import { sign } from "./signs.mjs";
import { mayWrite, tagOf } from "./words.mjs";


/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").Finding} Finding */

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const { review } = page;
  if (!review) return;
  const { findings } = review;
  const zone = page.config.timezone;
  const [note, write, toggle] = [find(root, ".panel-note"), find(root, ".findings-write"), find(root, ".findings-toggle")];
  const [listing, reading] = [find(root, ".findings-list"), find(root, ".finding-read")];
  const writes = mayWrite(page);
  const list = mountList(listing, page, (finding) => read(finding, true));
  let open = false;
  const covers = coversOthers(root);
  /** The finding that is read: its id. */
  let chosen = "";
  const form = mountForm(/** @type {HTMLFormElement} */ (find(root, ".finding-form")), page, {
    written(finding) {
      review.notify(`Finding saved, version ${finding.version}.`);
      read(finding, false);
    },
    left(of) {
      if (of) read(of, false);
      else turnTo("list");
    },
    moved: () => draw(),
  });

  /** @param {"list" | "read" | "write"} mode */
  const turnTo = (mode) => {
    mark(root, "mode", mode);
    show(listing, mode === "list");
    show(reading, mode === "read");
    form.show(mode === "write");
    if (mode !== "read") chosen = "";
    setOpen(true);
  };
  /** @param {boolean} next */
  const setOpen = (next) => {
    open = next;
    mark(root, "open", String(open));
    covers(open);
    head();
    draw();
  };
  const head = () => {
    const unclosed = findings.all.filter(({ said }) => !isClosed(said.state)).length;
    say(note, findings.problem || (findings.all.length ? `${unclosed} not closed` : ""));
    show(write, writes && root.dataset.mode !== "write");
    say(write, form.writing ? "Go on writing" : "Write");
    say(toggle, open ? "Close" : findings.all.length ? `Show ${findings.all.length}` : "Show");
  };
  /** @param {Finding} finding @param {boolean} go */
  const read = (finding, go) => {
    if (go) goTo(page, finding);
    turnTo("read");
    chosen = finding.id;
    drawRead(reading, page, finding, {
      edit: writes && finding.agency === page.hello?.viewer.agency ? () => start({ said: finding.said, of: finding }) : null,
      back: () => turnTo("list"),
    });
    reading.scrollTop = 0;
    find(reading, ".finding-back").focus({ preventScroll: true });
    draw();
  };
  /** @param {import("./finding_form.mjs").Writing} writing */
  const start = (writing) => {
    turnTo("write");
    form.open(writing);
    head();
    draw();
  };
  /** @param {import("../types.d.ts").FindingRef | null} thing */
  const begin = (thing) => {
    if (form.writing) return turnTo("write"); // what is typed is not thrown away for another
    review.pause();
    start({ said: begun(review.at(), review.view, thing && placeOf(page.store, thing), thing ? [{ ...thing }] : []), of: null });
  };

  // --- on the map and the timeline ---
  /** @type {import("../review/pins.mjs").Pin[]} */
  let pins = [];
  const ticks = el("div", "timeline-findings");
  document.querySelector(".timeline-track .timeline-gaps")?.after(ticks);
  /** Those in range; what is being written stands for what it changes. */
  const shown = () => {
    const { writing } = form;
    const inWork = writing && root.dataset.mode === "write" ? [{ id: writing.of?.id ?? "", said: writing.said }] : [];
    const others = inRange(findings.all, review.range).filter(({ id }) => !inWork.some((one) => one.id === id));
    return /** @type {Finding[]} */ ([...others, ...inWork]);
  };
  const drawTicks = () => {
    const { from, to } = review.range;
    ticks.replaceChildren(...shown().map(({ id, said }) => {
      const node = el("div", "timeline-finding");
      node.style.left = `${(100 * (said.at - from)) / (to - from)}%`;
      node.dataset.words = said.title;
      mark(node, "closed", String(isClosed(said.state)));
      mark(node, "chosen", String(id === current()));
      return node;
    }));
  };
  const current = () => (root.dataset.mode === "write" ? form.writing?.of?.id ?? "" : chosen || "-");
  const draw = oncePerFrame(() => {
    drawTicks();
    const all = shown();
    review.sketch("findings", all.some(({ said }) => said.lon !== null) ? (pen) => { pins = drawPins(pen, all, current()); } : ((pins = []), null));
  });
  review.over((map) => map.on("click", ({ point }) => {
    const pin = pinAt(pins, point.x, point.y);
    const finding = pin && findings.all.find(({ id }) => id === pin.id);
    if (!finding || root.dataset.mode === "write") return;
    bring("findings");
    read(finding, true);
  }));

  toggle.addEventListener("click", () => {
    if (open) {
      form.show(false);
      setOpen(false);
    } else turnTo("list");
  });
  write.addEventListener("click", () => begin(page.selected));
  review.on("want", () => {
    const { wanted } = review;
    if (wanted?.panel !== "findings") return;
    bring("findings");
    if ("write" in wanted) return begin(wanted.write);
    const finding = findings.all.find(({ id }) => id === wanted.read);
    if (finding) read(finding, true);
  });
  findings.on("change", () => {
    head();
    list();
    draw();
    const finding = findings.all.find(({ id }) => id === chosen);
    if (finding && root.dataset.mode === "read" && Number(reading.dataset.version) !== finding.version) read(finding, false);
  });
  for (const event of /** @type {const} */ (["range", "recording"])) review.on(event, draw);
  page.on("hello", () => {
    head();
    list();
  });
  void findings.load();
  mark(root, "mode", "list");
  head();
  const kept = writes ? keptWriting() : null;
  if (kept?.said) start(kept);

  /** @param {HTMLElement} within @param {Page} of @param {(finding: Finding) => void} pressed */
  function mountList(within, of, pressed) {
    const acts = el("div", "findings-acts");
    const filter = document.createElement("select");
    filter.setAttribute("aria-label", "Which findings");
    const links = ["html", "json"].map((kind) => {
      const link = /** @type {HTMLAnchorElement} */ (el("a", "button", kind.toUpperCase()));
      link.prepend(sign("save"));
      link.href = `/api/findings.${kind}`;
      link.download = "";
      link.title = kind === "html" ? "Save all that you may read as a page" : "Save all that you may read for programs";
      return link;
    });
    acts.append(filter, ...links);
    const [rows, empty] = [el("ol", "findings-rows rows"), el("p", "panel-empty")];
    within.append(acts, rows, empty);
    const nodes = pool(rows, () => makeRow(pressed));
    const choices = [["unclosed", "Not closed"], ["", "All"], ...STATES.map((state) => [state, STATE_WORDS[state]])];
    filter.append(...choices.map(([value, words]) => new Option(words, value)));
    const drawList = () => {
      choices.forEach(([value, words], i) => say(filter.options[i], `${words} (${inState(findings.all, value).length})`));
      const some = inState(findings.all, filter.value);
      const today = toWall(Date.now() / 1000, zone).slice(0, 10);
      nodes.take(some.length).forEach((node, i) => fillRow(node, some[i], of, today));
      const none = writes ? "None yet. Write down what should go otherwise next time: it is pinned to the moment, place and things you look at." : "None yet. They are written at a desk or in the field.";
      say(empty, findings.problem && !findings.known ? findings.problem : !findings.known ? "Reading …" : findings.all.length ? "None in this state." : none);
      show(empty, some.length === 0);
      for (const link of links) show(link, findings.all.length > 0);
    };
    filter.addEventListener("change", drawList);
    drawList();
    return drawList;
  }
}

/** @param {(finding: Finding) => void} pressed */
function makeRow(pressed) {
  const root = el("li", "findings-row");
  const button = el("button", "row-button");
  button.setAttribute("type", "button");
  const [title, when, plan, tag] = [el("b", "findings-title"), el("span", "findings-when"), el("span", "findings-plan"), el("span", "tag")];
  button.append(title, tag, when, plan);
  root.append(button);
  const row = { root, title, when, plan, tag, of: /** @type {Finding | null} */ (null) };
  button.addEventListener("click", () => row.of && pressed(row.of));
  return row;
}

/** @param {ReturnType<typeof makeRow>} row @param {Finding} finding @param {Page} page @param {string} today */
function fillRow(row, finding, page, today) {
  const { said } = finding;
  row.of = finding;
  say(row.title, said.title);
  say(row.when, momentWords(page, said));
  say(row.plan, planWords(said, today));
  say(row.tag, tagOf(page, finding.agency));
  mark(row.root, "closed", String(isClosed(said.state)));
  mark(row.root, "overdue", String(isOverdue(said, today)));
}
