// OpenID for Verifiable Presentations 1.0 as a wallet speaks it: signed requests by reference, answers by direct_post.

import { random } from "../formats/bytes.js";
import * as compact from "../formats/compact.js";
import { encrypt, ENCRYPTIONS } from "../formats/jwe.js";
import { Unsupported } from "../formats/jwk.js";
import * as jwt from "../formats/jwt.js";
import * as sdJwt from "../formats/sd-jwt.js";
import { ownAddress, refusal, request, serverNow, serverSeconds, Trouble } from "./net.js";

const PREFIX = "decentralized_identifier:";
const MEDIA_TYPE = "application/oauth-authz-req+jwt";
const ALGORITHMS = ["ES256", "EdDSA", "Ed25519"];
/** What this wallet can do (section 10). */
const METADATA = {
  vp_formats_supported: {
    "dc+sd-jwt": { "sd-jwt_alg_values": ALGORITHMS, "kb-jwt_alg_values": ALGORITHMS },
    certless_compact: {},
  },
  client_id_prefixes_supported: ["decentralized_identifier"],
  request_object_signing_alg_values_supported: ALGORITHMS,
  response_types_supported: ["vp_token"],
  response_modes_supported: ["direct_post", "direct_post.jwt"],
};

/**
 * Sections 5.7 to 5.10: fetches and verifies the request of a link. `findKey(did, kid)` answers `{jwk, name}` of a
 * registered asker's key, or null. Answers the request with `who`: null when the asker could not be verified.
 */
export async function open(link, findKey) {
  const walletNonce = random();
  const form = { wallet_nonce: walletNonce, wallet_metadata: JSON.stringify(METADATA) };
  const answer = await request(link.requestUri, { accept: MEDIA_TYPE, ...(link.post ? { method: "POST", form } : {}) });
  if (answer.status === 404 || answer.status === 410) throw refusal(answer, "requestGone");
  if (answer.status === 409) throw refusal(answer, "requestUsed");
  if (!answer.ok) throw refusal(answer);
  const { header, payload } = parse(answer.text);
  check(header, payload, link, walletNonce);
  return { ...payload, who: await identify(answer.text, header, payload, findKey) };
}

function parse(text) {
  try {
    return jwt.read(text.trim());
  } catch {
    throw new Trouble("broken");
  }
}

function check(header, payload, link, walletNonce) {
  const wrong = (detail) => {
    throw new Trouble("requestBroken", { detail });
  };
  if (header.typ !== "oauth-authz-req+jwt") wrong("typ");
  if (payload.client_id !== link.clientId) wrong("client_id");
  if (payload.response_type !== "vp_token") wrong("response_type");
  if (!["direct_post", "direct_post.jwt"].includes(payload.response_mode)) wrong("response_mode");
  if (link.post && payload.wallet_nonce !== walletNonce) wrong("wallet_nonce");
  if (typeof payload.nonce !== "string" || typeof payload.dcql_query !== "object") wrong("nonce or dcql_query");
  if (payload.transaction_data !== undefined) wrong("transaction_data");
  if (payload.exp !== undefined && payload.exp * 1000 < serverNow()) throw new Trouble("requestGone");
  ownAddress(payload.response_uri);
}

/** The asker: `{did, name}` when the signature is by a key that the registry names, else null; `tooOld` browsers aside. */
async function identify(text, header, payload, findKey) {
  if (!payload.client_id.startsWith(PREFIX)) return null;
  const did = payload.client_id.slice(PREFIX.length);
  const found = await findKey(did, header.kid ?? "");
  if (!found) return null;
  try {
    if (!(await jwt.verify(text.trim(), found.jwk))) throw new Trouble("requestBroken", { detail: "signature" });
  } catch (error) {
    if (error instanceof Unsupported) return { did, name: found.name, unchecked: true };
    throw error;
  }
  return { did, name: found.name };
}

/** Sections 6.4 and 8.1: the `vp_token` for what the holder chose: `[{query, licence, paths}]`. */
export async function token(asked, choices) {
  const out = {};
  for (const { query, licence, paths } of choices) {
    const one = query.format === "certless_compact"
      ? await showView(asked, query, licence)
      : await showClaims(asked, licence, paths);
    out[query.id] = [...(out[query.id] ?? []), one];
  }
  return out;
}

async function showClaims(asked, licence, paths) {
  const copy = licence.copyFor("sdJwt");
  const read = await sdJwt.read(copy.sdJwt);
  const binding = { nonce: asked.nonce, audience: asked.client_id, time: serverSeconds() };
  return sdJwt.bind(sdJwt.disclose(read, paths), binding, copy.signer);
}

function showView(asked, query, licence) {
  const copy = licence.copyFor(query.meta.view);
  const binding = { audience: asked.client_id, nonce: asked.nonce };
  return compact.show(copy.bytes(query.meta.view), serverSeconds(), copy.signer, binding);
}

/** Section 8.2 and 8.3: posts an answer; resolves to where the verifier wants the user to go, or null. */
export async function answer(asked, content) {
  const body = { ...content, ...(asked.state === undefined ? {} : { state: asked.state }) };
  const encrypted = asked.response_mode === "direct_post.jwt" && content.error === undefined;
  const form = encrypted ? { response: await sealed(asked, body) } : texts(body);
  const posted = await request(asked.response_uri, { method: "POST", form });
  if (posted.ok) return (posted.text ? posted.json() : {}).redirect_uri ?? null;
  const trouble = refusal(posted);
  if (posted.status === 409 || posted.status === 410) trouble.code = "requestUsed";
  throw trouble;
}

/** Section 8.5: the holder says no, which needs no secrecy. */
export const decline = (asked) => answer(asked, { error: "access_denied" });

const texts = (body) =>
  Object.fromEntries(Object.entries(body).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]));

async function sealed(asked, body) {
  const metadata = asked.client_metadata ?? {};
  const fits = (jwk) => jwk.kty === "EC" && jwk.crv === "P-256" && (jwk.alg ?? "ECDH-ES") === "ECDH-ES";
  const jwk = metadata.jwks?.keys?.find(fits);
  const offered = metadata.encrypted_response_enc_values_supported ?? ["A128GCM"];
  const enc = ENCRYPTIONS.find((one) => offered.includes(one));
  if (!jwk || !enc) throw new Trouble("requestBroken", { detail: "no key to encrypt to" });
  return encrypt(JSON.stringify(body), { jwk, enc });
}
