// What the wallet received, showed and refused to show: who, when, for which matter, which fields. Names of fields only.

import { random } from "../formats/bytes.js";
import * as db from "./db.js";

/** Most entries that are kept. */
const MOST = 500;

/**
 * Adds an entry: `{kind: "received"|"code"|"spoken"|"shown"|"declined"|"discarded", licences: [type], fields: [label],
 * who, matter, purpose}`.
 */
export async function add(entry) {
  const at = new Date().toISOString();
  const id = `${at}/${random(6)}`;
  await db.putSealed("history", id, { id, at, ...entry });
}

/** Every entry, the newest first; those beyond the limit are dropped. */
export async function load() {
  const entries = (await db.allSealed("history")).sort((a, b) => b.id.localeCompare(a.id));
  await Promise.all(entries.slice(MOST).map((entry) => db.remove("history", entry.id)));
  return entries.slice(0, MOST);
}
