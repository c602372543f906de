// Keys of holders and issuers, and how a stranger finds an issuer's: did:key, did:jwk, did:web and the JWT VC issuer's
// metadata. node:crypto and jose sign, verify and encrypt; no code of ours is on this side.

import {createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, verify} from 'node:crypto';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as jose from 'jose';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';

const isEd25519 = jwk => jwk.kty === 'OKP';
const digestOf = jwk => (isEd25519(jwk) ? null : 'sha256');
const dsaEncoding = 'ieee-p1363';

export const algorithm = jwk => (isEd25519(jwk) ? 'EdDSA' : 'ES256');

export const signer = jwk => {
  const key = createPrivateKey({key: jwk, format: 'jwk'});
  return data => sign(digestOf(jwk), Buffer.from(data), {key, dsaEncoding}).toString('base64url');
};

export const verifier = jwk => {
  const key = createPublicKey({key: jwk, format: 'jwk'});
  return (data, signature) =>
    verify(digestOf(jwk), Buffer.from(data), {key, dsaEncoding}, Buffer.from(signature, 'base64url'));
};

// What @digitalbazaar signs with, under the name of a verification method.
export const diSigner = (jwk, method) => {
  const key = createPrivateKey({key: jwk, format: 'jwk'});
  const by = async ({data}) => sign(digestOf(jwk), data, {key, dsaEncoding});
  return {id: method, algorithm: isEd25519(jwk) ? 'Ed25519' : 'P-256', sign: by};
};

export const sdJwt = config => new SDJwtVcInstance({
  hasher: (data, name) => createHash(name.replace('-', '')).update(data).digest(),
  hashAlg: 'sha-256',
  saltGenerator: length => randomBytes(length).toString('base64url'),
  ...config,
});

export const publicOf = ({d, ...jwk}) => jwk;

// A new key, with the verification method that names it: did:key for Ed25519, did:jwk for P-256.
export const newKey = async alg => {
  const pair = alg === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const jwk = pair.privateKey.export({format: 'jwk'});
  if (alg !== 'EdDSA') {
    const did = `did:jwk:${Buffer.from(JSON.stringify(publicOf(jwk))).toString('base64url')}`;
    return {jwk, alg, did, method: `${did}#0`};
  }
  const {publicKeyMultibase} = await (await Ed25519Multikey.fromJwk({jwk})).export({publicKey: true});
  const did = `did:key:${publicKeyMultibase}`;
  return {jwk, alg, did, method: `${did}#${publicKeyMultibase}`};
};

export const getJson = async url => {
  const answer = await fetch(url, {headers: {accept: 'application/json, application/did+json;q=0.9, */*;q=0.1'}});
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
};

// The document of a DID. did:web is for https; a test on this machine goes without (`http`).
export const resolveDid = async did => {
  const [, method, id] = did.split(':');
  if (method === 'jwk') {
    const verificationMethod = [{id: `${did}#0`, type: 'JsonWebKey', controller: did,
      publicKeyJwk: JSON.parse(Buffer.from(id, 'base64url'))}];
    return {'@context': 'https://www.w3.org/ns/did/v1', id: did, verificationMethod, authentication: [`${did}#0`]};
  }
  if (method === 'key') {
    const verificationMethod = [{id: `${did}#${id}`, type: 'Multikey', controller: did, publicKeyMultibase: id}];
    return {'@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'], id: did,
      verificationMethod, authentication: [`${did}#${id}`], assertionMethod: [`${did}#${id}`]};
  }
  const [host, ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent);
  const scheme = host.startsWith('127.0.0.1') ? 'http' : 'https';
  const document = await getJson(`${scheme}://${host}/${path.length ? path.join('/') : '.well-known'}/did.json`);
  if (document.id !== did) throw new Error(`the document of ${did} is of ${document.id}`);
  return document;
};

const absolute = (did, id) => (id.startsWith('#') ? did + id : id);

// The public key of a verification method, which the document must name for a purpose.
export const resolveKey = async (url, purpose) => {
  const [did] = url.split('#');
  const document = await resolveDid(did);
  const method = document.verificationMethod.find(one => absolute(did, one.id) === url);
  const named = (document[purpose] ?? []).map(one => absolute(did, one.id ?? one));
  if (!method || !named.includes(url)) throw new Error(`${url} is no key for ${purpose}`);
  if (method.publicKeyJwk) return method.publicKeyJwk;
  return Ed25519Multikey.toJwk({keyPair: await Ed25519Multikey.from(method)});
};

// The keys of an issuer of SD-JWT VCs (draft-ietf-oauth-sd-jwt-vc section 5).
export const issuerKeys = async issuer => {
  const url = new URL(issuer);
  const path = url.pathname === '/' ? '' : url.pathname;
  const metadata = await getJson(`${url.origin}/.well-known/jwt-vc-issuer${path}`);
  if (metadata.issuer !== issuer) throw new Error(`the metadata of ${issuer} is of ${metadata.issuer}`);
  return (metadata.jwks ?? await getJson(metadata.jwks_uri)).keys;
};

// What the OpenID libraries ask of whoever uses them.
export const callbacks = keys => ({
  fetch,
  hash: (data, name) => createHash(name.replace('-', '')).update(data).digest(),
  generateRandom: length => randomBytes(length),
  clientAuthentication: () => {},
  signJwt: async (by, {header, payload}) => {
    const key = keys.find(one => one.method === by.didUrl || one.jwk.x === by.publicJwk?.x);
    const jwt = new jose.CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(header);
    return {jwt: await jwt.sign(createPrivateKey({key: key.jwk, format: 'jwk'})), signerJwk: publicOf(key.jwk)};
  },
  verifyJwt: async (by, {compact}) => {
    const jwk = by.publicJwk ?? await resolveKey(by.didUrl, 'authentication').catch(() => resolveKey(by.didUrl, 'assertionMethod'));
    const key = createPublicKey({key: jwk, format: 'jwk'});
    const verified = await jose.compactVerify(compact, key).then(() => true, () => false);
    return {verified, signerJwk: jwk};
  },
  encryptJwe: async (to, data) => {
    const jwe = new jose.CompactEncrypt(Buffer.from(data)).setProtectedHeader({alg: to.alg, enc: to.enc, kid: to.publicJwk.kid});
    const bytes = text => (text ? Buffer.from(text, 'base64url') : undefined);
    jwe.setKeyManagementParameters({apu: bytes(to.apu), apv: bytes(to.apv)});
    return {jwe: await jwe.encrypt(createPublicKey({key: to.publicJwk, format: 'jwk'})), encryptionJwk: to.publicJwk};
  },
  decryptJwe: async (jwe, {jwk} = {}) => {
    const key = keys.find(one => one.jwk.kid && one.jwk.kid === jwk?.kid) ?? keys.find(one => one.use === 'enc');
    const {plaintext} = await jose.compactDecrypt(jwe, createPrivateKey({key: key.jwk, format: 'jwk'}));
    return {decrypted: true, decryptionJwk: publicOf(key.jwk), payload: Buffer.from(plaintext).toString()};
  },
});
