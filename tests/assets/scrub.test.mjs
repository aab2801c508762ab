// Dragging over the time pyramid: the pure parts, and the loader with a made-up site.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { KEYFRAME, decode, inflate } from "../../assets/map/frame.mjs";
import { stateAt } from "../../assets/map/instant.mjs";
import { readSpan } from "../../assets/map/span.mjs";
import { apply, emptyStore } from "../../assets/map/store.mjs";
import { ASKED_MAX, LIMITS, beginOf, blocksFor, bytesOf, keeper, levelsFor, limitsOf, stepOf } from "../../assets/review/blocks.mjs";
import { unitsFrame } from "../../assets/review/coarse.mjs";
import { openOverviews } from "../../assets/review/overviews.mjs";
import { isTold } from "../../assets/review/spans.mjs";
import { encode, units } from "./city.mjs";

const DAY = { from: 1790208000, to: 1790208000 + 86400 };
const golden = readFileSync(new URL("../samples/frames/pyramid.bin", import.meta.url));
const bytes = golden.buffer.slice(golden.byteOffset, golden.byteOffset + golden.byteLength);

/** Lets promises that wait for nothing else go on. */
const settled = async (done, tries = 400) => {
  for (let i = 0; i < tries; i++) {
    if (done()) return;
    await new Promise((go) => setTimeout(go, 2));
  }
  assert.fail("it never came");
};

// --- which blocks ---

test("a day is asked for by the hour, the nearest to the moment first, and no more than is good for the site", () => {
  const at = DAY.from + 13.5 * 3600;
  const blocks = blocksFor(DAY, at);
  assert.equal(blocks.length, 24);
  assert.deepEqual(blocks[0], { level: "l2", at: DAY.from + 13 * 3600 });
  assert.equal(blocksFor({ from: 0, to: 400 * 86400 }, at).length, ASKED_MAX);
});

test("an hour is asked for by the minute first, then by ten seconds, which are drawn first", () => {
  const range = { from: DAY.from, to: DAY.from + 3600 };
  const blocks = blocksFor(range, DAY.from + 700);
  assert.deepEqual(blocks.map(({ level }) => level), ["l2", ...Array(6).fill("l1")]);
  assert.equal(blocks[1].at, DAY.from + 600);
  assert.deepEqual(levelsFor(range), ["l1", "l2"]);
  assert.deepEqual(levelsFor(DAY), ["l2", "l1"]);
  assert.equal(beginOf("l1", DAY.from + 1234.5), DAY.from + 1200);
  assert.equal(stepOf("l1", DAY.from + 1239.9), DAY.from + 1230);
});

test("the overview tells of what was known, not of what was true", () => {
  assert.deepEqual(["known", "agency:cpd", "truth", "screen:7"].map(isTold), [true, true, false, false]);
});

// --- what is kept ---

test("a tablet keeps eight blocks, a wall thirty-two", () => {
  assert.equal(limitsOf("field", false), LIMITS.tablet);
  assert.equal(limitsOf("desk", true), LIMITS.tablet);
  assert.equal(limitsOf("wall", false), LIMITS.wall);
  assert.deepEqual([LIMITS.tablet.blocks, LIMITS.wall.blocks], [8, 32]);
});

test("what was used longest ago goes, by number and by bytes, and the newest stays whatever its size", () => {
  const kept = keeper(3, 100);
  for (const name of ["a", "b", "c"]) kept.set(name, name, 10);
  kept.get("a");
  kept.set("d", "d", 10);
  assert.deepEqual(["a", "b", "c", "d"].map(kept.has), [true, false, true, true]);
  kept.set("e", "e", 95);
  assert.deepEqual([kept.count, kept.bytes, kept.get("e")], [1, 95, "e"]);
  kept.set("f", "f", 500);
  assert.deepEqual([kept.count, kept.bytes], [1, 500]);
  kept.drop("f");
  assert.deepEqual([kept.count, kept.bytes], [0, 0]);
});

test("bytes are those of the buffers, each once", () => {
  const one = new Float64Array(10);
  assert.equal(bytesOf({ a: one, b: [one.subarray(2), new Uint8Array(5)] }), 85);
});

// --- frames for the store ---

const span = readSpan(await inflate(bytes));

test("the first frame takes away the units that were there, and leaves all other layers", () => {
  const store = emptyStore();
  const incident = { name: "incidents", columns: { row: ["u4", [0]], lon: ["i4", [1]], lat: ["i4", [1]], priority: ["u1", [1]], flags: ["u1", [0]], age: ["u4", [5]] },
    records: [[0, { id: "I0", agency: "cpd" }]], gone: [] };
  apply(store, decode(encode(KEYFRAME, { rev: 7, at: 1, layers: [units([0, 5], [[1, 1], [2, 2]]), incident] })));
  const states = [stateAt(span, span.at)];
  const change = apply(store, unitsFrame(store, states, null));
  assert.equal(change.fits, true);
  assert.equal(store.units.count, states[0].unit.length);
  assert.equal(store.units.rows.has("cpd/U5"), false);
  assert.equal(store.incidents.count, 1);
  assert.equal(store.units.at[states[0].unit[0]], span.at);
});

test("a step later the store has that step's units, whichever way it came there", () => {
  const [first, later] = [span.at, span.at + 60].map((t) => [stateAt(span, t)]);
  const [one, other] = [emptyStore(), emptyStore()];
  apply(one, unitsFrame(one, first, null));
  apply(one, unitsFrame(one, later, first));
  apply(other, unitsFrame(other, later, null));
  assert.deepEqual([...one.units.rows.keys()].sort(), [...other.units.rows.keys()].sort());
  for (const [key, row] of one.units.rows) {
    const away = /** @type {number} */ (other.units.rows.get(key));
    assert.equal(one.units.columns.lon[row], other.units.columns.lon[away]);
    assert.deepEqual(one.units.records[row], other.units.records[away]);
  }
});

// --- the loader ---

/** A loader whose site is a function, and what it asked for. @param {(agency: string, at: number) => ArrayBuffer | null} site @param {any} [limits] */
function loader(site, limits = LIMITS.tablet) {
  const asked = [];
  let [time, under, most] = [0, 0, 0];
  const said = { ready: 0 };
  const made = openOverviews({
    async get(level, agency, at) {
      asked.push(`${level}/${agency}/${at}`);
      most = Math.max(most, ++under);
      await null;
      under -= 1;
      return site(agency, at);
    },
    agencies: () => ["cpd", "fire"],
    limits,
    now: () => time,
    ready: () => (said.ready += 1),
  });
  return { made, asked, said, most: () => most, pass: (ms) => (time += ms) };
}
const HOUR = { from: span.at, to: span.at + 3600 * 4 };

test("what is not there yet is fetched, what is fetched decoded, what is decoded drawn at its last step", async () => {
  const { made, asked, said, most } = loader((_, at) => (at === beginOf("l2", span.at) ? bytes : null));
  assert.equal(made.has(span.at + 70, HOUR), "none");
  await settled(() => said.ready === 1);
  assert.equal(made.has(span.at + 70, HOUR), "coming");
  assert.equal(made.at(span.at + 70, HOUR), null);
  await settled(() => said.ready === 2);
  assert.equal(made.has(span.at + 70, HOUR), "here");
  const drawn = made.at(span.at + 70, HOUR);
  assert.deepEqual([drawn?.at, drawn?.step_s, drawn?.states.length], [span.at + 60, 60, 2]);
  assert.equal(asked.filter((one) => one.startsWith("l2/cpd")).length, 1);
  assert.ok(most() <= 3);
});

test("without one agency there is no picture, and it is not asked for again at once", async () => {
  const { made, asked, pass } = loader((agency) => (agency === "cpd" ? bytes : null));
  made.has(span.at, HOUR);
  await settled(() => asked.length >= 2 && made.kept.coming === 0);
  const before = asked.length;
  assert.equal(made.has(span.at, HOUR), "none");
  assert.equal(asked.length, before);
  pass(301_000);
  made.has(span.at, HOUR);
  await settled(() => asked.length > before);
});

test("an hour that still grows is fetched again when a later moment of it is wanted", async () => {
  const { made, asked, said, pass } = loader((_, at) => (at === beginOf("l2", span.at) ? bytes : null));
  made.has(span.at, HOUR);
  await settled(() => said.ready === 1);
  made.has(span.at, HOUR);
  await settled(() => said.ready === 2);
  assert.ok(span.until < beginOf("l2", span.at) + 3600);
  assert.equal(made.has(span.until + 30, HOUR), "none");
  const before = asked.filter((one) => one.startsWith("l2")).length;
  pass(31_000);
  made.has(span.until + 30, HOUR);
  await settled(() => asked.filter((one) => one.startsWith("l2")).length > before);
});

test("bytes that cannot be read are no block, and no error", async (t) => {
  t.mock.method(console, "warn", () => {});
  const { made, said } = loader(() => new ArrayBuffer(40));
  made.has(span.at, HOUR);
  await settled(() => said.ready > 0);
  await settled(() => {
    made.has(span.at, HOUR);
    return /** @type {any} */ (console.warn).mock.callCount() === 1;
  });
  assert.equal(made.has(span.at, HOUR), "none");
});

test("a finger that crosses a day asks for hours, and one that crosses an hour for ten minutes too", async () => {
  for (const [range, levels] of /** @type {[any, string[]]} */ ([[HOUR, ["l2"]], [{ from: span.at, to: span.at + 3600 }, ["l1", "l2"]]])) {
    const { made, asked } = loader(() => null);
    made.has(span.at, range);
    await settled(() => asked.length > 0 && made.kept.coming === 0);
    assert.deepEqual([...new Set(asked.map((one) => one.slice(0, 2)))].sort(), levels);
  }
});

test("a range that was left behind is not fetched to its end", async () => {
  const { made, asked } = loader(() => null);
  made.want(DAY, DAY.from);
  made.want({ from: DAY.from + 86400, to: DAY.from + 86400 + 4 * 3600 }, DAY.from + 86400);
  await settled(() => made.kept.coming === 0);
  assert.ok(asked.length <= 2 * 3 + 2 * 4, `${asked.length} asked`);
  made.clear();
  assert.deepEqual(made.kept, { blocks: 0, bytes: 0, packed: 0, loaded: 0, coming: 0 });
});
