// The trust registry as the wallet knows it: fetched when it can be, else the copy that was kept.

import * as trust from "../protocol/trust.js";
import * as db from "./db.js";

/** Milliseconds after which the registry is fetched again. */
const FRESH = 5 * 60e3;

let current = null;

/** The registry; `{registry, fetched}` or null when none was ever obtained. Throws when it is not the city's. */
export async function registry() {
  current ??= (await db.get("settings", "registry")) ?? null;
  if (current && Date.now() - current.fetched < FRESH) return current;
  try {
    const root = (await db.get("settings", "root")) ?? null;
    const found = await trust.fetchRegistry(root);
    current = { registry: found, fetched: Date.now() };
    await db.put("settings", "root", found.root);
    await db.put("settings", "registry", current);
  } catch (error) {
    if (["rootChanged", "registryWrong"].includes(error.code)) throw error;
  }
  return current;
}

/** The key of a registered agency, for requests and status lists. */
export async function findKey(did, kid) {
  const known = await registry();
  return known ? trust.keyOf(known.registry, did, kid) : null;
}

/** The name of a registered agency `{zh, en}`, or null; from what is known already. */
export async function agencyName(did) {
  const known = current ?? (await db.get("settings", "registry"));
  return trust.agencyOf(known?.registry, did)?.name ?? null;
}
