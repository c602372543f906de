// A verifier of another maker, on a port of its own: signed requests by @openid4vc under a did:web, answers parsed by it,
// presentations checked with the libraries of check.mjs, the answer held against the query by dcql.

import {Openid4vpVerifier, parseOpenid4vpAuthorizationResponse} from '@openid4vc/openid4vp';
import {DcqlPresentationResult, DcqlQuery} from 'dcql';
import {generateKeyPairSync, randomBytes} from 'node:crypto';
import {createServer} from 'node:http';
import {checkPresentation, checkSdJwt} from './check.mjs';
import {callbacks, newKey, publicOf} from './keys.mjs';
import {SUITE_OF} from './suites.mjs';

const fresh = () => randomBytes(16).toString('base64url');
const CREDENTIAL = 'https://www.w3.org/2018/credentials#VerifiableCredential';

let place;
const asked = new Map();

const readForm = async request => {
  let body = '';
  for await (const part of request) body += part;
  return Object.fromEntries(new URLSearchParams(body));
};

const sendJson = (answer, status, body) => {
  answer.writeHead(status, {'content-type': 'application/json'});
  answer.end(JSON.stringify(body));
};

const open = async () => {
  const server = createServer((request, answer) => {
    serve(request, answer).catch(error => sendJson(answer, 400, {error: 'invalid_request', error_description: String(error.message).slice(0, 400)}));
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  server.unref();
  const {port} = server.address();
  const did = `did:web:127.0.0.1%3A${port}`;
  place = {url: `http://127.0.0.1:${port}`, did, key: {...(await newKey('EdDSA')), method: `${did}#key-1`}};
};

const serve = async (request, answer) => {
  const path = request.url;
  if (path === '/.well-known/did.json') {
    const verificationMethod = [{id: `${place.did}#key-1`, type: 'JsonWebKey', controller: place.did, publicKeyJwk: publicOf(place.key.jwk)}];
    return sendJson(answer, 200, {id: place.did, verificationMethod, authentication: [`${place.did}#key-1`], assertionMethod: [`${place.did}#key-1`]});
  }
  const one = asked.get(path.split('/').pop());
  if (!one) return sendJson(answer, 404, {error: 'invalid_request'});
  const form = request.method === 'POST' ? await readForm(request) : {};
  if (path.startsWith('/request/')) {
    const signed = await new Openid4vpVerifier({callbacks: callbacks([place.key])}).createOpenId4vpAuthorizationRequest({
      authorizationRequestPayload: {...one.payload, ...(form.wallet_nonce && {wallet_nonce: form.wallet_nonce})},
      jar: {requestUri: one.uri, expiresInSeconds: 300, jwtSigner: {method: 'did', didUrl: place.key.method, alg: 'EdDSA'}},
      wallet: form.wallet_nonce ? {expectedNonce: form.wallet_nonce} : undefined,
    });
    answer.writeHead(200, {'content-type': 'application/oauth-authz-req+jwt'});
    return answer.end(signed.jar.authorizationRequestJwt);
  }
  one.result = await check(one, form);
  return sendJson(answer, 200, {});
};

const check = async (one, form) => {
  const parsed = await parseOpenid4vpAuthorizationResponse({
    authorizationResponse: form, authorizationRequestPayload: one.payload, callbacks: callbacks(one.keys),
  });
  const {nonce, client_id: audience} = one.payload;
  const shown = {};
  for (const [id, presentations] of Object.entries(parsed.dcql.presentations)) {
    shown[id] = await Promise.all(presentations.map(async presentation => {
      if (typeof presentation === 'string') {
        const {claims, binding} = await checkSdJwt(presentation, {keyBindingNonce: nonce});
        if (binding?.aud !== audience) throw new Error(`made for ${binding?.aud}`);
        return {credential_format: 'dc+sd-jwt', vct: claims.vct, claims, cryptographic_holder_binding: true};
      }
      const {verifiableCredential} = await checkPresentation(presentation, nonce, audience);
      const claims = [verifiableCredential].flat()[0];
      return {credential_format: 'ldp_vc', type: [CREDENTIAL, ...one.types], claims, cryptographic_holder_binding: true};
    }));
  }
  const query = DcqlQuery.parse(one.payload.dcql_query);
  const result = DcqlPresentationResult.fromDcqlPresentation(shown, {dcqlQuery: query});
  if (!result.can_be_satisfied) throw new Error('the answer does not meet the query');
  return {encrypted: Boolean(parsed.jarm), shown: Object.fromEntries(Object.entries(shown).map(([id, all]) => [id, all.map(each => each.claims)]))};
};

export const operations = {
  // Where the verifier is, who it is and its key.
  'verifier-open': async () => {
    if (!place) await open();
    return {url: place.url, did: place.did, jwk: publicOf(place.key.jwk)};
  },

  // Asks by a query, with the cryptosuites that it says it verifies: the link that a wallet opens.
  'verifier-ask': async ({query, mode, types = [], suites = Object.values(SUITE_OF)}) => {
    const id = fresh();
    const client = `decentralized_identifier:${place.did}`;
    const agreement = generateKeyPairSync('ec', {namedCurve: 'P-256'}).privateKey.export({format: 'jwk'});
    const keys = [{jwk: {...agreement, kid: 'enc-1', use: 'enc', alg: 'ECDH-ES'}, use: 'enc'}];
    const algorithms = ['ES256', 'EdDSA'];
    const payload = {
      response_type: 'vp_token', client_id: client, response_mode: mode, response_uri: `${place.url}/response/${id}`,
      nonce: fresh(), state: fresh(), dcql_query: query, aud: 'https://self-issued.me/v2',
      client_metadata: {
        vp_formats_supported: {
          'dc+sd-jwt': {'sd-jwt_alg_values': algorithms, 'kb-jwt_alg_values': algorithms},
          ldp_vc: {proof_type_values: ['DataIntegrityProof'], cryptosuite_values: suites},
        },
        ...(mode === 'direct_post.jwt' && {
          jwks: {keys: keys.map(one => publicOf(one.jwk))}, encrypted_response_enc_values_supported: ['A128GCM'],
        }),
      },
    };
    const uri = `${place.url}/request/${id}`;
    asked.set(id, {payload, keys, uri, types});
    const link = new URLSearchParams({client_id: client, request_uri: uri, request_uri_method: 'post'});
    return {id, link: `openid4vp://?${link}`};
  },

  // What was shown, as the verifier found it; nothing when no good answer came.
  'verifier-result': async ({id}) => asked.get(id).result ?? {},
};
