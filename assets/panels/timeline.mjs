// @ts-check
// The timeline of a recording: what was counted when, what is missing, and the playhead, which no frame may hold back.

import { oncePerFrame } from "../map/once.mjs";
import { binOf, countsAt, lanes } from "../review/counts.mjs";
import { drawFigure } from "../review/figure.mjs";
import { inStep } from "../review/in_step.mjs";
import { fromWall, pan, pinch, toWall, zoom } from "../review/range.mjs";
import { calmly, el, find, mark, onResize, say, show } from "./dom.mjs";
import { clock, tagOf } from "./words.mjs";

/** A bin of counts is about so wide, pixels. */
const BIN_PX = 5;
/** A figure takes its time: while its range still changes the one there is, is stretched, for so long, ms. */
const SETTLED_MS = 150;
/** One notch of a wheel. */
const WHEEL = 1.0016;
/** A finger that moved less than this has tapped, pixels. */
const TAP_PX = 4;
/** A finding so near the mouse is told, pixels. */
const FINDING_PX = 7;
/** @type {Record<string, string>} */
const KIND_WORDS = { unit: "Positions", incident: "Incidents", camera: "Cameras", zone: "Zones", log: "Log" };
const LANES_MAX = 8;

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").Review} Review */

/** @param {HTMLElement} root @param {Page} page */
export function mount(root, page) {
  const review = page.review;
  if (!review) return;
  const track = find(root, ".timeline-track");
  const face = clock(page.config.timezone);
  const counted = mountCounts(root, page, review);
  mountHead(root, page, review, counted);
  mountPlayhead(track, review, face);
  mountGaps(track, page, review, face);
  mountHand(track, page, review, face, counted);
}

/** Where a moment is on the track, 0..1. @param {Review} review @param {number} at */
const placeOf = ({ range }, at) => (at - range.from) / (range.to - range.from);
/** @param {Review} review @param {number} x 0..1 */
const momentAt = ({ range }, x) => range.from + x * (range.to - range.from);

/** Counts, lanes and ticks. @param {HTMLElement} root @param {Page} page @param {Review} review */
function mountCounts(root, page, review) {
  const names = find(root, ".timeline-lanes");
  const track = find(root, ".timeline-track");
  const state = {
    by: /** @type {"kind" | "agency"} */ ("kind"),
    bin: 60,
    made: /** @type {ReturnType<typeof lanes> | null} */ (null),
    draw: () => {},
    /** Called once that is done. */
    drawn: () => {},
  };
  let drawn = review.range;
  let timer = 0;
  const draw = () => {
    clearTimeout(timer);
    timer = 0;
    const width = track.clientWidth;
    const graph = root.querySelector("#timeline-graph"); // looked up each time: Dash puts a placeholder there first
    if (!graph || !review.recording || !width) return;
    state.bin = binOf(review.range, width / BIN_PX);
    const counted = page.only ? { ...review.recording, minutes: page.only.minutes } : review.recording;
    const all = lanes(counted, state.by, review.range, state.bin);
    // The busiest agencies, where there are more than lines fit.
    const shown = all.lanes.length > LANES_MAX ? [...all.lanes].sort((a, b) => b.most - a.most).slice(0, LANES_MAX) : all.lanes;
    state.made = { ...all, lanes: shown };
    names.replaceChildren(...shown.map(({ key }) => el("span", "timeline-lane", state.by === "kind" ? KIND_WORDS[key] ?? key : tagOf(page, key))));
    drawn = review.range;
    stretch();
    drawFigure(graph, state.made, state.bin, review.range, page.config.timezone, track.clientWidth, graph.clientHeight);
    state.drawn();
  };
  const stretch = () => {
    const graph = /** @type {HTMLElement | null} */ (root.querySelector("#timeline-graph"));
    const { from, to } = review.range;
    if (graph) graph.style.transform = `translateX(${(100 * (drawn.from - from)) / (to - from)}%) scaleX(${(drawn.to - drawn.from) / (to - from)})`;
  };
  state.draw = oncePerFrame(draw);
  review.on("recording", state.draw);
  review.on("range", () => {
    stretch();
    clearTimeout(timer);
    timer = window.setTimeout(state.draw, SETTLED_MS);
  });
  page.on("hello", state.draw);
  page.on("only", state.draw);
  onResize(track, state.draw);
  new MutationObserver(state.draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  const wait = () => (root.querySelector("#timeline-graph .js-plotly-plot") ? state.draw() : setTimeout(wait, 100));
  wait();
  return state;
}

/** Ranges by name or by hand, and what a lane is. @param {HTMLElement} root @param {Page} page @param {Review} review @param {ReturnType<typeof mountCounts>} counted */
function mountHead(root, page, review, counted) {
  const ranges = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-range]")]);
  const bys = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-lanes]")]);
  const form = find(root, ".timeline-own");
  const note = find(root, ".timeline-note");
  const zone = page.config.timezone;
  const [from, to] = ["From", "To"].map((word) => {
    const label = el("label", "timeline-when");
    const input = document.createElement("input");
    input.type = "datetime-local";
    input.step = "1";
    input.required = true;
    label.append(el("span", "", word), input);
    form.append(label);
    return input;
  });
  const done = el("button", "button", "Show");
  form.append(done);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const range = { from: fromWall(from.value, zone), to: fromWall(to.value, zone) };
    if (!(range.to > range.from)) return to.setCustomValidity("After From"), to.reportValidity();
    to.setCustomValidity("");
    review.setRange(range);
    show(form, false);
    write();
  });
  for (const input of [from, to]) input.addEventListener("input", () => to.setCustomValidity(""));
  const write = () => {
    for (const node of ranges) {
      const own = !form.hidden || review.rangeName === "";
      const chosen = node.dataset.range === "own" ? own : !own && node.dataset.range === review.rangeName;
      node.setAttribute("aria-pressed", String(chosen));
    }
    for (const node of bys) node.setAttribute("aria-pressed", String(node.dataset.lanes === counted.by));
    const [filled, bounds] = [review.filled(), review.bounds()];
    const quiet = filled.to < bounds.to ? `Nothing recorded since ${clock(zone)(filled.to).time.slice(0, 5)} · ` : "";
    say(note, `${quiet}${counted.bin < 3600 ? `${counted.bin / 60} min` : `${counted.bin / 3600} h`} a step`);
  };
  for (const node of ranges) {
    node.addEventListener("click", () => {
      if (node.dataset.range === "own") {
        from.value = toWall(review.range.from, zone);
        to.value = toWall(review.range.to, zone);
        show(form, form.hidden === true);
        if (!form.hidden) from.focus();
      } else {
        show(form, false);
        review.setRangeByName(node.dataset.range ?? "all");
      }
      write();
    });
  }
  for (const node of bys) {
    node.addEventListener("click", () => {
      counted.by = node.dataset.lanes === "agency" ? "agency" : "kind";
      counted.draw();
      write();
    });
  }
  review.on("range", calmly(write, 100));
  counted.drawn = write;
  write();
}

/** @param {HTMLElement} track @param {Review} review @param {ReturnType<typeof clock>} face */
function mountPlayhead(track, review, face) {
  const head = find(track, ".playhead");
  const time = find(track, ".playhead-time");
  const write = () => {
    const at = review.at();
    const x = placeOf(review, at);
    show(head, x >= 0 && x <= 1);
    head.style.transform = `translateX(${x * track.clientWidth}px)`;
    const words = face(at).time;
    say(time, words);
    mark(head, "side", x < 0.06 ? "left" : x > 0.94 ? "right" : "");
    const { seeking } = review;
    mark(head, "seeking", String(seeking !== null));
    if (track.getAttribute("aria-valuetext") !== words) track.setAttribute("aria-valuetext", words);
    const { from, to } = review.range;
    for (const [name, value] of [["min", from], ["max", to], ["now", at]]) track.setAttribute(`aria-value${name}`, String(Math.round(Number(value))));
  };
  const soon = inStep(review, write);
  review.on("clock", soon);
  review.on("range", soon);
  onResize(track, soon);
  document.addEventListener("visibilitychange", soon);
  soon();
}

/** What is missing, with why. @param {HTMLElement} track @param {Page} page @param {Review} review @param {ReturnType<typeof clock>} face */
function mountGaps(track, page, review, face) {
  const room = find(track, ".timeline-gaps");
  const write = () => {
    const { range } = review;
    const gaps = (review.recording?.gaps ?? []).filter((gap) => gap.to > range.from && gap.from < range.to);
    room.replaceChildren(...gaps.map((gap) => {
      const node = el("div", "timeline-gap");
      const [from, to] = [Math.max(0, placeOf(review, gap.from)), Math.min(1, placeOf(review, gap.to))];
      node.style.left = `${from * 100}%`;
      node.style.width = `${(to - from) * 100}%`;
      const tag = gap.agency ? `${tagOf(page, gap.agency)}: ` : "";
      node.append(el("span", "timeline-gap-words", `${tag}${gap.text}`));
      node.dataset.words = `${face(gap.from).time}–${face(gap.to).time} · ${tag}${gap.text}`;
      mark(node, "wide", String((to - from) * track.clientWidth > 120));
      return node;
    }));
  };
  const soon = oncePerFrame(write);
  review.on("recording", soon);
  review.on("range", soon);
  page.on("hello", soon);
  onResize(track, soon);
  soon();
}

/**
 * Mouse and fingers: one drags the playhead, two hold the range, a wheel zooms it about where it is.
 * @param {HTMLElement} track @param {Page} page @param {Review} review @param {ReturnType<typeof clock>} face @param {ReturnType<typeof mountCounts>} counted
 */
function mountHand(track, page, review, face, counted) {
  const hover = find(track, ".timeline-hover");
  /** @type {Map<number, number>} pointer -> x, 0..1 */
  const held = new Map();
  /** @type {{ a: number, b: number } | null} */
  let pinched = null;
  let [began, moved] = [0, false];
  const xOf = (/** @type {{ clientX: number }} */ event) => {
    const box = track.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / Math.max(box.width, 1), 0), 1);
  };
  track.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    track.setPointerCapture(event.pointerId);
    held.set(event.pointerId, xOf(event));
    show(hover, false);
    if (held.size === 1) {
      [began, moved] = [event.clientX, false];
      review.hold(momentAt(review, xOf(event)));
    } else if (held.size === 2) {
      const [x, y] = [...held.values()];
      pinched = { a: momentAt(review, x), b: momentAt(review, y) };
    }
  });
  track.addEventListener("pointermove", (event) => {
    const x = xOf(event);
    if (!held.has(event.pointerId)) return event.pointerType === "mouse" && tell(x);
    held.set(event.pointerId, x);
    moved ||= Math.abs(event.clientX - began) > TAP_PX;
    if (pinched && held.size === 2) {
      const [p, q] = [...held.values()];
      const range = pinch(pinched.a, pinched.b, p, q, review.bounds());
      if (range) review.setRange(range);
    } else if (held.size === 1 && !pinched) review.hold(momentAt(review, x));
  });
  const up = (/** @type {PointerEvent} */ event) => {
    const last = held.get(event.pointerId);
    if (last === undefined) return;
    held.delete(event.pointerId);
    if (pinched) {
      if (!held.size) {
        pinched = null;
        review.release(review.at());
      }
    } else review.release(momentAt(review, event.type === "pointercancel" ? last : xOf(event))); // where it was taken away need not be said
  };
  track.addEventListener("pointerup", up);
  track.addEventListener("pointercancel", up);
  track.addEventListener("pointerleave", () => show(hover, false));
  track.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [across, along] = event.shiftKey ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
    const length = review.range.to - review.range.from;
    const unit = event.deltaMode === 1 ? 33 : 1;
    if (Math.abs(across) > Math.abs(along)) review.setRange(pan(review.range, (across * unit * length) / track.clientWidth, review.bounds()));
    else review.setRange(zoom(review.range, momentAt(review, xOf(event)), WHEEL ** (along * unit), review.bounds()));
  }, { passive: false });
  track.addEventListener("dblclick", () => review.setRangeByName("all"));
  // What a slider's keys do; arrows are the player's, wherever the focus is.
  track.addEventListener("keydown", (event) => {
    const { from, to } = review.range;
    const at = { Home: from, End: to, PageUp: review.at() + (to - from) / 10, PageDown: review.at() - (to - from) / 10 }[event.key];
    if (at === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    review.seek(Math.min(Math.max(at, from), to));
  });

  /** @param {number} x */
  const tell = (x) => {
    const at = momentAt(review, x);
    const gap = /** @type {HTMLElement | undefined} */ ([...track.querySelectorAll(".timeline-gap")].find((node) => {
      const [from, width] = [parseFloat(/** @type {HTMLElement} */ (node).style.left), parseFloat(/** @type {HTMLElement} */ (node).style.width)];
      return x * 100 >= from && x * 100 <= from + width;
    }));
    const findings = /** @type {HTMLElement[]} */ ([...track.querySelectorAll(".timeline-finding")])
      .filter((node) => Math.abs(parseFloat(node.style.left) - x * 100) * track.clientWidth < FINDING_PX * 100);
    const counts = counted.made
      ? countsAt(counted.made, counted.bin, at).filter(({ n }) => n).map(({ key, n }) => {
          const word = counted.by === "kind" ? (KIND_WORDS[key] ?? key).toLowerCase() : tagOf(page, key);
          return `${n.toLocaleString("en-US")} ${word}`;
        })
      : [];
    hover.replaceChildren(el("b", "", face(at).time), ...counts.map((words) => el("span", "", words)), ...(gap ? [el("span", "timeline-missing", gap.dataset.words)] : []), ...findings.map(({ dataset }) => el("span", "timeline-said", dataset.words)));
    show(hover, true);
    hover.style.left = `${x * 100}%`;
    mark(hover, "side", x > 0.6 ? "right" : "left");
  };
}
