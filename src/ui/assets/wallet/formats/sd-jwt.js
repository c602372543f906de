// SD-JWT VCs as a holder uses them (RFC 9901): reading all claims, choosing disclosures, binding to a verifier.

import { base64url, fromBase64url, fromUtf8, sha256, utf8 } from "./bytes.js";
import * as jwt from "./jwt.js";

/** Names that carry the mechanism, not claims. */
const MECHANISM = new Set(["_sd", "_sd_alg"]);

/** Reads an issued SD-JWT; throws when it is none. */
export async function read(text) {
  const [signed, ...rest] = text.split("~");
  if (rest.length === 0 || rest.at(-1) !== "") throw new SyntaxError("not an issued SD-JWT");
  const { header, payload } = jwt.read(signed);
  if ((payload._sd_alg ?? "sha-256") !== "sha-256") throw new SyntaxError("another hash algorithm");
  const disclosures = new Map();
  for (const part of rest.slice(0, -1)) {
    const content = JSON.parse(fromUtf8(fromBase64url(part)));
    if (!Array.isArray(content) || content.length < 2 || content.length > 3) throw new SyntaxError("not a disclosure");
    disclosures.set(base64url(await sha256(utf8(part))), { part, name: content.length === 3 ? content[1] : null, value: content.at(-1) });
  }
  const needed = new Map();
  const claims = resolve(payload, disclosures, [], [], needed);
  return { signed, header, payload, claims, needed };
}

/**
 * The claims with every disclosure in its place. `needed` gets, for each path (as JSON), the disclosures that must be
 * sent for it to be seen.
 */
function resolve(value, disclosures, path, trail, needed) {
  needed.set(JSON.stringify(path), trail);
  if (Array.isArray(value)) return resolveArray(value, disclosures, path, trail, needed);
  if (typeof value !== "object" || value === null) return value;
  const out = {};
  for (const [name, member] of Object.entries(value)) {
    if (!MECHANISM.has(name)) out[name] = resolve(member, disclosures, [...path, name], trail, needed);
  }
  for (const digest of value._sd ?? []) {
    const found = disclosures.get(digest);
    if (!found || found.name === null) continue;
    if (found.name in out || MECHANISM.has(found.name)) throw new SyntaxError("a claim twice");
    out[found.name] = resolve(found.value, disclosures, [...path, found.name], [...trail, found.part], needed);
  }
  return out;
}

function resolveArray(items, disclosures, path, trail, needed) {
  const out = [];
  for (const item of items) {
    const digest = typeof item === "object" && item !== null && Object.keys(item).length === 1 ? item["..."] : undefined;
    if (digest === undefined) {
      out.push(resolve(item, disclosures, [...path, out.length], trail, needed));
      continue;
    }
    const found = disclosures.get(digest);
    if (found) out.push(resolve(found.value, disclosures, [...path, out.length], [...trail, found.part], needed));
  }
  return out;
}

/** The paths that a claims path pointer selects (DCQL section 7): names, positions, `null` for every item. */
export function select(claims, pointer) {
  let found = [[[], claims]];
  for (const step of pointer) {
    found = found.flatMap(([path, value]) => {
      if (step === null) return Array.isArray(value) ? value.map((item, i) => [[...path, i], item]) : [];
      if (typeof step === "number") return Array.isArray(value) && step in value ? [[[...path, step], value[step]]] : [];
      const has = typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, step);
      return has ? [[[...path, step], value[step]]] : [];
    });
  }
  return found;
}

/** The SD-JWT with what is needed to see these paths and all that stands below them, and nothing else. */
export function disclose(sdJwt, pointers) {
  const chosen = new Set();
  for (const [path] of pointers.flatMap((pointer) => select(sdJwt.claims, pointer))) {
    const own = JSON.stringify(path);
    const below = `${own.slice(0, -1)}${path.length > 0 ? "," : ""}`;
    for (const [place, parts] of sdJwt.needed) {
      if (place === own || place.startsWith(below)) for (const part of parts) chosen.add(part);
    }
  }
  return `${[sdJwt.signed, ...chosen].join("~")}~`;
}

/** Adds the key-binding JWT (section 4.3) for one verifier. */
export async function bind(disclosed, { nonce, audience, time }, signer) {
  const hash = base64url(await sha256(utf8(disclosed)));
  return disclosed + (await jwt.sign({ typ: "kb+jwt" }, { iat: time, aud: audience, nonce, sd_hash: hash }, signer));
}
