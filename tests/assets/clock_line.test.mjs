// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { serverClock } from "../../assets/map/clock.mjs";
import { HUB_SILENT_S, NO_HUB_S, WEB_SILENT_S, line } from "../../assets/map/line.mjs";
import { meter, ring } from "../../assets/map/stats.mjs";

const at = (/** @type {number} */ t) => ({ mono: t, wall: 1e9 + t });

test("before any frame the server's time is the local time", () => {
  assert.equal(serverClock().now(50), 50);
});

test("the offset is that of the frame that was least late", () => {
  const clock = serverClock();
  clock.hear(1000, 10.4); // 0.4 s late
  clock.hear(1001, 11.05);
  clock.hear(1002, 12.9);
  assert.equal(clock.now(20), 20 + 1001 - 11.05);
});

test("an old least lateness is forgotten when a clock drifts", () => {
  const clock = serverClock();
  for (let t = 0; t < 300; t++) clock.hear(1000 + t, t + t * 0.001);
  assert.ok(Math.abs(clock.now(300) - 1300) < 0.3);
});

test("a local clock that is set back is followed at once", () => {
  const clock = serverClock();
  clock.hear(1000, 500);
  clock.hear(1001, 101);
  assert.equal(clock.now(101), 1001);
});

test("a line that hears both is live", () => {
  const l = line(at(0));
  assert.equal(l.at(at(0.1)).state, "connecting");
  l.hub(at(1), true);
  l.web(at(1));
  assert.deepEqual(l.at(at(1.5)), { state: "live", since: 1e9 + 1, what: "" });
});

test("a silent hub is told within three seconds, since it was last heard", () => {
  const l = line(at(0));
  l.hub(at(1), true);
  l.web(at(3));
  assert.ok(HUB_SILENT_S + 0.25 < 3);
  assert.deepEqual(l.at(at(1 + HUB_SILENT_S + 0.01)), { state: "frozen", since: 1e9 + 1, what: "live stream" });
});

test("a silent web server is told within three seconds", () => {
  const l = line(at(0));
  l.web(at(1));
  l.hub(at(4), true);
  assert.ok(WEB_SILENT_S + 0.25 < 3);
  assert.equal(l.at(at(1 + WEB_SILENT_S + 0.01)).what, "web server");
});

test("silence counts by either clock, so that a sleep is not taken for calm", () => {
  const l = line(at(0));
  l.hub(at(1), true);
  l.web({ mono: 1, wall: 1e9 + 3600 });
  assert.equal(l.at({ mono: 1.1, wall: 1e9 + 3600 }).state, "frozen");
});

test("lost graphics freeze the screen and their return frees it", () => {
  const l = line(at(0));
  l.hub(at(1), true);
  l.web(at(1));
  l.graphics(false);
  assert.equal(l.at(at(1.2)).what, "map graphics");
  l.graphics(true);
  assert.equal(l.at(at(1.3)).state, "live");
});

test("before the first picture nothing is frozen: it is connecting, and says when that takes long", () => {
  const l = line(at(0));
  assert.deepEqual(l.at(at(5)), { state: "connecting", since: 1e9, what: "" });
  assert.deepEqual(l.at(at(NO_HUB_S + 1)), { state: "connecting", since: 1e9, what: "live stream" });
  l.hub(at(20), true);
  l.web(at(20));
  assert.equal(l.at(at(20)).state, "live");
  assert.equal(l.at(at(23)).state, "frozen");
});

test("a ring forgets the oldest and gives quantiles of the rest", () => {
  const r = ring(4);
  for (const v of [100, 1, 2, 3, 4]) r.add(v);
  assert.equal(r.quantile(1), 4);
  assert.equal(r.quantile(0.5), 2);
  assert.equal(ring().quantile(0.95), 0);
});

test("what is told is of the last minute: a slow start is forgotten", () => {
  const m = meter();
  m.latency(1000, 4000);
  m.draw(1000, 900, 1);
  for (let i = 0; i < 100; i++) {
    m.latency(60_000 + i, 80);
    m.draw(60_000 + i, 2, 1);
  }
  assert.equal(m.stats(60_500, 1).latency_ms_p95, 80);
  assert.equal(m.stats(61_500, 1).frame_ms_p95, 2);
  assert.equal(m.stats(200_000, 1).latency_ms_p95, 0);
});

test("frames a second are those really drawn of late", () => {
  const m = meter();
  for (let i = 0; i < 40; i++) m.draw(1000 + i * 50, 2, 7);
  const s = m.stats(3000, 9);
  assert.equal(s.fps, 19.5);
  assert.deepEqual([s.drawn, s.revision], [7, 9]);
});
