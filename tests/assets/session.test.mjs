// A review session with a made-up site and server: what becomes of the picture when a seek leads nowhere.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, mock, test } from "node:test";

import { KEYFRAME, inflate } from "../../assets/map/frame.mjs";
import { readSpan } from "../../assets/map/span.mjs";
import { emptyStore } from "../../assets/map/store.mjs";
import { beginOf } from "../../assets/review/blocks.mjs";
import { openSession } from "../../assets/review/session.mjs";
import { encode, units } from "./city.mjs";

const golden = readFileSync(new URL("../samples/frames/pyramid.bin", import.meta.url));
const bytes = golden.buffer.slice(golden.byteOffset, golden.byteOffset + golden.byteLength);
const span = readSpan(await inflate(bytes));
const T = span.at + 70;

/** Seconds of the page's own clock. */
let passed = 0;
mock.method(performance, "now", () => passed * 1000);
mock.timers.enable({ apis: ["setInterval"] }); // what is looked for each minute is not

/** The server's end of the line. */
class Line {
  static OPEN = 1;
  /** @type {Line} */
  static last;
  readyState = 1;
  /** @type {any[]} */
  heard = [];
  constructor() {
    Line.last = this;
  }
  send(/** @type {string} */ text) {
    this.heard.push(JSON.parse(text));
  }
  close() {}
  /** @param {any} said */
  say(said) {
    this.onmessage({ data: said instanceof ArrayBuffer ? said : JSON.stringify(said) });
  }
  /** @param {string} epoch @param {number} at @param {boolean} [plays] */
  clock(epoch, at, plays = false) {
    this.say({ type: "clock", at, playing: plays, speed: 1, pace: 1, view: "known", epoch, from: span.at, to: span.at + 7200 });
  }
  /** Begins an epoch: one unit, U7. @param {string} epoch @param {number} at */
  stand(epoch, at) {
    this.clock(epoch, at);
    this.say(encode(KEYFRAME, { rev: 1, at, layers: [units([7], [[1, 1]])] }));
  }
  get seeks() {
    return this.heard.filter(({ type }) => type === "seek").map(({ at }) => at);
  }
}
Object.assign(globalThis, {
  window: globalThis, WebSocket: Line, matchMedia: () => ({ matches: false }), requestAnimationFrame: setImmediate,
  async fetch(/** @type {string} */ path) {
    if (path === "/api/recording") return new Response(JSON.stringify({ from: span.at, to: span.at + 7200, minutes: [], gaps: [] }));
    return path.endsWith(`/l2/cpd/${beginOf("l2", span.at)}`) ? new Response(bytes.slice(0)) : new Response(null, { status: 204 });
  },
});

/** @param {() => unknown} done */
const settled = async (done) => {
  for (let i = 0; i < 500; i++) {
    if (done()) return;
    await new Promise((go) => setTimeout(go, 2));
  }
  assert.fail("it never came");
};

/** A page whose finger is on a moment that is drawn from the overview. */
async function dragged() {
  const store = emptyStore();
  const session = openSession(/** @type {any} */ ({ kind: "desk", timezone: "UTC" }), "ws://site", { at: T }, true);
  const before = Line.last;
  const nothing = () => {};
  const source = session.source.open(store, /** @type {any} */ ({ frame: nothing, open: nothing, hello: nothing, health: nothing, heard: nothing }));
  await settled(() => Line.last !== before);
  const server = Line.last;
  server.onopen();
  server.say({ type: "hello", replay: { agencies: ["cpd"], views: ["known"] } });
  server.stand("e1", T);
  const has = (/** @type {string} */ id) => store.units.rows.has(`cpd/${id}`);
  assert.ok(has("U7"));
  await settled(() => {
    session.hold(T + 20);
    return session.coarse;
  });
  assert.ok(!has("U7") && store.units.count > 0);
  server.heard.length = 0;
  open.push(() => source.stop());
  return { session, server, has };
}
/** @type {(() => void)[]} */
const open = [];
after(() => open.forEach((stop) => stop()));

test("a picture that was asked for takes over from the overview", async () => {
  const { session, server, has } = await dragged();
  session.release(T + 300);
  server.stand("e2", T + 300);
  assert.deepEqual([server.seeks, has("U7"), session.coarse], [[T + 300], true, null]);
});

test("a seek that leads nowhere leaves no frozen map: the picture of where the server stands is asked for", async () => {
  for (const said of [{ type: "notice", text: "This part of the record cannot be read." }, { type: "refused", what: "seek", text: "too often" }]) {
    const { session, server, has } = await dragged();
    session.release(T + 300);
    server.say(said);
    server.clock("e1", T);
    passed += 1;
    server.clock("e1", T);
    assert.deepEqual(server.seeks, [T + 300]);
    assert.ok(session.coarse, "the page says that its units are of another moment");
    passed += 3;
    server.clock("e1", T);
    assert.equal(session.at(), T);
    assert.deepEqual(server.seeks, [T + 300, T]);
    server.stand("e2", T);
    assert.deepEqual([has("U7"), session.coarse], [true, null]);
  }
});

test("it is asked for more and more seldom while it does not come", async () => {
  const { session, server } = await dragged();
  session.release(T + 300);
  for (let s = 0; s < 120; s++) {
    passed += 1;
    server.clock("e1", T);
  }
  assert.ok(server.seeks.length >= 4 && server.seeks.length <= 7, String(server.seeks));
  session.hold(T + 20); // the finger is back
  const before = server.seeks.length;
  passed += 100;
  server.clock("e1", T);
  assert.equal(server.seeks.length, before);
});

test("a seek that takes its time is waited for", async () => {
  const { session, server, has } = await dragged();
  session.release(T + 300);
  for (let s = 0; s < 20; s++) {
    passed += 0.5;
    server.say({ type: "seeking", at: T + 300, done: s / 20 });
    server.clock("e1", T, true); // as it is told when somebody presses play
  }
  assert.deepEqual(server.seeks, [T + 300]);
  server.stand("e2", T + 300);
  assert.ok(has("U7"));
});
