// The show code (亮证码): a compact credential of the agency inside the holder's signature, as the text behind `CL1:`.
// What stands in them is told in src/vc/compact/mod.rs.

import { base45, utf8 } from "./bytes.js";
import { decode, encode, Tagged } from "./cbor.js";

export const PREFIX = "CL1:";
/** What QR version 20-L holds behind the prefix. */
export const MAX_BYTES = 830;

const SIGN1 = 18;
const ALGORITHMS = { ES256: -7, EdDSA: -8 };
const LICENCE = -65537;
const STATUS = 65535;

/** What a compact credential says about itself; its signature is not looked at. */
export function read(bytes) {
  const message = decode(bytes);
  if (!(message instanceof Tagged) || message.tag !== SIGN1 || message.value.length !== 4) {
    throw new SyntaxError("not a COSE_Sign1");
  }
  const claims = decode(message.value[2]);
  const licence = claims.get(LICENCE);
  if (!Array.isArray(licence) || licence.length !== 5) throw new SyntaxError("not a licence");
  const status = claims.get(STATUS)?.get("status_list");
  return {
    issuer: claims.get(1),
    type: licence[0],
    version: licence[1],
    view: licence[2],
    validFrom: claims.get(5),
    validUntil: claims.get(4) ?? null,
    holder: claims.get(8)?.get(1) ?? null,
    status: status ? { uri: status.get("uri"), index: status.get("idx") } : null,
  };
}

/** The x coordinate of a COSE_Key as bytes, by which a wallet knows its own key. */
export const keyX = (cose) => cose?.get(-2) ?? null;

/**
 * The text of a code. `time` is in seconds; `signer` is `{alg, sign(bytes) → 64 bytes}` of the key that the credential
 * is bound to; audience and nonce only when somebody asked for them.
 */
export async function show(credential, time, signer, { audience = null, nonce = null } = {}) {
  const payload = [credential, time];
  if (audience !== null || nonce !== null) payload.push(audience);
  if (nonce !== null) payload.push(nonce);
  const protectedHeader = encode(new Map([[1, ALGORITHMS[signer.alg]]]));
  const body = encode(payload);
  const signature = await signer.sign(encode(["Signature1", protectedHeader, utf8("certless/shown"), body]));
  const bytes = encode(new Tagged(SIGN1, [protectedHeader, new Map(), body, signature]));
  if (bytes.length > MAX_BYTES) throw new RangeError("the code does not fit");
  return PREFIX + base45(bytes);
}
