// What a page tells of its screen, and what a review makes of it, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { KEYFRAME, decode } from "../../assets/map/frame.mjs";
import { STRIDE, census, emptyInstances, write } from "../../assets/map/instances.mjs";
import { view } from "../../assets/map/mercator.mjs";
import { LAYERS, nextWord } from "../../assets/map/screen.mjs";
import { apply, emptyStore } from "../../assets/map/store.mjs";
import { offWords } from "../../assets/panels/words.mjs";
import { decode as decodeLink, encode as encodeLink } from "../../assets/review/link.mjs";
import { frameOf } from "../../assets/review/screen.mjs";
import { screenChoice, screenName, screenWords, viewWords } from "../../assets/review/words.mjs";
import { encode, units } from "./city.mjs";

const LOOK = { box: [-87.8, 41.8, -87.6, 42], zoom: 12, layers: LAYERS };
const AGENCIES = [{ id: "cpd", name: "City Police", tag: "CPD" }, { id: "state-police", name: "State Police", tag: "SP" }];
const SAID = /** @type {any} */ ({
  type: "screen", at: 100, session: "cpd-wall-17", text: "", rev: 812, drawn_at: 99.7, is_tick: true,
  look: { ...LOOK, width: 800, height: 600, without: [], theme: "dark", chosen: null, away: false },
});

test("a screen says how it looks when that changed, what it drew when only that is new, and nothing twice", () => {
  const nothing = { look: "", rev: 0 };
  assert.equal(nextWord(null, { rev: 3, at: 10 }, nothing, 20), null, "without a map there is nothing to tell");
  assert.deepEqual(nextWord(LOOK, { rev: 0, at: 0 }, nothing, 20), { type: "screen", ...LOOK, rev: 0, ago_ms: 0 });
  const told = { look: JSON.stringify(LOOK), rev: 3 };
  assert.equal(nextWord(LOOK, { rev: 3, at: 10 }, told, 5000), null);
  assert.deepEqual(nextWord(LOOK, { rev: 9, at: 10.4 }, told, 260), { type: "drawn", rev: 9, ago_ms: 250 });
  const closer = { ...LOOK, zoom: 14 };
  assert.deepEqual(nextWord(closer, { rev: 3, at: 10 }, told, 2010), { type: "screen", ...closer, rev: 3, ago_ms: 2000 });
  assert.equal(/** @type {any} */ (nextWord(LOOK, { rev: 9, at: 0 }, told, 9e9)).ago_ms, 86_400_000, "not more than the hub believes");
});

test("what is off is not drawn and cannot be chosen, whole layers or one agency's things", () => {
  const store = emptyStore();
  apply(store, decode(encode(KEYFRAME, { rev: 1, at: 1, layers: [units([0, 1], [[-87.66, 41.87], [-87.65, 41.88]])] })));
  const of = emptyInstances("units");
  const v = view(-87.66, 41.868, 12, 0, 800, 600);
  write(of, store.units, null);
  const agency = store.units.records[0]?.agency;
  assert.equal(census(of, v).inside, 2);
  write(of, store.units, null, () => false);
  assert.deepEqual([census(of, v), of.u8[12], of.u8[STRIDE + 12]], [{ inside: 0, outside: 0 }, 0, 0]);
  write(of, store.units, null, (row) => store.units.records[row]?.agency !== agency);
  assert.equal(of.u8[12], 0);
  write(of, store.units, null);
  assert.equal(census(of, v).inside, 2);
});

test("what is off is said in one line: layers, then agencies by their tags", () => {
  assert.equal(offWords([], [], AGENCIES), "");
  assert.equal(offWords(["log", "cameras"], ["state-police", "xyz"], AGENCIES), "cameras, log marks, SP, XYZ");
});

test("a screen is called by its agency and kind of page, and told apart by when it was open", () => {
  const face = (/** @type {number} */ at) => ({ time: `14:00:${at}` });
  assert.equal(screenName("state-police-desk-17", AGENCIES), "SP desk");
  assert.equal(viewWords("screen:cpd-wall-17", AGENCIES), "screen of CPD wall");
  const of = { id: "cpd-wall-17", agency: "cpd", page: "wall", since: 17, until: null };
  assert.equal(screenChoice(of, AGENCIES, face), "CPD wall since 14:00:17");
  assert.equal(screenChoice({ ...of, until: 60 }, AGENCIES, face), "CPD wall 14:00:17–14:00");
});

test("the page says which revision is shown, when it was drawn, what was off, and when nobody could see it", () => {
  assert.deepEqual(screenWords(SAID, 100, AGENCIES), ["revision 812, drawn 0.3 s before"]);
  assert.deepEqual(screenWords(SAID, 160, AGENCIES), ["revision 812, drawn 60 s before"]);
  const look = { ...SAID.look, layers: ["units"], without: ["cpd"], away: true };
  assert.deepEqual(screenWords({ ...SAID, look, is_tick: false }, 400, AGENCIES), [
    "revision 812, drawn 5 min before; its tick is not on record, the nearest picture is shown",
    "nobody could see it: another tab was in front",
    "off: incidents, cameras, zones, log marks, CPD",
  ]);
  assert.deepEqual(screenWords({ ...SAID, look: null, text: "This screen was closed by then." }, 100, AGENCIES), ["This screen was closed by then."]);
});

test("the frame lies where the other map's edge was, whatever the own map shows", () => {
  const v = view(-87.7, 41.9, 12, 0, 800, 600);
  const [left, top, width, height] = frameOf([-87.75, 41.88, -87.65, 41.92], v);
  assert.ok(Math.abs(left + width / 2 - 400) < 0.1 && Math.abs(top + height / 2 - 300) < 1);
  assert.ok(Math.abs(width - (0.1 / 360) * 512 * 2 ** 12) < 0.1);
  const beyond = frameOf([-87.69, 41.88, -87.65, 41.92], v);
  assert.ok(beyond[0] > 400);
});

test("a link keeps the view of a screen", () => {
  const view = "screen:state-police-field-1800000000";
  assert.equal(decodeLink(encodeLink({ at: 1_800_000_000, view })).view, view);
});
