// The wallet's service worker; served as /wallet/worker.js behind the list KEPT of files and their tags. The app comes
// from the cache, so that it starts without a network; a new version is fetched aside and used at the next start.

const SHELLS = ["/wallet", "/wallet/receive", "/wallet/present"];
const FILES = `wallet-${KEPT.map(([, tag]) => tag).join("").replace(/\W/g, "").replace(/(.).{7}/g, "$1")}`;
const SCHEMAS = "wallet-schemas";

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (mode === "navigate" && SHELLS.includes(pathname)) event.respondWith(shell(event.request));
  else if (pathname.startsWith("/assets/")) event.respondWith(file(event.request));
  else if (pathname.startsWith("/schemas/")) event.respondWith(schema(event));
});

async function keep() {
  const cache = await caches.open(FILES);
  const page = new Request("/wallet", { headers: { accept: "text/html" }, cache: "no-cache" });
  const answers = [[page, await fetch(page)]];
  for (const [path] of KEPT) answers.push([path, await fetch(path, { cache: "no-cache" })]);
  if (answers.some(([, answer]) => !answer.ok)) throw new Error("a file is missing");
  await Promise.all(answers.map(([name, answer]) => cache.put(name, answer)));
}

async function tidy() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("wallet-") && ![FILES, SCHEMAS].includes(name)).map((name) => caches.delete(name)));
}

/** The one page of the app, whatever link opened it: what the link says is read by the app from the address. */
async function shell(request) {
  return (await caches.match("/wallet", { cacheName: FILES, ignoreVary: true })) ?? fetch(request);
}

async function file(request) {
  return (await caches.match(request, { cacheName: FILES, ignoreSearch: true, ignoreVary: true })) ?? fetch(request);
}

/** Kept at once, renewed behind. */
async function schema(event) {
  const cache = await caches.open(SCHEMAS);
  const kept = await cache.match(event.request, { ignoreVary: true });
  const renewed = fetch(event.request).then(async (answer) => {
    if (answer.ok) await cache.put(event.request, answer.clone());
    return answer;
  });
  if (!kept) return renewed;
  event.waitUntil(renewed.catch(() => {}));
  return kept;
}
