// Calls to the server: JSON in and out, the session's CSRF token, a time limit, one more try where asking twice is
// harmless, and refusals as sentences for people. Knows whether the server can be reached.

import { lang, t } from "./i18n.js";

/** A refusal: `status` 0 when nothing was reached; `message` is for people, `reasons` are per field. */
export class Problem extends Error {
  constructor(status, body) {
    super((lang === "en" ? body.en : body.zh) ?? body.detail ?? t("error.unknown"));
    this.status = status;
    this.code = (body.type ?? "").split("/").pop();
    this.title = body.title ?? "";
    this.detail = body.detail ?? "";
    this.reasons = (body.reasons ?? []).map((one) => ({ ...one, message: lang === "en" ? one.en : one.zh }));
    this.body = body;
  }
}

let csrf = null;
let reachable = true;
const listeners = new Set();

/** Sets the token that state-changing calls carry; a session tells it. */
export const setCsrf = (token) => {
  csrf = token ?? null;
};

/** Calls `listener(reachable)` whenever that changes; returns how to stop. */
export function onReachable(listener) {
  listeners.add(listener);
  listener(reachable);
  return () => listeners.delete(listener);
}

function setReachable(next) {
  if (next === reachable) return;
  reachable = next;
  for (const listener of listeners) listener(next);
}

addEventListener("online", () => setReachable(true));
addEventListener("offline", () => setReachable(false));

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body, options) => call("POST", path, body, options);
export const put = (path, body, options) => call("PUT", path, body, options);
export const remove = (path, options) => call("DELETE", path, undefined, options);

/**
 * One call. A body that is a text, a Blob or bytes goes as `options.media`, everything else as JSON. `options.key` makes
 * asking twice harmless and is sent as the idempotency key; reads and keyed calls are tried once more when nothing came.
 */
export async function call(method, path, body, options = {}) {
  const again = method === "GET" || options.key !== undefined;
  try {
    return await once(method, path, body, options);
  } catch (error) {
    if (!again || (error.status !== 0 && error.status !== 503)) throw error;
    await new Promise((done) => setTimeout(done, 400));
    return once(method, path, body, options);
  }
}

async function once(method, path, body, options) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), options.timeout ?? 15000);
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: headers(method, body, options),
      body: encode(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: options.signal ?? stop.signal,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    setReachable(false);
    throw unreachable(stop.signal.aborted);
  } finally {
    clearTimeout(timer);
  }
  setReachable(true);
  const content = await read(answer);
  if (!answer.ok) throw new Problem(answer.status, typeof content === "object" && content ? content : {});
  return content;
}

function unreachable(slow) {
  const key = slow ? "error.timeout" : "error.offline";
  return new Problem(0, { zh: t(key), en: t(key), type: "/problems/unreachable" });
}

function headers(method, body, options) {
  const out = { accept: "application/json" };
  // The browser names the boundary of a form itself.
  if (body !== undefined && !(body instanceof FormData)) out["content-type"] = options.media ?? (isRaw(body) ? "text/plain" : "application/json");
  if (csrf && method !== "GET") out["x-csrf-token"] = csrf;
  if (options.key !== undefined) out["idempotency-key"] = options.key;
  return out;
}

const isRaw = (body) =>
  typeof body === "string" || body instanceof FormData || body instanceof Blob || body instanceof ArrayBuffer || ArrayBuffer.isView(body);
const encode = (body) => (body === undefined || isRaw(body) ? body : JSON.stringify(body));

async function read(answer) {
  if (answer.status === 204) return null;
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A fresh idempotency key. */
export const freshKey = () => crypto.randomUUID();
