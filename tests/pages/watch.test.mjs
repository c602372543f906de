// Those who watch: the supervisor's counts, licences and second persons; the auditor's events and the transparency log.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

import { BIN, done, passwordOf, prepared, signIn, typeSignIn } from "./support.mjs";

let city;
let browser;
prepared((...both) => ([city, browser] = both), { camera: false });

const open = async (account, place) => {
  const page = await browser.profile();
  await signIn(page, city, account, `/${place.split("#")[0]}`);
  await page.goto(`${city.base}/${place}`);
  await page.locator("h1").waitFor();
  return page;
};
const saved = async (page, name) => {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).first().click()]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
};

const folder = mkdtempSync(join(tmpdir(), "certless-watch-"));

/** A file of some text; its path. */
const written = (name, text) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** What the program says, and its exit code. */
const certless = (...args) => {
  const { status, stdout, stderr } = spawnSync(BIN, [...args, "--lang", "zh"], { cwd: folder, encoding: "utf8" });
  return { status, said: stdout + stderr };
};

/** The rows of a CSV file by RFC 4180, read strictly: every row as wide as the heading, nothing beside the quotes. */
function rowsOf(text) {
  assert.ok(text.startsWith("\ufeff"), "a spreadsheet reads it as UTF-8");
  assert.ok(text.endsWith("\r\n"), "the last row ends as the others do");
  const rows = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  for (field.lastIndex = 1; field.lastIndex < text.length; ) {
    const at = field.lastIndex;
    const [, quoted, plain, end] = field.exec(text) ?? assert.fail(`no field at ${at}: ${text.slice(at, at + 40)}`);
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ",") rows.push([]);
  }
  rows.pop();
  for (const row of rows) assert.equal(row.length, rows[0].length, row.join("|"));
  return rows;
}

test("signing in leads each of them to the own page, and the supervisor may not audit", async () => {
  for (const [account, path] of [
    ["supervisor", "/supervise"],
    ["auditor", "/audit"],
  ]) {
    const page = await browser.profile({ path: `${city.base}/signin` });
    await typeSignIn(page, { account, password: passwordOf(account) });
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
  const [header, ...rows] = rowsOf(file.text);
  assert.deepEqual(header.slice(0, 2), ["电子证照标识", "状态"]);
  assert.ok(rows.length > 0 && rows.every(([id, state]) => id.startsWith("1.2.156.3005.2.") && state === "正常"), rows[0]);
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
  const [header, event, ...more] = rowsOf(file.text);
  assert.ok(event.includes("签发") && event.at(-1) === one && more.length === 0, event.join());
  await page.getByLabel("筛选").fill("");
  await rows.nth(399).waitFor();
  const whole = rowsOf((await saved(page, "导出 CSV")).text);
  assert.deepEqual(whole[0], header);
  assert.equal(whole.length - 1, await rows.count(), "every event that was read, each in a row");
  await page.getByLabel("筛选").fill("没有这样的");
  await page.getByText("没有符合条件的", { exact: false }).waitFor();
  await done(page);
});

test("the log's size and root are the checkpoint's; a proof is asked for, refused outside, checked here, and saved as it came", async () => {
  const page = await open("auditor", "audit#/log");
  await page.locator(".log .big").waitFor();
  const checkpoint = await saved(page, "下载检查点");
  const [, size, root] = checkpoint.text.split("\n");
  const shown = await page.locator(".log .mono").first().textContent();
  assert.equal(shown.replaceAll(" ", ""), Buffer.from(root, "base64").toString("hex"));
  assert.equal((await page.locator(".log .big").textContent()).replace(/\D/g, ""), size);
  // The two files are all that somebody outside needs: the log goes on from where it was.
  const vkey = await saved(page, "下载公钥");
  const kept = ["--checkpoint", written(checkpoint.name, checkpoint.text)];
  const outside = certless("log", "verify", city.base, "--key", written(vkey.name, vkey.text), ...kept);
  assert.equal(outside.status, 0, outside.said);
  const forged = checkpoint.text.replace(root, Buffer.alloc(32, 7).toString("base64"));
  const other = certless("log", "verify", city.base, "--key", join(folder, vkey.name), "--checkpoint", written("forged.txt", forged));
  assert.notEqual(other.status, 0, other.said);
  for (const wrong of [size, "-1", "x", "", "110105199003074016"]) {
    await page.fill("#index", wrong);
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("#index").getAttribute("aria-invalid"), "true", wrong);
  }
  await page.fill("#index", "3");
  await page.keyboard.press("Enter");
  const proof = await saved(page, "下载证明");
  assert.equal(proof.name, "entry-3.tlog-proof");
  assert.match(proof.text, /^c2sp\.org\/tlog-proof@v1\nindex 3\n/);
  await page.getByText("已在本浏览器中重新计算核对").waitFor();
  await done(page);
});

test("a licence's issuing is found by its identifier, and a proof that was changed is not believed", async () => {
  const page = await open("auditor", "audit#/log");
  const { credentials } = (await city.api("agency-GA", "GET", "/api/credentials?type=idCard")).body;
  const id = credentials[0].id;
  const ask = () => page.press("#index", "Enter");
  await page.locator("#index").waitFor();
  await page.fill("#index", id);
  await ask();
  await page.getByText("已登记在公开日志").waitFor();
  assert.equal(await page.locator(".steps .pass").count(), 2);
  const proof = await saved(page, "下载证明");
  assert.equal(proof.name, `${id}.tlog-proof`);
  // The program of somebody else agrees, with the licence as its agency hands it out and the file as it was saved.
  const { package: of } = (await city.api("agency-GA", "GET", `/api/credentials/${id}`)).body;
  const licence = written("licence.json", JSON.stringify(of.credential));
  const verified = certless("verify", licence, "--proof", written(proof.name, proof.text), "--server", city.base);
  assert.equal(verified.status, 0, verified.said);
  assert.match(verified.said, /✓ 公开日志/);
  const { package: second } = (await city.api("agency-GA", "GET", `/api/credentials/${credentials[1].id}`)).body;
  const swapped = certless("verify", written("other.json", JSON.stringify(second.credential)), "--proof", join(folder, proof.name), "--server", city.base);
  assert.equal(swapped.status, 1, swapped.said);
  const entry = Buffer.from(/^extra (.+)$/m.exec(proof.text)[1], "base64");
  assert.equal(entry[1], 1, "the kind `issued`");
  const later = Buffer.from(entry);
  later[6] ^= 1;
  const lies = [
    proof.text.replace(/^extra .+$/m, `extra ${later.toString("base64")}`),
    proof.text.replace(/^index (\d+)$/m, (_, n) => `index ${Number(n) ^ 1}`),
    proof.text.replace(/(— \S+ .{20})(.)/, (_, before, one) => before + (one === "A" ? "B" : "A")),
  ];
  for (const lie of lies) {
    await page.route("**/log-proof", (route) => route.fulfill({ contentType: "text/plain", body: lie }));
    await ask();
    await page.locator(".notice.refuse").waitFor();
    await page.unroute("**/log-proof");
    await ask();
    await page.locator(".notice.pass").waitFor();
  }
  await page.fill("#index", `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`);
  await ask();
  await page.locator(".notice.refuse").waitFor();
  page.problems.length = 0; // The 404 that was asked for.
  await done(page);
});

test("the log's entries are read newest first, page by page, narrowed by words and saved", async () => {
  const page = await open("auditor", "audit#/log");
  const rows = page.locator(".records tbody tr");
  await rows.first().waitFor();
  const size = Number((await page.locator(".log .big").textContent()).replace(/\D/g, ""));
  const first = (await rows.first().locator("td").first().textContent()).replace(/\D/g, "");
  assert.equal(Number(first), size - 1);
  const before = await rows.count();
  await page.getByRole("button", { name: "继续读取" }).click();
  await rows.nth(before).waitFor();
  await page.getByLabel("筛选").fill("签发");
  const file = await saved(page, "导出 CSV");
  const [, ...lines] = rowsOf(file.text);
  assert.ok(lines.length > 0 && lines.every((line) => line.includes("签发")), lines[0]);
  await page.locator(".growth svg path.line").waitFor();
  await page.getByText("以表格查看").click();
  await page.locator(".growth tbody tr").first().waitFor();
  await done(page);
});

test("witnesses are told with how they stand, and another history is an alarm", async () => {
  const page = await browser.profile();
  await signIn(page, city, "auditor", "/audit");
  const state = {
    size: 9, quorum: 1, witnessed: 7,
    witnesses: [
      { name: "w.example/one", key: "x", state: "current", size: 7, at: "2026-03-01T00:00:00Z" },
      { name: "w.example/two", key: "x", state: "refused", size: null, at: null },
    ],
    own: { name: "o", key: "o+1+x" },
    logs: [{ origin: "l.example/log", size: 3, at: "2026-03-01T00:00:00Z" }],
  };
  await page.route("**/log/witnesses", (route) => route.fulfill({ json: state }));
  await page.goto(`${city.base}/audit#/log`);
  await page.getByText("见证人看到了另一份历史").waitFor();
  assert.deepEqual(await page.locator(".witnesses .chip").allTextContents(), ["已签名", "拒绝：历史不一致", "已见证"]);
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

test("what was accepted offline is told with both places", async () => {
  const page = await open("supervisor", "supervise#GA");
  await page.locator("#offline ~ .records [role=status]:not(:empty)").waitFor();
  assert.match(await page.locator("section[aria-labelledby=offline]").innerText(), /还没有核对过离线核验记录/);
  const entry = {
    journal: "AAAAAAAAAAAAAAAAAAAAAA",
    seq: 2,
    place: "西门",
    at: "2026-03-01T01:00:00Z",
    reconciledAt: "2026-03-01T03:00:00Z",
    types: [{ code: "idCard", name: { zh: "居民身份证", en: "Identity card" } }],
    issuers: [],
    stands: false,
    notes: [
      {
        found: "usedTwice",
        grave: true,
        zh: "同一出示在两处被接受，请核实。",
        en: "The same presentation was accepted twice. Look into it.",
        other: { place: "东门", at: "2026-03-01T00:59:00Z" },
      },
    ],
  };
  const rows = [entry, { ...entry, seq: 1, stands: true, notes: [] }];
  await page.route("**/api/reconciliations*", (route) => route.fulfill({ json: { reconciliations: rows, next: null } }));
  await page.reload();
  const table = page.locator("section[aria-labelledby=offline] tbody");
  await table.locator("tr").nth(1).waitFor();
  const [first, second] = await table.locator("tr").allInnerTexts();
  assert.match(first, /西门[^]*居民身份证[^]*不成立[^]*同一出示在两处被接受，请核实。另一处：东门，/);
  assert.match(second, /无误[^]*—/);
  await done(page);
});
