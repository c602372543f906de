// Public keys for WebCrypto: from a JWK or a multikey, verifying, thumbprints (RFC 7638).

import { base64url, fromMultibase, sha256, utf8 } from "./bytes.js";

const ED25519 = { name: "Ed25519" };
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };

/** That this browser cannot do Ed25519, which is neither a good nor a bad signature. */
export class Unsupported extends Error {}

/** The JWK of a multikey (`z6Mk…` Ed25519, `zDn…` P-256 compressed). */
export function fromMultikey(text) {
  const bytes = fromMultibase(text);
  if (bytes.length === 34 && bytes[0] === 0xed && bytes[1] === 0x01) {
    return { kty: "OKP", crv: "Ed25519", x: base64url(bytes.subarray(2)) };
  }
  if (bytes.length === 35 && bytes[0] === 0x80 && bytes[1] === 0x24) return decompress(bytes.subarray(2));
  throw new SyntaxError("a key of another kind");
}

/** SEC 1 section 2.3.4 for P-256. */
function decompress(point) {
  const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
  const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
  const x = BigInt(`0x${hex(point.subarray(1))}`);
  const square = (((x * x * x - 3n * x + b) % p) + p) % p;
  let y = power(square, (p + 1n) / 4n, p);
  if ((y * y) % p !== square) throw new SyntaxError("not a point of P-256");
  if ((y & 1n) !== BigInt(point[0] & 1)) y = p - y;
  return { kty: "EC", crv: "P-256", x: base64url(point.subarray(1)), y: base64url(fromHex(y.toString(16).padStart(64, "0"))) };
}

function power(base, exponent, modulus) {
  let result = 1n;
  for (let e = exponent, b = base % modulus; e > 0n; e >>= 1n, b = (b * b) % modulus) if (e & 1n) result = (result * b) % modulus;
  return result;
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));

/** Only the public members. */
export function publicJwk({ kty, crv, x, y }) {
  return kty === "EC" ? { crv, kty, x, y } : { crv, kty, x };
}

/** RFC 7638: the name of a key that follows from it. */
export async function thumbprint(jwk) {
  return base64url(await sha256(utf8(JSON.stringify(publicJwk(jwk)))));
}

/** The JOSE algorithm of a public key. */
export const algorithmOf = (jwk) => (jwk.kty === "EC" && jwk.crv === "P-256" ? "ES256" : jwk.crv === "Ed25519" ? "EdDSA" : null);

/** Whether a signature over bytes is by the key; `Unsupported` when the browser cannot tell. */
export async function verify(jwk, signature, bytes) {
  const algorithm = algorithmOf(jwk);
  if (algorithm === null) throw new Unsupported("a key of another kind");
  try {
    const key = await crypto.subtle.importKey("jwk", publicJwk(jwk), algorithm === "ES256" ? P256 : ED25519, false, ["verify"]);
    return await crypto.subtle.verify(algorithm === "ES256" ? ES256 : ED25519, key, signature, bytes);
  } catch (error) {
    if (error.name === "NotSupportedError") throw new Unsupported("Ed25519");
    return false;
  }
}
