// The pure parts of the page of recordings, without a browser.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { knownFrom, lagWords, rowsOf, standingAt } from "../../assets/review/chronology.mjs";
import { binOf, countsAt, filled, lanes } from "../../assets/review/counts.mjs";
import { SAME_M, differences, metres } from "../../assets/review/difference.mjs";
import { figureOf } from "../../assets/review/figure.mjs";
import { newId, openFindings } from "../../assets/review/findings.mjs";
import { about, begun, changedWords, differing, fault, inRange, inState, isOverdue } from "../../assets/review/finding.mjs";
import { decode, encode, isMomentUnread } from "../../assets/review/link.mjs";
import { moment, newestWins, nextSpeed, speedWords } from "../../assets/review/moment.mjs";
import { LEAST_S, fromWall, named, pan, pinch, showing, ticks, toWall, within, zoom } from "../../assets/review/range.mjs";
import { pinAt } from "../../assets/review/pins.mjs";
import { asHtml, asJson } from "../../assets/review/report.mjs";
import { EDGE_S, holds, statuses, trail, wayWords } from "../../assets/review/tracks.mjs";
import { edgeWords, movedWords, notShown, refusalWords, viewChoice, viewWords } from "../../assets/review/words.mjs";

const T = Date.parse("2026-11-27T20:03:07Z") / 1000;
const CHICAGO = "America/Chicago";
const clock = (at, playing = false, speed = 1) => ({ at, playing, speed });

// --- the moment ---

test("time goes on between the server's words while it plays, at its speed, and stands while it does not", () => {
  const m = moment(T);
  m.hear(clock(T, true, 8), 10);
  assert.equal(m.at(10.25), T + 2);
  m.hear(clock(T + 2, false), 10.3);
  assert.equal(m.at(12), T + 2);
});

test("time goes on as fast as the server plays, where that is slower than asked for", () => {
  const m = moment(T);
  m.hear({ ...clock(T, true, 16), pace: 4 }, 0);
  assert.equal(m.at(0.5), T + 2);
});

test("a server that says nothing more does not let the clock run away", () => {
  const m = moment(T);
  m.hear(clock(T, true, 64), 0);
  assert.equal(m.at(60), T + 64);
});

test("the playhead stays where the finger put it until the server is there too", () => {
  const m = moment(T);
  m.hear(clock(T), 0);
  m.ask(T + 600, 1);
  assert.equal(m.hear(clock(T), 1.1), false);
  assert.equal(m.hear(clock(T + 300), 1.2), false);
  assert.equal(m.at(1.3), T + 600);
  assert.equal(m.hear(clock(T + 600.04), 1.4), true);
  assert.equal(m.at(1.5), T + 600.04);
});

test("a seek that nobody answers is given up, and the server's moment stands", () => {
  const m = moment(T);
  m.ask(T + 600, 1);
  m.hear(clock(T), 3.1);
  assert.equal(m.at(3.2), T);
});

test("while a finger drags at most one seek in a hundred milliseconds goes out, and the last is the newest", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  try {
    const said = [];
    const queue = newestWins((v) => said.push([Date.now(), v]), 100, 600, Date.now, setTimeout);
    for (let i = 0; i < 60; i++) {
      queue.take(i);
      queue.answered();
      mock.timers.tick(16);
    }
    mock.timers.tick(200);
    assert.ok(said.length >= 9 && said.length <= 11, `${said.length} seeks in a second`);
    for (let i = 1; i < said.length; i++) assert.ok(said[i][0] - said[i - 1][0] >= 100);
    assert.equal(said.at(-1)[1], 59);
  } finally {
    mock.timers.reset();
  }
});

test("the next seek waits for the answer to the last, but not for ever", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  try {
    const said = [];
    const queue = newestWins((v) => said.push(v), 100, 600, Date.now, setTimeout);
    queue.take(1);
    queue.take(2);
    mock.timers.tick(500);
    assert.deepEqual(said, [1]);
    mock.timers.tick(200);
    assert.deepEqual(said, [1, 2]);
    queue.take(3);
    queue.clear();
    mock.timers.tick(2000);
    assert.deepEqual(said, [1, 2]);
  } finally {
    mock.timers.reset();
  }
});

test("speeds go by steps from a quarter to sixty-four", () => {
  assert.equal(nextSpeed(1, 1), 2);
  assert.equal(nextSpeed(64, 1), 64);
  assert.equal(nextSpeed(0.25, -1), 0.25);
  assert.equal(nextSpeed(3, -1), 2);
  assert.deepEqual([0.25, 1, 15.7].map(speedWords), ["0.25×", "1×", "16×"]);
});

// --- the address ---

test("a moment's address says all of it and gives it back", () => {
  const place = {
    at: T + 0.2, view: "agency:cfd", speed: 4, selected: { layer: "units", agency: "cpd", id: "A~1 é/&" },
    camera: { lon: -87.66, lat: 41.868, zoom: 11.9 }, range: { from: T - 3600, to: T },
  };
  const query = encode(place);
  assert.match(query, /^at=2026-11-27T20:03:07\.200Z&view=agency:cfd&speed=4&/);
  assert.deepEqual(decode(`?${query}`), place);
  assert.deepEqual(decode(encode({ at: T, range: "hour" })), { at: T, range: "hour" });
});

test("what alone is shown stands in the address: a circle or a box, and from when to when", () => {
  for (const area of [{ circle: [-87.62, 41.88, 300] }, { box: [-87.63, 41.87, -87.61, 41.89] }]) {
    const only = { area, from: T - 300, to: T + 300 };
    assert.deepEqual(decode(encode({ at: T, only })), { at: T, only });
  }
});

test("the second moment, a comparison and an open area stand in the address", () => {
  const place = { at: T, near: { area: { circle: [-87.62, 41.88, 300] }, from: T - 300, to: T + 300 }, second: { at: T - 60.5, view: "agency:cfd" }, compare: true };
  assert.deepEqual(decode(encode(place)), place);
  for (const query of ["?second=yesterday~known", "?second=2026-11-27T20:00:00Z", "?second=2026-11-27T20:00:00Z~%3Cx", "?compare=maybe", "?near=-87.6,41.8,300"]) assert.deepEqual(decode(query), {}, query);
});

test("what cannot be read in an address is left out", () => {
  for (const query of ["?at=yesterday", "?at=1e9", "?speed=0", "?speed=900", "?map=91,0,3", "?map=,,", "?chosen=units~cpd", "?chosen=x~y~z",
    "?range=2026-11-27T20:00:00Z~2026-11-27T19:00:00Z", "?view=%3Cscript%3E",
    "?only=-87.6,41.8,300", "?only=-87.6,41.8~2026-11-27T20:00:00Z~2026-11-27T20:05:00Z", "?only=-87.6,41.8,-3~2026-11-27T20:00:00Z~2026-11-27T20:05:00Z",
    "?only=-87.6,41.9,-87.7,41.8~2026-11-27T20:00:00Z~2026-11-27T20:05:00Z", "?only=-87.6,,300~2026-11-27T20:00:00Z~2026-11-27T20:05:00Z",
    "?only=-87.6,41.8,300~2026-11-27T20:00:00Z~2026-11-27T19:00:00Z", "?only=-87.6,91,300~2026-11-27T20:00:00Z~2026-11-27T20:05:00Z"]) assert.deepEqual(decode(query), {}, query);
});

test("a moment that nobody can read is told from none", () => {
  assert.deepEqual(["?at=banana", "?at=99999999999999", "?view=known", `?${encode({ at: T })}`].map(isMomentUnread), [true, true, false, false]);
});

test("a moment that is not on record is said to be moved, and where the record is", () => {
  const face = (at) => ({ date: at < 1000 ? "Fri 27 Nov" : "Sat 28 Nov", time: `time ${at}` });
  const [one, two] = [{ from: 100, to: 900 }, { from: 100, to: 2000 }];
  assert.equal(movedWords(500, false, one, face), "");
  assert.equal(movedWords(undefined, false, one, face), "");
  assert.match(movedWords(5, false, one, face), /not on record.*from Fri 27 Nov time 100 to time 900; this is its beginning\.$/);
  assert.match(movedWords(5000, false, two, face), /to Sat 28 Nov time 2000; this is its end\.$/);
  assert.match(movedWords(undefined, true, one, face), /cannot be read\. The record goes/);
});

test("a picture is said not to be shown while the recordings refuse it, say nothing, or have not begun", () => {
  const line = (what) => ({ state: "frozen", since: 0, what });
  assert.equal(notShown({ refused: "" }, line(""), 7), "");
  assert.equal(notShown({ refused: "" }, line("web server"), 7), "");
  assert.match(notShown({ refused: "" }, line("replay and web server"), 7), /do not answer/);
  assert.match(notShown({ refused: "" }, line(""), 0), /Connecting/);
  assert.match(notShown({ refused: refusalWords(4429, "too many") }, line(""), 7), /Too many reviews/);
  assert.equal(refusalWords(1006, ""), "");
  assert.equal(refusalWords(1011, "the record cannot be read now"), "The record cannot be read now. This tries again by itself.");
});

// --- the range ---

const DAY = { from: T - 43200, to: T + 43200 };

test("a zoom keeps the moment under the pointer where it is", () => {
  const range = { from: T - 1000, to: T + 3000 };
  const next = zoom(range, T, 0.5, DAY);
  assert.deepEqual(next, { from: T - 500, to: T + 1500 });
});

test("a range never leaves the recording nor becomes shorter than a minute", () => {
  assert.deepEqual(zoom(DAY, T, 3, DAY), DAY);
  assert.equal(zoom({ from: T, to: T + 100 }, T + 50, 0.01, DAY).to - zoom({ from: T, to: T + 100 }, T + 50, 0.01, DAY).from, LEAST_S);
  assert.deepEqual(pan({ from: T, to: T + 3600 }, 1e6, DAY), { from: DAY.to - 3600, to: DAY.to });
  assert.deepEqual(within({ from: DAY.from - 50, to: DAY.from + 50 }, DAY), { from: DAY.from, to: DAY.from + 100 });
});

test("what two fingers hold stays under them", () => {
  const range = pinch(T - 600, T + 600, 0.25, 0.75, DAY);
  assert.ok(range);
  const at = (x) => range.from + x * (range.to - range.from);
  assert.ok(Math.abs(at(0.25) - (T - 600)) < 1e-3 && Math.abs(at(0.75) - (T + 600)) < 1e-3);
  assert.equal(pinch(T, T + 1, 0.5, 0.5, DAY), null);
});

test("the timeline turns a page when the moment leaves it", () => {
  const range = { from: T, to: T + 600 };
  assert.equal(showing(range, T + 300, DAY), range);
  const next = showing(range, T + 601, DAY);
  assert.ok(next.from > T && next.from < T + 601 && next.to - next.from === 600);
});

test("ranges by name: the last hour, the site's day, all", () => {
  assert.deepEqual(named("hour", DAY, T, CHICAGO), { from: DAY.to - 3600, to: DAY.to });
  assert.equal(toWall(named("day", DAY, T, CHICAGO).from, CHICAGO), "2026-11-27T00:00:00");
  assert.deepEqual(named("all", DAY, T, CHICAGO), DAY);
});

test("a day on which the clock is set is as long as it was: 25 hours, or 23", () => {
  const hours = (wall, zone) => {
    const { from, to } = named("day", DAY, fromWall(wall, zone), zone);
    return [toWall(from, zone), toWall(to, zone), (to - from) / 3600];
  };
  assert.deepEqual(hours("2026-11-01T12:00:00", CHICAGO), ["2026-11-01T00:00:00", "2026-11-02T00:00:00", 25]);
  assert.deepEqual(hours("2026-03-08T12:00:00", CHICAGO), ["2026-03-08T00:00:00", "2026-03-09T00:00:00", 23]);
  assert.deepEqual(hours("2026-12-31T23:59:59", CHICAGO), ["2026-12-31T00:00:00", "2027-01-01T00:00:00", 24]);
  // Where the clock is set at midnight that day begins at one.
  assert.deepEqual(hours("2026-09-06T12:00:00", "America/Santiago"), ["2026-09-06T01:00:00", "2026-09-07T00:00:00", 23]);
});

test("a wall clock and a moment lead to each other, also where the clock is set", () => {
  assert.equal(toWall(T, CHICAGO), "2026-11-27T14:03:07");
  assert.equal(fromWall("2026-11-27T14:03:07", CHICAGO), T);
  for (const wall of ["2026-03-08T03:30:00", "2026-11-01T03:00:00", "2026-07-01T12:00:00"]) assert.equal(toWall(fromWall(wall, CHICAGO), CHICAGO), wall);
  assert.ok(Number.isNaN(fromWall("", CHICAGO)));
  // An hour that there was twice is its first; one that there was not is the one after it.
  assert.equal(fromWall("2026-11-01T01:30:00", CHICAGO), Date.parse("2026-11-01T06:30:00Z") / 1000);
  assert.equal(toWall(fromWall("2026-03-08T02:30:00", CHICAGO), CHICAGO), "2026-03-08T03:30:00");
});

test("ticks stand at round local times, no more than there is room for", () => {
  const made = ticks({ from: T - 5400, to: T + 5400 }, 8, CHICAGO);
  assert.ok(made.length <= 8);
  assert.deepEqual(made.map((t) => t.text).slice(0, 2), ["13:00", "13:30"]);
  assert.deepEqual(ticks({ from: T, to: T + 60 }, 7, CHICAGO).map((t) => t.text)[0], "14:03:10");
  assert.ok(ticks({ from: T, to: T + 86400 }, 9, CHICAGO).some((t) => t.text === "28 Nov"));
});

test("ticks stand at round local times also behind the hour at which the clock was set", () => {
  const walls = (from, to, most, zone = CHICAGO) => ticks({ from: fromWall(from, zone), to: fromWall(to, zone) }, most, zone).map(({ at }) => toWall(at, zone).slice(5, 16));
  assert.deepEqual(walls("2026-10-31T00:00:00", "2026-11-03T00:00:00", 4), ["10-31T00:00", "11-01T00:00", "11-02T00:00", "11-03T00:00"]);
  assert.deepEqual(walls("2026-11-01T00:00:00", "2026-11-02T00:00:00", 5), ["11-01T00:00", "11-01T06:00", "11-01T12:00", "11-01T18:00", "11-02T00:00"]);
  assert.deepEqual(walls("2026-03-08T00:00:00", "2026-03-09T00:00:00", 5), ["03-08T00:00", "03-08T06:00", "03-08T12:00", "03-08T18:00", "03-09T00:00"]);
  assert.deepEqual(walls("2026-03-08T00:00:00", "2026-03-08T08:00:00", 4), ["03-08T00:00", "03-08T04:00", "03-08T06:00", "03-08T08:00"]);
  // The hour that there was twice has its ticks twice.
  assert.deepEqual(walls("2026-11-01T00:00:00", "2026-11-01T03:00:00", 4), ["11-01T00:00", "11-01T01:00", "11-01T01:00", "11-01T02:00", "11-01T03:00"]);
  // From behind midnight of such a day, by the day.
  assert.deepEqual(walls("2026-11-01T00:30:00", "2026-11-04T00:00:00", 4), ["11-02T00:00", "11-03T00:00", "11-04T00:00"]);
  assert.deepEqual(ticks({ from: fromWall("2026-10-30T00:00:00", CHICAGO), to: fromWall("2026-11-08T00:00:00", CHICAGO) }, 10, CHICAGO).map(({ text }) => text), ["30 Oct", "31 Oct", "1 Nov", "2 Nov", "3 Nov", "4 Nov", "5 Nov", "6 Nov", "7 Nov", "8 Nov"]);
});

// --- counts ---

const RECORDING = {
  from: 0, to: 600, gaps: [],
  minutes: [
    { at: 0, agency: "cpd", unit: 10, incident: 1, log: 0 },
    { at: 0, agency: "cfd", unit: 5 },
    { at: 60, agency: "cpd", unit: 20, camera: 2 },
    { at: 540, agency: "cfd", unit: 7 },
  ],
};

test("lanes are by kind, agencies stacked in them, and a kind of which there is nothing has none", () => {
  const made = lanes(RECORDING, "kind", { from: 0, to: 600 }, 60);
  assert.deepEqual(made.lanes.map((lane) => [lane.key, lane.most]), [["unit", 20], ["incident", 1], ["camera", 2]]);
  assert.deepEqual(made.lanes[0].parts.map((part) => [part.key, [...part.values.slice(0, 2)]]), [["cpd", [10, 20]], ["cfd", [5, 0]]]);
});

test("lanes are by agency, and a wider bin holds the sum", () => {
  const made = lanes(RECORDING, "agency", { from: 0, to: 600 }, 300);
  assert.deepEqual(made.lanes.map((lane) => [lane.key, lane.most]), [["cpd", 33], ["cfd", 7]]);
  assert.deepEqual(countsAt(made, 300, 100), [{ key: "cpd", n: 33 }, { key: "cfd", n: 5 }]);
});

test("nothing counted outside the range is shown in it, and no lane goes for that", () => {
  const made = lanes(RECORDING, "kind", { from: 120, to: 540 }, 60);
  assert.deepEqual(made.lanes.map((lane) => lane.most), [0, 0, 0]);
});

test("bins are whole minutes, as many as there is room for", () => {
  assert.equal(binOf({ from: 0, to: 3600 }, 200), 60);
  assert.equal(binOf({ from: 0, to: 86400 }, 200), 600);
});

test("a recording that goes on without a report ends for people with its last minute that has one", () => {
  const bounds = { from: 0, to: 600 };
  assert.equal(filled(bounds, RECORDING), bounds);
  assert.deepEqual(filled({ from: 0, to: 6000 }, RECORDING), { from: 0, to: 600 });
  assert.equal(filled(bounds, null), bounds);
  const face = (at) => ({ time: `00:${String(at / 60).padStart(2, "0")}:00` });
  const words = (at) => edgeWords(at, { from: 0, to: 600 }, { from: 0, to: 6000 }, face);
  assert.deepEqual([words(0), words(300), words(601)], ["the record begins here", "", "nothing recorded since 00:10"]);
});

test("the figure has a lane's axis for each lane and its ticks in words", () => {
  const grey = [128, 128, 128];
  const theme = { scale: 1, font: "sans-serif", ink2: grey, camera: grey };
  const made = lanes(RECORDING, "kind", { from: 0, to: 600 }, 60);
  const { data, layout } = figureOf(made, 60, { from: 0, to: 600 }, "UTC", 800, 100, theme);
  assert.deepEqual(Object.keys(layout).filter((name) => name.startsWith("yaxis")), ["yaxis", "yaxis2", "yaxis3"]);
  assert.equal(data.length, 4); // what is nothing but zeros is not drawn
  assert.ok(layout.xaxis.ticktext.includes("00:04"));
  assert.equal(figureOf({ start: 0, bins: 1, lanes: [] }, 60, { from: 0, to: 60 }, "UTC", 800, 100, theme).data.length, 1);
});

// --- differences, tracks, words ---

/** @param {[string, number, number, number][]} rows id, lon, lat, life */
const storeOf = (rows) => ({
  units: {
    rows: new Map(rows.map(([id], i) => [`cpd/${id}`, i])),
    records: rows.map(([id]) => ({ id, agency: "cpd", call_sign: id.toUpperCase() })),
    columns: {
      lon: Int32Array.from(rows, (r) => r[1] * 1e7), lat: Int32Array.from(rows, (r) => r[2] * 1e7), flags: Uint8Array.from(rows, (r) => r[3] << 1),
    },
  },
});

test("a unit differs that is elsewhere, of another age, or in one view only; what its way costs is no difference", () => {
  const here = storeOf([["same", -87.6, 41.9, 0], ["far", -87.6, 41.9, 0], ["old", -87.6, 41.9, 1], ["mine", -87.6, 41.9, 0]]);
  const there = storeOf([["far", -87.6, 41.91, 0], ["same", -87.6001, 41.9, 0], ["old", -87.6, 41.9, 0], ["theirs", -87.6, 41.9, 0]]);
  const found = differences(here, there);
  assert.deepEqual(found.map(({ id, why }) => [id, why]), [["far", "moved"], ["mine", "only here"], ["old", "age"], ["theirs", "only there"]]);
  assert.ok(Math.abs(found[0].metres - 1112) < 2);
  assert.ok(metres(-87.6, 41.9, -87.6001, 41.9) < SAME_M);
});

test("a trail ends at the moment and is not drawn over what nobody knows", () => {
  const points = [0, 10, 20, 200, 210, 400].map((at) => [at, -87 + at / 1e4, 41, 1, 0, 0]);
  assert.deepEqual(trail(points, 10, 210).map((piece) => piece.map((p) => p.at)), [[10, 20], [200, 210]]);
  assert.deepEqual(trail([[5, null, null, 1, 0, 0]], 0, 10), []);
});

test("a way tells what was known when it was asked for: later there is more to ask for, before that it told too much", () => {
  const bounds = { from: T - 86400, to: T + 86400 };
  const known = { from: T - 1800, to: T + 1800, known: { since: T, by: T + 2 } };
  const of = (at, near = 0.25, held = known) => holds(held, at, bounds, near);
  assert.deepEqual([of(T + 2), of(T + 2, 3), of(T + 10, 3)], ["more", "held", "more"]);
  assert.deepEqual([of(T - 1), of(T + 1), of(T + 1, 1.5), of(T + 1.9, 2)], ["gone", "gone", "held", "held"]);
  assert.equal(of(T + 0.1, 0.25, { ...known, known: { since: T, by: T } }), "held");
  // The truth is the same at every moment, as far as it was asked for.
  const truth = { ...known, known: null };
  assert.deepEqual([of(T - 1000, 0.25, truth), of(T + 1000, 0.25, truth), of(T + 1800 - EDGE_S + 1, 0.25, truth), of(T - 1700, 0.25, truth)], ["held", "held", "more", "more"]);
  assert.equal(holds(truth, T + 1700, { from: T - 1800, to: T + 1800 }, 0.25), "held"); // there is no more
});

test("a status lasts until the next one", () => {
  const points = [[0, 1, 1, 0, 0, 0], [10, 1, 1, 0, 0, 0], [20, 1, 1, 0, 0, 2], [30, 1, 1, 0, 0, null], [500, 1, 1, 0, 0, null]];
  assert.deepEqual(statuses(points), [
    { from: 0, to: 20, status: 0 }, { from: 20, to: 30, status: 2 }, { from: 30, to: 30, status: 5 }, { from: 500, to: 500, status: 5 },
  ]);
});

test("views have names for people", () => {
  const agencies = [{ id: "cfd", name: "Chicago Fire", tag: "CFD" }];
  assert.equal(viewWords("known", agencies), "as known then");
  assert.equal(viewWords("agency:cfd", agencies), "as available to CFD");
  assert.equal(viewChoice("agency:cfd", agencies), "Chicago Fire");
  assert.equal(viewChoice("truth", agencies), "Truth as known today");
});

// --- findings ---

const FIRE = { layer: "incidents", agency: "cfd", id: "i1" };
const finding = (id, at, more = {}) => ({
  id, version: 1, agency: "cpd", author_role: "supervisor", made_at: T + 9e5, said: { ...begun(at, "known", [-87.6, 41.9], [FIRE]), title: id, ...more },
});

test("a finding begins at the moment, view and place that are looked at, and wants a title", () => {
  const said = begun(T + 0.12345, "truth", null, [FIRE]);
  assert.deepEqual([said.at, said.view, said.lon, said.state, said.due], [T + 0.123, "truth", null, "open", null]);
  assert.match(fault(said), /title/);
  assert.equal(fault({ ...said, title: "Nearest car" }), "");
  assert.match(fault({ ...said, title: "Nearest car", happened: "ä".repeat(40_000) }), /longer/);
});

test("a finding of which nobody said that it is written is sent again under the same id, and who was faster is met", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  /** @type {[string, any][]} */
  const asked = [];
  const answers = [() => { throw new TypeError("cut"); }, () => [201, null], () => [409, { error: "changed" }], () => [200, { versions: [finding("f-1", T)] }]];
  const fetching = mock.method(globalThis, "fetch", async (path, how) => {
    asked.push([path, how?.method]);
    const [status, said] = answers[asked.length - 1]?.() ?? [200, { findings: [] }];
    return new Response(said && JSON.stringify(said), { status });
  });
  try {
    const [findings, of] = [openFindings(), { id: newId(), version: 0 }];
    assert.match(of.id, /^f-[0-9a-f]{16}$/);
    assert.notEqual(newId(), of.id);
    const said = { ...begun(T, "known", null, []), title: "Nearest car" };
    assert.equal((await findings.write(said, of)).unsure, true);
    assert.equal((await findings.write(said, of)).unsure, true); // the answer was cut in its middle
    assert.equal((await findings.write(said, of)).newer?.id, "f-1");
    assert.deepEqual(asked.slice(0, 3), Array(3).fill([`/api/findings/${of.id}?version=0`, "POST"]));
  } finally {
    fetching.mock.restore();
    mock.timers.reset();
  }
});

test("findings are listed by their moment, those in a state or all that are not closed", () => {
  const all = [finding("b", T + 9), finding("a", T, { state: "done" }), finding("c", T + 5, { state: "in progress" })];
  const ids = (which) => inState(all, which).map(({ id }) => id);
  assert.deepEqual([ids(""), ids("unclosed"), ids("done"), ids("rejected")], [["a", "c", "b"], ["c", "b"], ["a"], []]);
  assert.deepEqual(inRange(all, { from: T + 1, to: T + 8 }).map(({ id }) => id), ["c"]);
  assert.deepEqual(inRange([finding("long", T, { until: T + 60 })], { from: T + 30, to: T + 40 }).length, 1);
});

test("what is due before today and not closed is overdue", () => {
  const said = (due, state) => finding("a", T, { due, state }).said;
  assert.deepEqual(
    [said("2026-11-27", "open"), said("2026-11-28", "open"), said("2026-11-27", "done"), said(null, "open")].map((s) => isOverdue(s, "2026-11-28")),
    [true, false, false, false],
  );
});

test("two versions differ in named fields, a place in one word", () => {
  const [a, b] = [finding("a", T).said, finding("a", T, { lon: -87.7, lat: 41.8, state: "done" }).said];
  assert.deepEqual(differing(a, b), ["state", "lon", "lat"]);
  assert.equal(changedWords(differing(a, b)), "state, place");
  assert.deepEqual(differing(a, { ...a, refs: [{ ...FIRE }] }), []);
});

test("a press takes the nearest pin within reach of a finger", () => {
  const pins = [{ id: "a", x: 10, y: 10 }, { id: "b", x: 30, y: 10 }];
  assert.equal(pinAt(pins, 24, 10)?.id, "b");
  assert.equal(pinAt(pins, 10, 60), null);
});

// --- the timeline of an incident ---

const line = (at, received_at, text = "Closed") => ({ at, observed_at: at, received_at, agency: "cfd", kind: "incident", id: "i1", event: "Closed", text });
const said = (...lines) => ({ agency: "cfd", id: "i1", found: true, lines });

test("in a view of what was known a line stands from when it was received, in the truth from when it was so", () => {
  const all = said(line(T, T + 1), line(T + 10, T + 400));
  assert.equal(rowsOf(all, [], "known", T + 300).length, 1);
  assert.equal(rowsOf(all, [], "known", T + 400).length, 2);
  assert.equal(rowsOf(all, [], "truth", T - 60).length, 2);
});

test("findings about the incident stand among its lines in every view, others do not", () => {
  const other = finding("other", T + 5, { refs: [{ ...FIRE, agency: "cpd" }] });
  const rows = rowsOf(said(line(T, T + 1), line(T + 10, T + 11)), [finding("f", T + 5), other], "known", T + 60);
  assert.deepEqual(rows.map(({ kind }) => kind), ["incident", "finding", "incident"]);
  assert.equal(about([other], FIRE).length, 0);
  assert.deepEqual([T - 1, T, T + 7, T + 99].map((at) => standingAt(rows, at)), [-1, 0, 0, 2]);
});

test("a line says how far its two times are apart where that is more than a few seconds", () => {
  const words = (late) => lagWords(line(T, T + late), (s) => `${s} s`);
  assert.deepEqual([words(2), words(432), words(-37)], ["", "came 432 s later", "its clock is 37 s ahead"]);
});

test("a way says where its record is damaged, and never that there is none for that", () => {
  assert.equal(wayWords(31, true, false), "Up to 31 mph");
  assert.equal(wayWords(31, true, true), "Damaged in part · 31 mph");
  assert.equal(wayWords(0, false, true), "Its record is damaged here.");
  assert.equal(wayWords(0, false, false), "No way is recorded here.");
});

test("who could know of an incident is told by the tenth of a second, and who could not by then last", () => {
  const known = [["gst", null], ["cpd", T + 0.21], ["isp", T + 0.4], ["cfd", T + 0.27]];
  assert.deepEqual(knownFrom({ known }), [
    { at: T + 0.2, agencies: ["cpd", "cfd"] }, { at: T + 0.4, agencies: ["isp"] }, { at: null, agencies: ["gst"] },
  ]);
  assert.deepEqual(knownFrom({}), []);
});

test("a timeline is saved as a page that escapes what was written, and as JSON", () => {
  const rows = rowsOf(said(line(T, T + 1, "<script>")), [finding("f", T + 5, { title: "A & B", happened: "<b>" })], "known", T + 60);
  const report = { title: "Fire", stamp: { site: "X <y>" }, timeline: said(), known: [{ time: "20:03:07.2", who: "CFD <x>" }], rows, words: ({ line: l }) => ({ time: "1", received: "2", text: l?.text ?? "", by: "CFD" }) };
  const page = asHtml(report);
  assert.ok(page.includes("&lt;script&gt;") && page.includes("A &amp; B") && page.includes("&lt;b&gt;") && page.includes("X &lt;y&gt;"));
  assert.ok(!/<script|<b>/.test(page));
  assert.ok(page.includes("Could be known from: 20:03:07.2 CFD &lt;x&gt;"));
  const kept = JSON.parse(asJson(report));
  assert.deepEqual([kept.stamp.title, kept.timeline.lines.length, kept.findings[0].id], ["Fire", 1, "f"]);
});
