// The city's trust registry: who may ask and issue. The root key is remembered from the first time (the wallet comes
// from the same city), and a registry that it did not sign is not believed, unless the remembered key has handed over to
// the one that did: each key that follows stands in the registry with a statement of both keys, signed by both.

import { verifyDocument } from "../formats/data-integrity.js";
import { fromMultikey, Unsupported } from "../formats/jwk.js";
import { fetchJson, Trouble } from "./net.js";

const ADDRESS = "/.well-known/certless/trust";

/** Fetches the registry and checks it against the known root key; `root` null means that none is known yet. */
export async function fetchRegistry(root) {
  const registry = await fetchJson(ADDRESS);
  if (registry.type !== "CertlessTrustRegistry") throw new Trouble("broken");
  const roots = registry.roots ?? [{ id: "root", publicKeyMultibase: registry.root }];
  const last = roots.at(-1);
  if (last?.publicKeyMultibase !== registry.root) throw new Trouble("registryWrong");
  const held = root === null ? roots.length - 1 : roots.findLastIndex((one) => one.publicKeyMultibase === root);
  try {
    if (held < 0 || !(await handsOver(registry.city, roots.slice(held)))) throw new Trouble("rootChanged");
    if (!(await signedBy(registry, registry.city, last))) throw new Trouble("registryWrong");
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
  }
  return registry;
}

const signedBy = (document, city, key) => verifyDocument(document, `${city}#${key.id}`, fromMultikey(key.publicKeyMultibase));

/** Whether each of these keys has handed over to the next; none does that others may have. */
export async function handsOver(city, roots) {
  for (const [n, to] of roots.entries()) {
    const from = roots[n - 1];
    if (!from) continue;
    const { handover } = to;
    const same = (said, key) => said?.id === key.id && said?.publicKeyMultibase === key.publicKeyMultibase;
    const said = handover?.type === "CertlessRootHandover" && handover.city === city && same(handover.from, from) && same(handover.to, to);
    if (from.compromisedFrom || !said) return false;
    if (!(await signedBy(handover, city, from)) || !(await signedBy(handover, city, to))) return false;
  }
  return true;
}

/** The keys of the city's log that nobody else has, the newest first. */
export const logKeys = (registry) => (registry?.logs ?? []).filter((one) => !one.compromisedFrom).map((one) => one.key).reverse();

/** The agency of a DID. */
export const agencyOf = (registry, did) => registry?.agencies.find((one) => one.did === did) ?? null;

/** The key of an agency's DID under `kid` (whole, or the fragment alone) that is good at a time, as `{jwk, name}`. */
export function keyOf(registry, did, kid, at = Date.now()) {
  const agency = agencyOf(registry, did);
  const fragment = kid.includes("#") ? kid.slice(kid.indexOf("#") + 1) : kid;
  if (!agency || (kid.includes("#") && !kid.startsWith(`${did}#`))) return null;
  const good = (key) =>
    key.id.split("#").pop() === fragment && !key.compromisedFrom && Date.parse(key.validFrom) <= at + 300e3 &&
    (!key.validUntil || Date.parse(key.validUntil) > at);
  const key = agency.keys.find(good);
  return key ? { jwk: fromMultikey(key.publicKeyMultibase), name: agency.name } : null;
}
