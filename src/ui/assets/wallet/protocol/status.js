// Status of licences from the public lists (Token Status List). A whole list is fetched, never one entry, so that nobody
// learns which licence was looked at.

import { fromBase64url } from "../formats/bytes.js";
import * as jwt from "../formats/jwt.js";
import { request, refusal, Trouble } from "./net.js";

const MEDIA_TYPE = "application/statuslist+jwt";
const NAMES = ["valid", "revoked", "suspended"];
/** Longest list, bytes inflated. */
const MOST = 4 << 20;

/** Fetches lists by address: address → `(index) → "valid"|"revoked"|"suspended"|"unknown"`. `findKey` as for requests. */
export async function fetchLists(addresses, findKey) {
  const lists = new Map();
  for (const address of new Set(addresses)) lists.set(address, await fetchList(address, findKey));
  return lists;
}

async function fetchList(address, findKey) {
  const answer = await request(address, { accept: MEDIA_TYPE });
  if (!answer.ok) throw refusal(answer);
  const text = answer.text.trim();
  const { header, payload } = jwt.read(text);
  const did = payload.iss ?? (header.kid ?? "").split("#")[0];
  const found = await findKey(did, header.kid ?? "");
  if (!found || header.typ !== "statuslist+jwt" || payload.sub !== address || !(await jwt.verify(text, found.jwk))) {
    throw new Trouble("listWrong", { detail: address });
  }
  return read(payload.status_list);
}

/** Section 4: `bits` for each token, the lowest bits of a byte first. */
export async function read({ bits, lst }) {
  const bytes = await inflate(fromBase64url(lst));
  const perByte = 8 / bits;
  return (index) => {
    const byte = bytes[Math.floor(index / perByte)];
    if (byte === undefined) return "unknown";
    return NAMES[(byte >> ((index % perByte) * bits)) & ((1 << bits) - 1)] ?? "unknown";
  };
}

async function inflate(compressed) {
  const reader = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > MOST) throw new Trouble("broken");
    parts.push(part.value);
  }
  const out = new Uint8Array(size);
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}
