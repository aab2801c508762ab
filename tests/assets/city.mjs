// @ts-check
/** Frames for tests, encoded as layers/frame.py does it, and a small picture. */

const SIZES = /** @type {Record<string, any>} */ ({ u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array });

/** The bytes of a frame. @param {number} type @param {any} header `layers` hold `columns: {name: [dtype, values]}` @returns {ArrayBuffer} */
export function encode(type, header) {
  /** @type {Uint8Array[]} */
  const parts = [];
  let offset = 0;
  const layers = (header.layers ?? []).map((/** @type {any} */ layer) => {
    let n = 0;
    const columns = Object.entries(layer.columns ?? {}).map(([name, [dtype, values]]) => {
      const bytes = new Uint8Array(SIZES[dtype].from(values).buffer);
      const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
      padded.set(bytes);
      parts.push(padded);
      n = values.length;
      offset += padded.length;
      return [name, dtype, offset - padded.length];
    });
    return { ...layer, n, columns };
  });
  const json = JSON.stringify({ ...header, layers });
  const head = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const out = new Uint8Array(16 + head.length + offset);
  const view = new DataView(out.buffer);
  out.set([0x4a, 0x4f, 0x46, 0x31, type, 0, 0, 0]);
  view.setUint32(8, head.length, true);
  view.setUint32(12, offset, true);
  out.set(head, 16);
  let at = 16 + head.length;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out.buffer;
}

/** The units layer of a frame: units at rows `rows`, degrees. @param {number[]} rows @param {[number, number][]} places @param {any} [more] */
export function units(rows, places, more = {}) {
  const each = (/** @type {number} */ value) => rows.map(() => value);
  return {
    name: "units",
    columns: {
      row: ["u4", rows], lon: ["i4", places.map(([lon]) => lon * 1e7)], lat: ["i4", places.map(([, lat]) => lat * 1e7)],
      course: ["u2", more.course ?? each(900)], speed: ["u2", more.speed ?? each(100)], status: ["u1", more.status ?? each(0)],
      flags: ["u1", more.flags ?? each(0)], age: ["u2", more.age ?? each(0)], err: ["u2", each(10)], lag: ["u2", each(5)],
    },
    records: more.records ?? rows.map((row) => [row, { id: `U${row}`, agency: "cpd", call_sign: `BEAT ${row}` }]),
    gone: more.gone ?? [],
  };
}
