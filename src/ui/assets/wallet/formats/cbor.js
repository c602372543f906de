// The CBOR that codes need (RFC 8949): a deterministic writer and a reader of definite lengths.
// Integers, byte strings, texts, arrays, Maps, tags, booleans, null, doubles.

import { concat, fromUtf8, utf8 } from "./bytes.js";

const MAX_DEPTH = 8;

/** A tagged item. */
export class Tagged {
  constructor(tag, value) {
    this.tag = tag;
    this.value = value;
  }
}

/** The deterministic encoding (section 4.2.1): shortest heads, map keys in the order of their encodings. */
export function encode(value) {
  if (value === null) return Uint8Array.of(0xf6);
  if (value === true || value === false) return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (Number.isSafeInteger(value)) return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") {
    const bytes = utf8(value);
    return concat(head(3, bytes.length), bytes);
  }
  if (value instanceof Uint8Array) return concat(head(2, value.length), value);
  if (Array.isArray(value)) return concat(head(4, value.length), ...value.map(encode));
  if (value instanceof Map) return encodeMap(value);
  if (value instanceof Tagged) return concat(head(6, value.tag), encode(value.value));
  throw new TypeError("no CBOR for this value");
}

function encodeMap(map) {
  const entries = [...map].map(([key, value]) => [encode(key), encode(value)]);
  entries.sort(([a], [b]) => compare(a, b));
  return concat(head(5, entries.length), ...entries.flat());
}

function compare(a, b) {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

function head(major, size) {
  const first = major << 5;
  if (size < 24) return Uint8Array.of(first | size);
  if (size < 0x100) return Uint8Array.of(first | 24, size);
  const out = new DataView(new ArrayBuffer(size < 0x10000 ? 3 : size < 0x100000000 ? 5 : 9));
  if (size < 0x10000) out.setUint16(1, size);
  else if (size < 0x100000000) out.setUint32(1, size);
  else out.setBigUint64(1, BigInt(size));
  out.setUint8(0, first | (size < 0x10000 ? 25 : size < 0x100000000 ? 26 : 27));
  return new Uint8Array(out.buffer);
}

/** Reads one item that fills the bytes; throws otherwise. */
export function decode(bytes) {
  const reader = new Reader(bytes);
  const value = reader.item(0);
  if (reader.at !== bytes.length) throw new SyntaxError("bytes behind the CBOR item");
  return value;
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  item(depth) {
    if (depth > MAX_DEPTH) throw new SyntaxError("CBOR nested too deeply");
    const first = this.view.getUint8(this.at);
    const major = first >> 5;
    this.at += 1;
    if (major === 7) return this.simple(first & 31);
    const size = this.size(first & 31);
    switch (major) {
      case 0: return size;
      case 1: return -1 - size;
      case 2: return this.take(size).slice();
      case 3: return fromUtf8(this.take(size));
      case 4: return Array.from({ length: this.bounded(size) }, () => this.item(depth + 1));
      case 5: return this.map(this.bounded(size), depth + 1);
      default: return new Tagged(size, this.item(depth + 1));
    }
  }

  map(size, depth) {
    const map = new Map();
    for (let i = 0; i < size; i += 1) {
      const key = this.item(depth);
      if (map.has(key)) throw new SyntaxError("a CBOR key twice");
      map.set(key, this.item(depth));
    }
    return map;
  }

  size(info) {
    if (info < 24) return info;
    const width = { 24: 1, 25: 2, 26: 4, 27: 8 }[info];
    if (!width) throw new SyntaxError("CBOR of indefinite length");
    const value = this.take(width).reduce((sum, byte) => sum * 256 + byte, 0);
    if (!Number.isSafeInteger(value)) throw new SyntaxError("a CBOR number that is too large");
    return value;
  }

  bounded(size) {
    if (size > this.bytes.length) throw new SyntaxError("CBOR longer than its bytes");
    return size;
  }

  take(count) {
    if (this.at + count > this.bytes.length) throw new SyntaxError("CBOR that ends early");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  simple(info) {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22) return null;
    if (info !== 26 && info !== 27) throw new SyntaxError("a CBOR value that is not read here");
    const at = this.at;
    this.take(info === 26 ? 4 : 8);
    return info === 26 ? this.view.getFloat32(at) : this.view.getFloat64(at);
  }
}
