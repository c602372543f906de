// Checking credentials as a stranger does, with nothing but what the issuer publishes: SD-JWT VC with its status list,
// W3C credentials and presentations with Data Integrity proofs.

import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {getJson, issuerKeys, resolveDid, sdJwt, verifier} from './keys.mjs';
import {SUITE_OF, verifying} from './suites.mjs';

export const fail = result => {
  const parts = [result, result.statusResult, result.presentationResult, ...(result.credentialResults ?? [])];
  const told = parts.flatMap(part => [part?.error, part?.statusResult?.error]).filter(Boolean);
  const errors = told.flatMap(error => [error, ...(error.errors ?? [])]);
  throw new Error(errors.map(error => `${error.name}: ${error.message} ${error.cause?.message ?? ''}`).join('; '));
};

export const documentLoader = (documents = {}) => async url => {
  const document = documents[url];
  return document ? {contextUrl: null, documentUrl: url, document} : vc.defaultDocumentLoader(url);
};

// Whatever is not among the bundled contexts comes from where its address says: DIDs resolved, the rest fetched.
export const publishedLoader = async url => {
  if (url.startsWith('did:')) {
    const [did] = url.split('#');
    const document = await resolveDid(did);
    if (url === did) return {contextUrl: null, documentUrl: url, document};
    const absolute = id => (id.startsWith('#') ? did + id : id);
    const method = document.verificationMethod.find(one => absolute(one.id) === url);
    return {contextUrl: null, documentUrl: url, document: {'@context': 'https://w3id.org/security/multikey/v1', ...method, id: url}};
  }
  const bundled = await vc.defaultDocumentLoader(url).catch(() => undefined);
  return bundled ?? {contextUrl: null, documentUrl: url, document: await getJson(url)};
};

const suite = () => Object.values(SUITE_OF).map(name => new DataIntegrityProof({cryptosuite: verifying(name)}));

// vc-bitstring-status-list 2.0.1 does not know that a list may serve several purposes (statusPurpose may be several strings):
// the list's proof is verified as published, then each entry is looked up for its one purpose.
const checkBitstring = async ({credential, ...options}) => {
  for (const entry of [credential.credentialStatus].flat()) {
    const {document: list} = await publishedLoader(entry.statusListCredential);
    const signed = await vc.verifyCredential({credential: list, suite: suite(), documentLoader: publishedLoader});
    const {statusPurpose} = list.credentialSubject;
    if (!signed.verified || ![statusPurpose].flat().includes(entry.statusPurpose)) return {...signed, verified: false};
    const narrowed = {...list, credentialSubject: {...list.credentialSubject, statusPurpose: entry.statusPurpose}};
    const documentLoader = async url => (url === list.id ? {contextUrl: null, documentUrl: url, document: narrowed} : publishedLoader(url));
    const result = await checkStatus({
      ...options, documentLoader, verifyBitstringStatusListCredential: false, credential: {...credential, credentialStatus: entry},
    });
    if (!result.verified || result.results.some(one => one.status)) return {...result, verified: false};
  }
  return {verified: true};
};

export const checkLdp = async credential => {
  const result = await vc.verifyCredential({credential, suite: suite(), documentLoader: publishedLoader, checkStatus: checkBitstring});
  if (!result.verified) fail(result);
  return credential;
};

export const checkPresentation = async (presentation, challenge, domain) => {
  const result = await vc.verify({
    presentation, challenge, domain, suite: suite(), documentLoader: publishedLoader, checkStatus: checkBitstring,
  });
  if (!result.verified) fail(result);
  return presentation;
};

// Verifies an SD-JWT VC, its issuer's key found by `iss` and `kid`, its status looked up.
export const checkSdJwt = async (text, options = {}) => {
  const [header, payload] = text.split('~')[0].split('.').slice(0, 2).map(part => JSON.parse(Buffer.from(part, 'base64url')));
  const keys = await issuerKeys(payload.iss);
  const key = keys.find(one => one.kid === header.kid);
  if (!key) throw new Error(`no key ${header.kid} among ${keys.map(one => one.kid)}`);
  const instance = sdJwt({
    verifier: verifier(key),
    statusVerifier: (data, signature) => keys.some(one => verifier(one)(data, signature)),
    kbVerifier: (data, signature, bound) => verifier(bound.cnf.jwk)(data, signature),
  });
  const {payload: claims, kb} = await instance.verify(text, options);
  if (!claims.status?.status_list) throw new Error('a credential without a status');
  return {claims, binding: kb?.payload};
};
