// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { DELTA, FrameError, HEARTBEAT, KEYFRAME, decode } from "../../assets/map/frame.mjs";
import { EVENTS_MAX, apply, emptyStore, newEpoch, referred, rowOf } from "../../assets/map/store.mjs";
import { encode, units } from "./city.mjs";

const HERE = /** @type {[number, number]} */ ([-87.6, 41.9]);
const THERE = /** @type {[number, number]} */ ([-87.7, 41.8]);

/** @param {any} store @param {number} type @param {any} header */
const put = (store, type, header) => apply(store, decode(encode(type, header)));

/** A store with two units. */
function two() {
  const store = emptyStore();
  put(store, KEYFRAME, { rev: 5, at: 100, layers: [units([0, 1], [HERE, THERE])] });
  return store;
}

test("a keyframe replaces everything", () => {
  const store = two();
  put(store, KEYFRAME, { rev: 9, at: 200, layers: [units([3], [HERE])] });
  assert.equal(store.units.count, 1);
  assert.equal(store.units.present[0], 0);
  assert.equal(store.units.rows.get("cpd/U3"), 3);
  assert.equal(store.units.rows.has("cpd/U0"), false);
  assert.equal(store.rev, 9);
});

test("a delta moves only the units it names", () => {
  const store = two();
  const change = put(store, DELTA, { base: 5, rev: 6, at: 101, layers: [units([1], [HERE], { records: [] })] });
  assert.deepEqual([...(change.rows.units ?? [])], [1]);
  assert.equal(store.units.columns.lon[1], -876000000);
  assert.equal(store.units.records[1]?.call_sign, "BEAT 1");
  assert.deepEqual([store.units.at[0], store.units.at[1]], [100, 101]);
});

test("a delta on another revision changes nothing and says so", () => {
  const store = two();
  const change = put(store, DELTA, { base: 7, rev: 8, at: 101, layers: [units([1], [HERE])] });
  assert.equal(change.fits, false);
  assert.equal(store.rev, 5);
  assert.equal(store.units.columns.lon[1], -877000000);
});

test("two agencies may use one id: each keeps its own row, and a name means its own agency's thing first", () => {
  const store = emptyStore();
  const records = [[0, { id: "1", agency: "cpd" }], [1, { id: "1", agency: "cfd" }], [2, { id: "2", agency: "cfd" }]];
  put(store, KEYFRAME, { rev: 1, at: 100, layers: [units([0, 1, 2], [HERE, THERE, HERE], { records })] });
  assert.equal(rowOf(store, { layer: "units", agency: "cpd", id: "1" }), 0);
  assert.equal(rowOf(store, { layer: "units", agency: "cfd", id: "1" }), 1);
  assert.equal(referred(store.units, "cfd", "1"), 1);
  assert.equal(referred(store.units, "cpd", "1"), 0);
  assert.equal(referred(store.units, "cpd", "2"), 2);
  assert.equal(referred(store.units, "cpd", "3"), undefined);
  put(store, DELTA, { base: 1, rev: 2, at: 101, layers: [units([], [], { gone: [0], records: [] })] });
  assert.equal(rowOf(store, { layer: "units", agency: "cpd", id: "1" }), undefined);
  assert.equal(rowOf(store, { layer: "units", agency: "cfd", id: "1" }), 1);
});

test("a heartbeat changes no layer", () => {
  const store = two();
  const change = put(store, HEARTBEAT, { base: 5, rev: 5, at: 102 });
  assert.deepEqual(change, { fits: true, rows: {} });
});

test("a row that is gone may be another's in the same frame", () => {
  const store = two();
  put(store, DELTA, {
    base: 5, rev: 6, at: 101,
    layers: [units([0], [THERE], { gone: [0], records: [[0, { id: "NEW", agency: "cfd" }]] })],
  });
  assert.equal(store.units.count, 2);
  assert.equal(store.units.rows.get("cfd/NEW"), 0);
  assert.equal(store.units.rows.has("cpd/U0"), false);
});

test("tables grow and keep what they held", () => {
  const store = two();
  put(store, DELTA, { base: 5, rev: 6, at: 101, layers: [units([40000], [HERE])] });
  assert.equal(store.units.end, 40001);
  assert.equal(store.units.columns.lon[1], -877000000);
  assert.equal(store.units.count, 3);
});

test("a row beyond all reason is refused", () => {
  const store = two();
  assert.throws(() => put(store, DELTA, { base: 5, rev: 6, at: 1, layers: [units([4e9], [HERE])] }), RangeError);
});

test("events are kept once, newest last, and bounded", () => {
  const store = two();
  const event = (/** @type {number} */ n) => [n, { at: n, kind: "incident", id: "I", agency: "cpd", event: "x", text: "" }];
  put(store, DELTA, { base: 5, rev: 6, at: 1, events: [event(1), event(2)] });
  put(store, DELTA, { base: 6, rev: 7, at: 1, events: [event(2), event(3)] });
  assert.deepEqual(store.events.map((e) => e.n), [1, 2, 3]);
  put(store, DELTA, { base: 7, rev: 8, at: 1, events: Array.from({ length: 900 }, (_, i) => event(i + 4)) });
  assert.equal(store.events.length, EVENTS_MAX);
  assert.equal(store.events.at(-1)?.n, 903);
});

test("another epoch counts its events from one again", () => {
  const store = two();
  store.eventNumber = 70;
  newEpoch(store);
  put(store, KEYFRAME, { rev: 1, at: 1, events: [[1, { at: 1, kind: "incident", id: "I" }]] });
  assert.equal(store.events.length, 1);
});

test("the bus lost is remembered until a frame says otherwise", () => {
  const store = two();
  put(store, HEARTBEAT, { base: 5, rev: 5, at: 9, bus: "lost", bus_since: 8 });
  assert.deepEqual([store.bus, store.busSince], ["lost", 8]);
  put(store, HEARTBEAT, { base: 5, rev: 5, at: 10 });
  assert.equal(store.bus, "");
});

test("a layer this page does not know is passed over", () => {
  const store = two();
  const change = put(store, DELTA, { base: 5, rev: 6, at: 1, layers: [{ name: "zones", columns: { row: ["u4", [1]] } }] });
  assert.equal(change.fits, true);
});

test("bytes that are no frame are refused, whatever they are", () => {
  const good = encode(DELTA, { base: 1, rev: 2, at: 3, layers: [units([1], [HERE])] });
  for (const cut of [0, 3, 15, 20, good.byteLength - 1]) assert.throws(() => decode(good.slice(0, cut)), FrameError);
  const lies = good.slice(0);
  new DataView(lies).setUint32(12, 0x0fffffff, true);
  assert.throws(() => decode(lies), FrameError);
  const type = good.slice(0);
  new Uint8Array(type)[4] = 9;
  assert.throws(() => decode(type), FrameError);
});
