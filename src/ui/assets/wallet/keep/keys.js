// The holder's keys: made by WebCrypto, not extractable, one for each copy of a licence. ES256 works in every browser;
// Ed25519 is made where an issuer takes nothing else and the browser can.

import { publicJwk, thumbprint } from "../formats/jwk.js";
import * as db from "./db.js";

const KINDS = {
  ES256: { make: { name: "ECDSA", namedCurve: "P-256" }, use: { name: "ECDSA", hash: "SHA-256" } },
  EdDSA: { make: { name: "Ed25519" }, use: { name: "Ed25519" } },
};

/** A signer `{name, alg, jwk, sign(bytes)}` of a kept key. */
export function signer({ name, alg, jwk, key }) {
  const sign = async (bytes) => new Uint8Array(await crypto.subtle.sign(KINDS[alg].use, key, bytes));
  return { name, alg, jwk, sign };
}

/** Makes and keeps keys; `algorithms` are those that the issuer takes. */
export async function make(count, algorithms) {
  const alg = algorithms.includes("ES256") ? "ES256" : "EdDSA";
  const one = async () => {
    const pair = await crypto.subtle.generateKey(KINDS[alg].make, false, ["sign", "verify"]);
    const jwk = publicJwk(await crypto.subtle.exportKey("jwk", pair.publicKey));
    const name = await thumbprint(jwk);
    const kept = { name, alg, jwk, key: pair.privateKey };
    await db.put("keys", name, kept);
    return signer(kept);
  };
  return Promise.all(Array.from({ length: count }, one));
}

/** The signer of a kept key; undefined when it is gone. */
export async function find(name) {
  const kept = await db.get("keys", name);
  return kept && signer(kept);
}

export const forget = (names) => Promise.all(names.map((name) => db.remove("keys", name)));
