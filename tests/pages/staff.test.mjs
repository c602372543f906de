// The staff's own matters in a real browser: a first password that must be changed, a one-time code from an app, and what
// waits for a second person.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import test from "node:test";

import { done, prepared, signIn, typeSignIn } from "./support.mjs";

let city;
let browser;
prepared((...both) => ([city, browser] = both));

/** What an authenticator app shows for a key (RFC 6238), so many steps of 30 seconds from now. */
function appCode(secret, ahead = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/\s/g, "")].map((one) => letters.indexOf(one).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const digest = createHmac("sha1", key).update(step).digest();
  const at = digest[19] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** A new account with the password that its administrator was told; names are this run's own. */
async function hire(role, agency) {
  const account = `page-${Date.now().toString(36)}${Math.floor(Math.random() * 1000)}`;
  const { status, body } = await city.api("operator", "POST", "/api/accounts", { account, name: "演示新员工", role, agency });
  assert.equal(status, 201, JSON.stringify(body));
  return { account, password: body.password };
}

test("a first password must be changed before anything else, and is good no longer", async () => {
  const person = await hire("agencyClerk", "GA");
  const page = await browser.profile({ path: `${city.base}/agency` });
  await page.waitForURL(/\/signin\?next=/);
  await typeSignIn(page, person);
  await page.getByRole("heading", { name: "设置新密码" }).waitFor();

  // Whoever opens a page of work instead is led back to this.
  const other = await page.context().newPage();
  await other.goto(`${city.base}/agency`);
  await other.waitForURL(`${city.base}/signin#account`);
  await other.locator("#current-password").waitFor();
  await other.close();

  await page.fill("#new-password", "short");
  await page.fill("#new-again", "short");
  await page.locator("form button.primary").click();
  await page.locator(".notice.refuse").waitFor();
  await page.fill("#new-password", "一句容易记住的中文密码2026");
  await page.fill("#new-again", "一句容易记住的中文密码2025");
  await page.getByText("两次输入不一致").waitFor();
  assert.ok(await page.locator("form button.primary").isDisabled());
  await page.fill("#new-again", "一句容易记住的中文密码2026");
  await page.locator("form button.primary").click();
  await page.waitForURL(`${city.base}/agency`);
  await page.locator(".types li").first().waitFor();
  await page.getByRole("button", { name: "退出" }).click();
  await page.waitForURL(/\/signin/);
  await typeSignIn(page, person);
  await page.locator(".notice.refuse").waitFor();
  await page.context().close();
});

test("a one-time code is set up from the own account, asked for when signing in, and can be ended", async () => {
  const person = await hire("agencyClerk", "GA");
  const page = await browser.profile({ path: `${city.base}/signin` });
  await typeSignIn(page, person);
  const password = "correct horse battery staple";
  await page.fill("#new-password", password);
  await page.fill("#new-again", password);
  await page.locator("form button.primary").click();
  await page.waitForURL(`${city.base}/agency`);
  await page.getByRole("link", { name: "演示新员工" }).click();
  await page.getByRole("heading", { name: "我的账号" }).waitFor();

  await page.fill("#totp-password", password);
  await page.getByRole("button", { name: "开始设置" }).click();
  await page.locator(".qr img").waitFor();
  assert.ok((await page.locator(".qr img").boundingBox()).width >= 150, "a code that a phone can read");
  const secret = await page.locator("[data-secret]").textContent();
  await page.fill("#totp-code", "000000");
  await page.getByRole("button", { name: "启用" }).click();
  await page.locator(".notice.refuse").waitFor();
  await page.fill("#totp-code", appCode(secret, -1));
  await page.getByRole("button", { name: "启用" }).click();
  await page.getByText("动态验证码已启用", { exact: false }).waitFor();

  await page.getByRole("button", { name: "退出" }).click();
  await page.waitForURL(/\/signin/);
  await typeSignIn(page, { account: person.account, password });
  await page.locator("#totp").waitFor();
  await page.fill("#totp", "123123");
  await page.locator("form button.primary").click();
  await page.locator(".notice.refuse").waitFor();
  await page.fill("#totp", appCode(secret));
  await page.locator("form button.primary").click();
  await page.waitForURL(`${city.base}/agency`);

  await page.goto(`${city.base}/signin#account`);
  await page.fill("#totp-password", password);
  await page.getByRole("button", { name: "停用", exact: true }).click();
  await page.getByText("动态验证码已停用").waitFor();
  await page.context().close();
});

const tab = async (account) => {
  const page = await browser.profile();
  await signIn(page, city, account, "/agency");
  await page.goto(`${city.base}/agency#realEstate/pending`);
  await page.locator("#tab-panel .sheet").first().waitFor();
  return page;
};

test("what waits is approved or sent back by another person, and only then done", async () => {
  const clerk = await tab("zr-clerk");
  await clerk.locator("#tab-panel li.sheet").nth(1).waitFor();
  assert.equal(await clerk.getByRole("button", { name: "同意", exact: true }).count(), 0, "not by who asked");
  const ids = await clerk.locator("#tab-panel li.sheet .number-wrap").allTextContents();
  const status = async (id) =>
    (await city.api("agency-ZR", "GET", `/api/credentials/${encodeURIComponent(id)}`)).body.status;
  assert.deepEqual([await status(ids[0]), await status(ids[1])], ["valid", "valid"]);

  const approver = await tab("zr-approver");
  const one = (id) => approver.locator("#tab-panel li.sheet", { hasText: id });
  await one(ids[0]).getByText("演示：", { exact: false }).waitFor();
  await one(ids[0]).getByRole("button", { name: "同意", exact: true }).click();
  await approver.getByText("已同意，操作已生效").waitFor();
  await one(ids[0]).waitFor({ state: "detached" });
  assert.equal(await status(ids[0]), "revoked");
  await one(ids[1]).getByRole("button", { name: "不同意", exact: true }).click();
  await approver.fill("#reason", "演示：材料不全");
  await approver.getByRole("button", { name: "确认退回" }).click();
  await approver.getByText("已退回").waitFor();
  assert.equal(await status(ids[1]), "valid");

  // The clerk asks again from the licence itself, sees it wait, and takes it back.
  await clerk.goto(`${city.base}/agency#realEstate/search`);
  await clerk.fill("#find", ids[1]);
  await clerk.keyboard.press("Enter");
  await clerk.locator("td button").first().click();
  await clerk.getByRole("button", { name: "注销", exact: true }).click();
  await clerk.fill("#reason", "演示：重新提出");
  await clerk.getByRole("button", { name: "确认注销" }).click();
  await clerk.getByText("等待第二人复核后生效").waitFor();
  assert.equal(await status(ids[1]), "valid");
  await clerk.goto(`${city.base}/agency#realEstate/pending`);
  const own = clerk.locator("#tab-panel li.sheet", { hasText: ids[1] });
  await own.getByRole("button", { name: "撤回" }).click();
  await clerk.fill("#reason", "演示：不再需要");
  await clerk.getByRole("button", { name: "确认退回" }).click();
  await own.waitFor({ state: "detached" });
  await done(clerk);
  await done(approver);
});
