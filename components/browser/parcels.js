// Parcels: a header and arrays in one piece, as backend/lenses/parcel.py packs them.

const TYPES = {
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, int32: Int32Array, float32: Float32Array,
};
const MOST_BYTES = 256 * 2 ** 20; // of parcels that are kept; an address always holds the same one

const kept = new Map(); // address → { parcel: Promise, bytes: number }, the last used one last

/** @param {ArrayBuffer} buffer */
export function unpack(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const arrays = {};
  for (const [name, { type, start, length }] of Object.entries(header.arrays)) {
    arrays[name] = new TYPES[type](buffer, 4 + size + start, length);
  }
  return { ...header, shapes: header.arrays, ...arrays };
}

/**
 * The parcel at an address; one request however many ask for it.
 *
 * @param {string} url
 * @returns {Promise<Object>} the header's entries, and its arrays by name
 */
export function fetchParcel(url) {
  const entry = kept.get(url) ?? { bytes: 0, parcel: load(url) };
  kept.delete(url);
  kept.set(url, entry);
  return entry.parcel;
}

async function load(url) {
  try {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error((await answer.text()) || `HTTP ${answer.status}`);
    const buffer = await answer.arrayBuffer();
    const parcel = unpack(buffer);
    if (kept.has(url)) kept.get(url).bytes = buffer.byteLength;
    forget();
    return parcel;
  } catch (error) {
    kept.delete(url);
    throw error;
  }
}

function forget() {
  let bytes = 0;
  for (const entry of kept.values()) bytes += entry.bytes;
  for (const [url, entry] of kept) {
    if (bytes <= MOST_BYTES) return;
    if (entry.bytes) kept.delete(url);
    bytes -= entry.bytes;
  }
}
