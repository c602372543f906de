// What becomes of a use: a window verifies a licence, its agency reads who used it, the holder objects on the phone, the unit
// or the supervisor answers, and the holder reads the answer. Everything by pressing what is there.

import assert from "node:assert/strict";
import test from "node:test";

import { MATTER } from "./states.mjs";
import { done, prepared, signIn, violations, wedge } from "./support.mjs";

/** What this run's objections end with, so that it finds its own. */
const RUN = Date.now().toString(36);

let city;
let browser;
let resident;
let phone;
prepared((...both) => ([city, browser] = both));

const open = async (account, place) => {
  const page = await browser.profile();
  await signIn(page, city, account, `/${place.split("#")[0]}`);
  await page.goto(`${city.base}/${place}`);
  return page;
};

/** A phone that received the resident's identity card. */
async function received() {
  const offer = await city.api("agency-GA", "POST", "/api/offers", { credential: resident.id("idCard"), pin: false });
  assert.equal(offer.status, 201, JSON.stringify(offer.body));
  const page = await browser.profile({ size: [390, 844], path: offer.body.link });
  await page.click("form .actions button");
  await page.locator(".outcome.pass").waitFor();
  return page;
}

const tab = async (name) => {
  await phone.goto(`${city.base}/wallet#cards`);
  await phone.click(`.tabbar a[href="/wallet#${name}"]`);
  await phone.locator(`main.at-${name}`).waitFor();
};

/** The window verifies the identity card off the phone; in a case of the matter where one is chosen. */
async function used(matter) {
  const desk = await open("yb-window", "window");
  await desk.locator("#matter-list li").first().waitFor();
  if (matter) {
    await desk.fill("#matter-search", matter);
    await desk.keyboard.press("Enter");
    await desk.locator(".materials li").first().waitFor();
  }
  await tab("show");
  const code = phone.locator(".paper canvas.code");
  await code.waitFor();
  await wedge(desk, await code.getAttribute("data-text"));
  await desk.locator(".verdict.pass").waitFor();
  await done(desk);
}

/** The holder's uses, newest first. */
async function journal() {
  await tab("journal");
  await phone.locator(".uses li").first().waitFor();
  return phone.locator(".uses li");
}

async function object(use, reason) {
  await use.getByRole("button", { name: "提出异议" }).click();
  const dialog = phone.locator("dialog[open]");
  assert.ok(await dialog.locator("button.primary").isDisabled(), "without a reason there is nothing to send");
  await phone.fill("#object-reason", reason);
  await dialog.locator("button.primary").click();
  await use.locator(".objected.unsure").waitFor();
}

const answer = async (page, { outcome, text }) => {
  await page.selectOption("#answer-outcome", { label: outcome });
  const send = page.locator("dialog[open] button.primary");
  assert.ok(await send.isDisabled(), "an answer says something");
  await page.fill("#answer-text", text);
  assert.deepEqual(await violations(page, ["serious", "critical"]), []);
  await send.click();
  await page.getByText("已答复，持证人可在卡包中看到").waitFor();
};

test("an agency reads at which windows a licence was used and for which matter", async () => {
  resident = await city.resident("idCard", "socialSecurityCard");
  phone = await received();
  const office = await open("ga-clerk", "agency#idCard/search");
  const look = async () => {
    await office.fill("#find", resident.id("idCard"));
    await office.keyboard.press("Enter");
    await office.locator("td button", { hasText: resident.id("idCard").slice(-12) }).click();
    await office.getByRole("heading", { name: "谁用过" }).waitFor();
  };
  await look();
  const rows = office.locator("section[aria-labelledby=used-by] tbody tr");
  await rows.or(office.getByText("还没有窗口用过此证照")).first().waitFor();
  const before = await rows.count();
  await used(MATTER);
  await used(null);
  await office.getByRole("button", { name: "返回列表" }).click();
  await look();
  await rows.nth(before + 1).waitFor();
  const [newest, first] = await rows.allInnerTexts();
  assert.match(newest, /望城区医疗保障局[^]*未关联事项[^]*通过/);
  assert.match(first, new RegExp(`望城区医疗保障局[^]*${MATTER}[^]*通过`));
  await office.locator("section[aria-labelledby=used-by] th button").first().click();
  assert.match(await rows.nth(before).innerText(), new RegExp(MATTER), "sorted by time, oldest first");
  assert.deepEqual(await violations(office, ["serious", "critical"]), []);
  await done(office);
});

test("the holder objects to two uses; the supervisor answers one, the unit's approver the other", async () => {
  const uses = await journal();
  await object(uses.nth(0), `本人当天没有到过窗口，请说明。${RUN}`);
  await object(uses.nth(1), `异地就医备案不是本人申请的。${RUN}`);

  const watch = await open("supervisor", "supervise#YB");
  const list = watch.locator(".objections > li");
  await list.nth(1).waitFor();
  const about = list.filter({ hasText: `本人当天没有到过窗口，请说明。${RUN}` });
  assert.match(await about.innerText(), /望城区医疗保障局[^]*未关联事项[^]*应于/);
  await about.getByRole("button", { name: "答复", exact: true }).click();
  await answer(watch, { outcome: "异议成立", text: "经查属误扫，记录已更正，向您致歉。" });
  await about.waitFor({ state: "detached" });
  await watch.locator("section:has(#objections) button[aria-pressed]").click();
  await about.locator(".chip.pass").waitFor();
  assert.match(await about.innerText(), /异议成立[^]*经查属误扫/);
  assert.equal(await about.getByRole("button").count(), 0, "answered once");
  await done(watch);

  const auditor = await open("auditor", "supervise#YB");
  await auditor.locator(".objections > li").first().waitFor();
  const seen = await auditor.locator("section:has(#objections)").innerText();
  assert.ok(!seen.includes("不是本人申请的"), "what a holder wrote is not for the auditor");
  assert.equal(await auditor.getByRole("button", { name: "答复", exact: true }).count(), 0);
  await done(auditor);

  const unit = await open("yb-approver", "agency#/pending");
  const other = unit.locator(".objections > li", { hasText: `不是本人申请的。${RUN}` });
  await other.getByRole("button", { name: "答复", exact: true }).click();
  await answer(unit, { outcome: "说明情况", text: "当日由您的代办人持授权委托书办理。" });
  await other.waitFor({ state: "detached" });
  await done(unit);
});

test("the holder reads both answers, and the agency that there were objections", async () => {
  const uses = await journal();
  await uses.locator(".objected.pass").nth(1).waitFor();
  assert.match(await uses.nth(0).innerText(), /异议成立：经查属误扫/);
  assert.match(await uses.nth(1).innerText(), /当日由您的代办人持授权委托书办理/);
  for (const at of [0, 1]) assert.equal(await uses.nth(at).getByRole("button").count(), 0, "one use, one objection");
  assert.deepEqual(await violations(phone), []);
  const office = await open("ga-clerk", "agency#idCard/search");
  await office.fill("#find", resident.id("idCard"));
  await office.keyboard.press("Enter");
  await office.locator("td button", { hasText: resident.id("idCard").slice(-12) }).click();
  const rows = office.locator("section[aria-labelledby=used-by] tbody tr");
  await rows.nth(1).waitFor();
  for (const text of (await rows.allInnerTexts()).slice(0, 2)) assert.match(text, /已答复/);
  await done(office);
  await done(phone);
});
