// Implementations written by others, behind one interface: JSON lines in, one JSON answer a line out.
//
// SD-JWT VC by @sd-jwt/sd-jwt-vc, Data Integrity by @digitalbazaar. The Rust side is tests/it/interop.rs. Keys come as
// JWK; node:crypto signs and verifies, so that no code of ours and none of our crates is on this side.

import {createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify} from 'node:crypto';
import {createInterface} from 'node:readline';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {createSignCryptosuite, createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite as rdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';

const isEd25519 = jwk => jwk.kty === 'OKP';
const algorithm = jwk => (isEd25519(jwk) ? 'EdDSA' : 'ES256');
const digestOf = jwk => (isEd25519(jwk) ? null : 'sha256');
const dsaEncoding = 'ieee-p1363';

const signer = jwk => {
  const key = createPrivateKey({key: jwk, format: 'jwk'});
  return data => sign(digestOf(jwk), Buffer.from(data), {key, dsaEncoding}).toString('base64url');
};

const verifier = jwk => {
  const key = createPublicKey({key: jwk, format: 'jwk'});
  return (data, signature) =>
    verify(digestOf(jwk), Buffer.from(data), {key, dsaEncoding}, Buffer.from(signature, 'base64url'));
};

const sdJwt = config => new SDJwtVcInstance({
  hasher: (data, name) => createHash(name.replace('-', '')).update(data).digest(),
  hashAlg: 'sha-256',
  saltGenerator: length => randomBytes(length).toString('base64url'),
  ...config,
});

const documentLoader = (documents = {}) => async url => {
  const document = documents[url];
  return document ? {contextUrl: null, documentUrl: url, document} : vc.defaultDocumentLoader(url);
};

const suite = (name, signing) => (name === 'eddsa-rdfc-2022' ? rdfc : signing ? createSignCryptosuite() : createVerifyCryptosuite());

const fail = result => {
  const errors = [result.error, ...(result.error?.errors ?? [])].filter(Boolean);
  throw new Error(errors.map(error => `${error.name}: ${error.message}`).join('; '));
};

const operations = {
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
    const key = createPrivateKey({key: jwk, format: 'jwk'});
    const edSigner = {id: method, algorithm: 'Ed25519', sign: async ({data}) => sign(null, data, key)};
    const proof = new DataIntegrityProof({signer: edSigner, cryptosuite: suite(cryptosuite, true)});
    return {credential: await vc.issue({credential, suite: proof, documentLoader: documentLoader(documents), now})};
  },

  'di-verify': async ({credential, cryptosuite, documents, now}) => {
    const result = await vc.verifyCredential({
      credential,
      suite: new DataIntegrityProof({cryptosuite: suite(cryptosuite, false)}),
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
