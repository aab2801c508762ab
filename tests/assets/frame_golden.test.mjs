// The golden frames of tests/samples/frames: what Python encodes is what the browser decodes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as wire from "../../assets/map/frame.mjs";

const folder = new URL("../samples/frames/", import.meta.url);

for (const name of ["keyframe", "delta", "heartbeat", "deflated"]) {
  test(`golden frame ${name} is decoded as it says`, async () => {
    const file = readFileSync(new URL(`${name}.bin`, folder));
    const want = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
    const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
    const frame = await wire.inflate(bytes);
    assert.equal(frame.type, want.type);
    assert.equal(frame.rev, want.header.rev);
    assert.equal(frame.at, want.header.at);
    assert.equal(frame.base, want.header.base ?? 0);
    assert.deepEqual(frame.events, want.header.events ?? []);
    assert.deepEqual(frame.bus, want.header.bus ?? "");
    for (const layer of frame.layers) {
      const columns = Object.fromEntries(Object.entries(layer.columns).map(([n, v]) => [n, Array.from(v)]));
      assert.deepEqual(columns, want.columns[layer.name]);
      const told = want.header.layers.find((/** @type {any} */ l) => l.name === layer.name);
      assert.deepEqual(layer.records, told.records ?? []);
      assert.deepEqual(layer.gone, told.gone ?? []);
    }
  });
}
