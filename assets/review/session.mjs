// @ts-check
/**
 * A review session: the socket to the recordings, the moment, and what a person wants of them. Everything that is shown
 * of a moment comes as frames, as on the wall; nothing here can change anything live.
 */

import { emitter } from "../map/events.mjs";
import { openStream } from "../map/stream.mjs";
import { filled } from "./counts.mjs";
import { openFindings } from "./findings.mjs";
import { moment, newestWins } from "./moment.mjs";
import { LEAST_S, named, showing, within } from "./range.mjs";
import { makeScrub } from "./scrub.mjs";
import { refusalWords } from "./words.mjs";

/** Seeks while a finger moves, where there is no overview: at most ten a second, and the next not before the last was answered or given up. */
const SEEK_EVERY_MS = 100;
const SEEK_PATIENCE_MS = 600;
/**
 * A picture that was asked for and has not come for so long, with no word that it is on its way, does not come; then that of
 * where the server stands is asked for, each time twice as seldom. Seconds.
 */
const PICTURE_S = 3;
const PICTURE_MAX_S = 60;
const ANSWER_MS = 20_000;
/** A timeline is made of hours of the record. */
const CHRONOLOGY_MS = 60_000;
const RECORDING_EVERY_MS = 60_000;
/** Where a review begins that nobody gave a moment: so long before the recording's end, seconds, and at most this part of it. */
const BEGINS_BEFORE_S = 300;
const BEGINS_BEFORE_PART = 0.2;
const NOTICES_MAX = 20;

/** @typedef {import("../types.d.ts").Review} Review */
/** @typedef {import("./link.mjs").Place} Place */

const local = () => performance.now() / 1000;

/**
 * @param {import("../types.d.ts").PageConfig} config
 * @param {string} url of the stream
 * @param {Place} place where to begin
 * @param {boolean} [drags] whether the moment is dragged over a timeline
 * @returns {Review & { source: import("../map/page.mjs").Source, overview: ReturnType<typeof makeScrub>["kept"] }} `overview`: what is kept of it
 */
export function openSession(config, url, place, drags = false) {
  /** @type {ReturnType<typeof emitter<Parameters<Review["on"]>[0]>>} */
  const events = emitter();
  const unknown = Date.now() / 1000 - BEGINS_BEFORE_S;
  const clock = moment(place.at ?? unknown);
  /** @type {ReturnType<typeof openStream> | null} */
  let stream = null;
  let resumes = false;
  let pace = 0;
  let epoch = "";
  let counting = 0;
  let stopped = false;
  /** @type {{ from: number, to: number } | null} */
  let recorded = null;
  let speed = place.speed ?? 1;
  /** Since when a picture is waited for without a word, and how long at most. */
  let [waits, patience] = [0, PICTURE_S];
  /** @param {number} at */
  const sendSeek = (at) => {
    waits = local();
    stream?.send({ type: "seek", at });
  };
  const queue = newestWins(sendSeek, SEEK_EVERY_MS, SEEK_PATIENCE_MS, () => performance.now(), setTimeout);

  /** @type {Review} */
  const review = {
    url,
    recording: null,
    problem: "",
    refused: "",
    views: [],
    view: place.view ?? "known",
    range: { from: unknown - 3600, to: unknown },
    rangeName: typeof place.range === "string" ? place.range : place.range ? "" : "all",
    notices: [],
    clocks: [],
    seeking: null,
    only: place.only ?? null,
    also: { near: place.near ?? null, second: place.second ?? null, compare: place.compare ?? false },
    setAlso(also) {
      if (JSON.stringify({ ...review.also, ...also }) === JSON.stringify(review.also)) return;
      Object.assign(review.also, also);
      events.emit("also");
    },
    stepped: null,
    follow: null,
    screen: null,
    screens: [],
    coarse: null,
    on: events.on,
    at: () => clock.at(local()),
    get playing() {
      return clock.playing;
    },
    get epoch() {
      return epoch;
    },
    get speed() {
      return speed;
    },
    get reached() {
      return clock.playing ? pace : 0;
    },
    hold(at) {
      if (clock.playing) {
        resumes = true;
        stream?.send({ type: "pause" });
        clock.set(false, at, speed, local());
      }
      const to = inside(at);
      clock.ask(to, local());
      scrub.hold(to);
      events.emit("clock");
    },
    release(at) {
      seek(at);
      if (resumes) review.play();
      resumes = false;
    },
    seek(at) {
      seek(at);
      if (clock.playing) stream?.send({ type: "play", speed });
    },
    play() {
      if (!stream?.send({ type: "play", speed })) return;
      clock.set(true, clock.at(local()), speed, local());
      events.emit("clock");
    },
    pause() {
      if (!stream?.send({ type: "pause" })) return;
      clock.set(false, clock.at(local()), speed, local());
      events.emit("clock");
    },
    setSpeed(times) {
      speed = times;
      if (clock.playing) review.play();
      else events.emit("clock");
    },
    setView(view) {
      if (view === review.view || !stream?.send({ type: "view", view })) return;
      review.view = view;
      events.emit("clock");
      seesScreen();
    },
    step(to, by) {
      if (!stream?.send({ type: "step", to, by })) return;
      clock.set(false, clock.at(local()), speed, local()); // the server pauses for it
      events.emit("clock");
    },
    setRange(range, name = "") {
      review.range = within(range, bounds());
      review.rangeName = name;
      events.emit("range");
    },
    setRangeByName(name) {
      review.range = named(name, review.filled(), review.at(), config.timezone);
      review.rangeName = name;
      events.emit("range");
    },
    bounds: () => bounds(),
    filled: () => filled(bounds(), review.recording),
    track: (agency, id, from, to) => ask({ type: "track", agency, id, from, to }).then((said) => ({ points: said.points ?? [], clocks: said.clocks ?? [], missing: said.missing ?? [] })),
    near: (lon, lat, metres, from, to) => ask({ type: "near", lon, lat, metres, from, to }),
    within: ({ area, from, to }) => ask({ type: "within", ...area, from, to }),
    chronology: (agency, id, metres, wanted) => ask({ type: "chronology", agency, id, metres }, CHRONOLOGY_MS, wanted),
    findings: openFindings(),
    wanted: null,
    want(wanted) {
      review.wanted = wanted;
      events.emit("want");
    },
    async askScreens() {
      review.screens = (await ask({ type: "screens", at: review.at() })).screens;
      events.emit("screens");
    },
    setFollow(thing) {
      review.follow = thing;
      events.emit("follow");
    },
    notify(text) {
      review.notices.push({ text, since: local() });
      if (review.notices.length > NOTICES_MAX) review.notices.shift();
      events.emit("notice");
    },
    sketch() {}, // until there is a map to draw on
    placeAt: () => null,
    over() {},
  };

  const scrub = makeScrub(review, config, {
    seek: queue.take,
    mute() {
      queue.clear();
      stream?.mute();
    },
    changed: () => events.emit("clock"),
  });

  /** @param {object} message @param {number} [within] ms @param {AbortSignal} [wanted] @returns {Promise<any>} */
  const ask = (message, within = ANSWER_MS, wanted = undefined) =>
    stream
      ? stream.ask(message, within, wanted).then((said) => {
          if (said.error) throw new Error(said.error);
          return said;
        })
      : Promise.reject(new Error("no replay"));

  /** What may be asked for: the recording, as far as it is known. */
  const bounds = () => {
    const { from, to } = recorded ?? review.recording ?? { from: unknown - 86400, to: unknown + BEGINS_BEFORE_S };
    return { from, to: Math.max(to, from + LEAST_S) };
  };
  /** @param {number} at */
  const inside = (at) => Math.min(Math.max(at, bounds().from), bounds().to);

  /** @param {number} at */
  const seek = (at) => {
    const to = inside(at);
    queue.clear();
    scrub.release();
    patience = PICTURE_S;
    sendSeek(to);
    clock.ask(to, local());
    turn();
    events.emit("clock");
  };

  /** Turns the timeline on where the moment has left it. */
  const turn = () => {
    const next = showing(review.range, review.at(), bounds());
    if (next === review.range) return;
    review.range = next;
    review.rangeName = "";
    events.emit("range");
  };

  const count = async () => {
    try {
      const answer = await fetch("/api/recording", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
      const said = await answer.json();
      review.problem = answer.ok ? "" : said.error || `The recordings answer ${answer.status}.`;
      if (answer.ok) review.recording = said;
      if (answer.ok && review.rangeName && review.rangeName !== "day") review.setRangeByName(review.rangeName); // it grows
    } catch {
      review.problem = "The recordings cannot be counted: the site does not answer.";
    }
    events.emit("recording");
  };

  /** What was said of a screen is over with its view. */
  const seesScreen = () => {
    if (!review.screen || review.view.startsWith("screen:")) return;
    review.screen = null;
    events.emit("screen");
  };

  /**
   * A seek led nowhere (it was refused, or the record cannot be read there), and the overview is still what is drawn: asks for
   * the picture of where the server stands. @param {number} at
   */
  const regain = (at) => {
    if (!stream?.muted || local() - waits < patience) return;
    patience = Math.min(patience * 2, PICTURE_MAX_S);
    sendSeek(at);
  };

  /** @param {any} said */
  const hear = (said) => {
    if (said.type === "clock") {
      if (said.epoch !== epoch) stream?.anew(!scrub.draws);
      epoch = said.epoch;
      recorded = { from: said.from, to: said.to };
      pace = said.pace ?? 0;
      if (scrub.draws) return; // the finger has the moment
      if (!clock.hear(said, local())) return;
      review.seeking = null;
      queue.answered();
      if (said.view) review.view = said.view;
      seesScreen();
      if (clock.playing) turn();
      regain(said.at);
      events.emit("clock");
    } else if (said.type === "clocks") {
      review.clocks = said.off;
      events.emit("clocks");
    } else if (said.type === "seeking") {
      review.seeking = { at: said.at, done: said.done };
      waits = local();
      events.emit("clock");
    } else if (said.type === "stepped") {
      turn();
      review.stepped = said;
      events.emit("stepped");
    } else if (said.type === "screen") {
      review.screen = said;
      events.emit("screen");
    } else if (said.type === "notice" || said.type === "refused") review.notify(said.text);
  };

  /** @type {import("../map/page.mjs").Source} */
  const source = {
    name: "replay",
    now: () => review.coarse?.at ?? review.at(),
    open(store, to) {
      if (drags) scrub.on(store, to.frame);
      void count().then(() => {
        if (stopped) return;
        const { recording } = review;
        if (recording && place.at === undefined) {
          const { from, to } = review.filled();
          clock.ask(to - Math.min(BEGINS_BEFORE_S, (to - from) * BEGINS_BEFORE_PART), local());
        }
        if (typeof place.range === "object") review.setRange(place.range);
        else review.setRangeByName(review.rangeName);
        stream = openStream(url, store, {
          ...to,
          first: () => ({ type: "open", at: review.recording ? inside(review.at()) : review.at(), view: review.view, speed: clock.playing ? speed : 0 }),
          frame(change, frame, began) {
            to.heard();
            to.frame(change, frame, began);
            scrub.pictured(frame.at);
          },
          hello(hello) {
            review.refused = "";
            review.views = hello.replay?.views ?? review.views;
            if (drags) scrub.of(hello.replay?.agencies ?? []);
            if (!review.recording) void count();
            to.hello(hello);
          },
          said(said) {
            if (store.rev) to.heard();
            hear(said);
          },
          closed(code, why) {
            epoch = "";
            review.refused = refusalWords(code, why);
            events.emit("notice");
          },
        });
        counting = window.setInterval(count, RECORDING_EVERY_MS);
      });
      return {
        card: (layer, agency, id) => stream?.card(layer, agency, id) ?? Promise.reject(new Error("no replay")),
        poke: () => stream?.poke(),
        stop() {
          stopped = true;
          clearInterval(counting);
          scrub.stop();
          stream?.stop();
        },
      };
    },
  };
  // Getters stay getters: the session is the review with a source.
  return Object.assign(review, { source, overview: scrub.kept });
}
