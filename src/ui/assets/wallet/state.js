// What the screens share: licences with what is known of their types, the history, whether the network is there. Changes
// go through the functions here, which keep first and tell the screens then.

import { schemaOf } from "../lib/catalogue.js";
import { prepareType } from "../lib/fields.js";
import { useEffect, useState } from "../lib/preact.js";
import { random } from "./formats/bytes.js";
import * as db from "./keep/db.js";
import * as historyBook from "./keep/history.js";
import * as licences from "./keep/licences.js";
import { findKey, registry } from "./keep/registry.js";
import { clockSkew } from "./protocol/net.js";
import * as log from "./protocol/log.js";
import * as status from "./protocol/status.js";
import * as vci from "./protocol/vci.js";

const HOUR = 3600e3;
/** Milliseconds between two looks for licences that are still being made. */
const WAIT = 5000;

let state = { licences: [], pending: [], history: [], welcomed: false, online: navigator.onLine, checked: null, checking: false, skew: 0 };
const listeners = new Set();

function set(change) {
  state = { ...state, ...change, skew: clockSkew() };
  for (const listener of listeners) listener(state);
}

/** The shared state; the screen is drawn anew when it changes. */
export function useWallet() {
  const [seen, setSeen] = useState(state);
  useEffect(() => {
    listeners.add(setSeen);
    setSeen(state);
    return () => listeners.delete(setSeen);
  }, []);
  return seen;
}

/** Reads what is kept; the network is asked afterwards and is not waited for. */
export async function boot() {
  const [found, pending, entries, welcomed, checked] = await Promise.all([
    licences.load(), db.allSealed("pending"), historyBook.load(), db.get("settings", "welcomed"), db.get("settings", "checked"),
  ]);
  set({ licences: found, pending, history: entries, welcomed: welcomed === true, checked: checked ?? null });
  addEventListener("online", () => (set({ online: true }), void refresh()));
  addEventListener("offline", () => set({ online: false }));
  setInterval(() => state.pending.length > 0 && state.online && !document.hidden && void collect(), WAIT);
  for (const licence of found) void learn(licence).then(() => set({}));
  const old = !checked || Date.now() - checked > HOUR;
  void registry().then(() => (found.length > 0 && old ? refresh() : set({})), () => set({}));
  void collect();
}

/** The first start is over. */
export async function welcome() {
  await db.put("settings", "welcomed", true);
  set({ welcomed: true });
}

/** Asks the public lists for the status of every licence; says nothing when the network is not there. */
export async function refresh() {
  if (state.checking || state.licences.length === 0) return;
  set({ checking: true });
  try {
    const copies = state.licences.flatMap((licence) => licence.copies.filter((copy) => copy.status));
    const lists = await status.fetchLists(copies.map((copy) => copy.status.uri), findKey);
    for (const licence of state.licences) await note(licence, lists);
    for (const licence of state.licences) await logged(licence);
    const checked = Date.now();
    await db.put("settings", "checked", checked);
    set({ licences: [...state.licences], checked });
  } catch {
    // What was known stays; the screen says how old it is.
  } finally {
    set({ checking: false });
  }
}

/** Keeps where a licence stands in the public log; says nothing when that cannot be told now. */
export async function logged(licence) {
  try {
    const found = await log.renewed(licence);
    if (!found || !state.licences.includes(licence)) return;
    licence.log = found;
    await licences.save(licence);
    set({ licences: [...state.licences] });
  } catch {
    // What was known stays.
  }
}

/** Whether two licences name the same holder, by the codes of the parties. */
function sameHolder(a, b) {
  const codes = ({ about, claims }) => about.parties.map((party) => party.code && claims?.[party.code]).filter(Boolean);
  const [first, second] = [codes(a), codes(b)];
  return first.length > 0 && first.every((code) => second.includes(code));
}

/** The worst status of a licence's copies, kept with the licence. */
async function note(licence, lists) {
  const values = licence.copies.filter((copy) => copy.status).map((copy) => lists.get(copy.status.uri)(copy.status.index));
  const newer = (one) => one.type === licence.type && one.received > licence.received && one.state?.value !== "revoked";
  const worst = ["revoked", "suspended"].find((one) => values.includes(one)) ?? "valid";
  const value = worst === "revoked" && state.licences.some((one) => newer(one) && sameHolder(one, licence)) ? "superseded" : worst;
  if (licence.state?.value === value) return;
  licence.state = { value, at: new Date().toISOString() };
  await licences.save(licence);
}

/**
 * Takes in what an order brought, tells the issuer, and keeps what it still waits for. A licence with the same content as
 * one that is here takes its place. Answers the licences, none when all is still being made.
 */
export async function take(order, names) {
  let received = [];
  if (order.waiting.length === 0) {
    received = await keepAll(order);
    if (order.id) await db.remove("pending", order.id);
  } else {
    order.id ??= random(12);
    await db.putSealed("pending", order.id, { ...order, names });
  }
  set({ licences: await licences.load(), pending: await db.allSealed("pending") });
  void refresh();
  return received;
}

async function keepAll(order) {
  const received = await licences.assemble(order).catch(async (error) => {
    await vci.notify(order, "credential_failure");
    throw error;
  });
  for (const licence of received) {
    await learn(licence);
    const same = (one) => one.type === licence.type && JSON.stringify(one.claims) === JSON.stringify(licence.claims);
    for (const old of state.licences.filter(same)) await licences.discard(old);
  }
  await enter({ kind: "received", licences: received.map((one) => one.type), names: received.map((one) => one.about.name) });
  void vci.notify(order, "credential_accepted");
  return received;
}

let collecting = false;

/** Asks for what is still being made; what was refused for good is dropped and told in the history. */
export async function collect() {
  if (collecting) return;
  collecting = true;
  try {
    for (const order of state.pending) await ask(order);
    if (state.pending.length > 0) set({ pending: await db.allSealed("pending") });
  } finally {
    collecting = false;
  }
}

async function ask(order) {
  const { waiting, names } = order;
  try {
    const found = await vci.collect({ ...order, waiting: [...waiting] });
    if (found.waiting.length < waiting.length) await take(found, names);
  } catch (error) {
    if (!error.error || error.status >= 500 || error.status === 429) return;
    await db.remove("pending", order.id);
    await enter({ kind: "refused", names });
  }
}

/** Fetches what a licence's type says about itself: names for its fields and codes. */
async function learn(licence) {
  const schema = await prepareType(licence.type).catch(() => schemaOf(licence.type).catch(() => null));
  if (licence.about && licence.about.fields.length > 0) return;
  licence.about = describe(schema, licence.type);
  await licences.save(licence);
}

/** What the wallet keeps of a type: names of fields, views and how the holder and the number are called. */
function describe(schema, type) {
  const about = schema?.["x-certless"];
  if (!about) return { code: type, name: { zh: type, en: type }, fields: [], views: [], parties: [], number: null };
  const { code, name, fields, views, holder, numbering, issuer } = about;
  return { code, name, fields, views, parties: holder.parties, number: numbering.field ?? null, issuer: issuer?.label ?? null };
}

/** Takes a licence out. */
export async function discard(licence) {
  await licences.discard(licence);
  await enter({ kind: "discarded", licences: [licence.type], names: [licence.about.name] });
  set({ licences: await licences.load() });
}

/** Adds to the history. */
export async function enter(entry) {
  await historyBook.add(entry);
  set({ history: await historyBook.load() });
}

/** Empties the wallet. */
export async function clear() {
  await db.clear();
  set({ licences: [], pending: [], history: [], welcomed: false, checked: null });
}
