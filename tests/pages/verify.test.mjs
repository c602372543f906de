// Verification for anyone, and every page read by axe in both languages and in large type.

import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

import { LOOKS, STATES, enlarge, look, openState, world } from "./states.mjs";
import { prepared, violations } from "./support.mjs";

let city;
let browser;
prepared((...both) => ([city, browser] = both));

test("a photographed code that is uploaded is verified, and says whom it does not prove", async () => {
  const page = await browser.profile({ path: `${city.base}/verify` });
  const resident = await city.resident("idCard");
  const folder = mkdtempSync(join(tmpdir(), "certless-photo-"));
  await page.setInputFiles(
    ".drop input[type=file]",
    await browser.photo(await resident.code("idCard", "--printed"), join(folder, "paper.png")),
  );
  await page.locator(".verdict.pass").waitFor();
  assert.match(await page.locator(".verdict .notice").textContent(), /未证明出示人/);
  await page.context().close();
});

test("a picture without a code, and a text that is none, say what to do", async () => {
  const page = await browser.profile({ path: `${city.base}/verify` });
  await page.setInputFiles(".drop input[type=file]", { name: "grey.png", mimeType: "image/png", buffer: PIXEL });
  await page.getByText("没有可识别的二维码", { exact: false }).waitFor();
  await page.getByRole("button", { name: "再核验一个" }).click();
  await page.fill("#text", "CL1:NOTHING");
  await page.getByRole("button", { name: "核验", exact: true }).click();
  await page.locator(".notice.refuse, .verdict.refuse").first().waitFor();
  await page.context().close();
});

test("a forged credential is refused with the check that failed", async () => {
  const page = await browser.profile({ path: `${city.base}/verify`, lang: "en" });
  const resident = await city.resident("idCard");
  const code = await resident.code("idCard");
  const at = Math.floor(code.length * 0.6);
  const forged = code.slice(0, at) + (code[at] === "A" ? "B" : "A") + code.slice(at + 1);
  await page.fill("#text", forged);
  await page.getByRole("button", { name: "Verify", exact: true }).click();
  await page.locator(".verdict.refuse, .notice.refuse").first().waitFor();
  await page.context().close();
});

/** The looks that one visit reads: large type is switched on where the page stands, another language loads it anew. */
const VISITS = [LOOKS.filter(({ lang }) => lang === "zh"), LOOKS.filter(({ lang }) => lang === "en")];

test("every page in every state has nothing that axe calls serious", { timeout: 900_000, concurrency: 3 }, async (t) => {
  const all = await world(city);
  const states = STATES.filter((one) => !one.picture);
  let read = 0;
  const visit = (state, looks) => async () => {
    const page = await browser.profile(looks[0]);
    await openState(page, state, all);
    for (const [at, one] of looks.entries()) {
      await (at === 0 ? look(page, one) : enlarge(page, one));
      assert.equal(await page.evaluate(() => document.documentElement.lang), one.lang === "en" ? "en" : "zh-Hans");
      const size = await page.evaluate(() => parseFloat(getComputedStyle(document.documentElement).fontSize));
      assert.equal(size, one.large ? 20 : 16, one.name);
      assert.deepEqual(await violations(page, ["serious", "critical"]), [], one.name);
      read += 1;
    }
    await page.context().close();
  };
  const tests = VISITS.flatMap((looks) =>
    states.map((state) => t.test(`${state.name} (${looks.map(({ name }) => name).join(", ")})`, visit(state, looks))),
  );
  await Promise.all(tests);
  assert.equal(read, states.length * LOOKS.length);
});

const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);
