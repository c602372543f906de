// Verifying an `eddsa-jcs-2022` proof (Data Integrity EdDSA Cryptosuites 1.0 section 3.3): the city's trust registry.

import { concat, fromMultibase, sha256, utf8 } from "./bytes.js";
import { canonicalize } from "./jcs.js";
import { verify } from "./jwk.js";

/** Whether a document has a proof by this key under this verification method, for assertions; others beside it are let be. */
export async function verifyDocument(document, method, jwk) {
  const { proof, ...rest } = document;
  const own = [proof ?? []].flat().find((one) => one.verificationMethod === method);
  const { proofValue, ...config } = own ?? {};
  const expected = config.type === "DataIntegrityProof" && config.cryptosuite === "eddsa-jcs-2022";
  if (!expected || config.proofPurpose !== "assertionMethod" || config.verificationMethod !== method) return false;
  const hash = async (value) => sha256(utf8(canonicalize(value)));
  const signed = concat(await hash(config), await hash(rest));
  return verify(jwk, fromMultibase(proofValue), signed);
}
