// @ts-check
// The golden span of tests/samples/frames: what Python makes of reports is what the browser draws.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DELTA, FrameError, KEYFRAME, decode, inflate, isDeflated } from "../../assets/map/frame.mjs";
import { frameOf, recordOf, stateAt } from "../../assets/map/instant.mjs";
import { readSpan } from "../../assets/map/span.mjs";
import { apply, emptyStore } from "../../assets/map/store.mjs";

const folder = new URL("../samples/frames/", import.meta.url);
const told = (/** @type {string} */ name) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
const M0 = told("span").at;

/** @returns {ArrayBuffer} */
function bytes(name = "span") {
  const file = readFileSync(new URL(`${name}.bin`, folder));
  return /** @type {ArrayBuffer} */ (file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
}
const golden = async (name = "span") => readSpan(await inflate(bytes(name)));

/** The bytes of the golden span with its header changed. @param {(header: any) => void} change */
async function changed(change) {
  const data = bytes();
  const stream = new Blob([new Uint8Array(data, 16)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const whole = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(data).getUint32(8, true);
  const header = JSON.parse(new TextDecoder().decode(whole.subarray(0, length)));
  change(header);
  const json = JSON.stringify(header);
  const head = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const packed = new Blob([head, whole.subarray(length)]).stream().pipeThrough(new CompressionStream("deflate"));
  const body = new Uint8Array(await new Response(packed).arrayBuffer());
  const out = new Uint8Array(16 + body.length);
  out.set(new Uint8Array(data, 0, 16));
  out.set(body, 16);
  new DataView(out.buffer).setUint32(8, head.length, true);
  return out.buffer;
}

for (const name of ["span", "span-next", "pyramid"]) {
  const want = told(name);
  test(`the golden ${name} is read as it says`, async () => {
    const span = await golden(name);
    assert.deepEqual([span.at, span.until, span.agency, span.ids], [want.at, want.until, want.agency, want.ids]);
    for (const [column, values] of Object.entries(want.rows)) {
      const mine = column === "received" ? span.received : span.rows[column];
      assert.deepEqual(Array.from(mine), values, column);
    }
    assert.deepEqual(span.frames.map(([received, observed, frame]) => [received, observed, decode(frame).type]), want.frames);
  });
  for (const { t, view, columns, records } of want.states) {
    test(`the golden ${name} at ${(t - M0).toFixed(3)} s, ${view}, is the picture that Python reads`, async () => {
      const state = stateAt(await golden(name), t, view);
      assert.deepEqual(Array.from(state.unit), columns.row);
      for (const column of Object.keys(columns)) {
        if (column !== "row") assert.deepEqual(Array.from(state.columns[column]), columns[column], column);
      }
      assert.deepEqual([...state.unit].map((unit, i) => [unit, recordOf(state, i)]), records);
    });
  }
}

test("the store takes a state as a keyframe, and the next as a delta with what was reworded, came and went", async () => {
  const span = await golden();
  const store = emptyStore();
  const [early, later] = [stateAt(span, M0 + 1.2), stateAt(span, M0 + 30)];
  apply(store, frameOf([early, early], 1));
  assert.equal(store.units.count, 6);
  const row = store.units.rows.get("cpd/car") ?? -1;
  assert.equal(store.units.columns.lat[row], 418801000);
  const forth = frameOf([later, later], 2, [early, early]);
  assert.deepEqual([forth.type, forth.layers[0].gone], [DELTA, []]);
  assert.equal(apply(store, forth).fits, true);
  assert.equal(store.units.count, 10);
  assert.equal(store.units.records[row]?.primary_status, "Available");
  const back = frameOf([early, early], 3, [later, later]);
  assert.deepEqual(back.layers[0].gone.length, 4);
  apply(store, back);
  assert.equal(store.units.count, 6);
  assert.equal(store.units.records[row]?.primary_status, undefined);
  assert.equal(frameOf([later], 4).type, KEYFRAME);
});

test("nothing is reworded where no word changed", async () => {
  const span = await golden();
  const [a, b] = [stateAt(span, M0 + 30), stateAt(span, M0 + 31)];
  assert.deepEqual(frameOf([b], 2, [a]).layers[0].records, []);
});

test("an instant outside the span is refused", async () => {
  const span = await golden();
  assert.throws(() => stateAt(span, M0 - 1), RangeError);
  assert.throws(() => stateAt(span, M0 + 61), RangeError);
});

test("a span is inflated before it is read", () => {
  assert.equal(isDeflated(bytes()), true);
  assert.throws(() => decode(bytes()), FrameError);
});

test("what is wrong within a span throws FrameError and nothing else", async () => {
  const data = bytes();
  const stream = new Blob([new Uint8Array(data, 16)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const whole = new Uint8Array(await new Response(stream).arrayBuffer());
  for (let at = 0; at < whole.length; at += 13) {
    const damaged = whole.slice();
    damaged[at] ^= 1 << at % 7;
    const packed = new Blob([damaged]).stream().pipeThrough(new CompressionStream("deflate"));
    const body = await new Response(packed).arrayBuffer();
    try {
      const span = readSpan(await inflate(await new Blob([new Uint8Array(data, 0, 16), body]).arrayBuffer()));
      const state = stateAt(span, (span.at + span.until) / 2);
      frameOf([state], 1);
    } catch (error) {
      assert.ok(error instanceof FrameError, `${at}: ${/** @type {any} */ (error).stack}`);
    }
  }
});

const rows = (/** @type {any} */ header) => header.layers[0].stretch.tables.rows;
for (const [what, change, error] of /** @type {[string, (header: any) => void, RegExp][]} */ ([
  ["an encoding of a later version", (h) => (rows(h).columns[0][3] = "lz9"), /encoded as "lz9"; this version reads planes, delta/],
  ["a type that no column has", (h) => (rows(h).columns[0][1] = "f8"), /type, planes or scale/],
  ["too many planes", (h) => (rows(h).columns[0][4] = 5), /type, planes or scale/],
  ["a column outside the body", (h) => (rows(h).columns[0][2] = 1e9), /does not fit/],
  ["rows that are not there", (h) => (rows(h).n = 3), /counts/],
  ["a missing column", (h) => rows(h).columns.pop(), /no column delay/],
  ["ids that are not there", (h) => h.layers[0].stretch.ids.pop(), /ids for/],
  ["a frame outside the body", (h) => (h.frames[0][2] = 1e9), /does not fit/],
])) {
  test(`${what} is a clear error`, async () => {
    await assert.rejects(async () => readSpan(await inflate(await changed(change))), (e) => e instanceof FrameError && error.test(e.message));
  });
}

test("a damaged span throws FrameError and nothing else", async () => {
  const whole = bytes();
  for (let at = 0; at < whole.byteLength; at += 41) {
    const damaged = whole.slice(0);
    new Uint8Array(damaged)[at] ^= 0x41;
    try {
      readSpan(await inflate(damaged));
    } catch (error) {
      assert.ok(error instanceof FrameError, String(error));
    }
  }
});
