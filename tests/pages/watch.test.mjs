// Those who watch: the supervisor's counts, licences and second persons; the auditor's events and the transparency log.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { after, before } from "node:test";

import { Browser, City, signIn } from "./support.mjs";

let city;
let browser;
before(async () => {
  city = await City.start();
  browser = await Browser.start({ camera: false });
});
after(async () => {
  await browser?.stop();
  city?.stop();
});

const open = async (account, place) => {
  const page = await browser.profile();
  await signIn(page, city, account, `/${place.split("#")[0]}`);
  await page.goto(`${city.base}/${place}`);
  await page.locator("h1").waitFor();
  return page;
};
const done = async (page) => {
  assert.deepEqual(page.problems, [], "the page's console");
  await page.context().close();
};
const saved = async (page, name) => {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).first().click()]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
};

test("signing in leads each of them to the own page, and the supervisor may not audit", async () => {
  for (const [account, path] of [
    ["supervisor", "/supervise"],
    ["auditor", "/audit"],
  ]) {
    const page = await browser.profile({ path: `${city.base}/signin` });
    await page.fill("#account", account);
    await page.fill("#password", `demo-${account}`);
    await page.click("form button.primary");
    await page.waitForURL(city.base + path);
    await page.locator("tbody tr").first().waitFor();
    if (account === "supervisor") {
      await page.goto(`${city.base}/audit`);
      await page.getByText("此账号不能使用本页").waitFor();
    }
    await done(page);
  }
});

test("the supervisor's counts are the agency's own; a type opens, is narrowed by state and saved", async () => {
  const page = await open("supervisor", "supervise#GA");
  await page.locator("tbody tr").first().waitFor();
  const { types } = (await city.api("agency-GA", "GET", "/api/types")).body;
  const found = types.find((one) => one.code === "noCrime");
  const row = page.locator("tbody tr", { hasText: found.name.zh });
  assert.equal((await row.locator("td.right").textContent()).replace(/\D/g, ""), String(found.count));
  await page.selectOption("#place", "SJ");
  await row.waitFor({ state: "detached" });
  await page.goBack();
  await row.getByRole("button").click();
  await page.locator("tbody .chip").first().waitFor();
  await page.locator("th button").first().press("Enter");
  assert.equal(await page.locator("th").first().getAttribute("aria-sort"), "ascending");
  await page.selectOption("#life", "valid");
  const file = await saved(page, "导出 CSV");
  assert.equal(file.name, "licences-GA-noCrime.csv");
  const [header, ...rows] = file.text.replace("\ufeff", "").trimEnd().split("\r\n");
  assert.match(header, /^电子证照标识,状态,/);
  assert.ok(rows.length > 0 && rows.every((line) => /^1\.2\.156\.3005\.2\.[^,]+,正常,/.test(line)), rows[0]);
  await done(page);
});

test("the auditor narrows events by words and reads on page by page", async () => {
  const page = await open("auditor", "audit#GA");
  const rows = page.locator("tbody tr");
  await rows.first().waitFor();
  assert.equal(await rows.count(), 200);
  await page.getByRole("button", { name: "继续读取" }).click();
  await rows.nth(399).waitFor();
  const one = await page.locator("tbody .mono").nth(250).getAttribute("title");
  await page.getByLabel("筛选").fill(one);
  assert.equal(await rows.count(), 1);
  const file = await saved(page, "导出 CSV");
  assert.match(file.text, new RegExp(`签发,[^\\r\\n]*${one.replaceAll(".", "\\.")}\\r\\n$`));
  await page.getByLabel("筛选").fill("没有这样的");
  await page.getByText("没有符合条件的", { exact: false }).waitFor();
  await done(page);
});

test("the log's size and root are the checkpoint's; a proof is asked for, refused outside, and saved as it came", async () => {
  const page = await open("auditor", "audit#/log");
  await page.locator(".log .big").waitFor();
  const checkpoint = await saved(page, "下载检查点");
  const [, size, root] = checkpoint.text.split("\n");
  const shown = await page.locator(".log .mono").first().textContent();
  assert.equal(shown.replaceAll(" ", ""), Buffer.from(root, "base64").toString("hex"));
  assert.equal((await page.locator(".log .big").textContent()).replace(/\D/g, ""), size);
  for (const wrong of [size, "-1", "x", ""]) {
    await page.fill("#index", wrong);
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("#index").getAttribute("aria-invalid"), "true", wrong);
  }
  await page.fill("#index", "3");
  await page.keyboard.press("Enter");
  const proof = await saved(page, "下载证明");
  assert.equal(proof.name, "entry-3.tlog-proof");
  assert.match(proof.text, /^c2sp\.org\/tlog-proof@v1\nindex 3\n/);
  await done(page);
});

test("without the server, the page says so and goes on when asked", async () => {
  const page = await open("supervisor", "supervise#GA");
  await page.locator("tbody tr").first().waitFor();
  await page.route("**/api/types*", (route) => route.abort());
  await page.selectOption("#place", "MZ");
  await page.getByRole("button", { name: "重试" }).waitFor();
  await page.unroute("**/api/types*");
  await page.getByRole("button", { name: "重试" }).click();
  await page.locator("tbody tr").first().waitFor();
  await page.context().close();
});
