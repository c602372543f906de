// The agency's journeys: signing in, a licence from the form to the holder's code, a file of rows, suspending.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

import { done, passwordOf, prepared, signIn, typeSignIn } from "./support.mjs";
import { xlsx } from "./xlsx.mjs";

let city;
let browser;
prepared((...both) => ([city, browser] = both));

const office = async (place) => {
  const page = await browser.profile();
  await signIn(page, city, "ga-clerk", "/agency");
  await page.goto(`${city.base}/agency#${place}`);
  await page.locator(".tabs").waitFor();
  return page;
};
test("an unknown account and a wrong password are refused in the same words; signing in leads back", async () => {
  const page = await browser.profile({ path: `${city.base}/agency` });
  await page.waitForURL(/\/signin\?next=/);
  const said = [];
  for (const [account, password] of [
    ["nobody-here", "wrong-password-1"],
    ["ga-approver", "wrong-password-2"],
  ]) {
    await typeSignIn(page, { account, password });
    await page.waitForTimeout(200);
    await page.locator(".notice.refuse").waitFor();
    said.push(await page.locator(".notice.refuse").textContent());
  }
  assert.equal(said[0], said[1]);
  await typeSignIn(page, { account: "ga-approver", password: passwordOf("ga-approver") });
  await page.waitForURL(`${city.base}/agency`);
  await page.locator(".types li").first().waitFor();
  await page.getByRole("button", { name: "退出" }).click();
  await page.waitForURL(/\/signin/);
  await page.goto(`${city.base}/agency`);
  await page.waitForURL(/\/signin\?next=/);
  await page.context().close();
});

test("a page that belongs to another role says so", async () => {
  const page = await browser.profile();
  await signIn(page, city, "yb-window", "/agency");
  await page.getByText("此账号不能使用本页").waitFor();
  await page.context().close();
});

test("a licence goes from the form to a code with a PIN; a wrong digit is told while typing", async () => {
  const page = await office("noCrime/issue");
  await page.locator(".fields .field").first().waitFor();
  await page.goto(`${city.base}/agency#idCard/issue`);
  await page.locator("#f-idNumber").waitFor();
  await page.fill("#f-idNumber", "430112199003074017");
  await page.locator("#f-name").focus();
  await page.getByText("校验位不对", { exact: false }).waitFor();
  await page.fill("#f-idNumber", "43011219900307401 6");
  await page.fill("#f-name", "欧阳演示");
  assert.equal(await page.inputValue("#f-birthDate"), "1990-03-07", "the number tells the day of birth");
  await page.selectOption("#f-ethnicity", "01");
  await page.fill("#f-address", "湖南省长沙市望城区演示路9号");
  assert.match(await page.locator(".licence").textContent(), /欧阳演示/);
  await page.getByRole("button", { name: "检查", exact: true }).click();
  await page.getByText("检查通过", { exact: false }).waitFor();
  await page.getByRole("button", { name: "签发并出示领证码" }).click();
  await page.locator(".offer .qr img").waitFor();
  assert.match(await page.locator(".pin").textContent(), /^\s*\d[\d\s]{5,}$/);
  await page.evaluate(() => (window.print = () => (window.printed = true)));
  const until = page.locator(".paper .facts dd").nth(1);
  const soon = await until.textContent();
  await page.getByRole("button", { name: "打印领证通知" }).click();
  await page.waitForFunction(() => window.printed);
  assert.notEqual(await until.textContent(), soon, "a letter that travels is good for longer than a code on the screen");
  assert.match(await page.locator(".offer .notice").first().textContent(), /等待持证人领取/);
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator(".paper h1").isVisible(), "the letter");
  await page.emulateMedia({ media: "screen" });
  await page.getByRole("button", { name: "作废领证码" }).click();
  await page.getByText("领证码已作废").waitFor();
  await done(page);
});

test("a file is checked, issued, refused rows downloaded, and nothing is issued twice", async () => {
  const lines = readFileSync(join(city.data, "stock/GA-noCrime.csv"), "utf8").trimEnd().split("\n").slice(0, 13);
  const header = lines[0].replace("\ufeff", "").split(",");
  const key = header.indexOf("rowKey");
  const code = header.findIndex((name) => /idNumber|certificateHolderCode/.test(name));
  const rows = lines.slice(1).map((line) => line.split(","));
  rows.forEach((row, i) => (row[key] = `pages/${i}`));
  const number = header.indexOf("docNo");
  if (number >= 0) rows.forEach((row) => (row[number] = ""));
  rows[3][code] = rows[3][code].replace(/.$/, (last) => (last === "1" ? "2" : "1"));
  const folder = mkdtempSync(join(tmpdir(), "certless-batch-"));
  const path = join(folder, "stock.csv");
  writeFileSync(path, [header, ...rows].map((row) => row.join(",")).join("\n"));
  const page = await office("noCrime/batch");
  await page.setInputFiles(".drop input", path);
  await page.getByText("共 12 行").waitFor();
  await page.getByRole("button", { name: "先检查，不签发" }).click();
  await page.getByText("可签发 11").waitFor();
  await page.getByRole("button", { name: "签发", exact: true }).click();
  await page.getByText("已签发 11").waitFor();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: /下载 1 行错误/ }).click(),
  ]);
  const report = readFileSync(await file.path(), "utf8");
  assert.match(report, /^\ufeffrow,field,code,reasonZh,reasonEn,/);
  assert.equal(report.trimEnd().split("\r\n").length, 2);
  await page.setInputFiles(".drop input", path);
  await page.getByText("共 12 行").waitFor();
  await page.getByRole("button", { name: "先检查，不签发" }).click();
  await page.getByText("检查完毕").waitFor();
  await page.getByRole("button", { name: "签发", exact: true }).click();
  await page.getByText("此前已签发 11").waitFor();
  await done(page);
});

/** So many rows for criminal-record proofs out of the stock's first, each under a key of its own. */
function proofs(count) {
  const lines = readFileSync(join(city.data, "stock/GA-noCrime.csv"), "utf8").trimEnd().split("\n").slice(0, 13);
  const header = lines[0].replace("\ufeff", "").split(",");
  const stock = lines.slice(1).map((line) => line.split(","));
  const run = Date.now().toString(36);
  const rows = Array.from({ length: count }, (_, i) => {
    const row = [...stock[i % stock.length]];
    row[header.indexOf("rowKey")] = `${run}/${i}`;
    if (header.includes("docNo")) row[header.indexOf("docNo")] = "";
    return row;
  });
  return [header, ...rows];
}

test("a spreadsheet of an office program is read, checked and issued like a text file", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "certless-xlsx-")), "名单.xlsx");
  writeFileSync(path, xlsx(proofs(7)));
  const page = await office("noCrime/batch");
  await page.setInputFiles(".drop input", path);
  await page.getByText("共 7 行").waitFor();
  await page.getByRole("button", { name: "先检查，不签发" }).click();
  await page.getByText("可签发 7").waitFor();
  await page.getByRole("button", { name: "签发", exact: true }).click();
  await page.getByText("已签发 7").waitFor();
  writeFileSync(path, "no spreadsheet");
  await page.setInputFiles(".drop input", path);
  await page.locator(".notice.refuse").waitFor();
  page.problems = page.problems.filter((one) => !/40[0-9]|422/.test(one));
  await done(page);
});

test("a batch that runs can be stopped, and goes on without issuing anything twice", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "certless-stop-")), "stock.csv");
  writeFileSync(path, proofs(350).map((row) => row.join(",")).join("\n"));
  const page = await office("noCrime/batch");
  await page.setInputFiles(".drop input", path);
  await page.getByText("共 350 行").waitFor();
  await page.getByRole("button", { name: "先检查，不签发" }).click();
  await page.getByText("可签发 350").waitFor();
  // A slow server, so that there is a running batch to stop.
  await page.route("**/api/credentials/batch", async (route) => {
    await new Promise((later) => setTimeout(later, 700));
    await route.continue();
  });
  await page.getByRole("button", { name: "签发", exact: true }).click();
  await page.getByText("100 / 350").waitFor();
  await page.getByRole("button", { name: "停止" }).click();
  await page.getByText("点“继续签发”从头核对", { exact: false }).waitFor();
  const made = Number((await page.locator("#tab-panel [role=status]").textContent()).match(/已签发 (\d+)/)[1]);
  assert.ok(made >= 100 && made < 350, `${made} when it was stopped`);
  await page.unroute("**/api/credentials/batch");
  await page.getByRole("button", { name: "继续签发" }).click();
  await page.getByText("签发完毕", { exact: true }).waitFor();
  await page.getByText(`此前已签发 ${made}`).waitFor();
  await page.getByText(`已签发 ${350 - made}`, { exact: true }).waitFor();
  await done(page);
});

test("a licence is found by its own number and by its identifier", async () => {
  const resident = await city.resident("idCard", "socialSecurityCard");
  const page = await browser.profile();
  await signIn(page, city, "rs-clerk", "/agency");
  await page.goto(`${city.base}/agency#socialSecurityCard/search`);
  const found = page.locator("td button", { hasText: resident.id("socialSecurityCard").slice(-12) });
  for (const text of [resident.number("socialSecurityCard"), resident.id("socialSecurityCard")]) {
    await page.fill("#find", text);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
    await found.waitFor();
  }
  await page.fill("#find", "没有这个编号");
  await page.keyboard.press("Enter");
  await page.getByText("没有找到证照").waitFor();
  await done(page);
});

test("a licence is found by its holder's number, suspended with a reason, and refused at once", async () => {
  const resident = await city.resident("idCard");
  const page = await office("idCard/search");
  await page.fill("#find", resident.number("idCard"));
  await page.keyboard.press("Enter");
  await page.locator("td button", { hasText: resident.id("idCard").slice(-12) }).click();
  await page.getByRole("button", { name: "暂扣", exact: true }).click();
  assert.ok(await page.getByRole("button", { name: "确认暂扣" }).isDisabled(), "a reason is needed");
  await page.fill("#reason", "演示：持证人挂失");
  await page.getByRole("button", { name: "确认暂扣" }).click();
  await page.getByText("已暂扣，即刻生效").waitFor();
  const verdict = await city.api("window-YB", "POST", "/verify", await resident.code("idCard"));
  assert.equal(verdict.body.accepted, false);
  await page.getByRole("button", { name: "解除暂扣" }).click();
  await page.fill("#reason", "演示：找回");
  await page.getByRole("button", { name: "确认解除" }).click();
  await page.getByText("已解除暂扣").waitFor();
  await done(page);
});
