// Signed JWTs (RFC 7515, 7519) in their compact form: reading, verifying, signing.

import { base64url, fromBase64url, fromUtf8, utf8 } from "./bytes.js";
import { algorithmOf, verify as verifyBytes } from "./jwk.js";

const json = (part) => {
  const value = JSON.parse(fromUtf8(fromBase64url(part)));
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SyntaxError("not a JSON object");
  return value;
};

/** `{header, payload}` of a JWT that was not verified; throws when it is none. */
export function read(text) {
  const parts = text.split(".");
  if (parts.length !== 3) throw new SyntaxError("not a JWT");
  return { header: json(parts[0]), payload: json(parts[1]) };
}

/** Whether the signature is by this key, under the algorithm that the key has. */
export async function verify(text, jwk) {
  const { header } = read(text);
  const named = header.alg === "Ed25519" ? "EdDSA" : header.alg;
  if (named !== algorithmOf(jwk) || header.crit !== undefined) return false;
  const end = text.lastIndexOf(".");
  return verifyBytes(jwk, fromBase64url(text.slice(end + 1)), utf8(text.slice(0, end)));
}

/** A JWT by a signer `{alg, sign}`. */
export async function sign(header, payload, signer) {
  const part = (value) => base64url(utf8(JSON.stringify(value)));
  const input = `${part({ alg: signer.alg, ...header })}.${part(payload)}`;
  return `${input}.${base64url(await signer.sign(utf8(input)))}`;
}
