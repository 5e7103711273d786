// Parcels: a header and arrays in one piece, as backend/lenses/parcel.py packs them.

const TYPES = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, int32: Int32Array, float32: Float32Array };
const MOST_BYTES = 256 * 2 ** 20; // of parcels that are kept

const kept = new Map(); // address → { parcel: Promise, bytes: number }, the last used one last

/** @param {ArrayBuffer} buffer */
export function unpack(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const read = ({ type, start, length }) => new TYPES[type](buffer, 4 + size + start, length);
  const arrays = Object.entries(header.arrays).map(([name, place]) => [name, read(place)]);
  return { ...header, ...Object.fromEntries(arrays) };
}

/**
 * The parcel at an address, which always holds the same one: one request however many ask for it.
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
    if (kept.has(url)) kept.get(url).bytes = buffer.byteLength;
    forget();
    return unpack(buffer);
  } catch (error) {
    kept.delete(url);
    throw error;
  }
}

// Let go of the parcels that were used longest ago.
function forget() {
  let bytes = [...kept.values()].reduce((sum, each) => sum + each.bytes, 0);
  for (const [url, entry] of kept) {
    if (bytes <= MOST_BYTES) return;
    if (entry.bytes) kept.delete(url);
    bytes -= entry.bytes;
  }
}
