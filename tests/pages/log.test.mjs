// The public log for a holder and for anyone: the wallet keeps a licence's companion, says it in words and hands both
// files out; the verification page takes them, with a server and, by an offline bundle, without one.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";

import * as tlog from "../../src/ui/assets/wallet/formats/tlog.js";
import { Browser, City } from "./support.mjs";

const folder = mkdtempSync(join(tmpdir(), "certless-log-"));
let city;
let browser;
let files;

before(async () => {
  city = await City.start();
  browser = await Browser.start();
  files = await received();
});
after(async () => {
  await browser?.stop();
  city?.stop();
});

async function saved(phone, button) {
  const [download] = await Promise.all([phone.waitForEvent("download"), phone.getByRole("button", { name: button }).click()]);
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  return path;
}

/** A licence that a phone received by an offer: what its wallet says of the log, and the two files that it saves. */
async function received() {
  const resident = await city.resident("idCard");
  const { body: offer } = await city.api("agency-GA", "POST", "/api/offers", { credential: resident.id("idCard") });
  const phone = await browser.profile({ size: [390, 844], path: offer.link });
  await phone.locator("form .actions button").waitFor();
  await phone.fill("#pin", offer.pin);
  await phone.click("form .actions button");
  await phone.locator(".outcome.pass").waitFor();
  await phone.goto(`${city.base}/wallet#cards`);
  await phone.locator(".plastic").first().click();
  await phone.getByText(/起登记在公开日志，第 [\d,]+ 号条目。/).waitFor();
  const said = await phone.locator("section", { has: phone.locator("#log-title") }).innerText();
  const [licence, proof] = [await saved(phone, "保存证照文件"), await saved(phone, "保存日志证明")];
  const bundle = join(folder, "bundle.json");
  writeFileSync(bundle, await (await fetch(`${city.base}/.well-known/certless/bundle`)).text());
  // What is kept is there without a network, after a restart.
  await phone.evaluate(() => navigator.serviceWorker.ready);
  await phone.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await phone.context().setOffline(true);
  await phone.reload();
  await phone.getByText(/起登记在公开日志/).waitFor();
  await phone.context().close();
  return { licence, proof, bundle, said, resident };
}

/** The verification page with files attached. */
async function verifyPage(lang, ...attached) {
  const page = await browser.profile({ path: `${city.base}/verify`, lang });
  for (const path of attached) await page.setInputFiles("#beside", path);
  return page;
}

const drop = (page, path) => page.setInputFiles(".drop input[type=file]", path);
const stateOf = (page, check) => page.locator(".checklist li", { hasText: check }).getAttribute("class");
const changed = (path, name, from, to) => {
  const text = readFileSync(path, "utf8");
  assert.ok(text.includes(from), `${path} has no ${from}`);
  const file = join(folder, name);
  writeFileSync(file, text.replace(from, to));
  return file;
};

test("the wallet's words are those of the file, and the program's own check agrees", async () => {
  const { said, licence, proof } = files;
  const key = await (await fetch(`${city.base}/log/key`)).text();
  const found = await tlog.check(JSON.parse(readFileSync(licence, "utf8")), readFileSync(proof, "utf8"), key);
  assert.ok(said.includes(`第 ${found.index.toLocaleString("en")} 号条目`), said);
  const other = JSON.parse(readFileSync(licence, "utf8"));
  other.credentialSubject.name = "王某";
  assert.equal(await tlog.check(other, readFileSync(proof, "utf8"), key), null, "another document");
  const wrong = key.trim().replace(/.{6}$/, "AAAAAA");
  assert.equal(await tlog.check(JSON.parse(readFileSync(licence, "utf8")), readFileSync(proof, "utf8"), wrong), null, "another key");
});

test("the page verifies both files with the server and says that the log has it", async () => {
  const page = await verifyPage("zh", files.proof);
  await page.getByText("已附公开日志证明").waitFor();
  await drop(page, files.licence);
  await page.locator(".verdict.pass").waitFor();
  assert.match(await page.locator(".verdict").innerText(), /签发已登记在公开日志/);
  assert.match(await stateOf(page, "公开日志"), /valid/);
  await page.context().close();
});

test("without a network the page verifies by the bundle, and sends nothing", async () => {
  const page = await verifyPage("zh", files.bundle, files.proof);
  await page.getByText(/已附离线核验包/).waitFor();
  await page.waitForLoadState("networkidle");
  await page.context().setOffline(true);
  const asked = [];
  page.on("request", (request) => asked.push(`${request.method()} ${request.url()}`));
  await drop(page, files.licence);
  await page.locator(".verdict.pass").waitFor();
  assert.match(await stateOf(page, "公开日志"), /valid/);
  assert.match(await stateOf(page, "证照状态"), /valid/);
  assert.match(await page.locator(".verdict").innerText(), /签发已登记在公开日志/);
  assert.match(await page.locator(".verdict").innerText(), /公民身份号码/, "fields have their names");
  assert.deepEqual(asked.filter((one) => one.startsWith("POST")), []);
  await page.context().close();
});

test("without a network what was changed is refused by its check, and a code is not decided", async () => {
  const page = await verifyPage("en", files.bundle, files.proof);
  await page.context().setOffline(true);
  const cases = [
    [changed(files.licence, "forged.json", '"validFrom":"2', '"validFrom":"1'), "refuse", "Signature"],
    [changed(files.bundle, "unsigned.txt", "CertlessOfflineBundle", "Something"), "unsure", "Format"],
  ];
  for (const [path, kind, check] of cases) {
    await drop(page, path);
    await page.locator(`.verdict.${kind}`).waitFor();
    assert.match(await stateOf(page, check), kind === "refuse" ? /invalid/ : /error/);
    await page.getByRole("button", { name: /Verify another|another/i }).click();
  }
  await page.fill("#text", "CL1:ANYTHING");
  await page.getByRole("button", { name: "Verify", exact: true }).click();
  await page.getByText("Without a network only a licence's file").first().waitFor();
  await page.context().close();
});

test("a companion of another licence, and a bundle that was changed, are refused", async () => {
  const forged = changed(files.bundle, "forged-bundle.json", '"made":"20', '"made":"21');
  const page = await verifyPage("zh", forged);
  await page.getByText("不是日志证明或离线核验包，或签名不对").waitFor();
  const at = readFileSync(files.proof, "utf8").match(/^index \d+$/m)[0];
  const elsewhere = changed(files.proof, "elsewhere.tlog-proof", at, "index 1");
  await page.setInputFiles("#beside", elsewhere);
  await page.setInputFiles("#beside", files.bundle);
  await page.getByText(/已附离线核验包/).waitFor();
  await drop(page, files.licence);
  await page.locator(".verdict.refuse").waitFor();
  assert.match(await stateOf(page, "公开日志"), /invalid/);
  await page.context().close();
});

test("a revoked licence is refused by the lists of a newer bundle", async () => {
  const revoked = await city.api("agency-GA", "POST", `/api/credentials/${files.resident.id("idCard")}/revoke`, { reason: "test" });
  assert.equal(revoked.status, 200, JSON.stringify(revoked.body));
  const old = await (await fetch(`${city.base}/.well-known/certless/bundle`)).json();
  const made = async () => (await fetch(`${city.base}/.well-known/certless/bundle`)).text();
  let text = await made();
  for (const until = Date.now() + 90_000; JSON.parse(text).made === old.made && Date.now() < until; text = await made()) {
    await new Promise((done) => setTimeout(done, 3000));
  }
  const newer = join(folder, "newer.json");
  writeFileSync(newer, text);
  const page = await verifyPage("zh", newer);
  await page.getByText(/已附离线核验包/).waitFor();
  await drop(page, files.licence);
  await page.locator(".verdict.refuse").waitFor();
  assert.match(await page.locator(".verdict .why").innerText(), /已注销/);
  await page.context().close();
});
