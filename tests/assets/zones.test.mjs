// @ts-check
// Zones and log entries in the browser, without one: shapes, what is drawn of them, what a tap hits, what is said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { KEYFRAME, decode } from "../../assets/map/frame.mjs";
import { STRIDE, emptyInstances, write } from "../../assets/map/instances.mjs";
import { latOf, lonOf } from "../../assets/map/mercator.mjs";
import { zoneAt } from "../../assets/map/select.mjs";
import { disc, distance, shapeOf } from "../../assets/map/shapes.mjs";
import { apply, emptyStore } from "../../assets/map/store.mjs";
import { BOUNDARIES, STYLES, features } from "../../assets/map/zones.mjs";
import { correctedOf, entryWords, latestOf } from "../../assets/panels/events.mjs";
import { zoneName } from "../../assets/panels/words.mjs";
import { encode } from "./city.mjs";

const M = 111_195;
const PLACE = /** @type {[number, number]} */ ([-87.63, 41.88]);
const [OTHER, BEAT, INNER, HOT, STAGING, CONTROL, WARNING] = [0, 2, 4, 6, 9, 12, 16];
const PLANNED = 16;

/** A square ring round a place. @param {number} half degrees @param {[number, number]} [at] */
const square = (half, [lon, lat] = PLACE) =>
  [[lon - half, lat - half], [lon + half, lat - half], [lon + half, lat + half], [lon - half, lat + half], [lon - half, lat - half]];
const polygon = (/** @type {number} */ half) => ({ type: "Polygon", coordinates: [square(half)] });
const point = { type: "Point", coordinates: PLACE };

/** A store of zones. @param {any[]} zones [kind, geometry, flags, more] each */
function storeOf(...zones) {
  const store = emptyStore();
  const rows = zones.map((_, i) => i);
  const layer = {
    name: "zones",
    columns: {
      row: ["u4", rows], lon: ["i4", rows.map(() => PLACE[0] * 1e7)], lat: ["i4", rows.map(() => PLACE[1] * 1e7)],
      zone_kind: ["u1", zones.map(([kind]) => kind)], flags: ["u1", zones.map(([, , flags]) => flags ?? 0)],
      age: ["u4", rows.map(() => 9)],
    },
    records: zones.map(([, geometry, , more], i) => [i, { id: `Z${i}`, agency: "cpd", geometry, ...more }]),
    gone: [],
  };
  apply(store, decode(encode(KEYFRAME, { rev: 1, at: 1, layers: [layer] })));
  return store;
}

test("a disc becomes a closed ring of 64 sides, each corner at the radius, near the pole too", () => {
  for (const lat of [0, 41.88, 78]) {
    const ring = disc([-87.63, lat], 500);
    assert.equal(ring.length, 65);
    assert.deepEqual(ring[0], ring[64]);
    for (const [lon, at] of ring) {
      const far = Math.hypot((lon + 87.63) * Math.cos((lat * Math.PI) / 180), at - lat) * M;
      assert.ok(Math.abs(far - 500) < 2, `${far} at ${lat}`);
    }
  }
});

test("a zone's name goes on its upper edge, and its size is that of the larger side", () => {
  const shape = shapeOf(/** @type {any} */ ({ geometry: polygon(0.01) }));
  assert.ok(shape);
  assert.ok(Math.abs(shape.name[0] - PLACE[0]) < 1e-9 && Math.abs(shape.name[1] - 41.89) < 1e-9);
  assert.ok(Math.abs(shape.size - 0.02 * M) < 5);
  const line = shapeOf(/** @type {any} */ ({ geometry: { type: "LineString", coordinates: [[0, 0], [1, 1], [2, 0]] } }));
  assert.deepEqual(line?.name, [1, 1]);
});

test("inside is no distance at all, a hole is outside, and an edge is so many metres away", () => {
  const ring = /** @type {any} */ ({ geometry: { type: "Polygon", coordinates: [square(0.01), square(0.005)] } });
  const shape = /** @type {import("../../assets/map/shapes.mjs").Shape} */ (shapeOf(ring));
  assert.equal(distance(shape, [PLACE[0] + 0.007, PLACE[1]], 10), 0);
  assert.equal(distance(shape, PLACE, 10), Infinity);
  assert.equal(distance(shape, [PLACE[0] + 0.007, PLACE[1]], 10, true), Infinity);
  const off = distance(shape, [PLACE[0], PLACE[1] + 0.0101], 50);
  assert.ok(Math.abs(off - 0.0001 * M) < 0.5, String(off));
});

test("a tap hits the smallest zone that is there, and a boundary by its line alone", () => {
  const { zones } = storeOf([BEAT, polygon(0.05)], [INNER, polygon(0.02)], [HOT, point, 0, { radius_m: 300 }], [STAGING, point]);
  assert.equal(zoneAt(zones, PLACE, 20), 2);
  assert.equal(zoneAt(zones, [PLACE[0] + 0.01, PLACE[1]], 20), 1);
  assert.equal(zoneAt(zones, [PLACE[0] + 0.04, PLACE[1]], 20), -1);
  assert.equal(zoneAt(zones, [PLACE[0] + 0.05, PLACE[1] + 0.04], 20), 0);
  assert.equal(zoneAt(zones, PLACE, 20, () => true), -1, "what is off is not hit");
});

test("the style of the line tells the kind; planned or stale it is the same line, fainter and without its fill", () => {
  const { zones } = storeOf(
    [INNER, polygon(0.01)], [INNER, polygon(0.01), PLANNED], [INNER, polygon(0.01), 2], [WARNING, polygon(0.01)], [STAGING, point],
    [CONTROL, { type: "LineString", coordinates: [[0, 0], [1, 1]] }],
  );
  const [inner, planned, stale, warning, line] = features(zones);
  assert.deepEqual([inner.properties.pattern, planned.properties.pattern, inner.properties.gap > 0], ["solid", "solid", true]);
  assert.ok(planned.properties.line < inner.properties.line && stale.properties.line < inner.properties.line);
  assert.deepEqual([planned.properties.fill, stale.properties.fill, inner.properties.fill > 0], [0, 0, true]);
  assert.deepEqual([inner.properties.tone, warning.properties.tone], ["zone", "caution"]);
  assert.equal(line.geometry.type, "MultiLineString");
  assert.equal(features(zones).length, 5, "a place without extent is a mark, no shape");
  assert.equal(features(zones, (layer) => layer === "zones").length, 0);
});

test("no two kinds that operations tell apart have the same line", () => {
  const same = [...BOUNDARIES];
  const looks = STYLES.map(({ pattern, width, gap }) => `${pattern} ${width} ${gap}`);
  const perimeters = [4, 5, 6, 7, 8, 9, 12, 13, 16].map((kind) => looks[kind]);
  assert.equal(new Set(perimeters).size, perimeters.length);
  assert.equal(new Set(same.map((kind) => looks[kind])).size, 1);
  assert.equal(STYLES.length, 17);
});

test("a place without extent is a mark with its letters; a shape's name stands where the shape is named", () => {
  const store = storeOf([STAGING, point], [INNER, polygon(0.01)], [OTHER, point, PLANNED]);
  const of = emptyInstances("zones");
  write(of, store.zones, null);
  assert.deepEqual([0, 1, 2].map((row) => of.u8[row * STRIDE + 12]), [255, 0, 255]);
  assert.deepEqual([of.u8[10], of.u8[2 * STRIDE + 10]], [2, 1]);
  assert.ok(Math.abs(latOf(of.xy[5]) - 41.89) < 1e-6 && Math.abs(lonOf(of.xy[4]) - PLACE[0]) < 1e-6);
});

test("a corrected entry has no mark on the map, and an order's flag is filled", () => {
  const store = emptyStore();
  const layer = {
    name: "log", gone: [], records: [0, 1, 2].map((row) => [row, { id: `E${row}`, agency: "cpd", entry_kind: "note", observed_at: 1 }]),
    columns: {
      row: ["u4", [0, 1, 2]], lon: ["i4", [0, 0, 0]], lat: ["i4", [0, 0, 0]], entry_kind: ["u1", [1, 3, 1]], flags: ["u1", [0, 0, 32]],
      age: ["u4", [0, 0, 0]],
    },
  };
  apply(store, decode(encode(KEYFRAME, { rev: 1, at: 1, layers: [layer] })));
  const of = emptyInstances("log");
  write(of, store.log, null);
  assert.deepEqual([0, 1, 2].map((row) => of.u8[row * STRIDE + 12]), [255, 255, 0]);
  assert.deepEqual([of.u8[10], of.u8[STRIDE + 10]], [0, 1]);
});

test("the list holds camera events and log entries, and marks what another entry corrects in its own agency", () => {
  const events = /** @type {any[]} */ ([
    { kind: "log_entry", agency: "cpd", id: "a", event: "note", text: "north" },
    { kind: "incident", agency: "cpd", id: "i", event: "Active" },
    { kind: "camera_event", agency: "cpd", id: "c", event: "lpr_hit" },
    { kind: "log_entry", agency: "cpd", id: "b", event: "correction", text: "south", supersedes: "a" },
  ]);
  assert.deepEqual(latestOf(events).map((e) => e.id), ["b", "c", "a"]);
  assert.deepEqual([...correctedOf(events)], ["cpd/a"]);
});

test("a line of the log says its text, its kind, what it is about and who wrote it", () => {
  const rows = new Map([["cpd/i1", 0]]);
  const page = /** @type {any} */ ({ store: { incidents: { rows, agencies: new Set(["cpd"]), records: [{ type: "STRUCTFR" }] } } });
  const event = /** @type {any} */ ({
    kind: "log_entry", agency: "cpd", id: "e", event: "order", text: "Hold", incident_id: "i1", author_position: "IncidentCommander",
  });
  assert.deepEqual(entryWords(event, page), { title: "Hold", where: "Order · Structure fire", verified: "Incident commander" });
  assert.equal(entryWords({ ...event, incident_id: "hidden" }, page).where, "Order");
});

test("a zone is called by its name, else by its kind in words, else by its id", () => {
  const zone = { id: "Z1", agency: "cpd" };
  assert.equal(zoneName({ ...zone, name: "Gate 4", zone_kind: "hot" }), "Gate 4");
  assert.equal(zoneName({ ...zone, zone_kind: "perimeter_inner" }), "Inner perimeter");
  assert.equal(zoneName({ ...zone, zone_kind: "sensitive_site" }), "Sensitive site");
  assert.equal(zoneName(zone), "Z1");
});
