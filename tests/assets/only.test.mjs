// What alone is shown of a review: by thing, by stretch, and counted so.
import assert from "node:assert/strict";
import { test } from "node:test";

import { write, emptyInstances } from "../../assets/map/instances.mjs";
import { countShown, onlyOf, shows, showsEvent } from "../../assets/map/only.mjs";

const asked = { area: { circle: /** @type {[number, number, number]} */ ([-87.6, 41.8, 300]) }, from: 100, to: 200 };
const only = onlyOf(asked, {
  units: [{ agency: "cpd", id: "u1" }], incidents: [["cpd", "i1"]], cameras: [["cfd", "c1"]], log: [], minutes: [],
});

test("everything is shown until something alone is", () => {
  assert.ok(shows(null, "units", { agency: "cpd", id: "u2" }));
  assert.ok(showsEvent(null, { kind: "log_entry", at: 0, agency: "cpd", id: "l1" }));
});

test("a thing is shown by its agency and id, and one of which nothing is known is not", () => {
  assert.ok(shows(only, "units", { agency: "cpd", id: "u1" }));
  assert.ok(!shows(only, "units", { agency: "cfd", id: "u1" }));
  assert.ok(!shows(only, "units", undefined));
  assert.ok(!shows(only, "log", { agency: "cpd", id: "l1" }));
  assert.ok(shows(only, "zones", { agency: "cpd", id: "z1" }), "zones say where things are");
});

test("what a camera saw is shown within the stretch alone", () => {
  const event = { kind: "camera_event", at: 150, agency: "cfd", id: "e1", camera_id: "c1" };
  assert.ok(showsEvent(only, event));
  assert.ok(!showsEvent(only, { ...event, at: 201 }));
  assert.ok(!showsEvent(only, { ...event, camera_id: "c2" }));
  assert.ok(showsEvent(only, { kind: "incident", at: 150, agency: "cpd", id: "i1" }));
});

test("what is not shown is neither counted nor drawn, and comes back", () => {
  /** @type {any} */
  const table = {
    name: "units", end: 3, count: 2, present: Uint8Array.of(1, 0, 1), records: [{ agency: "cpd", id: "u1" }, undefined, { agency: "cpd", id: "u2" }],
    columns: {
      lon: Int32Array.of(-876e6, 0, -876e6), lat: Int32Array.of(418e6, 0, 418e6), flags: Uint8Array.of(0, 0, 0), status: Uint8Array.of(0, 0, 0),
      course: Uint16Array.of(0, 0, 0), speed: Uint16Array.of(0, 0, 0),
    },
  };
  const drawn = () => [0, 2].map((row) => of.u8[row * 16 + 12] > 0);
  const of = emptyInstances("units");
  write(of, table, null, (row) => shows(only, "units", table.records[row]));
  assert.deepEqual(drawn(), [true, false]);
  assert.equal(countShown(only, table), 1);
  write(of, table, null);
  assert.deepEqual(drawn(), [true, true]);
  assert.equal(countShown(null, table), 2);
});
