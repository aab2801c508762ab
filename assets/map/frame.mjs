// @ts-check
/**
 * Decodes what the hub sends: the twin of layers/frame.py (docs/wire.md).
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

/** "Not known" in u2 and i4 columns. */
export const UNKNOWN_U2 = 65535;
export const UNKNOWN_I4 = 2147483647;

/** @typedef {Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array} Column */
/**
 * @typedef {object} FrameLayer
 * @property {string} name
 * @property {number} n rows in the columns
 * @property {Record<string, Column>} columns the first is `row`
 * @property {[number, any][]} records
 * @property {number[]} gone
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

const text = new TextDecoder();

/**
 * Whether the frame's body must be inflated first, which takes a promise.
 * @param {ArrayBuffer} data
 */
export function isDeflated(data) {
  return data.byteLength > 5 && (new Uint8Array(data, 5, 1)[0] & 1) === 1;
}

/**
 * Returns the frame in `data`, whose body is plain. Throws FrameError.
 * @param {ArrayBuffer} data
 * @returns {Frame}
 */
export function decode(data) {
  const head = readHead(data);
  if (head.deflated) throw new FrameError("frame is deflated: use inflate");
  // Header and body are padded to multiples of 8, so that the columns can be views.
  return build(head, data, HEAD + head.headerBytes);
}

/**
 * Returns the frame in `data`, inflating its body where it must be. Rejects with FrameError.
 * @param {ArrayBuffer} data
 * @returns {Promise<Frame>}
 */
export async function inflate(data) {
  const head = readHead(data);
  if (!head.deflated) return decode(data);
  const packed = new Blob([new Uint8Array(data, HEAD + head.headerBytes)]).stream();
  const reader = packed.pipeThrough(new DecompressionStream("deflate")).getReader();
  const body = new Uint8Array(head.bodyBytes);
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
  if (filled !== head.bodyBytes) throw new FrameError(`frame's body has ${filled} bytes, expected ${head.bodyBytes}`);
  return build(head, body.buffer, 0);
}

/** @param {ArrayBuffer} data */
function readHead(data) {
  if (data.byteLength < HEAD) throw new FrameError(`frame of ${data.byteLength} bytes is shorter than its head`);
  const view = new DataView(data);
  if (view.getUint32(0, true) !== MAGIC) throw new FrameError("not a frame: magic bytes differ");
  const headerBytes = view.getUint32(8, true);
  const bodyBytes = view.getUint32(12, true);
  if (bodyBytes > BODY_MAX || HEAD + headerBytes > data.byteLength || headerBytes % 8) {
    throw new FrameError("frame says it is longer than it is");
  }
  const type = view.getUint8(4);
  if (type < KEYFRAME || type > HEARTBEAT) throw new FrameError(`no frame type ${type}`);
  const deflated = (view.getUint8(5) & 1) === 1;
  if (!deflated && data.byteLength - HEAD - headerBytes !== bodyBytes) {
    throw new FrameError(`frame's body has ${data.byteLength - HEAD - headerBytes} bytes, expected ${bodyBytes}`);
  }
  let header;
  try {
    header = JSON.parse(text.decode(new Uint8Array(data, HEAD, headerBytes)));
  } catch {
    throw new FrameError("frame's header is not JSON");
  }
  return { type, headerBytes, bodyBytes, deflated, header };
}

/**
 * @param {{ type: number, bodyBytes: number, header: any }} head
 * @param {ArrayBufferLike} buffer
 * @param {number} start
 * @returns {Frame}
 */
function build({ type, bodyBytes, header }, buffer, start) {
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
    return { name: layer.name, n, columns, records: layer.records ?? [], gone: layer.gone ?? [] };
  });
  return {
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
