// A wallet of another maker: OpenID4VCI and OpenID4VP by @openid4vc, queries by dcql, SD-JWT by @sd-jwt, presentations by
// @digitalbazaar. It trusts nothing but what issuer and asker publish.

import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as vc from '@digitalbazaar/vc';
import {setGlobalConfig} from '@openid4vc/oauth2';
import {Openid4vciClient} from '@openid4vc/openid4vci';
import {Openid4vpClient} from '@openid4vc/openid4vp';
import {DcqlQuery} from 'dcql';
import {checkLdp, checkSdJwt, publishedLoader} from './check.mjs';
import {algorithm, callbacks, diSigner, newKey, publicOf, sdJwt, signer} from './keys.mjs';
import {signing, SUITE_OF} from './suites.mjs';

setGlobalConfig({allowInsecureUrls: true});

const CREDENTIAL = 'https://www.w3.org/2018/credentials#VerifiableCredential';
const wallets = new Map();

const proofSigner = (key, format) => (format === 'ldp_vc'
  ? {method: 'did', didUrl: key.method, alg: key.alg}
  : {method: 'jwk', publicJwk: publicOf(key.jwk), alg: key.alg});

// The copies of one configuration, one for each key, each checked before it is kept.
const take = async (wallet, client, session, id) => {
  const {issuerMetadata, accessToken} = session;
  const {format} = issuerMetadata.credentialIssuer.credential_configurations_supported[id];
  const nonce = issuerMetadata.credentialIssuer.nonce_endpoint ? (await client.requestNonce({issuerMetadata})).c_nonce : undefined;
  const proofs = await Promise.all(wallet.keys.map(key => client.createCredentialRequestJwtProof({
    issuerMetadata, credentialConfigurationId: id, nonce, signer: proofSigner(key, format),
  })));
  const {credentialResponse} = await client.retrieveCredentials({
    issuerMetadata, accessToken, credentialConfigurationId: id, proofs: {jwt: proofs.map(proof => proof.jwt)},
  });
  if (credentialResponse.transaction_id) {
    return {id, format, transaction: credentialResponse.transaction_id, interval: credentialResponse.interval};
  }
  return keep(wallet, client, session, {id, format}, credentialResponse);
};

const keep = async (wallet, client, session, {id, format}, response) => {
  const taken = [];
  for (const [at, {credential}] of response.credentials.entries()) {
    const claims = format === 'ldp_vc' ? await checkLdp(credential) : (await checkSdJwt(credential)).claims;
    const bound = format === 'ldp_vc'
      ? claims.credentialSubject.id === wallet.keys[at].did
      : claims.cnf.jwk.x === wallet.keys[at].jwk.x;
    if (!bound) throw new Error(`copy ${at} of ${id} is not bound to key ${at}`);
    wallet.held.push({id, format, credential, claims, key: wallet.keys[at]});
    taken.push(claims);
  }
  await client.sendNotification({
    issuerMetadata: session.issuerMetadata, accessToken: session.accessToken,
    notification: {notificationId: response.notification_id, event: 'credential_accepted'},
  });
  return {id, format, taken};
};

// @openid4vc/openid4vci 0.4.6 takes `notification_id` beside `credentials` for an error, which section 9.2 allows.
const notified = async error => {
  const deferredCredentialResponse = await error.response.response.clone().json();
  if (!deferredCredentialResponse.credentials || !deferredCredentialResponse.notification_id) throw error;
  return {deferredCredentialResponse};
};

const asDcql = ({format, claims}) => (format === 'ldp_vc'
  ? {credential_format: 'ldp_vc', type: [CREDENTIAL, ...claims.type.slice(1).map(one => vocabulary(claims, one))], claims, cryptographic_holder_binding: true}
  : {credential_format: 'dc+sd-jwt', vct: claims.vct, claims, cryptographic_holder_binding: true});

// A type's IRI, as the credential's own context tells it.
const vocabulary = (credential, type) => {
  const own = credential['@context'].find(one => one.endsWith('/contexts/v1.jsonld'));
  return wallets.contexts?.[own]?.[type] ?? type;
};

const learn = async credential => {
  const own = credential['@context'].find(one => one.endsWith('/contexts/v1.jsonld'));
  const terms = (await publishedLoader(own)).document['@context'];
  const iri = ([name, term]) => [name, typeof term === 'string' ? term : term['@id']];
  wallets.contexts = {...wallets.contexts, [own]: Object.fromEntries(Object.entries(terms).filter(([, term]) => typeof (term['@id'] ?? term) === 'string').map(iri))};
};

// @openid4vc/openid4vp 0.4.6 posts nothing that section 5.10 names to the request URI.
const telling = (metadata, nonce) => (url, options) => {
  if (!String(url).includes('/requests/') || options.method !== 'post') return fetch(url, options);
  const body = new URLSearchParams({wallet_nonce: nonce, ...(metadata && {wallet_metadata: JSON.stringify(metadata)})});
  return fetch(url, {...options, body});
};

// The frame of @sd-jwt that discloses these paths; an index of a list is written as a name.
const frameOf = paths => {
  const frame = {};
  for (const path of paths) {
    let at = frame;
    path.forEach((part, depth) => {
      const last = depth === path.length - 1;
      at[part] = last ? (at[part] ?? true) : (typeof at[part] === 'object' ? at[part] : {});
      at = at[part];
    });
  }
  return frame;
};

const presentSdJwt = async (held, paths, {nonce, audience}) => {
  const {jwk} = held.key;
  const instance = sdJwt({kbSigner: signer(jwk), kbSignAlg: algorithm(jwk)});
  const payload = {nonce, aud: audience, iat: Math.floor(Date.now() / 1000)};
  return instance.present(held.credential, frameOf(paths), {kb: {payload}});
};

const presentLdp = async (held, {nonce, audience}) => {
  const by = diSigner(held.key.jwk, held.key.method);
  return vc.signPresentation({
    presentation: vc.createPresentation({verifiableCredential: held.credential, holder: held.key.did}),
    suite: new DataIntegrityProof({signer: by, cryptosuite: signing(SUITE_OF[held.key.alg])}),
    challenge: nonce, domain: audience, documentLoader: publishedLoader,
  });
};

export const operations = {
  'wallet-new': async ({wallet, algs}) => {
    wallets.set(wallet, {keys: await Promise.all(algs.map(newKey)), held: []});
    return {};
  },

  // Takes up an offer: the formats named, as many copies as the wallet has keys.
  'wallet-receive': async ({wallet: name, offer, pin, formats}) => {
    const wallet = wallets.get(name);
    const client = new Openid4vciClient({callbacks: callbacks(wallet.keys)});
    const credentialOffer = await client.resolveCredentialOffer(offer);
    const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
    const {accessTokenResponse} = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({credentialOffer, issuerMetadata, txCode: pin});
    const session = {issuerMetadata, accessToken: accessTokenResponse.access_token};
    const configurations = issuerMetadata.credentialIssuer.credential_configurations_supported;
    const wanted = credentialOffer.credential_configuration_ids.filter(id => formats.includes(configurations[id].format));
    const received = [];
    for (const id of wanted) received.push(await take(wallet, client, session, id));
    wallet.session = session;
    return {received, known: Object.keys(configurations).length};
  },

  // Asks again for what was not ready.
  'wallet-later': async ({wallet: name, received}) => {
    const wallet = wallets.get(name);
    const client = new Openid4vciClient({callbacks: callbacks(wallet.keys)});
    const {deferredCredentialResponse} = await client.retrieveDeferredCredentials({
      issuerMetadata: wallet.session.issuerMetadata, accessToken: wallet.session.accessToken, transactionId: received.transaction,
    }).catch(notified);
    if (!deferredCredentialResponse.credentials) return {waits: deferredCredentialResponse.interval};
    return {received: await keep(wallet, client, wallet.session, received, deferredCredentialResponse)};
  },

  // Answers a presentation request by its link, fetched by GET if `plain`; `spoil` changes the claims, the nonce or the audience of the answer.
  'wallet-answer': async ({wallet: name, request: link, metadata, plain, spoil = {}}) => {
    const wallet = wallets.get(name);
    const walletNonce = plain ? undefined : 'peer-nonce-of-this-request';
    const client = new Openid4vpClient({callbacks: {...callbacks(wallet.keys), fetch: telling(metadata, walletNonce)}});
    const parsed = client.parseOpenid4vpAuthorizationRequest({authorizationRequest: link});
    if (plain) delete parsed.params.request_uri_method;
    const request = await client.resolveOpenId4vpAuthorizationRequest({
      authorizationRequestPayload: parsed.params, wallet: {expectedNonce: walletNonce, metadata},
    });
    const payload = request.authorizationRequestPayload;
    const query = DcqlQuery.parse(request.dcql.query);
    DcqlQuery.validate(query);
    for (const held of wallet.held) if (held.format === 'ldp_vc') await learn(held.claims);
    const result = DcqlQuery.query(query, wallet.held.map(asDcql));
    if (!result.can_be_satisfied) throw new Error(`cannot be satisfied: ${JSON.stringify(result.credential_matches)}`);
    const bound = {nonce: spoil.nonce ?? payload.nonce, audience: spoil.audience ?? payload.client_id};
    const presentations = {};
    for (const one of query.credentials) {
      const match = result.credential_matches[one.id];
      if (!match?.success) continue;
      const held = wallet.held[match.valid_credentials[0].input_credential_index];
      const paths = (one.claims ?? []).map(claim => claim.path);
      presentations[one.id] = [held.format === 'ldp_vc' ? await presentLdp(held, bound) : await presentSdJwt(held, paths, bound)];
    }
    const encrypted = payload.response_mode === 'direct_post.jwt' ? {
      encryption: {nonce: 'apu-of-the-wallet'},
      serverMetadata: {
        authorization_signing_alg_values_supported: [],
        authorization_encryption_alg_values_supported: ['ECDH-ES'],
        authorization_encryption_enc_values_supported: ['A128GCM', 'A256GCM'],
      },
    } : undefined;
    const made = await client.createOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: payload, authorizationResponsePayload: {vp_token: presentations}, jarm: encrypted,
    });
    const {response} = await client.submitOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: payload, authorizationResponsePayload: made.authorizationResponsePayload, jarm: made.jarm,
    });
    return {status: response.status, answer: await response.json(), client: request.client, version: request.version,
      queries: query.credentials.map(one => ({id: one.id, format: one.format}))};
  },
};
