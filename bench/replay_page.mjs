/**
 * What `bench replay` times in the browser: a minute as a chunk and as JSON, and a drag over a day on the pyramid.
 * It decodes with the product's own modules, those with which the page draws the pyramid; the page fetches no minutes. Times
 * are milliseconds.
 */

import { inflate } from "/assets/map/frame.mjs";
import { frameOf, stateAt } from "/assets/map/instant.mjs";
import { readSpan } from "/assets/map/span.mjs";
import { apply, emptyStore } from "/assets/map/store.mjs";

/** Decoded spans that are kept, as a tablet does. */
const KEPT = 8;

const bytesOf = async (address) => (await fetch(address, { cache: "no-store" })).arrayBuffer();
const spanOf = async (address) => readSpan(await inflate(await bytesOf(address)));

/** Columns of the picture that a minute's chunk makes. */
async function byChunk(address, t) {
  return stateAt(await spanOf(address), t).columns;
}

/** The same of JSON: `{at, units, stood: [row], rows: [row]}`, rows by unit, then time. */
async function byJson(address, t) {
  const { at, units, stood, rows } = await (await fetch(address, { cache: "no-store" })).json();
  const place = new Map(units.map((id, i) => [id, i]));
  const arrays = arraysOf(rows, place, at);
  const first = arraysOf(stood, place, at);
  const tMs = Math.floor((t - at) * 1000 + 0.0005);
  const last = new Int32Array(units.length).fill(-1);
  for (let i = 0; i < rows.length; i++) if (arrays.received[i] <= tMs) last[arrays.unit[i]] = i;
  const columns = {};
  for (const name of ["lon", "lat", "course", "speed", "err", "status", "observed", "received"]) {
    const to = (columns[name] = new arrays[name].constructor(units.length));
    for (let u = 0; u < units.length; u++) to[u] = last[u] < 0 ? first[name][u] : arrays[name][last[u]];
  }
  columns.age = Uint16Array.from(columns.observed, (observed) => Math.min(65535, Math.round((tMs - observed) / 100)));
  return columns;
}

const STATUSES = ["Available", "EnRoute", "OnScene", "Transporting", "InQuarters"];

function arraysOf(rows, place, at) {
  const n = rows.length;
  const made = {
    unit: new Int32Array(n), observed: new Int32Array(n), received: new Int32Array(n), lon: new Int32Array(n),
    lat: new Int32Array(n), course: new Uint16Array(n), speed: new Uint16Array(n), err: new Uint16Array(n),
    status: new Uint8Array(n),
  };
  for (let i = 0; i < n; i++) {
    const row = rows[i];
    made.unit[i] = place.get(row.unit);
    made.observed[i] = row.observed - at * 1000;
    made.received[i] = row.received - at * 1000;
    made.lon[i] = Math.round(row.lon * 1e7);
    made.lat[i] = Math.round(row.lat * 1e7);
    made.course[i] = Math.round(row.course * 10);
    made.speed[i] = Math.round(row.speed * 10);
    made.err[i] = row.err;
    made.status[i] = STATUSES.indexOf(row.status);
  }
  return made;
}

/** Times both ways in turns. @param {string} agency @param {number[]} instants */
export async function minute(agency, instants) {
  const ways = { chunk: [], json: [] };
  let differ = 0;
  for (const t of instants) {
    let began = performance.now();
    const mine = await byChunk(`/chunk/${agency}`, t);
    ways.chunk.push(performance.now() - began);
    began = performance.now();
    const theirs = await byJson(`/json/${agency}`, t);
    ways.json.push(performance.now() - began);
    differ += Math.abs(mine.lon.length - theirs.lon.length);
    for (let i = 0; i < mine.lon.length; i++) if (mine.lon[i] !== theirs.lon[i] || mine.lat[i] !== theirs.lat[i]) differ += 1;
  }
  return { ...ways, differ };
}

/**
 * Drags over a day: at each of `positions` places the blocks of all agencies are there, decoded, and their state is in
 * the store. A day has as many blocks as it has; `has` were recorded, and each is fetched and decoded again for each time.
 * @param {string} level @param {string[]} agencies @param {number} begin @param {number} blockS @param {number} has
 * @param {number} positions
 */
export async function drag(level, agencies, begin, blockS, has, positions) {
  const kept = new Map();
  const store = emptyStore();
  const day = 86400;
  let [states, decoded, units] = [/** @type {any} */ (undefined), 0, 0];
  const began = performance.now();
  for (let i = 0; i < positions; i++) {
    const at = (day * i) / positions;
    const number = Math.floor(at / blockS);
    const t = begin + blockS * (number % has) + (at - blockS * number);
    const spans = [];
    for (const agency of agencies) {
      const key = `${agency}/${number}`;
      if (!kept.has(key)) {
        kept.set(key, await spanOf(`/${level}/${agency}/${number % has}`));
        decoded += 1;
        if (kept.size > KEPT) kept.delete(kept.keys().next().value);
      }
      spans.push(kept.get(key));
    }
    const now = spans.map((span) => stateAt(span, t));
    const follows = states?.every((state, s) => state.span === spans[s]);
    const change = apply(store, frameOf(now, store.rev + 1, follows ? states : undefined));
    if (!change.fits) throw new Error(`position ${i} does not fit`);
    states = now;
    units = store.units.count;
  }
  return { ms: performance.now() - began, decoded, units };
}

/** Bytes of the typed arrays of `KEPT` minutes. @param {string} agency @param {number} has */
export async function memory(agency, has) {
  const spans = [];
  for (let i = 0; i < KEPT; i++) spans.push(await spanOf(`/minute/${agency}/${i % has}`));
  const buffers = new Set();
  const seen = new Set();
  const walk = (value) => {
    if (value === null || typeof value !== "object" || seen.has(value)) return;
    seen.add(value);
    if (value instanceof ArrayBuffer) buffers.add(value);
    else if (ArrayBuffer.isView(value)) buffers.add(value.buffer);
    else Object.values(value).forEach(walk);
  };
  walk(spans);
  return { chunks: spans.length, bytes: [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0) };
}
