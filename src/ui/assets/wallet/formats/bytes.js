// Bytes and their texts: UTF-8, base64url, base45 (RFC 9285), base58, SHA-256. Strict when reading.

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

export const utf8 = (text) => ENCODER.encode(text);
export const fromUtf8 = (bytes) => DECODER.decode(bytes);

/** Several byte strings as one. */
export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function base64url(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Throws for padding, other characters and bits left over. */
export function fromBase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw new SyntaxError("not base64url");
  const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  if (base64url(bytes) !== text) throw new SyntaxError("not base64url");
  return bytes;
}

/** RFC 9285 section 4. */
export function base45(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 2) {
    const pair = i + 1 < bytes.length;
    const value = pair ? bytes[i] * 256 + bytes[i + 1] : bytes[i];
    text += BASE45[value % 45] + BASE45[Math.floor(value / 45) % 45];
    if (pair) text += BASE45[Math.floor(value / 2025)];
  }
  return text;
}

/** `z` and base58btc, as multibase writes it. */
export function fromMultibase(text) {
  if (text[0] !== "z") throw new SyntaxError("not base58btc");
  const digits = [...text.slice(1)];
  let value = 0n;
  for (const digit of digits) {
    const at = BASE58.indexOf(digit);
    if (at < 0) throw new SyntaxError("not base58btc");
    value = value * 58n + BigInt(at);
  }
  const bytes = [];
  for (; value > 0n; value >>= 8n) bytes.unshift(Number(value & 255n));
  const zeros = digits.findIndex((digit) => digit !== "1");
  return Uint8Array.from([...Array(zeros < 0 ? digits.length : zeros).fill(0), ...bytes]);
}

export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** Random bytes as base64url. */
export const random = (count = 16) => base64url(crypto.getRandomValues(new Uint8Array(count)));
