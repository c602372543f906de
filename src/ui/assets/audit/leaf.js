// A leaf of the log as it is written: a CBOR array of kind, time and the members of the kind (the manual's chapter on the
// log has the table). What cannot be read is an entry of no known kind.

import { label, t } from "../lib/i18n.js";
import { decode } from "../wallet/formats/cbor.js";
import { toHex } from "./notes.js";

/** Name and members of each kind, by its number. */
const KINDS = {
  1: ["issued", "agency", "type", "credential", "digest"],
  2: ["claimed", "agency", "type", "credential", "format", "copies"],
  3: ["suspended", "agency", "credential", "slots"],
  4: ["reinstated", "agency", "credential", "slots"],
  5: ["revoked", "agency", "credential", "slots"],
  6: ["ended", "agency", "credential", "slots"],
  7: ["trust", "version", "digest"],
  8: ["key", "owner", "key", "state", "from", "digest"],
  9: ["type", "type", "version", "digest"],
  10: ["matter", "agency", "version", "digest"],
  11: ["used", "record"],
  12: ["application", "case", "state"],
  13: ["foreignTrust", "act", "city", "version", "digest", "root", "types", "agencies"],
  14: ["copied", "copy", "state"],
  15: ["objection", "objection", "record", "answer", "state"],
};

/** An entry `{kind, at, …members}`, bytes as hexadecimal digits; empty for what is no leaf. */
export function readEntry(bytes) {
  try {
    const [number, seconds, ...items] = decode(bytes);
    const [kind, ...names] = KINDS[number] ?? [String(number)];
    const at = new Date(seconds * 1000).toISOString().replace(".000", "");
    const told = (item) => (item instanceof Uint8Array ? toHex(item) : item);
    return { ...Object.fromEntries(names.map((name, i) => [name, told(items[i])])), kind, at };
  } catch {
    return {};
  }
}

/** What a kind is called; as it is where there is no word. */
export function kindName(kind) {
  const key = `audit.kind.${kind}`;
  const said = t(key);
  return said === key ? (kind ?? "—") : said;
}

/** What an agency of a code is called. */
export const agencyName = (names, code) => label(names.find((one) => one.code === code)?.name) || code || "—";

/** What identifies the entry's matter without telling it: a digest or a tag. */
export const mark = (entry) => entry.digest ?? entry.credential ?? entry.record ?? entry.case ?? entry.copy ?? entry.objection ?? "";
