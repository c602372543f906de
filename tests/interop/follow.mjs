// Follows a city's public log over HTTP with libraries written by others, and nothing of ours: the tree by
// @transmute/rfc9162, the signature by @noble/curves, the leaves by cborg. The Rust side is tests/it/interop/follow.rs.
//
//   node follow.mjs BASE [SIZE ROOT]     answers with one line of JSON; SIZE and ROOT are of an earlier answer

import {createHash} from 'node:crypto';
import {inflateSync} from 'node:zlib';
import {ed25519} from '@noble/curves/ed25519.js';
import * as cborg from 'cborg';
import rfc9162 from '@transmute/rfc9162';

const {RFC9162} = rfc9162;
const [base, oldSize, oldRoot] = process.argv.slice(2);
const fail = reason => { throw new Error(reason); };
const equal = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

const get = async (path, accept = '*/*') => {
  const answer = await fetch(`${base}/${path}`, {headers: {accept}});
  return answer.ok ? Buffer.from(await answer.arrayBuffer()) : fail(`${path}: ${answer.status}`);
};

// C2SP signed-note: the text with its last line break, an empty line, lines of name and signature.
const checkpoint = async () => {
  const [name, id, encoded] = (await get('log/key')).toString().trim().split(/\+([0-9a-f]{8})\+/);
  const key = Buffer.from(encoded, 'base64');
  const hash = createHash('sha256').update(`${name}\n`).update(key).digest().subarray(0, 4);
  if (hash.toString('hex') !== id) fail('the id of the key');
  const note = (await get('log/checkpoint')).toString();
  const cut = note.indexOf('\n\n') + 1;
  const text = note.slice(0, cut);
  const signed = note.slice(cut + 1).trimEnd().split('\n').some(line => {
    const [, signer, value] = line.split(' ');
    const bytes = Buffer.from(value, 'base64');
    return signer === name && bytes.subarray(0, 4).equals(hash)
      && ed25519.verify(bytes.subarray(4), Buffer.from(text), key.subarray(1), {zip215: false});
  });
  if (!signed) fail('no signature of the log');
  const [origin, size, root] = text.split('\n');
  if (origin !== name) fail('another origin');
  return {origin, size: Number(size), root: Buffer.from(root, 'base64')};
};

// C2SP tlog-tiles: paths in groups of three digits, partial widths behind `.p/`.
const path = (kind, index, width) => {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0').match(/.{3}/g);
  const last = digits.pop();
  return `log/tile/${kind}/${digits.map(group => `x${group}/`).join('')}${last}${width === 256 ? '' : `.p/${width}`}`;
};

const entries = async size => {
  const all = [];
  for (let index = 0; index * 256 < size; index++) {
    const width = Math.min(256, size - index * 256);
    const [bundle, hashes] = await Promise.all([get(path('entries', index, width)), get(path(0, index, width))]);
    let at = 0;
    for (let n = 0; n < width; n++) {
      const length = bundle.readUInt16BE(at);
      const entry = bundle.subarray(at + 2, at + 2 + length);
      at += 2 + length;
      if (!equal(await RFC9162.leaf(entry), hashes.subarray(n * 32, n * 32 + 32))) fail(`the hash of leaf ${all.length}`);
      all.push(entry);
    }
    if (at !== bundle.length) fail('the end of a bundle');
  }
  return all;
};

const NAMES = {1: 'issued', 2: 'claimed', 3: 'suspended', 4: 'reinstated', 5: 'revoked', 6: 'ended', 7: 'trust', 8: 'key',
  9: 'type', 10: 'matter', 11: 'used', 12: 'application', 13: 'foreignTrust', 14: 'copied', 15: 'objection'};

// What the documented leaves say: how many of each kind, and the status slots that follow.
const read = all => {
  const kinds = {};
  const slots = new Map();
  for (const [at, entry] of all.entries()) {
    const leaf = cborg.decode(entry, {strict: true});
    if (!equal(cborg.encode(leaf), entry)) fail(`the encoding of leaf ${at}`);
    const name = NAMES[leaf[0]] ?? fail(`the kind of leaf ${at}`);
    kinds[name] = (kinds[name] ?? 0) + 1;
    if (leaf[0] >= 3 && leaf[0] <= 6) {
      for (const slot of leaf[4]) {
        const place = `${leaf[2]}-${Math.floor(slot / 131072)}/${slot % 131072}`;
        slots.set(place, {3: 2, 4: 0, 5: 1, 6: 1}[leaf[0]]);
      }
    }
  }
  return {kinds, slots};
};

// The published list of an agency has exactly these slots.
const compare = async (list, slots) => {
  const jwt = (await get(`status/${list}`, 'application/statuslist+jwt')).toString();
  const {status_list: {bits, lst}} = JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));
  const bytes = inflateSync(Buffer.from(lst, 'base64url'));
  for (let index = 0; index < 131072; index++) {
    const there = (bytes[index >> 2] >> (index % 4 * 2)) & 3;
    if (bits !== 2 || there !== (slots.get(`${list}/${index}`) ?? 0)) fail(`slot ${index} of ${list}`);
  }
};

try {
  const head = await checkpoint();
  const all = await entries(head.size);
  if (!await RFC9162.verifyTree(head.root, all)) fail('the root of the checkpoint');
  if (oldSize && !equal(await RFC9162.treeHead(all.slice(0, Number(oldSize))), Buffer.from(oldRoot, 'hex'))) {
    fail('the log does not go on from where it was');
  }
  const last = head.size - 1;
  const proof = (await get(`log/proof/${last}`)).toString().split('\n\n')[0].split('\n').filter(line => /^[A-Za-z0-9+/=]{44}$/.test(line));
  const inclusion = {log_id: '', tree_size: head.size, leaf_index: last, inclusion_path: proof.map(line => Buffer.from(line, 'base64'))};
  if (!await RFC9162.verifyInclusionProof(head.root, await RFC9162.leaf(all[last]), inclusion)) fail('the proof of the last leaf');
  const {kinds, slots} = read(all);
  await compare('GA-0', slots);
  console.log(JSON.stringify({ok: true, origin: head.origin, size: head.size, root: head.root.toString('hex'), kinds}));
} catch (error) {
  console.log(JSON.stringify({ok: false, error: String(error.message ?? error)}));
}
