// Use records (用证记录): the holder proves the keys of licences and is told what was used of them; objections are signed.

import * as jwt from "../formats/jwt.js";
import * as keys from "../keep/keys.js";
import { fetchJson, serverSeconds, Trouble } from "./net.js";

/** Keys that are proved at once. */
const MOST = 32;

const nonce = async () => (await fetchJson("/oid4vci/nonce", { method: "POST" })).c_nonce;

function proof(typ, signer, c_nonce, more = {}) {
  const payload = { aud: location.origin, nonce: c_nonce, iat: serverSeconds(), ...more };
  return jwt.sign({ typ, jwk: signer.jwk }, payload, signer);
}

/** One key of each licence. */
async function signers(licences) {
  const names = licences.slice(0, MOST).map((licence) => licence.copies[0]?.key);
  return (await Promise.all(names.filter(Boolean).map(keys.find))).filter(Boolean);
}

/** `{uses: [{use, jwt, objection, copy}], next}`: every use of these licences and of the holder's others, newest first. */
export async function mine(licences, after = null) {
  const all = await signers(licences);
  if (all.length === 0) return { uses: [], next: null };
  const c_nonce = await nonce();
  const proofs = await Promise.all(all.map((signer) => proof("certless-uses+jwt", signer, c_nonce)));
  return fetchJson("/api/uses/mine", { method: "POST", json: after ? { proofs, after } : { proofs } });
}

/** Objects to a use, with the first key that the city knows the record by. */
export async function object(licences, use, reason) {
  const type = use.credential?.type;
  const all = await signers([...licences].sort((a, b) => (b.type === type) - (a.type === type)));
  let last = new Trouble("refused");
  for (const signer of all) {
    const sent = await proof("certless-objection+jwt", signer, await nonce(), { use: use.id, reason });
    try {
      return await fetchJson("/api/objections", { method: "POST", json: { proof: sent } });
    } catch (error) {
      last = error;
      if (error.status !== 404) throw error;
    }
  }
  throw last;
}
