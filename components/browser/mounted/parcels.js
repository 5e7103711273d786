// Parcels: the text, its numbers and its links arrive once each, as bytes named by their content,
// through small mounts of this same component. The strip that is drawn refers to them by name.

const ARRAY_TYPES = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
};
const NAME_BYTES = 16;

const shelf = new Map(); // name → { content, holders: number }
const waiting = new Map(); // name → functions to call once it is here
const heldBy = new WeakMap(); // mount → name of the parcel it brought

function nameOf(bytes) {
  return new TextDecoder("ascii").decode(bytes.subarray(0, NAME_BYTES));
}

function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerStart = NAME_BYTES + 4;
  const bodyStart = headerStart + view.getUint32(NAME_BYTES, true);
  const header = JSON.parse(new TextDecoder("ascii").decode(bytes.subarray(headerStart, bodyStart)));
  const arrays = {};
  for (const [name, place] of Object.entries(header.arrays)) {
    const Type = ARRAY_TYPES[place.type];
    const start = bytes.byteOffset + bodyStart + place.start;
    // A copy, because a typed array may only begin at a multiple of its element size.
    arrays[name] = new Type(bytes.buffer.slice(start, start + place.length * Type.BYTES_PER_ELEMENT));
  }
  return { ...header, ...arrays };
}

function release(mount) {
  const name = heldBy.get(mount);
  heldBy.delete(mount);
  const parcel = shelf.get(name);
  if (parcel && --parcel.holders === 0) shelf.delete(name);
}

function receive(mount, bytes) {
  const name = nameOf(bytes);
  if (heldBy.get(mount) !== name) {
    const parcel = shelf.get(name) ?? { content: unpack(bytes), holders: 0 };
    parcel.holders += 1;
    shelf.set(name, parcel);
    release(mount);
    heldBy.set(mount, name);
    for (const deliver of waiting.get(name) ?? []) deliver(parcel.content);
    waiting.delete(name);
  }
  return () => release(mount);
}

function fetchParcel(name) {
  const parcel = shelf.get(name);
  if (parcel) return parcel.content;
  return new Promise((deliver) => waiting.set(name, [...(waiting.get(name) ?? []), deliver]));
}
