// The wallet in a real browser against the real program: receiving by offer, showing a code that `POST /verify` accepts,
// presenting on a window's request, working without a network, and what it says when something is wrong.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { NewCity, identityCard, person } from "./newcity.mjs";
import { Browser, hasChromium, violations } from "./support.mjs";

const chromium = { skip: hasChromium() ? false : "no Chromium; set CHROMIUM" };
const PHONE = [390, 844];

let city;
let browser;

before(async () => {
  if (!hasChromium()) return;
  city = await NewCity.start();
  browser = await Browser.start();
});
after(async () => {
  await browser?.stop();
  city?.stop();
});

/** A phone with an identity card in its wallet; `who` is its holder, `offer` what it was received by. */
async function phoneWithCard(name, options) {
  const who = person(name);
  const offer = await city.offer("idCard", identityCard(who));
  const phone = await browser.profile({ size: PHONE, path: offer.link, ...options });
  await receive(phone, offer.pin);
  return Object.assign(phone, { who, offer });
}

async function receive(phone, pin) {
  await phone.locator("form .actions button").waitFor();
  if (pin) await phone.fill("#pin", pin);
  await phone.click("form .actions button");
  await phone.locator(".outcome.pass").waitFor();
}

const open = async (phone, place) => {
  await phone.goto(`${city.base}/wallet#cards`);
  if (place !== "cards") await phone.click(`.tabbar a[href="/wallet#${place}"]`);
  await phone.locator(`main.at-${place}`).waitFor();
};

const codeText = (phone) => phone.locator(".paper canvas.code").getAttribute("data-text");

/** The wallet answers; the window reads what came. */
async function outcome(asked, state) {
  for (let i = 0; i < 50; i += 1) {
    const seen = await city.call("window", "GET", `/api/requests/${asked.id}`);
    if (seen.state === state) return seen;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`the request does not become ${state}`);
}

test("two licences come by scanning an offer and by a photo of a letter, and stay after a restart", chromium, async () => {
  const who = person("欧阳明华");
  const card = await city.offer("idCard", identityCard(who));
  await browser.filmCode(card.link);
  const phone = await browser.profile({ size: PHONE, path: `${city.base}/wallet` });
  for (const _ of [1, 2]) await phone.click(".at-welcome .actions button");
  await phone.click(".at-welcome .actions button.primary");
  await phone.waitForSelector("#pin", { timeout: 60_000 });
  assert.ok(!phone.url().includes("credential_offer"), "what the offer says leaves the address");
  await receive(phone, card.pin);
  const row = { name: who.name, idNumber: who.idNumber, queryUntil: "2026-11-20", conclusion: "未发现有犯罪记录", purpose: "求职" };
  const proof = await city.offer("noCrime", { ...row, issueDate: "2026-11-22" }, { pin: false });
  await browser.filmCode("ABC");
  await open(phone, "scan");
  await phone.setInputFiles("main.at-scan input[type=file]", await browser.photo(proof.link, join(city.folder, "letter.png")));
  await receive(phone, null);
  await open(phone, "cards");
  assert.equal(await phone.locator(".plastic").count(), 2);
  await phone.locator(".plastic .holder", { hasText: "欧阳**" }).first().waitFor();
  assert.equal(await phone.getByText(who.idNumber).count(), 0, "the number is hidden until it is pressed");
  await phone.locator(".plastic").last().click();
  await phone.locator("main.at-card button[aria-pressed]").click();
  assert.ok((await phone.locator(".facts").first().innerText()).replace(/\s/g, "").includes(who.idNumber));
  const told = await city.call("GA", "GET", `/api/offers/${card.id}`);
  assert.deepEqual([told.state, [...new Set(told.copies.map((one) => one.event))]], ["claimed", ["credential_accepted"]]);
  assert.deepEqual(phone.problems, []);
});

test("a show code is accepted once and made anew", chromium, async () => {
  const phone = await phoneWithCard("张伟");
  await open(phone, "show");
  const first = await codeText(phone);
  const verdict = await city.verify(first);
  assert.equal(verdict.accepted, true, JSON.stringify(verdict.checks));
  assert.deepEqual(verdict.credential.claims, { name: phone.who.name, idNumber: phone.who.idNumber });
  const again = await city.verify(first);
  assert.equal(again.accepted, false);
  await phone.click('input[name="view"][value="age-over-18"]');
  await phone.waitForFunction((old) => document.querySelector(".paper canvas.code")?.dataset.text !== old, first);
  const answer = await city.verify(await codeText(phone));
  assert.deepEqual([answer.accepted, answer.credential.claims], [true, { ageOver18: true }]);
  const width = await phone.locator(".paper canvas.code").evaluate((canvas) => canvas.getBoundingClientRect().width / innerWidth);
  assert.ok(width >= 0.6, `the code takes ${width} of the width`);
});

test("the code works while the network is cut, also after a restart", chromium, async () => {
  const phone = await phoneWithCard("李娜");
  await phone.goto(`${city.base}/wallet`);
  await phone.evaluate(() => navigator.serviceWorker.ready);
  await phone.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await phone.context().setOffline(true);
  await phone.reload();
  await phone.locator(".plastic").waitFor();
  await phone.locator(".band").waitFor();
  await phone.click('.tabbar a[href="/wallet#show"]');
  const text = await codeText(phone);
  await phone.locator(".caption", { hasText: "李*" }).waitFor();
  const verdict = await city.verify(text);
  assert.equal(verdict.accepted, true, JSON.stringify(verdict.checks));
  assert.equal(await phone.locator(".plastic").count(), 0);
});

for (const mode of ["direct_post", "direct_post.jwt"]) {
  test(`a window gets the fields it asked for and no others (${mode})`, chromium, async () => {
    const phone = await phoneWithCard("王芳");
    const asked = await city.ask({ types: [{ type: "idCard", claims: ["name", "birthDate"] }], mode, purpose: { zh: "核对年龄", en: "Age" } });
    await phone.goto(asked.link);
    await phone.locator(".asker:not(.doubt)").waitFor();
    const text = await phone.locator("main").innerText();
    for (const word of ["核对年龄", "王芳", "1987年9月15日", "不会出示"]) assert.ok(text.includes(word), word);
    assert.ok(!text.includes(phone.who.idNumber.slice(0, 6)), "the number is not even shown to its holder");
    const [no, yes] = await phone.locator(".even").all();
    const [a, b] = [await no.boundingBox(), await yes.boundingBox()];
    assert.deepEqual([Math.round(a.width), Math.round(a.height)], [Math.round(b.width), Math.round(b.height)]);
    await yes.click();
    await phone.locator(".outcome.pass").waitFor();
    const seen = await outcome(asked, "answered");
    assert.equal(seen.verdict.accepted, true, JSON.stringify(seen.verdict.checks));
    assert.deepEqual(seen.disclosed.map((one) => one.claims), [{ name: "王芳", birthDate: "1987-09-15" }]);
    await open(phone, "journal");
    const entry = await phone.locator(".entries li").first().innerText();
    assert.match(entry, /医疗保障局.*出示/s);
    assert.deepEqual(phone.problems, []);
  });
}

test("a use is listed for its holder, who objects and reads the answer", chromium, async () => {
  const phone = await phoneWithCard("韩梅");
  const asked = await city.ask({ types: ["idCard"], purpose: { zh: "核对身份", en: "Identity" } });
  await phone.goto(asked.link);
  await phone.locator(".even").last().click();
  await phone.locator(".outcome.pass").waitFor();
  await open(phone, "journal");
  const use = phone.locator(".uses li").first();
  await use.waitFor();
  const told = await use.innerText();
  for (const word of ["医疗保障局", "核对身份", "经您同意"]) assert.ok(told.includes(word), `${word}: ${told}`);
  assert.match(told, /[CM]-[0-9A-F]{10}/);
  await use.locator(".linklike").click();
  await phone.fill("#object-reason", "本人当天没有办理业务，请说明。");
  assert.deepEqual(await violations(phone), [], "objecting");
  await phone.locator("dialog .primary").click();
  await phone.locator(".objected.unsure").waitFor();
  const { objections } = await city.call("YB", "GET", "/api/objections");
  const mine = objections.find((one) => one.reason.includes("本人当天没有办理业务"));
  await city.call("YB", "POST", `/api/objections/${mine.id}/answer`, { outcome: "upheld", answer: "经查属误操作，已更正。" });
  await open(phone, "cards");
  await open(phone, "journal");
  await phone.locator(".objected.pass").waitFor();
  assert.match(await phone.locator(".objected").innerText(), /异议成立：经查属误操作/);
  assert.deepEqual(await violations(phone), [], "answered");
});

test("age is answered without the date of birth", chromium, async () => {
  const phone = await phoneWithCard("赵敏");
  const asked = await city.ask({ types: [{ type: "idCard", view: "age-over-18" }] });
  await phone.goto(asked.link);
  await phone.locator(".even").last().click();
  await phone.locator(".outcome.pass").waitFor();
  const seen = await outcome(asked, "answered");
  assert.equal(seen.verdict.accepted, true, JSON.stringify(seen.verdict.checks));
  assert.deepEqual(seen.disclosed.map((one) => one.claims), [{ ageOver18: true }]);
});

test("refusing shows nothing and tells the window", chromium, async () => {
  const phone = await phoneWithCard("孙丽");
  const asked = await city.ask({ types: ["idCard"] });
  await phone.goto(asked.link);
  await phone.locator(".even").first().click();
  await phone.locator(".outcome").waitFor();
  assert.deepEqual((await outcome(asked, "declined")).verdict, undefined);
});

test("a licence that is not there is named, and agreeing is not possible", chromium, async () => {
  const phone = await phoneWithCard("周杰");
  const asked = await city.ask({ types: ["driverLicence"] });
  await phone.goto(asked.link);
  await phone.locator(".advice.refuse", { hasText: "机动车驾驶证" }).waitFor();
  assert.equal(await phone.locator(".even").last().isDisabled(), true);
});

test("an asker whom the registry does not name is marked, and agreeing needs more", chromium, async () => {
  const phone = await phoneWithCard("吴强");
  const asked = await city.ask({ types: ["idCard"] });
  await phone.route("**/.well-known/certless/trust", (route) => route.abort());
  await phone.evaluate(() => new Promise((done) => {
    const opened = indexedDB.open("certless-wallet");
    opened.onsuccess = () => {
      const change = opened.result.transaction("settings", "readwrite");
      change.objectStore("settings").delete("registry");
      change.oncomplete = done;
    };
  }));
  await phone.goto(asked.link);
  await phone.locator(".asker.doubt").waitFor();
  assert.equal(await phone.locator(".even").last().isDisabled(), true);
  await phone.locator(".check input").check();
  assert.equal(await phone.locator(".even").last().isDisabled(), false);
});

test("a revoked licence is told after the next look at the public list and cannot be shown", chromium, async () => {
  const phone = await phoneWithCard("郑云");
  const { credential } = await city.call("GA", "GET", `/api/offers/${phone.offer.id}`);
  await city.call("GA", "POST", `/api/credentials/${encodeURIComponent(credential)}/revoke`, { reason: "补领" });
  const fetched = [];
  phone.on("request", (request) => fetched.push(request.url()));
  await open(phone, "cards");
  await phone.locator(".checked button").click();
  await phone.locator(".plastic .chip.refuse").waitFor();
  assert.ok(fetched.some((url) => url.includes("/status/")));
  assert.ok(!fetched.some((url) => url.includes(credential)), "nobody is told which licence was looked at");
  await phone.click('.tabbar a[href="/wallet#show"]');
  await phone.locator(".nothing").waitFor();
});

test("what goes wrong is told with what to do next", chromium, async () => {
  const who = person("钱进");
  const offer = await city.offer("idCard", identityCard(who));
  const phone = await browser.profile({ size: PHONE, path: offer.link });
  const wrong = offer.pin === "000000" ? "111111" : "000000";
  await phone.fill("#pin", wrong);
  await phone.click("form .actions button");
  await phone.getByText("PIN 不正确").waitFor();
  await receive(phone, offer.pin);
  const other = await browser.profile({ size: PHONE, path: offer.link });
  await other.locator(".outcome.unsure[role=alert]").waitFor();
  const cancelled = await city.offer("idCard", identityCard(person("冯军")));
  await city.call("GA", "POST", `/api/offers/${cancelled.id}/cancel`, {});
  await other.goto(cancelled.link);
  await other.locator(".outcome.unsure[role=alert]").waitFor();
  const gone = await city.ask({ types: ["idCard"] });
  await city.call("window", "POST", `/api/requests/${gone.id}/cancel`, {});
  await phone.goto(gone.link);
  await phone.locator(".outcome.unsure", { hasText: "窗口重新发起" }).waitFor();
  await phone.goto(`${city.base}/wallet/receive?credential_offer_uri=${encodeURIComponent("https://other.example/offers/1")}`);
  await phone.locator(".outcome.unsure", { hasText: "other.example" }).waitFor();
  await open(phone, "scan");
  await phone.fill("main.at-scan input[inputmode=url]", "你好");
  await phone.click("main.at-scan form button");
  await phone.locator(".advice.refuse", { hasText: "不是领证码" }).waitFor();
});

test("keys cannot be taken out of the browser, and what is kept is sealed", chromium, async () => {
  const phone = await phoneWithCard("何静");
  const kept = await phone.evaluate(() => new Promise((done) => {
    const opened = indexedDB.open("certless-wallet");
    opened.onsuccess = () => {
      const read = opened.result.transaction(["keys", "licences"]);
      const [keys, licences] = ["keys", "licences"].map((name) => read.objectStore(name).getAll());
      read.oncomplete = () => done({
        extractable: keys.result.map((row) => (row.key ?? row).extractable),
        clear: JSON.stringify(licences.result.map((row) => [...new Uint8Array(row.data)].map((c) => String.fromCharCode(c)).join(""))),
      });
    };
  }));
  assert.ok(kept.extractable.length > 1 && kept.extractable.every((one) => one === false));
  assert.ok(!kept.clear.includes(phone.who.idNumber) && !kept.clear.includes("idCard"));
});

for (const lang of ["zh", "en"]) {
  test(`every screen can be read and used without a mouse (${lang})`, chromium, async () => {
    const phone = await phoneWithCard("许平", { lang });
    const asked = await city.ask({ types: ["idCard"] });
    const screens = { cards: null, show: null, scan: null, journal: null };
    for (const place of Object.keys(screens)) {
      await open(phone, place);
      assert.deepEqual(await violations(phone), [], place);
    }
    await open(phone, "cards");
    await phone.locator(".plastic").focus();
    await phone.keyboard.press("Enter");
    await phone.locator("main.at-card").waitFor();
    assert.deepEqual(await violations(phone), [], "card");
    await phone.goto(`${city.base}/wallet#settings`);
    assert.deepEqual(await violations(phone), [], "settings");
    await phone.goto(asked.link);
    await phone.locator(".even").first().waitFor();
    assert.deepEqual(await violations(phone), [], "consent");
    const text = await phone.locator("body").innerText();
    assert.ok(!/wallet\.\w+/.test(text), text);
  });
}
