// The public log's companion files (C2SP tlog-proof): reading one, working the tree's root out from the entry, and the
// signature of the checkpoint (C2SP signed-note). Entries are CBOR arrays; of kind 1 it is that a licence was issued.

import { base64url, concat, fromBase64url, sha256, utf8 } from "./bytes.js";
import { decode } from "./cbor.js";
import { canonicalize } from "./jcs.js";
import { verify } from "./jwk.js";

const HEADER = "c2sp.org/tlog-proof@v1";
const DASH = "\u2014 ";
const ISSUED = 1;

/** Standard base64, which the log's files are written in. */
function fromBase64(text) {
  return fromBase64url(text.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_"));
}

const whole = (text) => {
  if (!/^(0|[1-9]\d{0,15})$/.test(text ?? "")) throw new SyntaxError("not a number of the log");
  return Number(text);
};

/** Reads a companion file: `{entry, index, hashes, tree, note}`; throws for anything else. */
export function read(text) {
  const at = text.indexOf("\n\n");
  const lines = text.slice(0, at).split("\n");
  if (at < 0 || lines.shift() !== HEADER) throw new SyntaxError("not a tlog-proof");
  if (!lines[0]?.startsWith("extra ")) throw new SyntaxError("the entry is missing");
  const entry = fromBase64(lines.shift().slice(6));
  const index = whole(lines.shift()?.replace(/^index /, ""));
  const hashes = lines.map(fromBase64);
  if (hashes.length > 63 || hashes.some((hash) => hash.length !== 32)) throw new SyntaxError("a hash of the proof");
  const note = text.slice(at + 2);
  return { entry, index, hashes, note, tree: tree(note) };
}

/** What a checkpoint says: `{origin, size, root}`. */
export function tree(note) {
  const [origin, size, root] = note.split("\n");
  return { origin, size: whole(size), root: fromBase64(root ?? "") };
}

const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
const node = (left, right) => sha256(concat(Uint8Array.of(1), left, right));

/** Whether the entry stands at its place in the tree (RFC 9162 section 2.1.3.2). */
export async function isIncluded({ entry, index, hashes, tree: { size, root } }) {
  if (index >= size) return false;
  let [at, last, hash] = [index, size - 1, await sha256(concat(Uint8Array.of(0), entry))];
  for (const part of hashes) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = await node(part, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      hash = await node(hash, part);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && same(hash, root);
}

/** Whether a key of the log, `name+id+key`, signed a note; several keys may stand in lines, one of them must have. */
export async function isSigned(note, keys) {
  const end = note.lastIndexOf("\n\n");
  const text = utf8(note.slice(0, end + 1));
  const lines = note.slice(end + 2).split("\n").filter((line) => line.startsWith(DASH));
  for (const key of keys.trim().split("\n")) {
    const [name, id, encoded] = split(key);
    const bytes = fromBase64(encoded);
    if (bytes[0] !== 1 || name !== note.split("\n")[0]) continue;
    const jwk = { kty: "OKP", crv: "Ed25519", x: base64url(bytes.subarray(1)) };
    for (const line of lines.filter((one) => one.startsWith(`${DASH}${name} `))) {
      const signature = fromBase64(line.slice(DASH.length + name.length + 1));
      const named = [...signature.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      if (named === id && (await verify(jwk, signature.subarray(4), text))) return true;
    }
  }
  return false;
}

/** `name+id+key`, whose key may itself have a plus sign. */
function split(key) {
  const [name, id] = key.split("+", 2);
  return [name, id, key.slice(name.length + id.length + 2)];
}

/** The digest by which the log names a document. */
export const digestOf = (credential) => sha256(utf8(canonicalize(credential)));

/**
 * Holds a companion file against the licence that it came with, by the keys of the log: `{index, size, since, seen}`, or
 * null when it is of something else or not signed. Throws for what is no companion file, and `Unsupported`.
 */
export async function check(credential, text, keys) {
  const proof = read(text);
  const [kind, since, ...members] = decode(proof.entry);
  const digest = await digestOf(credential);
  const named = kind === ISSUED && members.some((one) => one instanceof Uint8Array && same(one, digest));
  if (!named || !(await isIncluded(proof)) || !(await isSigned(proof.note, keys))) return null;
  return { index: proof.index, size: proof.tree.size, since: new Date(since * 1000).toISOString() };
}
