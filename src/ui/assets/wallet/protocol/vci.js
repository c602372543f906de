// OpenID for Verifiable Credential Issuance 1.0 as a wallet speaks it: pre-authorized code, PIN, key proofs.

import * as jwt from "../formats/jwt.js";
import { fetchJson, ownAddress, refusal, request, serverSeconds, Trouble } from "./net.js";

const GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
/** Copies that one licence comes in where the issuer gives several, so that two verifiers cannot link them. */
const COPIES = 5;
/** The formats that are taken. */
const FORMATS = ["dc+sd-jwt", "certless_compact"];

/** Section 4: the offer of a link, with the issuer's metadata: what is offered and whether a PIN is needed. */
export async function open(link) {
  const offer = link.offer ? parseOffer(link.offer) : await fetchOffer(link.offerUri);
  const issuer = offer.credential_issuer;
  const grant = offer.grants?.[GRANT];
  if (typeof issuer !== "string" || typeof grant?.["pre-authorized_code"] !== "string") throw new Trouble("offerUnknown");
  const metadata = await metadataOf(issuer, "openid-credential-issuer");
  if (metadata.credential_issuer !== issuer) throw new Trouble("broken", { detail: "the metadata is of another issuer" });
  const supported = metadata.credential_configurations_supported ?? {};
  const ids = (offer.credential_configuration_ids ?? []).filter((id) => FORMATS.includes(supported[id]?.format));
  if (ids.length === 0) throw new Trouble("offerUnknown");
  return { issuer, metadata, ids, code: grant["pre-authorized_code"], pin: grant.tx_code ?? null };
}

function parseOffer(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Trouble("unreadable");
  }
}

async function fetchOffer(address) {
  const answer = await request(address);
  if (answer.status === 404 || answer.status === 410) throw refusal(answer, "offerGone");
  if (!answer.ok) throw refusal(answer, "offerUsed");
  return answer.json();
}

/** Section 12.2.2: the well-known part stands between the host and the path. */
async function metadataOf(issuer, name) {
  const url = new URL(ownAddress(issuer));
  const path = url.pathname === "/" ? "" : url.pathname.replace(/\/$/, "");
  return fetchJson(`${url.origin}/.well-known/${name}${path}`);
}

/**
 * Sections 6 to 8: exchanges the code, proves keys and asks for every offered form.
 * `keys(count, algorithms)` makes signers `{name, alg, jwk, sign}`. Answers an order: `{forms, waiting, …}` with what
 * came (`forms`: `{id, format, credentials}`, in the order of the signers) and what is still being made (`waiting`). An
 * order is plain data that can be kept; `collect` asks again for what it waits for.
 */
export async function obtain(offered, pin, keys) {
  const token = await exchange(offered, pin);
  const batch = offered.metadata.batch_credential_issuance?.batch_size ?? 1;
  const signers = await keys(Math.max(1, Math.min(batch, COPIES)), algorithms(offered));
  const { deferred_credential_endpoint: deferred, notification_endpoint: notification } = offered.metadata;
  const order = { token, deferred, notification, keys: signers.map((one) => one.name), forms: [], waiting: [], notifications: [] };
  for (const id of offered.ids) {
    const { format } = offered.metadata.credential_configurations_supported[id];
    sort(order, { id, format }, await credential(offered, token, id, signers));
  }
  return order;
}

/** Notes what an answer brought: credentials, or a transaction to ask for later. */
function sort(order, { id, format }, answer) {
  if (answer.transaction_id) {
    order.waiting.push({ id, format, transaction: answer.transaction_id });
    return;
  }
  order.forms.push({ id, format, credentials: answer.credentials.map((one) => one.credential) });
  if (answer.notification_id) order.notifications.push(answer.notification_id);
}

/** Section 9: asks for what an order waits for. */
export async function collect(order) {
  const { waiting } = order;
  order.waiting = [];
  for (const one of waiting) {
    const answer = await request(order.deferred, { method: "POST", json: { transaction_id: one.transaction }, token: order.token });
    if (!answer.ok) throw refusal(answer);
    sort(order, one, { transaction_id: one.transaction, ...(answer.status === 202 ? {} : { ...answer.json(), transaction_id: undefined }) });
  }
  return order;
}

/** Section 11: tells the issuer what became of the credentials; its loss when it does not get through. */
export async function notify(order, event) {
  if (!order.notification) return;
  for (const id of order.notifications) {
    const json = { notification_id: id, event };
    await request(order.notification, { method: "POST", json, token: order.token }).catch(() => {});
  }
}

function algorithms(offered) {
  const lists = offered.ids.map((id) => {
    const types = offered.metadata.credential_configurations_supported[id].proof_types_supported;
    return types?.jwt?.proof_signing_alg_values_supported ?? ["ES256"];
  });
  return lists.reduce((common, list) => common.filter((one) => list.includes(one)));
}

async function exchange(offered, pin) {
  const server = offered.metadata.authorization_servers?.[0] ?? offered.issuer;
  const endpoint = (await metadataOf(server, "oauth-authorization-server")).token_endpoint;
  const form = { grant_type: GRANT, "pre-authorized_code": offered.code };
  if (offered.pin) form.tx_code = pin;
  const answer = await request(endpoint, { method: "POST", form });
  if (answer.ok) return answer.json().access_token;
  throw grantTrouble(refusal(answer), offered.pin !== null);
}

/** Section 6.3 has one code for a wrong PIN and for a code that is used, expired or locked; the description tells. */
function grantTrouble(trouble, pinAsked) {
  if (trouble.error !== "invalid_grant") return trouble;
  const told = trouble.message.toLowerCase();
  const kinds = [
    [/lock|too many/, "offerLocked"],
    [/expire/, "offerExpired"],
    [/cancel|withdrawn/, "offerGone"],
    [/used|claimed|redeemed/, "offerUsed"],
    [/tx_code|transaction code|\bpin\b/, "pinWrong"],
  ];
  const found = kinds.find(([pattern]) => pattern.test(told));
  trouble.code = found?.[1] ?? (pinAsked ? "pinOrUsed" : "offerUsed");
  const left = /(\d+)/.exec(told);
  if (left) trouble.values.left = left[1];
  return trouble;
}

async function credential(offered, token, id, signers, again = true) {
  const nonce = offered.metadata.nonce_endpoint
    ? (await fetchJson(offered.metadata.nonce_endpoint, { method: "POST" })).c_nonce
    : undefined;
  const proofs = await Promise.all(signers.map((signer) => proof(signer, offered.issuer, nonce)));
  const json = { credential_configuration_id: id, proofs: { jwt: proofs } };
  const answer = await request(offered.metadata.credential_endpoint, { method: "POST", json, token });
  if (answer.ok) return answer.json();
  const trouble = refusal(answer);
  if (trouble.error === "invalid_nonce" && again) return credential(offered, token, id, signers, false);
  if (trouble.error === "invalid_proof" && /clock|iat/.test(trouble.message)) trouble.code = "clockWrong";
  throw trouble;
}

/** Appendix F.1. */
function proof(signer, audience, nonce) {
  const payload = { aud: audience, iat: serverSeconds(), nonce };
  return jwt.sign({ typ: "openid4vci-proof+jwt", jwk: signer.jwk }, payload, signer);
}
