// The pages' modules that need no browser: check digits against the published vectors, scanners that type, the catalogue of
// texts.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";

import * as codes from "../../src/ui/assets/lib/codes.js";
import { Wedge, isScan, normalise, spokenCode } from "../../src/ui/assets/lib/wedge.js";

const ROOT = resolve(import.meta.dirname, "../..");
const UI = join(ROOT, "src/ui");
const VECTORS = process.env.CERTLESS_DOMAIN ?? resolve(ROOT, "../shared/domain");
const vectors = existsSync(VECTORS) ? JSON.parse(readFileSync(join(VECTORS, "id_vectors.json"), "utf8")) : null;
const known = { skip: vectors ? false : `no vectors at ${VECTORS}; set CERTLESS_DOMAIN` };

test("citizen identity numbers are right or wrong as the vectors say", known, () => {
  for (const { value, valid, note } of vectors.citizen_id) {
    assert.equal(codes.citizenFault(value) === null, valid, `${value}: ${note}`);
  }
  for (const { body, check } of vectors.citizen_id_worked) assert.equal(codes.citizenCheck(body), check, body);
});

test("numbers of before 1999 become what they are now", known, () => {
  for (const { in15, out18 } of vectors.legacy15) assert.equal(codes.fromLegacy(in15), out18);
  assert.equal(codes.fromLegacy("430122801301001"), null, "month 13");
});

test("social credit and organisation codes have their check characters", known, () => {
  for (const { value } of vectors.uscc) assert.equal(codes.usccFault(value), null, value);
  for (const { value } of vectors.uscc_invalid.slice(1)) assert.notEqual(codes.usccFault(value), null, value);
  assert.equal(codes.usccFault("91350203M0001QAY9B"), null, "a live code whose check character is wrong");
  for (const { body, check } of vectors.uscc_worked) assert.equal(codes.usccCheck(body), check, body);
  for (const { body, check } of vectors.org_code_worked) assert.equal(codes.organisationCheck(body), check, body);
});

test("certificate identifiers have their check character", known, () => {
  for (const { value, valid = true } of vectors.cert_identifier) {
    assert.equal(codes.isCertificateIdentifier(value), valid, value);
  }
});

test("every wrong digit of a number is noticed", () => {
  const right = "430112199003074016";
  assert.equal(codes.citizenFault(right), null);
  for (let at = 0; at < 18; at += 1) {
    for (const digit of "0123456789") {
      const wrong = right.slice(0, at) + digit + right.slice(at + 1);
      if (wrong !== right) assert.notEqual(codes.citizenFault(wrong), null, wrong);
    }
  }
  assert.equal(codes.isCaseNumber("430112-20260213-000123-A"), true);
  assert.equal(codes.isCaseNumber("430112-20260213-000132-A"), false);
});

test("a scanner's burst is one scan, whatever frames it", () => {
  const type = (text, pause, end = "Enter") => {
    const wedge = new Wedge();
    let at = 1000;
    for (const c of text) wedge.key(c, (at += pause));
    return wedge.key(end, at + pause).scan;
  };
  assert.equal(type("CL1:ABC123+/9", 8), "CL1:ABC123+/9");
  assert.equal(type("ＣＬ１：ＡＢＣ１２３", 8), "CL1:ABC123", "an input method made it full-width");
  assert.equal(type("]Q3CL1:ABC123", 8), "CL1:ABC123", "an AIM prefix");
  assert.equal(type("12345678", 8), "12345678");
  assert.equal(type("CL1:ABC123", 8, "Tab"), "CL1:ABC123");
  assert.equal(type("CL1:ABC123", 180), "CL1:ABC123", "nobody types this; the cable is slow");
  assert.equal(type("12345678", 180), undefined, "a person types slower");
  assert.equal(type("hello world", 8), undefined, "a fast typist is no scanner");
  assert.equal(type("ab", 8), undefined);
});

test("what is typed or scanned is read as it was meant", () => {
  assert.equal(normalise("\u0002CL1:X\r\n"), "CL1:X");
  assert.equal(spokenCode("1234 5678"), "12345678");
  assert.equal(spokenCode("１２３４－５６７８".replace("－", "-")), "12345678");
  assert.equal(spokenCode("1234567"), null);
  assert.equal(isScan("https://city.example/r/abc"), true);
  assert.equal(isScan("异地就医备案"), false);
});

const texts = (lang) => JSON.parse(readFileSync(join(UI, `text/${lang}.json`), "utf8"));

test("both languages have the same keys, in order, and fill in the same values", () => {
  const [zh, en] = [texts("zh"), texts("en")];
  assert.deepEqual(Object.keys(zh), Object.keys(en));
  for (const key of Object.keys(zh)) {
    const names = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((one) => one[1]).sort();
    assert.deepEqual(names(zh[key]), names(en[key]), key);
    assert.ok(zh[key].trim() && en[key].trim(), key);
    assert.ok(!/[!！]/.test(zh[key] + en[key]), `${key}: no exclamation marks`);
  }
});

test("every text that a module names is in the catalogue", () => {
  const zh = texts("zh");
  const used = new Set();
  for (const file of modules(join(UI, "assets"))) {
    for (const [, key] of readFileSync(file, "utf8").matchAll(/\bt\(\s*"([\w.-]+)"/g)) used.add(key);
  }
  assert.ok(used.size > 100);
  assert.deepEqual([...used].filter((key) => !(key in zh)), []);
});

function modules(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) => {
    if (one.name === "node_modules") return [];
    const path = join(folder, one.name);
    return one.isDirectory() ? modules(path) : path.endsWith(".js") ? [path] : [];
  });
}
