// Encrypting an answer to a verifier's key: JWE compact with ECDH-ES on P-256 (RFC 7518 section 4.6) and AES-GCM.

import { base64url, concat, fromBase64url, sha256, utf8 } from "./bytes.js";
import { publicJwk } from "./jwk.js";

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const BITS = { A256GCM: 256, A128GCM: 128 };

/** The encryptions that are understood, best first. */
export const ENCRYPTIONS = Object.keys(BITS);

/** Encrypts a text. `ephemeral` and `iv` are given by tests only. */
export async function encrypt(text, { jwk, enc = "A256GCM", ephemeral, iv = crypto.getRandomValues(new Uint8Array(12)) }) {
  if (!(enc in BITS) || jwk.crv !== "P-256") throw new RangeError("an encryption that is not understood");
  const pair = ephemeral ?? (await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]));
  const epk = publicJwk(await crypto.subtle.exportKey("jwk", pair.publicKey));
  const header = { alg: "ECDH-ES", enc, epk };
  if (jwk.kid !== undefined) header.kid = jwk.kid;
  const additional = base64url(utf8(JSON.stringify(header)));
  const key = await agree(pair.privateKey, jwk, enc);
  const algorithm = { name: "AES-GCM", iv, additionalData: utf8(additional), tagLength: 128 };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, utf8(text)));
  const [cipher, tag] = [sealed.subarray(0, -16), sealed.subarray(-16)];
  return [additional, "", ...[iv, cipher, tag].map(base64url)].join(".");
}

async function agree(privateKey, jwk, enc) {
  const derived = await derive(privateKey, jwk, enc);
  return crypto.subtle.importKey("raw", derived, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** Concat KDF (section 4.6.2): one round of SHA-256 is enough for both encryptions. */
export async function derive(privateKey, jwk, enc, { apu = new Uint8Array(), apv = new Uint8Array() } = {}) {
  const other = await crypto.subtle.importKey("jwk", publicJwk(jwk), CURVE, false, []);
  const secret = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: other }, privateKey, 256));
  const told = [utf8(enc), apu, apv].flatMap((part) => [number(part.length), part]);
  const derived = await sha256(concat(number(1), secret, ...told, number(BITS[enc])));
  return derived.subarray(0, BITS[enc] / 8);
}

function number(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Decrypts what `encrypt` writes; wallets do not need it, tests do. */
export async function decrypt(text, privateKey) {
  const [additional, , iv, cipher, tag] = text.split(".");
  const header = JSON.parse(new TextDecoder().decode(fromBase64url(additional)));
  const key = await agree(privateKey, header.epk, header.enc);
  const algorithm = { name: "AES-GCM", iv: fromBase64url(iv), additionalData: utf8(additional), tagLength: 128 };
  const plain = await crypto.subtle.decrypt(algorithm, key, concat(fromBase64url(cipher), fromBase64url(tag)));
  return new TextDecoder().decode(plain);
}
