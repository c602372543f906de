// Verifying a licence's file in this browser alone, by an offline bundle: the registry, the status lists and the log's key
// as the city's root key signed them. Nothing is sent anywhere. Codes and presentations need a server: whether one was
// used before is not in a bundle.

import { annotation, schemaHere } from "../lib/catalogue.js";
import { prepareType } from "../lib/fields.js";
import { t } from "../lib/i18n.js";
import { verifyDocument } from "../wallet/formats/data-integrity.js";
import { fromMultikey, thumbprint, Unsupported } from "../wallet/formats/jwk.js";
import * as jwt from "../wallet/formats/jwt.js";
import { check as checkLog, read as readProof, tree } from "../wallet/formats/tlog.js";
import { read as readList } from "../wallet/protocol/status.js";
import { agencyOf, keyOf, logKeys } from "../wallet/protocol/trust.js";

const CHECKS = ["parse", "proof", "trust", "validity", "status", "schema", "binding", "freshness", "log"];
const NEEDED = ["parse", "proof", "trust", "validity", "status"];

const parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** What a file beside a licence is: `{kind: "proof", text}`, `{kind: "bundle", bundle}` or null. */
export async function attachment(text) {
  if (text.startsWith("c2sp.org/tlog-proof@")) {
    readProof(text);
    return { kind: "proof", text };
  }
  const document = parse(text);
  return document?.type === "CertlessOfflineBundle" ? { kind: "bundle", bundle: await open(document) } : null;
}

/** A bundle whose signature and whose registry's signature are the root key's; throws otherwise. */
async function open(document) {
  const [root, registry] = [fromMultikey(document.root), JSON.parse(document.registry)];
  const last = registry.roots?.at(-1) ?? { id: "root", publicKeyMultibase: document.root };
  if (last.publicKeyMultibase !== document.root) throw new SyntaxError("the bundle");
  const signed = async (what, city) => verifyDocument(what, `${city}#${last.id}`, root);
  if (!(await signed(document, registry.city)) || !(await signed(registry, registry.city))) throw new SyntaxError("the bundle");
  return { ...document, registry, fingerprint: await thumbprint(root) };
}

/** Fetches what names the fields of a bundle's types, while there is a network. */
export async function learn({ registry }) {
  for (const code of new Set(registry.agencies.flatMap((agency) => agency.types))) {
    if (!navigator.onLine) return;
    await prepareType(code).catch(() => {});
  }
}

/** The verdict about a licence's file; `proof` is its companion's text, or null. */
export async function verify(text, bundle, proof, now = Date.now()) {
  const found = new Map(CHECKS.map((check) => [check, skipped(check)]));
  const note = (check, state, key = state) => found.set(check, { check, state, ...say(`verify.offline.${key}`) });
  const credential = parse(text);
  const verdict = (shown) => {
    const checks = [...found.values()];
    const bad = checks.some((one) => one.state === "invalid" || one.state === "error");
    const accepted = !bad && NEEDED.every((check) => found.get(check).state === "valid");
    return { accepted, checks, credentials: shown ? [shown] : [], offline: bundle };
  };
  if (!Array.isArray(credential?.type) || typeof credential.proof !== "object") {
    note("parse", "error", "kind");
    return verdict(null);
  }
  note("parse", "valid");
  const { did, agency } = issuer(credential, bundle);
  await step(note, "proof", () => judgeProof(credential, bundle, did));
  await step(note, "trust", () => judgeIssuer(credential, bundle, agency, now));
  await step(note, "validity", () => judgeTime(credential, now));
  await step(note, "status", () => judgeStatus(credential, bundle, did, now));
  if (proof) await step(note, "log", () => judgeLog(credential, bundle, proof));
  return verdict(summary(credential, bundle, did, agency));
}

/** Notes a judgement: `[state, key]`, or that this browser cannot tell. */
async function step(note, check, judge) {
  try {
    note(check, ...(await judge()));
  } catch (error) {
    note(check, "error", error instanceof Unsupported ? "browser" : "unreadable");
  }
}

function issuer(credential, { registry }) {
  const did = credential.issuer?.id ?? credential.issuer;
  return { did, agency: agencyOf(registry, did) };
}

async function judgeProof(credential, { registry }, did) {
  const { verificationMethod: method = "", created } = credential.proof;
  const key = keyOf(registry, did, method, Date.parse(created));
  if (!key) return ["error", "key"];
  return (await verifyDocument(credential, method, key.jwk)) ? ["valid"] : ["invalid", "changed"];
}

function judgeIssuer(credential, bundle, agency, now) {
  const { registry } = bundle;
  if (Date.parse(registry.expires) < now) return ["error", "registryOld"];
  // Licences of other cities that are believed need their registries, which are read online.
  if (!agency) return bundle.partners?.length > 0 ? ["error", "elsewhere"] : ["invalid", "stranger"];
  return agency.types.includes(codeOf(credential)) ? ["valid"] : ["invalid", "notAllowed"];
}

const codeOf = (credential) => /\/schemas\/credentials\/([^/]+)\//.exec(credential.credentialSchema?.id ?? "")?.[1];

function judgeTime({ validFrom, validUntil }, now) {
  if (validFrom && Date.parse(validFrom) > now) return ["invalid", "early"];
  return validUntil && Date.parse(validUntil) < now ? ["invalid", "over"] : ["valid"];
}

async function judgeStatus(credential, bundle, did, now) {
  for (const entry of [credential.credentialStatus ?? []].flat()) {
    const list = bundle.statusLists.find((one) => one.uri === entry.statusListCredential && one.form === "jwt");
    if (!list) return ["error", "noList"];
    const { header, payload } = jwt.read(list.content);
    const key = keyOf(bundle.registry, did, header.kid ?? "", payload.iat * 1000);
    if (!key || payload.sub !== list.uri || !(await jwt.verify(list.content, key.jwk))) return ["error", "noList"];
    if (payload.exp * 1000 < now) return ["error", "listOld"];
    const value = (await readList(payload.status_list))(Math.floor(Number(entry.statusListIndex) / 2));
    if (value !== "valid") return value === "unknown" ? ["error", "noList"] : ["invalid", value];
  }
  return ["valid"];
}

async function judgeLog(credential, bundle, proof) {
  const listed = logKeys(bundle.registry);
  let good = false;
  for (const key of listed.length ? listed : [bundle.logKey]) good ||= Boolean(await checkLog(credential, proof, key));
  if (!good) return ["invalid", "logWrong"];
  const [held, shown] = [tree(bundle.checkpoint), readProof(proof).tree];
  const forked = held.size === shown.size && String(held.root) !== String(shown.root);
  return forked ? ["invalid", "logForked"] : ["valid"];
}

function summary(credential, bundle, did, agency) {
  const { registry, made, statusLists } = bundle;
  const uri = [credential.credentialStatus ?? []].flat()[0]?.statusListCredential;
  const list = statusLists.find((one) => one.uri === uri);
  // Names come from the type's schema, where it was fetched in time.
  const schema = schemaHere(codeOf(credential));
  return {
    code: schema ? codeOf(credential) : undefined,
    typeName: schema ? annotation(schema).name : undefined,
    type: credential.type,
    issuer: did,
    issuerName: agency?.name ?? null,
    validFrom: credential.validFrom,
    validUntil: credential.validUntil,
    claims: credential.credentialSubject,
    reliedOn: { registry: { name: registry.name, version: registry.version, asOf: made }, status: list && { asOf: list.fetchedAt } },
  };
}

/** A sentence in the language of the page, where the verdict looks for both. */
function say(key) {
  const text = t(key);
  return { zh: text, en: text };
}

const skipped = (check) => ({ check, state: "skipped", ...say(check === "log" ? "verify.offline.noProof" : "verify.offline.skipped") });
