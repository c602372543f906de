// The wallet's pure modules against published vectors and against what the Rust side writes (vectors.json).

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import * as bytes from "../../src/ui/assets/wallet/formats/bytes.js";
import * as cbor from "../../src/ui/assets/wallet/formats/cbor.js";
import * as compact from "../../src/ui/assets/wallet/formats/compact.js";
import { verifyDocument } from "../../src/ui/assets/wallet/formats/data-integrity.js";
import * as dcql from "../../src/ui/assets/wallet/formats/dcql.js";
import { canonicalize } from "../../src/ui/assets/wallet/formats/jcs.js";
import * as jwe from "../../src/ui/assets/wallet/formats/jwe.js";
import { fromMultikey, thumbprint, verify } from "../../src/ui/assets/wallet/formats/jwk.js";
import * as jwt from "../../src/ui/assets/wallet/formats/jwt.js";
import * as sdJwt from "../../src/ui/assets/wallet/formats/sd-jwt.js";
import { readLink } from "../../src/ui/assets/wallet/protocol/links.js";
import * as status from "../../src/ui/assets/wallet/protocol/status.js";
import { keyOf } from "../../src/ui/assets/wallet/protocol/trust.js";

const RUST = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url)));
const FOLDER = process.env.CERTLESS_VECTORS ?? new URL("../../../shared/vectors", import.meta.url).pathname;
const published = existsSync(FOLDER) ? {} : { skip: `no published vectors at ${FOLDER}` };
const text = (name) => readFileSync(`${FOLDER}/${name}`, "utf8");
const hex = (data) => Buffer.from(data).toString("hex");

test("every script of the pages is one that can be read", () => {
  const folder = new URL("../../src/ui/assets/", import.meta.url);
  const scripts = readdirSync(folder, { recursive: true }).filter((name) => /^(?!node_modules).*\.js$/.test(name));
  assert.ok(scripts.length > 50);
  const read = (name) => readFileSync(new URL(name, folder));
  const faults = scripts
    .map((name) => [name, spawnSync(process.execPath, ["--input-type=module", "--check"], { input: read(name) })])
    .filter(([, { status }]) => status !== 0)
    .map(([name, { stderr }]) => `${name}: ${stderr}`);
  assert.deepEqual(faults, []);
});

async function ed25519() {
  const jwk = { kty: "OKP", crv: "Ed25519", d: RUST.seed, x: RUST.x };
  const key = await crypto.subtle.importKey("jwk", jwk, { name: "Ed25519" }, false, ["sign"]);
  return { alg: "EdDSA", jwk, sign: async (data) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, data)) };
}

async function p256() {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  return { alg: "ES256", jwk, sign: async (data) => new Uint8Array(await crypto.subtle.sign(algorithm, pair.privateKey, data)) };
}

test("base45 writes what RFC 9285 shows", () => {
  for (const [plain, coded] of [["AB", "BB8"], ["Hello!!", "%69 VD92EX0"], ["base-45", "UJCLQE7W581"], ["ietf!", "QED8WEX0"]]) {
    assert.equal(bytes.base45(bytes.utf8(plain)), coded);
  }
});

test("base64url is strict", () => {
  assert.deepEqual(bytes.fromBase64url("_-8"), Uint8Array.of(255, 239));
  for (const wrong of ["_-9", "a", "ab==", "a b", "+/8"]) assert.throws(() => bytes.fromBase64url(wrong), SyntaxError, wrong);
});

test("CBOR writes and reads the examples of RFC 8949 appendix A", () => {
  const cases = [
    [0, "00"], [23, "17"], [24, "1818"], [1000, "1903e8"], [1000000, "1a000f4240"], [1000000000000, "1b000000e8d4a51000"],
    [-1, "20"], [-1000, "3903e7"], ["", "60"], ["水", "63e6b0b4"], [[1, [2, 3]], "8201820203"], [true, "f5"], [null, "f6"],
    [Uint8Array.of(1, 2), "420102"],
  ];
  for (const [value, coded] of cases) {
    assert.equal(hex(cbor.encode(value)), coded);
    assert.deepEqual(cbor.decode(cbor.encode(value)), value);
  }
  assert.equal(hex(cbor.encode(new Map([["b", 1], [10, 2], ["aa", 3]]))), "a30a02616201626161" + "03");
  for (const wrong of ["", "18", "9f01ff", "6161" + "00", "a2010201" + "03", "5b0100000000000000", "f97e00"]) {
    assert.throws(() => cbor.decode(Buffer.from(wrong, "hex")), undefined, wrong);
  }
});

test("a code is, byte for byte, what Rust writes", async () => {
  const credential = bytes.fromBase64url(RUST.credential);
  const holder = await ed25519();
  assert.equal(await compact.show(credential, RUST.time, holder), RUST.plain);
  const asked = { audience: "did:web:city.example:agencies:YB", nonce: "n-1" };
  assert.equal(await compact.show(credential, RUST.time, holder, asked), RUST.asked);
});

test("a compact credential tells its type, view, validity and holder", () => {
  const read = compact.read(bytes.fromBase64url(RUST.credential));
  assert.deepEqual([read.type, read.version, read.view], ["idCard", 1, "basic"]);
  assert.deepEqual([read.issuer, read.validFrom, read.validUntil], ["did:web:city.example:agencies:GA", 1000, 2000000000]);
  assert.deepEqual(read.status, { uri: "https://city.example/status/GA-0", index: 77 });
  assert.equal(bytes.base64url(compact.keyX(read.holder)), RUST.x);
  assert.throws(() => compact.read(bytes.fromBase64url(RUST.credential).subarray(1)));
});

test("a code that does not fit is refused", async () => {
  await assert.rejects(compact.show(new Uint8Array(800), 0, await ed25519()), RangeError);
});

test("JCS writes the published canonical forms", published, () => {
  for (const name of ["arrays", "french", "structures", "unicode", "values", "weird"]) {
    assert.equal(canonicalize(JSON.parse(text(`jcs/input/${name}.json`))), text(`jcs/output/${name}.json`).trim(), name);
  }
  assert.throws(() => canonicalize("\ud800"));
  assert.throws(() => canonicalize(NaN));
});

test("eddsa-jcs-2022 verifies the published credential and nothing changed", published, async () => {
  const signed = JSON.parse(text("vc-di-eddsa/eddsa-jcs-2022/signedJCS.json"));
  const key = fromMultikey(JSON.parse(text("vc-di-eddsa/keyPair.json")).publicKeyMultibase);
  const method = signed.proof.verificationMethod;
  assert.equal(await verifyDocument(signed, method, key), true);
  assert.equal(await verifyDocument({ ...signed, name: "x" }, method, key), false);
  assert.equal(await verifyDocument(signed, `${method}x`, key), false);
  assert.equal(await verifyDocument({ ...signed, proof: undefined }, method, key), false);
});

test("SD-JWTs show what they are made of and what was chosen", published, async () => {
  const folder = "sd-jwt/rfc9901-examples/simple_structured";
  const read = await sdJwt.read(text(`${folder}/sd_jwt_issuance.txt`).trim());
  assert.deepEqual(read.claims.address, { street_address: "東京都港区芝公園４丁目２−８", locality: "東京都", region: "港区", country: "JP" });
  const shown = sdJwt.disclose(read, [["address", "region"], ["address", "country"]]);
  const expected = text(`${folder}/sd_jwt_presentation.txt`).trim();
  assert.deepEqual(shown.split("~").sort(), expected.split("~").sort());
  const claims = (await sdJwt.read(shown)).claims;
  assert.deepEqual([claims.address, claims.given_name], [{ region: "港区", country: "JP" }, undefined]);
  assert.equal(sdJwt.disclose(read, [["nothing"]]), `${read.signed}~`);
});

test("a path to a whole brings its parts, and parts bring their whole", published, async () => {
  const read = await sdJwt.read(text("sd-jwt/rfc9901-examples/complex_ekyc/sd_jwt_issuance.txt").trim());
  const all = await sdJwt.read(sdJwt.disclose(read, Object.keys(read.claims).map((name) => [name])));
  assert.deepEqual(all.claims, read.claims);
  const one = await sdJwt.read(sdJwt.disclose(read, [["verified_claims", "claims", "given_name"]]));
  assert.deepEqual(one.claims.verified_claims.claims, { given_name: "Max" });
});

test("the key binding covers what was shown, for one verifier", async () => {
  const holder = await p256();
  const bound = await sdJwt.bind("a.b.c~d~", { nonce: "n", audience: "v", time: 7 }, holder);
  const binding = bound.slice(bound.lastIndexOf("~") + 1);
  assert.equal(await jwt.verify(binding, holder.jwk), true);
  const { header, payload } = jwt.read(binding);
  assert.deepEqual(header, { alg: "ES256", typ: "kb+jwt" });
  assert.deepEqual(payload, { iat: 7, aud: "v", nonce: "n", sd_hash: bytes.base64url(await bytes.sha256(bytes.utf8("a.b.c~d~"))) });
});

test("JWTs verify with their own key and algorithm only", async () => {
  for (const signer of [await p256(), await ed25519()]) {
    const signed = await jwt.sign({ typ: "x" }, { a: 1 }, signer);
    assert.equal(await jwt.verify(signed, signer.jwk), true);
    assert.equal(await jwt.verify(signed.replace(/\.[^.]+\./, `.${bytes.base64url(bytes.utf8('{"a":2}'))}.`), signer.jwk), false);
    assert.equal(await jwt.verify(signed, (await p256()).jwk), false);
  }
  assert.throws(() => jwt.read("a.b"));
  assert.throws(() => jwt.read(`${bytes.base64url(bytes.utf8("[]"))}.e30.`));
});

test("key agreement derives the key of RFC 7518 appendix C", async () => {
  const alice = { kty: "EC", crv: "P-256", x: "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0", y: "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps", d: "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo" };
  const bob = { kty: "EC", crv: "P-256", x: "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", y: "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck" };
  const key = await crypto.subtle.importKey("jwk", alice, { name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
  const parties = { apu: bytes.utf8("Alice"), apv: bytes.utf8("Bob") };
  assert.equal(bytes.base64url(await jwe.derive(key, bob, "A128GCM", parties)), "VqqN6vgjbSBcIijNcacQGg");
});

test("what is encrypted to a verifier is read by it alone", async () => {
  const make = () => crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const [pair, other] = [await make(), await make()];
  const jwk = { ...(await crypto.subtle.exportKey("jwk", pair.publicKey)), kid: "1" };
  for (const enc of jwe.ENCRYPTIONS) {
    const sealed = await jwe.encrypt("证照", { jwk, enc });
    assert.equal(JSON.parse(bytes.fromUtf8(bytes.fromBase64url(sealed.split(".")[0]))).kid, "1");
    assert.equal(await jwe.decrypt(sealed, pair.privateKey), "证照");
    await assert.rejects(jwe.decrypt(sealed, other.privateKey));
  }
  await assert.rejects(jwe.encrypt("x", { jwk, enc: "A128CBC-HS256" }), RangeError);
});

test("keys are read from multikeys and named by RFC 7638", async () => {
  const multikey = "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"; // of the did:key specification
  const jwk = fromMultikey(multikey);
  assert.deepEqual([jwk.kty, jwk.crv], ["EC", "P-256"]);
  await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  assert.throws(() => fromMultikey("z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"), SyntaxError);
  // RFC 8037 appendix A.3.
  const okp = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
  assert.equal(await thumbprint(okp), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  assert.equal(await verify(okp, new Uint8Array(64), bytes.utf8("x")), false);
});

test("status lists tell the published statuses", published, async () => {
  const names = { 0: "valid", 1: "revoked", 2: "suspended" };
  for (const one of JSON.parse(text("token-status-list.json"))) {
    const at = await status.read(one);
    for (const [index, value] of Object.entries(one.statuses)) assert.equal(at(Number(index)), names[value] ?? "unknown", `${one.name} ${index}`);
    assert.equal(at(one.size * 8), "unknown");
  }
});

const CARD = { vct: "v1", type: "idCard", views: ["basic", "age-over-60"], claims: { name: "张三", sex: "1", address: { city: "长沙" }, tags: ["a", "b"] } };
const query = (more) => ({ id: "q", format: "dc+sd-jwt", meta: { vct_values: ["v1"] }, ...more });
const candidates = (one) => dcql.match({ credentials: [one] }, [CARD]).matches[0].candidates;

test("queries find licences by type, claims and values", () => {
  assert.equal(candidates(query({ claims: [{ path: ["address", "city"] }, { path: ["tags", null], values: ["b"] }] })).length, 1);
  for (const claims of [[{ path: ["nothing"] }], [{ path: ["sex"], values: ["2"] }], [{ path: ["tags", 2] }], [{ path: ["name", "x"] }]]) {
    assert.equal(candidates(query({ claims })).length, 0, JSON.stringify(claims));
  }
  assert.equal(candidates(query({ meta: { vct_values: ["v2"] } })).length, 0);
  assert.equal(candidates(query({ format: "mso_mdoc" })).length, 0);
  assert.equal(candidates({ id: "q", format: "certless_compact", meta: { type: "idCard", view: "age-over-60" } }).length, 1);
  assert.equal(candidates({ id: "q", format: "certless_compact", meta: { type: "idCard", view: "full" } }).length, 0);
});

test("claim sets are tried in the verifier's order", () => {
  const claims = [{ id: "a", path: ["name"] }, { id: "b", path: ["nothing"] }, { id: "c", path: ["sex"] }];
  const [found] = candidates(query({ claims, claim_sets: [["a", "b"], ["a", "c"], ["a"]] }));
  assert.deepEqual(found.options.map((set) => set.map((claim) => claim.id)), [["a", "c"], ["a"]]);
});

test("sets of credentials tell what can be answered", () => {
  const credentials = [query({ id: "a" }), query({ id: "b", meta: { vct_values: ["v2"] } })];
  const told = (sets) => dcql.match({ credentials, credential_sets: sets }, [CARD]).sets;
  assert.equal(dcql.answerable(told(undefined)), false);
  assert.equal(dcql.answerable(told([{ options: [["b"], ["a"]] }])), true);
  assert.equal(dcql.answerable(told([{ options: [["a", "b"]] }])), false);
  assert.equal(dcql.answerable(told([{ options: [["a"]] }, { options: [["b"]], required: false }])), true);
});

test("links are told apart", () => {
  const uri = encodeURIComponent("https://a.example/oid4vci/offers/x?y=1");
  for (const base of ["openid-credential-offer://", "https://a.example/wallet/receive"]) {
    assert.deepEqual(readLink(`${base}?credential_offer_uri=${uri}#x`), { kind: "offer", offer: null, offerUri: "https://a.example/oid4vci/offers/x?y=1" });
  }
  const request = readLink("openid4vp://?client_id=decentralized_identifier%3Adid%3Aweb%3Aa&request_uri=https%3A%2F%2Fa%2Fr&request_uri_method=post");
  assert.deepEqual(request, { kind: "request", requestUri: "https://a/r", clientId: "decentralized_identifier:did:web:a", post: true });
  assert.deepEqual([readLink("CL1:AB").kind, readLink("https://a.example/r/abc").kind, readLink("你好").kind], ["code", "receipt", "other"]);
});

test("an asker is known by the registry's keys alone, while they are good", () => {
  const key = { id: "k1", publicKeyMultibase: "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2", validFrom: "2026-01-01T00:00:00Z" };
  const registry = (more) => ({ agencies: [{ did: "did:web:a", name: { zh: "甲", en: "A" }, keys: [{ ...key, ...more }] }] });
  const at = Date.parse("2026-06-01T00:00:00Z");
  assert.equal(keyOf(registry(), "did:web:a", "did:web:a#k1", at).name.zh, "甲");
  for (const [more, did, kid] of [
    [{}, "did:web:b", "did:web:b#k1"], [{}, "did:web:a", "did:web:a#k2"], [{}, "did:web:a", "did:web:b#k1"],
    [{ compromisedFrom: "2026-05-01T00:00:00Z" }, "did:web:a", "k1"], [{ validUntil: "2026-05-01T00:00:00Z" }, "did:web:a", "k1"],
    [{ validFrom: "2027-01-01T00:00:00Z" }, "did:web:a", "k1"],
  ]) {
    assert.equal(keyOf(registry(more), did, kid, at), null, JSON.stringify([more, did, kid]));
  }
});
