// The wallet's own storage: IndexedDB with five stores. What is personal is sealed with a key that cannot leave the
// browser, so that a copy of the files alone tells nothing.

import { fromUtf8, utf8 } from "../formats/bytes.js";

const NAME = "certless-wallet";
const VERSION = 1;
const STORES = ["keys", "licences", "pending", "history", "settings"];
const SEAL = "seal";

let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => STORES.forEach((store) => asked.result.createObjectStore(store));
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/** Runs `work(store)` in one transaction and answers the result of the request it returns, once that is durable. */
async function transact(store, mode, work) {
  const transaction = (await database()).transaction(store, mode, { durability: "strict" });
  const asked = work(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(asked?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? asked?.error);
  });
}

export const get = (store, key) => transact(store, "readonly", (it) => it.get(key));
export const put = (store, key, value) => transact(store, "readwrite", (it) => it.put(value, key));
export const remove = (store, key) => transact(store, "readwrite", (it) => it.delete(key));
export const all = (store) => transact(store, "readonly", (it) => it.getAll());

/** Empties everything. */
export async function clear() {
  for (const store of STORES) await transact(store, "readwrite", (it) => it.clear());
  sealing = null;
}

let sealing = null;

function sealKey() {
  sealing ??= (async () => {
    const there = await get("keys", SEAL);
    if (there) return there;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    await put("keys", SEAL, made);
    return made;
  })();
  return sealing;
}

/** Keeps a JSON value sealed. The key and the place are authenticated with it. */
export async function putSealed(store, key, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const algorithm = { name: "AES-GCM", iv, additionalData: utf8(`${store}/${key}`) };
  const data = await crypto.subtle.encrypt(algorithm, await sealKey(), utf8(JSON.stringify(value)));
  await put(store, key, { key, iv, data });
}

/** Every sealed value of a store, in the order of the keys. */
export async function allSealed(store) {
  const key = await sealKey();
  const open = async (row) => {
    const algorithm = { name: "AES-GCM", iv: row.iv, additionalData: utf8(`${store}/${row.key}`) };
    return JSON.parse(fromUtf8(new Uint8Array(await crypto.subtle.decrypt(algorithm, key, row.data))));
  };
  return Promise.all((await all(store)).map(open));
}

/** Asks the browser not to clear the wallet when space is short; whether it promised. */
export async function persist() {
  return (await navigator.storage?.persist?.()) ?? false;
}
