// What the panels say, without a browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { calls, moreWords, openIncidents } from "../../assets/panels/board.mjs";
import { latestOf, wordsOf } from "../../assets/panels/events.mjs";
import { byAgency, clockOff, recordWords } from "../../assets/panels/feeds.mjs";
import { nextEmergency } from "../../assets/panels/topbar.mjs";
import { SHORT_MAX, age, cadence, clock, eventType, feedAge, incidentStatus, incidentType, noAnswer, notShared, plain, shortType, zoneName } from "../../assets/panels/words.mjs";

/** @param {[string, number, number, number][]} rows id, priority, opened_at, flags */
function pageOf(rows) {
  return {
    store: {
      incidents: {
        end: rows.length,
        present: Uint8Array.from(rows, () => 1),
        columns: { priority: Uint8Array.from(rows, (r) => r[1]), flags: Uint8Array.from(rows, (r) => r[3]) },
        records: rows.map(([id, , opened_at]) => ({ id, agency: "cpd", opened_at, updated_at: opened_at })),
      },
    },
  };
}

test("the board puts the most urgent first, then the newest, and what has no priority last", () => {
  const page = pageOf([["old3", 3, 10, 0], ["none", 0, 99, 0], ["new3", 3, 20, 0], ["p1", 1, 1, 0], ["p2", 2, 50, 0]]);
  assert.deepEqual(openIncidents(page).map((i) => i.record.id), ["p1", "p2", "new3", "old3", "none"]);
});

test("the button under the board says how many more there are, then which are shown", () => {
  const open = openIncidents(pageOf(Array.from({ length: 25 }, (_, i) => [`i${i}`, i < 12 ? 3 : 4, i, 0])));
  assert.equal(moreWords(0, 10, open), "+15 more: 2 P3, 13 P4 · next");
  assert.equal(moreWords(10, 10, open), "11-20 of 25 · next");
  assert.equal(moreWords(20, 5, open), "21-25 of 25 · back to the top");
  assert.equal(moreWords(0, 25, open), "");
});

test("who is on an incident is its own agency's unit of that id, else another's, else the id itself", () => {
  const records = [{ call_sign: "POLICE 1" }, { call_sign: "ENGINE 1" }, { call_sign: "ENGINE 2" }];
  const rows = new Map([["cpd/1", 0], ["cfd/1", 1], ["cfd/2", 2]]);
  const page = { store: { units: { rows, records, agencies: new Set(["cpd", "cfd"]) } } };
  assert.equal(calls(page, "cpd", ["1", "2", "3"]), "3 units: POLICE 1, ENGINE 2, 3");
  assert.equal(calls(page, "cfd", ["1"]), "1 unit: ENGINE 1");
});

test("why nothing was answered is a sentence, with one full stop", () => {
  assert.deepEqual(["no stream", "This cannot be read."].map((words) => noAnswer(new Error(words))), ["No answer: no stream.", "No answer: This cannot be read."]);
});

test("a closed incident is not on the board", () => {
  assert.deepEqual(openIncidents(pageOf([["open", 2, 1, 0], ["closed", 1, 1, 64]])).map((i) => i.record.id), ["open"]);
});

test("what is wrong with the record is said, and nothing while it is kept", () => {
  const time = (at) => `<${at}>`;
  const words = (state) => recordWords({ state, since: 7, sealed_to: 5 }, time);
  assert.deepEqual(["recording", "off", "starting"].map(words), ["", "", ""]);
  assert.equal(recordWords(undefined, time), "");
  assert.equal(words("disk full"), "not recorded: disk full since <7>");
  assert.equal(words("behind"), "record is behind since <7>");
  assert.equal(recordWords({ state: "silent", since: null, sealed_to: null }, time), "recorder silent");
});

test("each press goes to the next unit in emergency, and round again", () => {
  const records = ["b", "x", "a"].map((id) => ({ id, agency: "cpd" }));
  const units = { end: 3, present: [1, 1, 1], records, columns: { flags: [1, 0, 1] } };
  assert.equal(nextEmergency(units, null)?.record.id, "a");
  assert.equal(nextEmergency(units, { layer: "units", agency: "cpd", id: "a" })?.record.id, "b");
  assert.equal(nextEmergency(units, { layer: "units", agency: "cpd", id: "b" })?.record.id, "a");
  assert.equal(nextEmergency({ ...units, columns: { flags: [0, 0, 0] } }, null), null);
});

test("camera events come newest first, without announcements of state and without incidents", () => {
  const events = [
    { n: 1, kind: "camera_event", event: "lpr_hit" }, { n: 2, kind: "incident", event: "Active" },
    { n: 3, kind: "camera_event", event: "announced" }, { n: 4, kind: "camera_event", event: "tamper" },
  ];
  assert.deepEqual(latestOf(events).map((e) => e.n), [4, 1]);
});

test("an event says what, where and whether it is so, each once", () => {
  const said = { event: "lpr_hit", text: "Plate hit: Lake (north) (not confirmed)", verification: "unverified" };
  assert.deepEqual(wordsOf(said), { title: "Plate hit", where: "Lake (north)", verified: "Not confirmed" });
  const bare = { event: "recording_started", text: "Recording started: In-car 513R" };
  assert.deepEqual(wordsOf(bare), { title: "Recording started", where: "In-car 513R", verified: "" });
});

test("nothing of a layer that nobody shares is not shared, which is not none", () => {
  const page = (sees, count) => ({ hello: { sees }, store: { cameras: { count } } });
  assert.equal(notShared(page(["units"], 0), "cameras"), true);
  assert.equal(notShared(page(["units"], 3), "cameras"), false); // its own
  assert.equal(notShared(page(["units", "cameras"], 0), "cameras"), false);
  assert.equal(notShared({ hello: null, store: { cameras: { count: 0 } } }, "cameras"), false);
});

test("feeds stand together by agency, in the hub's order", () => {
  const feeds = ["cpd", "cfd", "cpd"].map((agency, i) => ({ agency, source: String(i) }));
  assert.deepEqual(byAgency(feeds).map((g) => g.map((f) => f.source)), [["0", "2"], ["1"]]);
});

test("a feed's clock is said to be off from two seconds on, and only beyond the error", () => {
  /** @param {number | null} [clock_offset_s] @param {number | null} [clock_error_s] */
  const words = (clock_offset_s, clock_error_s = 0.2) => clockOff({ clock_offset_s, clock_error_s });
  assert.deepEqual([37.2, -37.2, 2.44, 36.6, -119.8].map((s) => words(s)),
    ["37 s ahead", "37 s behind", "2.4 s ahead", "37 s ahead", "2 min behind"]);
  assert.deepEqual([words(2), words(-2), words(null, null), words(), words(5, 5.5), words(-5, 5)], ["", "", "", "", "", ""]);
});

test("codes are said in words, and an unknown code is shown as it came", () => {
  assert.equal(incidentType({ type: "ACTSHOOT" }), "Active shooter");
  assert.equal(incidentType({ type: "XYZ" }), "XYZ");
  assert.equal(incidentType({ type: "XYZ", type_internal: "Loose horse" }), "Loose horse");
  assert.equal(incidentType({}), "Type not said");
  assert.equal(incidentStatus(["Active", "ResourcesAssigned", "ResourcesEnroute"]), "En route");
  assert.equal(incidentStatus(undefined), "Status not said");
  assert.equal(incidentStatus(["StandOff"]), "Stand off");
  assert.equal(eventType("lpr_hit"), "Plate hit");
  assert.equal(eventType("dog_barked"), "Dog barked");
  assert.equal(plain(""), "");
});

test("the words of the page are those of the hub, and short enough for the map", () => {
  const source = readFileSync(new URL("../../layers/words.py", import.meta.url), "utf8");
  const types = source.slice(source.indexOf("INCIDENT_TYPES = {"), source.indexOf("_CAMEL"));
  const pairs = [...types.matchAll(/"([A-Z0-9]+)": "([^"]+)"/g)];
  assert.ok(pairs.length > 30);
  for (const [, code, words] of pairs) {
    assert.equal(incidentType({ type: code }), words);
    assert.ok(shortType({ type: code }).length <= SHORT_MAX);
    assert.ok(!shortType({ type: code }).includes(".."), code);
  }
  const zones = [...source.slice(source.indexOf("# zones"), source.indexOf("# units")).matchAll(/"(\w+)": "([^"]+)"/g)];
  assert.ok(zones.length > 10);
  for (const [, zone_kind, words] of zones) assert.equal(zoneName({ id: "", agency: "", zone_kind }), words);
  assert.equal(shortType({ type: "BARICADE" }), "Barricade");
  assert.equal(shortType({ type_internal: "Loose horse on the expressway" }), "Loose hors..");
  assert.equal(shortType({}), "Incident");
});

test("ages are short and never negative", () => {
  assert.deepEqual([-3, 0, 59.9, 60, 3599, 3660, 180_000].map(age), ["0 s", "0 s", "59 s", "1 min", "59 min", "1 h 01", "2 d"]);
  assert.equal(feedAge(null), "–");
  assert.equal(feedAge(0.44), "0.4 s");
  assert.equal(feedAge(372), "6 min");
  assert.equal(cadence(0.5), "every 0.5 s");
});

test("a clock shows its own zone, with midnight as 00", () => {
  const at = Date.UTC(2026, 10, 23, 6, 0, 5) / 1000;
  assert.deepEqual(clock("America/Chicago")(at), { time: "00:00:05", date: "Mon 23 Nov", zone: "CST" });
  assert.equal(clock("UTC")(at).time, "06:00:05");
});
