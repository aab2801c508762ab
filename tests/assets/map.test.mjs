// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { extent, fit, inView, nearExtent, startZoom } from "../../assets/map/camera.mjs";
import { KEYFRAME, decode } from "../../assets/map/frame.mjs";
import { EMG, NONE, PASSES, STRIDE, census, emptyInstances, rowsIn, unitSprite, write } from "../../assets/map/instances.mjs";
import { place } from "../../assets/map/labels.mjs";
import { latOf, lonOf, mercatorX, mercatorY, toScreen, view } from "../../assets/map/mercator.mjs";
import { alerts, ringList } from "../../assets/map/rings.mjs";
import { tierFor } from "../../assets/map/scene.mjs";
import { nearest } from "../../assets/map/select.mjs";
import { apply, emptyStore } from "../../assets/map/store.mjs";
import { ageText, say } from "../../assets/map/tags.mjs";
import { encode, units } from "./city.mjs";

const CENTRE = /** @type {[number, number]} */ ([-87.66, 41.868]);

/** Instances of units at places. @param {[number, number][]} places @param {any} [more] */
function drawn(places, more) {
  const store = emptyStore();
  apply(store, decode(encode(KEYFRAME, { rev: 1, at: 1, layers: [units(places.map((_, i) => i), places, more)] })));
  const of = emptyInstances("units");
  write(of, store.units, null);
  return { store, of };
}

test("a place comes back from whole numbers to the centimetre", () => {
  for (const [lon, lat] of [CENTRE, [179.9999, -60], [-180, 84], [0, 0]]) {
    assert.ok(Math.abs(lonOf(mercatorX(lon)) - lon) % 360 < 2e-7);
    assert.ok(Math.abs(latOf(mercatorY(lat)) - lat) < 2e-7);
  }
});

test("the centre is in the middle of the screen, east to the right, south below", () => {
  const v = view(CENTRE[0], CENTRE[1], 14, 0, 800, 600);
  const at = [0, 0];
  toScreen(v, mercatorX(CENTRE[0]), mercatorY(CENTRE[1]), at);
  assert.deepEqual(at, [400, 300]);
  toScreen(v, mercatorX(CENTRE[0] + 0.01), mercatorY(CENTRE[1] - 0.01), at);
  assert.ok(at[0] > 400 && at[1] > 300);
  const metres = 0.01 * 111320 * Math.cos((CENTRE[1] * Math.PI) / 180);
  assert.ok(Math.abs((at[0] - 400) / v.pxPerMetre - metres) < 2);
});

test("with the east above, what is east of the centre is above it", () => {
  const v = view(CENTRE[0], CENTRE[1], 14, 90, 800, 600);
  const at = [0, 0];
  toScreen(v, mercatorX(CENTRE[0] + 0.01), mercatorY(CENTRE[1]), at);
  assert.ok(at[1] < 300 && Math.abs(at[0] - 400) < 1e-6);
});

test("across the date line is near", () => {
  const v = view(179.999, 0, 12, 0, 800, 600);
  const at = [0, 0];
  toScreen(v, mercatorX(-179.999), mercatorY(0), at);
  assert.ok(at[0] > 400 && at[0] < 415);
});

test("a unit in emergency is drawn as one, whatever its status, and above the others", () => {
  const { of } = drawn([CENTRE, CENTRE], { flags: [1, 0], status: [2, 2] });
  assert.equal(of.u8[10], unitSprite(EMG, 0));
  assert.equal(of.u8[STRIDE + 10], unitSprite(2, 0));
  assert.deepEqual([...of.urgent], [0]);
});

test("a unit that stands or does not know its course has no pointer", () => {
  const { of } = drawn([CENTRE, CENTRE, CENTRE], { speed: [100, 3, 100], course: [900, 900, 65535] });
  assert.notEqual(of.u8[11], NONE);
  assert.equal(of.u8[STRIDE + 11], NONE);
  assert.equal(of.u8[2 * STRIDE + 11], NONE);
});

test("a stale unit looks stale and a lost one lost", () => {
  const { of } = drawn([CENTRE, CENTRE], { flags: [2, 4], status: [0, 0] });
  assert.deepEqual([of.u8[10], of.u8[STRIDE + 10]], [unitSprite(0, 1), unitSprite(0, 2)]);
});

test("a unit without a place is not drawn and not counted as outside", () => {
  const { of } = drawn([CENTRE, [214.7483647, 214.7483647], [-80, 41]]);
  assert.equal(of.u8[STRIDE + 12], 0);
  assert.deepEqual(census(of, view(CENTRE[0], CENTRE[1], 12, 0, 800, 600)), { inside: 1, outside: 1 });
});

test("the nearest mark within reach is chosen, and none beyond it", () => {
  const { of } = drawn([CENTRE, [CENTRE[0] + 0.001, CENTRE[1]]]);
  const layers = { units: of, incidents: emptyInstances("incidents"), cameras: emptyInstances("cameras") };
  const v = view(CENTRE[0], CENTRE[1], 14, 0, 800, 600);
  const none = () => 0;
  assert.deepEqual(nearest(layers, v, 396, 300, 24, none), { layer: "units", row: 0 });
  assert.equal(nearest(layers, v, 300, 300, 24, none), null);
});

test("the extent is that of all things with a place", () => {
  const { of } = drawn([CENTRE, [-87.7, 41.8], [214.7483647, 214.7483647]]);
  const [[west, south], [east, north]] = extent([of]) ?? [[0, 0], [0, 0]];
  assert.deepEqual([west, south, east, north].map((d) => Number(d.toFixed(4))), [-87.7, 41.8, -87.66, 41.868]);
  assert.equal(extent([emptyInstances("units")]), null);
});

test("one unit far away does not decide what all is, until a second press", () => {
  const far = /** @type {[number, number]} */ ([-104.99, 39.74]);
  const { of } = drawn([CENTRE, [-87.7, 41.8], far, [-87.6, 41.9]]);
  const near = nearExtent([of]);
  assert.deepEqual(near?.flat().map((d) => Number(d.toFixed(4))), [-87.7, 41.8, -87.6, 41.9]);
  const asked = /** @type {any[]} */ ([]);
  let zoom = 14;
  const map = /** @type {any} */ ({
    getCenter: () => ({ lng: CENTRE[0], lat: CENTRE[1] }), getZoom: () => zoom, getBearing: () => 0,
    getContainer: () => ({ clientWidth: 800, clientHeight: 600 }), fitBounds: (/** @type {any} */ b) => asked.push(b),
  });
  fit(map, [of]);
  zoom = 10;
  fit(map, [of]);
  assert.deepEqual(asked, [near, extent([of])]);
});

test("two places far apart are both all; nothing is nothing", () => {
  const { of } = drawn([CENTRE, [-104.99, 39.74]]);
  assert.deepEqual(nearExtent([of]), extent([of]));
  assert.equal(nearExtent([emptyInstances("units")]), null);
  assert.ok(inView([[-87.7, 41.8], [-87.6, 41.9]], view(CENTRE[0], CENTRE[1], 10, 0, 800, 600)));
});

test("a larger wall starts closer, so that it shows the same city", () => {
  assert.equal(startZoom(11, 1168, 860), 11);
  assert.equal(startZoom(11, 2336, 1720), 12);
});

test("marks shrink when there are many and do not jump to and fro", () => {
  const v = view(0, 0, 10, 0, 1400, 860);
  assert.equal(tierFor(300, v, 1, 0), 0);
  assert.equal(tierFor(10000, v, 1, 0), 2);
  assert.equal(tierFor(600, v, 1, 0), 0);
  assert.equal(tierFor(600, v, 1, 1), 1);
});

/** @param {string} key @param {number} x @param {number} y @param {number} [priority] */
const tag = (key, x, y, priority = 4) => ({ key, x, y, r: 12, width: 80, short: 30, priority });

test("no tag lies over another or over another's mark", () => {
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const all = Array.from({ length: 300 }, (_, i) => tag(`u${i}`, random() * 1400, random() * 860));
  const placed = place(all, 1400, 860, 16, new Map());
  const boxes = placed.map(({ index, dx, dy, short }) => {
    const { x, y } = all[index];
    return { index, x: x + dx, y: y + dy, x2: x + dx + (short ? 30 : 80), y2: y + dy + 16 };
  });
  assert.ok(boxes.length > 60);
  for (const a of boxes) {
    for (const b of boxes) assert.ok(a === b || a.x >= b.x2 || b.x >= a.x2 || a.y >= b.y2 || b.y >= a.y2);
    for (const [i, m] of all.entries()) {
      assert.ok(i === a.index || a.x >= m.x + 12 || m.x - 12 >= a.x2 || a.y >= m.y + 12 || m.y - 12 >= a.y2);
    }
  }
});

test("no tag lies under what covers the map", () => {
  const candidate = { key: "a", x: 50, y: 50, r: 5, width: 40, short: 0, priority: 4 };
  const [free] = place([candidate], 400, 200, 16, new Map());
  assert.equal(free.slot, 0);
  const [moved] = place([candidate], 400, 200, 16, new Map(), 1, [[55, 0, 400, 200]]);
  assert.equal(moved.slot, 1);
});

test("tags stay where they were while their units move a little", () => {
  const all = [tag("a", 200, 200), tag("b", 600, 400), tag("c", 900, 300)];
  const slots = new Map([["a", 2], ["b", 1], ["c", 3]]);
  const placed = place(all.map((t) => ({ ...t, x: t.x + 3 })), 1400, 860, 16, slots);
  assert.deepEqual(placed.map((p) => p.slot), [2, 1, 3]);
});

test("the urgent have their tag even where all is taken", () => {
  const crowd = Array.from({ length: 40 }, (_, i) => tag(`u${i}`, 200 + (i % 8) * 14, 200 + Math.floor(i / 8) * 14, 1));
  assert.equal(place(crowd, 1400, 860, 16, new Map()).length, 40);
});

/** The words of a tag of the first unit. @param {number} flags @param {boolean} demo */
function unitTag(flags, demo) {
  const { store, of } = drawn([CENTRE], { flags: [flags] });
  const tag = /** @type {any} */ ({ of, at: 0, text: [], tag: "", priority: 0 });
  say(tag, /** @type {any} */ ({ store, config: { demo }, now: () => 1 }), new Map([["cpd", "CPD"]]), 14);
  return [tag.text.map((/** @type {[string, number]} */ [text]) => text).join(" "), tag.tag];
}

test("what is no actual report says EX beside its mark, in its shortest tag too, but not on a demo site", () => {
  assert.deepEqual(unitTag(8, false), ["EX CPD BEAT 0", "EX CPD"]);
  assert.deepEqual(unitTag(0, false), ["CPD BEAT 0", "CPD"]);
  assert.deepEqual(unitTag(8, true), ["CPD BEAT 0", "CPD"]);
});

test("what matters is drawn above its equals, what is urgent above all, what is chosen last", () => {
  const { of } = drawn([CENTRE, CENTRE, CENTRE], { flags: [0, 1, 0] });
  const store = emptyStore();
  const layer = {
    name: "incidents", gone: [], records: [0, 1, 2].map((row) => [row, { id: `I${row}`, agency: "cpd" }]),
    columns: {
      row: ["u4", [0, 1, 2]], lon: ["i4", [0, 0, 0]], lat: ["i4", [0, 0, 0]], priority: ["u1", [1, 2, 3]],
      flags: ["u1", [0, 0, 0]], age: ["u4", [0, 0, 0]],
    },
  };
  apply(store, decode(encode(KEYFRAME, { rev: 1, at: 1, layers: [layer] })));
  const incidents = emptyInstances("incidents");
  write(incidents, store.incidents, null);
  const none = { cameras: emptyInstances("cameras"), zones: emptyInstances("zones"), log: emptyInstances("log") };
  const all = { units: of, incidents, ...none };
  const order = PASSES.flatMap(({ layer, set }) => {
    const rows = set === "all" ? [...Array(all[layer].end).keys()] : rowsIn(all[layer], set, layer === "units" ? 2 : -1);
    return rows.map((row) => `${layer} ${row}`);
  });
  const last = (/** @type {string} */ thing) => order.lastIndexOf(thing);
  const ranked = ["incidents 2", "incidents 1", "incidents 0", "units 1", "units 2"];
  assert.deepEqual([...ranked].sort((a, b) => last(a) - last(b)), ranked);
});

test("rings are bounded", () => {
  const list = ringList();
  for (let i = 0; i < 5000; i++) list.add(0, 0, 10, 2, [1, 2, 3], 1);
  assert.equal(list.count, 1024);
});

test("a camera's alert is fresh for some seconds from when it began", () => {
  const seen = alerts();
  seen.see(new Set([4]), 1000);
  seen.see(new Set([4]), 5000);
  assert.equal(seen.fresh(6500), true);
  assert.equal(seen.fresh(7500), false);
  seen.see(new Set(), 8000);
  seen.see(new Set([4]), 9000);
  assert.equal(seen.age(4, 9500), 500);
});

test("ages and words are as people write them", () => {
  assert.deepEqual([ageText(5.9), ageText(61), ageText(7300), ageText(200000)], ["5s", "1m", "2h", "2d"]);
});
