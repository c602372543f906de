// The city's trust registry: who may ask and issue. The root key is remembered from the first time (the wallet comes
// from the same city), and a registry that it did not sign is not believed.

import { verifyDocument } from "../formats/data-integrity.js";
import { fromMultikey, Unsupported } from "../formats/jwk.js";
import { fetchJson, Trouble } from "./net.js";

const ADDRESS = "/.well-known/certless/trust";

/** Fetches the registry and checks it against the known root key; `root` null means that none is known yet. */
export async function fetchRegistry(root) {
  const registry = await fetchJson(ADDRESS);
  if (registry.type !== "CertlessTrustRegistry") throw new Trouble("broken");
  if (root !== null && registry.root !== root) throw new Trouble("rootChanged");
  try {
    if (!(await verifyDocument(registry, `${registry.city}#root`, fromMultikey(registry.root)))) throw new Trouble("registryWrong");
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
  }
  return registry;
}

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
