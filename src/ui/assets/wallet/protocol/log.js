// The public log for the holder: the licence as the register keeps it, whose issuing the log names, with its companion
// file. The keys of the licence's copies are proved for it once; later only the companion is renewed, by its digest.

import { base64url } from "../formats/bytes.js";
import { thumbprint, Unsupported } from "../formats/jwk.js";
import * as jwt from "../formats/jwt.js";
import * as tlog from "../formats/tlog.js";
import * as keys from "../keep/keys.js";
import { registry } from "../keep/registry.js";
import { fetchJson, refusal, request, serverSeconds } from "./net.js";
import { logKeys } from "./trust.js";

/** Keys that are proved at once. */
const MOST = 32;
const DAY = 86400e3;

/**
 * What is to be kept with a licence, or null when nothing is new: `{credential, proof, index, size, since, checked}`,
 * without `proof` while the log has no entry, with `wrong` when what came does not hold.
 */
export async function renewed(licence, now = Date.now()) {
  const kept = licence.log;
  if (kept?.proof && !kept.wrong && now - kept.checked < DAY) return null;
  const found = kept?.proof && !kept.wrong ? await again(kept.credential) : await first(licence);
  return found && { ...found, ...(await read(found)), checked: now };
}

async function read({ credential, proof }) {
  if (!proof) return {};
  const listed = logKeys((await registry())?.registry);
  try {
    for (const key of listed.length ? listed : [await keyOfLog()]) {
      const told = await tlog.check(JSON.parse(credential), proof, key);
      if (told) return told;
    }
    return { wrong: true };
  } catch (error) {
    // Neither good nor bad: this browser cannot tell, and whoever verifies the file will.
    if (error instanceof Unsupported) return { unread: true };
    return { wrong: true };
  }
}

/** The key that the log names itself, for a city whose registry lists none. */
async function keyOfLog() {
  const answer = await request("/log/key", { accept: "text/plain" });
  if (!answer.ok) throw refusal(answer);
  return answer.text;
}

async function again(credential) {
  const digest = base64url(await tlog.digestOf(JSON.parse(credential)));
  const answer = await request(`/log/find/${digest}`, { accept: "text/plain" });
  if (!answer.ok) throw refusal(answer);
  return { credential, proof: answer.text };
}

async function first(licence) {
  const names = licence.copies.slice(0, MOST).map((copy) => copy.key);
  const signers = (await Promise.all(names.map(keys.find))).filter(Boolean);
  if (signers.length === 0) return null;
  const { c_nonce } = await fetchJson("/oid4vci/nonce", { method: "POST" });
  const proof = (signer) => {
    const payload = { aud: location.origin, nonce: c_nonce, iat: serverSeconds() };
    return jwt.sign({ typ: "certless-licences+jwt", jwk: signer.jwk }, payload, signer);
  };
  const proofs = await Promise.all(signers.map(proof));
  const { licences } = await fetchJson("/api/licences/mine", { method: "POST", json: { proofs } });
  const prints = await Promise.all(signers.map((signer) => thumbprint(signer.jwk)));
  const own = licences.find((one) => one.type === licence.type && one.keys.some((key) => prints.includes(key)));
  return own ? { credential: own.credential, proof: own.logProof } : null;
}
