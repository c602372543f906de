// Signed notes and proofs of the log (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-tiles): read, and
// worked out anew in this browser, so that nobody has to take the server's word for them.

const text = new TextEncoder();

/** A checkpoint `{origin, size, root, body, lines, text}`; null for something else. */
export function readCheckpoint(note) {
  const parts = /^(([^\n]+)\n(\d+)\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*)\n((?:— [^\n]+\n)+)$/.exec(note);
  if (!parts) return null;
  const lines = parts[5].trimEnd().split("\n").map(readLine);
  const [, body, origin, size, root] = parts;
  return { origin, size: Number(size), root: bytesOf(root), body, lines, text: note };
}

function readLine(line) {
  const [, name, encoded] = line.split(" ");
  const bytes = bytesOf(encoded);
  return { name, id: toHex(bytes.slice(0, 4)), signature: bytes.slice(4) };
}

/** A key `{name, id, type, key, text}`; null for something else. */
export function readKey(vkey) {
  const parts = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)\s*$/.exec(vkey);
  if (!parts) return null;
  const bytes = bytesOf(parts[3]);
  return { name: parts[1], id: parts[2], type: bytes[0], key: bytes.slice(1), text: vkey.trim() };
}

/** A proof `{index, hashes, entry, checkpoint, text}`; `entry` is null unless it comes along. Null for something else. */
export function readProof(proof) {
  const end = proof.indexOf("\n\n");
  const [first, ...lines] = proof.slice(0, end).split("\n");
  const checkpoint = end < 0 ? null : readCheckpoint(proof.slice(end + 2));
  if (first !== "c2sp.org/tlog-proof@v1" || !checkpoint) return null;
  const index = lines.find((line) => line.startsWith("index "));
  const extra = lines.find((line) => line.startsWith("extra "));
  const hashes = lines.filter((line) => /^[A-Za-z0-9+/]{43}=$/.test(line)).map(bytesOf);
  const entry = extra ? bytesOf(extra.slice(6)) : null;
  return index ? { index: Number(index.slice(6)), hashes, entry, checkpoint, text: proof } : null;
}

/** The entries of a bundle, each as bytes; null when it ends in the middle of one. */
export function readBundle(bytes) {
  const entries = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] * 256 + bytes[at + 1];
    if (!(at + 2 + length <= bytes.length)) return null;
    entries.push(bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}

/** The path of the bundle with an index in a log of `size` entries. */
export function bundlePath(index, size) {
  const groups = [];
  for (let rest = index; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`${groups.length ? "x" : ""}${String(rest % 1000).padStart(3, "0")}`);
  }
  const width = Math.min(256, size - index * 256);
  return `/log/tile/entries/${groups.join("/")}${width < 256 ? `.p/${width}` : ""}`;
}

const sha256 = async (...parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
};

/** The hash of an entry (RFC 6962 §2.1). */
export const leafHash = (entry) => sha256([0], entry);

/** Whether the hashes lead from a leaf at `index` to the root of a tree of `size` (RFC 9162 §2.1.3.2). */
export async function leadsToRoot(leaf, index, size, hashes, root) {
  if (index >= size) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const part of hashes) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = await sha256([1], part, hash);
      while (node % 2 === 0 && node > 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = await sha256([1], hash, part);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && toHex(hash) === toHex(root);
}

/**
 * Whether a key signed a checkpoint: true, false for a signature that is wrong or missing, null where this browser cannot
 * tell. Lines of other keys are ignored.
 */
export async function isSignedBy(checkpoint, { name, id, type, key }) {
  const line = checkpoint.lines.find((one) => one.name === name && one.id === id);
  if (!line) return false;
  let verifier;
  try {
    verifier = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
  if (type === 1) return crypto.subtle.verify("Ed25519", verifier, line.signature, text.encode(checkpoint.body));
  const time = new DataView(line.signature.buffer, line.signature.byteOffset).getBigUint64(0);
  const message = text.encode(`cosignature/v1\ntime ${time}\n${checkpoint.body}`);
  return crypto.subtle.verify("Ed25519", verifier, line.signature.slice(8), message);
}

/** Whether this page may compute at all: browsers offer it to pages that came safely. */
export const canCompute = () => Boolean(globalThis.crypto?.subtle);

const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/** Bytes as hexadecimal digits. */
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** A digest in groups of eight, for comparing by eye. */
export const grouped = (bytes) => toHex(bytes).replace(/.{8}(?=.)/g, "$& ");
