// @ts-check
/**
 * Decodes what the hub sends and what recordings hold: the twin of layers/frame.py (docs/wire.md).
 *
 * Pure: no page, no clock. A column is a view into the frame's own bytes, good until the frame is let go.
 * Bytes that are not what they should be throw `FrameError`; nothing half-read is ever returned.
 */

const MAGIC = 0x31464f4a; // "JOF1", little-endian
const HEAD = 16;
const BODY_MAX = 256 * 1024 * 1024;

export const KEYFRAME = 1;
export const DELTA = 2;
export const HEARTBEAT = 3;
export const SPAN = 4;
const DEFLATED = 2;

/** "Not known" in u2 and i4 columns. */
export const UNKNOWN_U2 = 65535;
export const UNKNOWN_I4 = 2147483647;

/** @typedef {Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array} Column */
/**
 * One column of a span's table, packed (layers/planes.py): `data` holds byte planes of n bytes, lowest first.
 * @typedef {{ dtype: string, encoding: string, step: number, scale: number, planes: number, data: Uint8Array }} Packed
 */
/**
 * What changed in a layer over a span's time.
 * @typedef {object} Stretch
 * @property {string} agency
 * @property {string} family of a unit that does not say its type
 * @property {[string, number, Record<string, number>][]} sources id, cadence in seconds, cadence of a unit in a state
 * @property {string[]} ids of the layer's rows
 * @property {any[]} words the slow fields of each word
 * @property {Record<string, { n: number, columns: Record<string, Packed> }>} tables
 */
/**
 * @typedef {object} FrameLayer
 * @property {string} name
 * @property {number} n rows in the columns
 * @property {Record<string, Column>} columns the first is `row`
 * @property {[number, any][]} records
 * @property {number[]} gone
 * @property {Stretch} [stretch] only in spans
 */
/**
 * @typedef {object} Frame
 * @property {number} type
 * @property {number} rev
 * @property {number} base revision a delta applies to; 0 in keyframes
 * @property {number} at the tick, Unix seconds by the server's clock
 * @property {number} lag_ms oldest receipt among what changed, milliseconds before `at`
 * @property {FrameLayer[]} layers
 * @property {[number, any][]} events
 * @property {number} events_from
 * @property {"" | "lost"} bus
 * @property {number} bus_since
 * @property {number} [until] end of a span, Unix seconds
 * @property {[number, number, ArrayBuffer][]} [frames] of a span: received, observed (ms after `at`), a whole frame
 */

/** Bytes that are not a frame. */
export class FrameError extends Error {}

/** @type {Record<string, { make: (b: ArrayBufferLike, o: number, n: number) => Column, bytes: number }>} */
const TYPES = {
  u1: { make: (b, o, n) => new Uint8Array(b, o, n), bytes: 1 },
  u2: { make: (b, o, n) => new Uint16Array(b, o, n), bytes: 2 },
  u4: { make: (b, o, n) => new Uint32Array(b, o, n), bytes: 4 },
  i4: { make: (b, o, n) => new Int32Array(b, o, n), bytes: 4 },
  f8: { make: (b, o, n) => new Float64Array(b, o, n), bytes: 8 },
};

/** How a span's columns may be packed, and of which types they are. */
const ENCODINGS = ["planes", "delta"];
const PACKED = ["u1", "u2", "u4", "i4"];
const SCALE_MAX = 1e7;

const text = new TextDecoder();

/**
 * Whether the frame must be inflated first, which takes a promise.
 * @param {ArrayBuffer} data
 */
export function isDeflated(data) {
  return data.byteLength > 5 && new Uint8Array(data, 5, 1)[0] !== 0;
}

/**
 * Returns the frame in `data`, which is plain. Throws FrameError.
 * @param {ArrayBuffer} data
 * @returns {Frame}
 */
export function decode(data) {
  const head = readHead(data);
  if (head.flags) throw new FrameError("frame is deflated: use inflate");
  // Header and body are padded to multiples of 8, so that the columns can be views.
  return build(head, readHeader(data, HEAD, head.headerBytes), data, HEAD + head.headerBytes);
}

/**
 * Returns the frame in `data`, inflated where it must be. Rejects with FrameError.
 * @param {ArrayBuffer} data
 * @returns {Promise<Frame>}
 */
export async function inflate(data) {
  const head = readHead(data);
  if (!head.flags) return decode(data);
  const whole = (await inflated(data, head.headerBytes + head.bodyBytes)).buffer;
  return build(head, readHeader(whole, 0, head.headerBytes), whole, head.headerBytes);
}

/**
 * @param {ArrayBuffer} data
 * @param {number} bytes how many there are once inflated
 */
async function inflated(data, bytes) {
  const reader = new Blob([new Uint8Array(data, HEAD)]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const body = new Uint8Array(bytes);
  let filled = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      // Checked while inflating: a body that lies about its length must not fill the memory first.
      if (filled + part.value.length > body.length) throw new FrameError("frame's body is longer than it says");
      body.set(part.value, filled);
      filled += part.value.length;
    }
  } catch (error) {
    throw error instanceof FrameError ? error : new FrameError("frame's body cannot be inflated");
  }
  if (filled !== bytes) throw new FrameError(`frame's body has ${filled} bytes, expected ${bytes}`);
  return body;
}

/** @param {ArrayBuffer} data */
function readHead(data) {
  if (data.byteLength < HEAD) throw new FrameError(`frame of ${data.byteLength} bytes is shorter than its head`);
  const view = new DataView(data);
  if (view.getUint32(0, true) !== MAGIC) throw new FrameError("not a frame: magic bytes differ");
  const headerBytes = view.getUint32(8, true);
  const bodyBytes = view.getUint32(12, true);
  const flags = view.getUint8(5);
  if (flags && flags !== DEFLATED) throw new FrameError(`frame has flags ${flags} that this version does not know`);
  const here = flags ? 0 : headerBytes;
  if (bodyBytes > BODY_MAX || headerBytes > BODY_MAX || HEAD + here > data.byteLength || headerBytes % 8) {
    throw new FrameError("frame says it is longer than it is");
  }
  const type = view.getUint8(4);
  if (type < KEYFRAME || type > SPAN) throw new FrameError(`no frame type ${type}`);
  if (!flags && data.byteLength - HEAD - headerBytes !== bodyBytes) {
    throw new FrameError(`frame's body has ${data.byteLength - HEAD - headerBytes} bytes, expected ${bodyBytes}`);
  }
  return { type, headerBytes, bodyBytes, flags };
}

/** @param {ArrayBufferLike} data @param {number} start @param {number} bytes */
function readHeader(data, start, bytes) {
  try {
    return JSON.parse(text.decode(new Uint8Array(data, start, bytes)));
  } catch {
    throw new FrameError("frame's header is not JSON");
  }
}

/**
 * @param {{ type: number, bodyBytes: number }} head
 * @param {any} header
 * @param {ArrayBufferLike} buffer
 * @param {number} start
 */
function build(head, header, buffer, start) {
  try {
    return frameOf(head, header, buffer, start);
  } catch (error) {
    throw error instanceof FrameError ? error : new FrameError("frame's header is JSON, and no header");
  }
}

/**
 * @param {{ type: number, bodyBytes: number }} head
 * @param {any} header
 * @param {ArrayBufferLike} buffer
 * @param {number} start
 * @returns {Frame}
 */
function frameOf({ type, bodyBytes }, header, buffer, start) {
  const layers = (header.layers ?? []).map((/** @type {any} */ layer) => {
    const n = layer.n ?? 0;
    /** @type {Record<string, Column>} */
    const columns = {};
    for (const [name, dtype, offset] of layer.columns ?? []) {
      const kind = TYPES[dtype];
      if (!kind || !(offset >= 0) || offset % 8 || offset + n * kind.bytes > bodyBytes) {
        throw new FrameError(`column ${layer.name}.${name} does not fit the frame`);
      }
      columns[name] = kind.make(buffer, start + offset, n);
    }
    /** @type {FrameLayer} */
    const made = { name: layer.name, n, columns, records: layer.records ?? [], gone: layer.gone ?? [] };
    if (layer.stretch) made.stretch = stretchOf(layer, bodyBytes, buffer, start);
    return made;
  });
  const frames = (header.frames ?? []).map((/** @type {number[]} */ [received, observed, offset, length]) => {
    if (!(offset >= 0 && length >= 0 && offset + length <= bodyBytes)) {
      throw new FrameError("a frame within the frame does not fit it");
    }
    return [received, observed, buffer.slice(start + offset, start + offset + length)];
  });
  return {
    ...(type === SPAN ? { until: header.until ?? 0, frames } : {}),
    type,
    rev: header.rev,
    base: header.base ?? 0,
    at: header.at,
    lag_ms: header.lag_ms ?? 0,
    layers,
    events: header.events ?? [],
    events_from: header.events_from ?? 0,
    bus: header.bus === "lost" ? "lost" : "",
    bus_since: header.bus_since ?? 0,
  };
}

/**
 * @param {any} layer
 * @param {number} bodyBytes
 * @param {ArrayBufferLike} buffer
 * @param {number} start
 * @returns {Stretch}
 */
function stretchOf(layer, bodyBytes, buffer, start) {
  const { agency, family, tables: told, sources = [], ids = [], words = [] } = layer.stretch;
  const object = (/** @type {any} */ x) => x !== null && typeof x === "object";
  const source = (/** @type {any} */ s) => Array.isArray(s) && object(s[2] ?? {});
  if (!Array.isArray(ids) || !words.every(object) || !sources.every(source)) {
    throw new FrameError(`layer ${layer.name} has ids, words or sources that are none`);
  }
  /** @type {Stretch["tables"]} */
  const tables = {};
  for (const [table, { n, columns }] of Object.entries(/** @type {Record<string, any>} */ (told))) {
    tables[table] = { n, columns: {} };
    for (const [name, dtype, offset, encoding, planes, step, scale] of columns) {
      const where = `column ${layer.name}.${table}.${name}`;
      if (!ENCODINGS.includes(encoding)) {
        throw new FrameError(`${where} is encoded as "${encoding}"; this version reads ${ENCODINGS.join(", ")}`);
      }
      if (!PACKED.includes(dtype) || !(planes >= 0 && planes <= 4) || !(scale >= 1 && scale <= SCALE_MAX)) {
        throw new FrameError(`${where} has a type, planes or scale that no column has`);
      }
      if (!(n >= 0 && offset >= 0 && offset + planes * n <= bodyBytes) || step !== (step | 0)) {
        throw new FrameError(`${where} does not fit the frame`);
      }
      const data = new Uint8Array(buffer, start + offset, planes * n);
      tables[table].columns[name] = { dtype, encoding, step, scale, planes, data };
    }
  }
  return { agency, family, sources, ids, words, tables };
}
