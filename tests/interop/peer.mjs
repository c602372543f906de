// Implementations written by others, behind one interface: JSON lines in, one JSON answer a line out.
//
// SD-JWT VC by @sd-jwt/sd-jwt-vc, Data Integrity by @digitalbazaar; a whole wallet in wallet.mjs and a whole verifier in
// verifier.mjs. The Rust side is tests/it/interop.rs. No code of ours and none of our crates is on this side.

import {createInterface} from 'node:readline';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as vc from '@digitalbazaar/vc';
import {documentLoader, fail} from './check.mjs';
import {algorithm, diSigner, sdJwt, signer, verifier} from './keys.mjs';
import {signing, verifying} from './suites.mjs';
import {operations as ofVerifier} from './verifier.mjs';
import {operations as ofWallet} from './wallet.mjs';

const operations = {
  ...ofWallet,
  ...ofVerifier,

  'sd-jwt-issue': async ({issuer, claims, frame, header}) => {
    const instance = sdJwt({signer: signer(issuer), signAlg: algorithm(issuer)});
    return {text: await instance.issue(claims, frame, {header})};
  },

  'sd-jwt-present': async ({credential, frame, holder, binding}) => {
    const instance = sdJwt({kbSigner: signer(holder), kbSignAlg: algorithm(holder)});
    return {text: await instance.present(credential, frame, {kb: {payload: binding}})};
  },

  'sd-jwt-verify': async ({presentation, issuer, nonce, now, required}) => {
    const instance = sdJwt({
      verifier: verifier(issuer),
      kbVerifier: (data, signature, payload) => verifier(payload.cnf.jwk)(data, signature),
    });
    const options = {keyBindingNonce: nonce, currentDate: now, requiredClaimKeys: required};
    const {payload, kb} = await instance.verify(presentation, options);
    return {payload, binding: kb?.payload};
  },

  'di-issue': async ({credential, cryptosuite, jwk, method, documents, now}) => {
    const proof = new DataIntegrityProof({signer: diSigner(jwk, method), cryptosuite: signing(cryptosuite)});
    return {credential: await vc.issue({credential, suite: proof, documentLoader: documentLoader(documents), now})};
  },

  'di-verify': async ({credential, cryptosuite, documents, now}) => {
    const result = await vc.verifyCredential({
      credential,
      suite: new DataIntegrityProof({cryptosuite: verifying(cryptosuite)}),
      documentLoader: documentLoader(documents),
      now,
    });
    return result.verified ? {} : fail(result);
  },
};

for await (const line of createInterface({input: process.stdin})) {
  const {op, ...input} = JSON.parse(line);
  let answer;
  try {
    answer = {ok: true, ...await operations[op](input)};
  } catch (error) {
    answer = {ok: false, error: String(error?.message ?? error)};
  }
  console.log(JSON.stringify(answer));
}
