// Licences in the wallet: made from what an issuer gave, kept sealed, chosen for showing. A licence has copies; each copy
// is bound to a key of its own, so that two verifiers cannot tell that they saw the same one.

import { base64url, fromBase64url, random } from "../formats/bytes.js";
import * as compact from "../formats/compact.js";
import * as sdJwt from "../formats/sd-jwt.js";
import { Trouble } from "../protocol/net.js";
import * as db from "./db.js";
import * as keys from "./keys.js";

/** Days before its end in which a licence is told to expire soon. */
const SOON = 30;
const DAY = 86400e3;
/** Members of an SD-JWT that are not fields of the licence. */
const NOT_FIELDS = new Set(["iss", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "status", "sub", "jti", "_sd_alg"]);

/** Makes licences out of the forms of an order: one for each type. Throws `broken` for a copy bound to another key. */
export async function assemble({ forms, keys: names }) {
  const signers = await Promise.all(names.map(keys.find));
  const byType = new Map();
  for (const { id, format, credentials } of forms) {
    for (const [at, content] of credentials.entries()) {
      const signer = signers[at];
      if (!signer) throw new Trouble("broken", { detail: "more credentials than keys" });
      const read = format === "dc+sd-jwt" ? await readSdJwt(content, signer) : readViews(content, signer);
      const type = read.type ?? id.split(".")[0];
      const licence = byType.get(type) ?? { id: random(12), type, received: new Date().toISOString(), copies: [], state: null };
      byType.set(type, licence);
      Object.assign(licence, read.facts);
      const copy = licence.copies.find((one) => one.key === signer.name) ?? { key: signer.name, shown: 0, compact: {} };
      if (!licence.copies.includes(copy)) licence.copies.push(copy);
      Object.assign(copy, read.copy);
    }
  }
  return [...byType.values()];
}

async function readSdJwt(text, signer) {
  const { payload, claims } = await sdJwt.read(text);
  if (payload.cnf?.jwk?.x !== signer.jwk.x) throw new Trouble("broken", { detail: "bound to another key" });
  const fields = Object.fromEntries(Object.entries(claims).filter(([name]) => !NOT_FIELDS.has(name)));
  const facts = {
    vct: payload.vct,
    version: Number(payload.vct.split("/").pop()) || 1,
    issuer: payload.iss,
    claims: fields,
    validFrom: seconds(payload.nbf),
    validUntil: seconds(payload.exp),
  };
  const status = payload.status?.status_list;
  const type = /\/schemas\/credentials\/([^/]+)\//.exec(payload.vct)?.[1];
  return { type, facts, copy: { sdJwt: text, status: status ? { uri: status.uri, index: status.idx } : null } };
}

function readViews(content, signer) {
  const views = typeof content === "string" ? JSON.parse(content) : content;
  const reads = Object.entries(views).map(([view, text]) => [view, text, compact.read(fromBase64url(text))]);
  const mine = reads.filter(([, , read]) => base64url(compact.keyX(read.holder) ?? new Uint8Array()) === signer.jwk.x);
  if (mine.length === 0) throw new Trouble("broken", { detail: "bound to another key" });
  const [, , first] = mine[0];
  const facts = {
    issuer: first.issuer,
    version: first.version,
    validFrom: seconds(first.validFrom),
    validUntil: seconds(first.validUntil),
  };
  return { type: first.type, facts, copy: { compact: Object.fromEntries(mine.map(([view, text]) => [view, text])), status: first.status } };
}

const seconds = (time) => (time === null || time === undefined ? null : new Date(time * 1000).toISOString());

/** Keeps a licence. */
export const save = (licence) => db.putSealed("licences", licence.id, licence);

/** Every licence, the newest first. */
export async function load() {
  const found = await db.allSealed("licences");
  return found.sort((a, b) => b.received.localeCompare(a.received));
}

/** Takes a licence out with its keys. */
export async function discard(licence) {
  await db.remove("licences", licence.id);
  await keys.forget(licence.copies.map((copy) => copy.key));
}

/** The copy that was shown least among those that have a form: `sdJwt`, or a view by its name. */
export function nextCopy(licence, form) {
  const has = (copy) => (form === "sdJwt" ? copy.sdJwt !== undefined : copy.compact?.[form] !== undefined);
  return licence.copies.filter(has).reduce((least, copy) => (least === null || copy.shown < least.shown ? copy : least), null);
}

/** The signer of a copy's key. */
export async function signerOf(copy) {
  const signer = await keys.find(copy.key);
  if (!signer) throw new Trouble("keyGone");
  return signer;
}

/** Counts that a copy was shown. */
export async function countShown(licence, copy) {
  copy.shown += 1;
  await save(licence);
}

/** The names of the views that can be shown as a code. */
export const viewsOf = (licence) => [...new Set(licence.copies.flatMap((copy) => Object.keys(copy.compact ?? {})))];

/** `valid`, `soon`, `early`, `expired`, `suspended`, `revoked` or `superseded`, as far as the wallet knows. */
export function stateOf(licence, now = Date.now()) {
  const known = licence.state?.value;
  if (known === "revoked" || known === "suspended" || known === "superseded") return known;
  const until = licence.validUntil ? Date.parse(licence.validUntil) : Infinity;
  if (until <= now) return "expired";
  if (licence.validFrom && Date.parse(licence.validFrom) > now) return "early";
  return until - now < SOON * DAY ? "soon" : "valid";
}

/** Whether it can be shown with a chance to be accepted. */
export const usable = (licence) => ["valid", "soon"].includes(stateOf(licence));
