// A decision whose result is issued by two: the window says who may confirm it and what to do meanwhile, another account
// confirms or refuses, and the window goes on by itself.

import assert from "node:assert/strict";
import test from "node:test";

import { done, prepared, shot, signIn, violations, wedge } from "./support.mjs";

const MATTER = "不动产变更登记";

/** What the registry office writes into a title; everything else is free text. */
const VALUES = { unitNo: "430112001033GB00788F00102542", area: "103.06", registerDate: "2026-11-22" };

let city;
let browser;
let resident;
prepared((...both) => ([city, browser] = both));

/** A window with a case that was taken up: the results of this matter are issued by two in the demo city. */
async function accepted() {
  const page = await browser.profile();
  await signIn(page, city, "zr-window", "/window");
  await page.fill("#matter-search", MATTER);
  await page.locator("#matter-list li").nth(1).waitFor({ state: "detached" });
  await page.keyboard.press("Enter");
  await page.locator(".materials li").first().waitFor();
  for (const type of ["idCard", "realEstate"]) {
    await wedge(page, await resident.code(type));
    await page.locator(".verdict.pass").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".verdict").waitFor({ state: "detached" });
  }
  await page.getByRole("button", { name: "受理", exact: true }).click();
  await page.locator(".receipt-qr img").waitFor();
  return page;
}

/** Decides; fields of the result that the case does not know are filled in. */
async function grant(page) {
  await page.locator(".side button", { hasText: "办结" }).last().click();
  await page.locator(".second, form.area .field").first().waitFor();
  for (const input of await page.locator("form.area .field .input").all()) {
    if (await input.inputValue()) continue;
    if ((await input.evaluate((one) => one.tagName)) === "SELECT") await input.selectOption({ index: 1 });
    else await input.fill(VALUES[await input.getAttribute("name")] ?? "演示");
  }
  if ((await page.locator("form.area").count()) > 0) await page.locator("form.area button.primary").click();
  await page.locator(".second").waitFor();
}

const approver = async () => {
  const page = await browser.profile();
  await signIn(page, city, "zr-approver", "/agency");
  await page.goto(`${city.base}/agency#realEstate/pending`);
  return page;
};

const caseNumber = async (page) => (await page.locator(".tight-number").first().innerText()).trim();

test("a decision waits at the window until an approver confirms it, and the window goes on by itself", async () => {
  resident = await city.resident("idCard", "realEstate");
  const desk = await accepted();
  const side = await desk.context().newPage();
  await side.goto(`${city.base}/window/citizen`);
  await side.getByText("已受理，请扫码保存回执").waitFor();
  await grant(desk);
  const number = await caseNumber(desk);
  const told = await desk.locator(".second").innerText();
  for (const word of ["等待第二人复核", "自然资源局", "审批员", "不能是您本人", "待复核", number, "前复核"])
    assert.ok(told.includes(word), `${word}: ${told}`);
  for (const name of ["办结", "不予许可"]) assert.equal(await desk.getByRole("button", { name }).count(), 0, `${name} while it waits`);
  assert.equal(await desk.locator("main .button.primary:visible").count(), 1, "one primary button at a time");
  assert.deepEqual(await violations(desk), []);
  await side.getByText("决定正在复核").waitFor();
  await shot(desk, "second-waits");
  await shot(side, "second-waits-side");

  // Another clerk who scans the receipt sees the same; the one who asked may not confirm it.
  const url = (await desk.locator(".paper .foot").textContent()).match(/https?:\S+\/r\/[\w-]+/)[0];
  const other = await browser.profile();
  await signIn(other, city, "yb-window", "/window");
  await other.locator("#matter-list li").first().waitFor();
  await wedge(other, url);
  await other.locator(".second").waitFor();

  const second = await approver();
  const asked = second.locator("#tab-panel li.sheet", { hasText: number });
  await asked.getByText("作为办件", { exact: false }).waitFor();
  await shot(second, "second-approver");
  await asked.getByRole("button", { name: "同意", exact: true }).click();
  await second.getByText("已同意，操作已生效").waitFor();
  await done(second);

  for (const page of [desk, other]) {
    await page.getByText("结果证照已签发").waitFor();
    await page.locator(".result .qr img").waitFor();
  }
  await side.getByText("您的事项已办结").waitFor();
  await done(other);
  await done(desk);
});

test("what the second person does not confirm comes back with the reason, and can be decided again", async () => {
  const desk = await accepted();
  await grant(desk);
  const number = await caseNumber(desk);
  const second = await approver();
  const asked = second.locator("#tab-panel li.sheet", { hasText: number });
  const refuse = async (reason) => {
    await asked.getByRole("button", { name: "不同意", exact: true }).click();
    await second.fill("#reason", reason);
    await second.getByRole("button", { name: "确认退回" }).click();
    await second.getByText("已退回").waitFor();
  };
  await refuse("演示：坐落与权籍调查不一致");
  const notice = desk.locator(".side .notice.refuse");
  await notice.waitFor();
  assert.match(await notice.innerText(), /复核人不同意[^]*坐落与权籍调查不一致[^]*重新办结/);
  assert.deepEqual(await violations(desk), []);
  await shot(desk, "second-refused");
  await grant(desk);
  await second.reload();
  await asked.waitFor();
  await refuse("演示：仍不一致");
  await desk.locator(".side .notice.refuse", { hasText: "仍不一致" }).waitFor();
  await desk.getByRole("button", { name: "不予许可" }).click();
  await desk.fill("#reason", "演示：请先更正权籍调查成果。");
  await desk.locator("dialog[open] button.danger").click();
  await desk.getByText("原因已记入回执", { exact: false }).waitFor();
  await done(second);
  await done(desk);
});
