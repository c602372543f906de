// Requests of the wallet: only to the city that serves it, with a time limit; what goes wrong becomes a `Trouble` whose
// code the pages have a sentence for. Compares the phone's clock with the server's.

const LIMIT = 15000;

/** Something went wrong; `code` is the last part of the text's key `wallet.trouble.…`. */
export class Trouble extends Error {
  constructor(code, { detail = "", sentence = null, ...values } = {}) {
    super(detail || code);
    this.code = code;
    this.sentence = sentence;
    this.values = values;
  }
}

let skew = 0;

/** By how many seconds the phone's clock runs ahead of the server's, as last seen. */
export const clockSkew = () => skew;

/** The time by the server's clock where it differs, in milliseconds. */
export const serverNow = () => Date.now() - (Math.abs(skew) > 5 ? skew * 1000 : 0);

/** The same in whole seconds. */
export const serverSeconds = () => Math.floor(serverNow() / 1000);

function compareClocks(answer) {
  const theirs = Date.parse(answer.headers.get("date") ?? "");
  if (!Number.isNaN(theirs)) skew = Math.round((Date.now() - theirs) / 1000);
}

/** An address of this city, or `elsewhere`. */
export function ownAddress(text) {
  let url;
  try {
    url = new URL(text, location.origin);
  } catch {
    throw new Trouble("unreadable");
  }
  if (url.origin !== location.origin) throw new Trouble("elsewhere", { host: url.host });
  return url.href;
}

/** One request; answers `{status, ok, headers, text, json()}`. A `form` is posted URL encoded, a `json` as JSON. */
export async function request(address, { method = "GET", form, json, token, accept = "application/json", headers = {} } = {}) {
  const init = { method, headers: { accept, ...headers }, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(LIMIT) };
  if (form) init.body = new URLSearchParams(form);
  if (json !== undefined) {
    init.body = JSON.stringify(json);
    init.headers["content-type"] = "application/json";
  }
  if (token) init.headers.authorization = `Bearer ${token}`;
  let answer;
  try {
    answer = await fetch(ownAddress(address), init);
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble(error.name === "TimeoutError" ? "slow" : "offline", { detail: error.message });
  }
  compareClocks(answer);
  const text = await answer.text();
  return { status: answer.status, ok: answer.ok, headers: answer.headers, text, json: () => object(text) };
}

/** JSON of an answer that must be there; other answers are `refused` with the server's sentence, or `broken`. */
export async function fetchJson(address, options) {
  const answer = await request(address, options);
  if (!answer.ok) throw refusal(answer);
  return answer.json();
}

/** What a refusal says: OAuth's `error`, or a problem document with sentences. */
export function refusal(answer, code = "refused") {
  let body = {};
  try {
    body = JSON.parse(answer.text);
  } catch {
    // A refusal without a readable body still is one.
  }
  const sentence = typeof body.zh === "string" ? { zh: body.zh, en: body.en } : null;
  const trouble = new Trouble(answer.status >= 500 ? "server" : code, { sentence, detail: body.error_description ?? body.detail ?? "" });
  trouble.error = body.error ?? (body.type ?? "").split("/").pop();
  trouble.status = answer.status;
  return trouble;
}

function object(text) {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Told below.
  }
  throw new Trouble("broken");
}
