// What a page does with the devices of its desk: tones by loudspeaker, the camera's light, several cameras.

import assert from "node:assert/strict";
import test from "node:test";

import { done, prepared, signIn, wedge } from "./support.mjs";

/** Two cameras, and tones only after a touch, as browsers have it. */
const DESK = { cameras: 2, strict: true };

let city;
let browser;
prepared((...both) => ([city, browser] = both), DESK);

/** The window's page, told beforehand what is special about its devices. */
async function desk(special, ...values) {
  const page = await browser.profile();
  await page.addInitScript(special, ...values);
  await signIn(page, city, "yb-window", "/window");
  await page.locator("#matter-list li").first().waitFor();
  return page;
}

/** Notes each tone that is started; sound sleeps until it is woken, as the specification has it and not every browser. */
function hearing() {
  window.tones = [];
  const { get: state } = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, "state");
  const { resume } = AudioContext.prototype;
  const awake = new WeakSet();
  Object.defineProperty(BaseAudioContext.prototype, "state", {
    get() {
      return awake.has(this) ? state.call(this) : "suspended";
    },
  });
  AudioContext.prototype.resume = async function wake() {
    await resume.call(this);
    awake.add(this);
  };
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function begin(...when) {
    window.tones.push({ pitch: this.frequency.value, state: this.context.state });
    return start.apply(this, when);
  };
}

const heard = (page) => page.evaluate(() => window.tones.splice(0));

test("each verdict is heard, the first one too: two rising tones for a pass, two low ones for a refusal", async () => {
  const page = await desk(hearing);
  const resident = await city.resident("idCard");
  const change = (what) =>
    city.api("agency-GA", "POST", `/api/credentials/${resident.id("idCard")}/${what}`, { reason: "演示：持证人申请" });
  for (const [kind, pitches] of [["pass", [880, 1320]], ["refuse", [220, 196]]]) {
    await wedge(page, await resident.code("idCard"));
    await page.locator(`.verdict.${kind}`).waitFor();
    await page.waitForFunction(() => window.tones.length >= 2, null, { timeout: 2000 });
    assert.deepEqual(await heard(page), pitches.map((pitch) => ({ pitch, state: "running" })));
    assert.equal((await change(kind === "pass" ? "suspend" : "reinstate")).status, 200);
  }
  await done(page);
});

/** Verifies a text by itself: whatever a test does to a page counts as somebody's touch. Says when the verdict is long there. */
async function verifying(text) {
  const there = async (selector) => {
    while (!document.querySelector(selector)) await new Promise((done) => setTimeout(done, 50));
    return document.querySelector(selector);
  };
  const field = await there("#text");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  (await there("form button:enabled")).click();
  await there(".verdict.pass");
  await new Promise((done) => setTimeout(done, 1000));
  console.log(`tones: ${window.tones.length}, touched: ${navigator.userActivation.hasBeenActive}`);
}

test("a page that nobody touched is silent, and plays no old verdict when somebody does", async () => {
  const resident = await city.resident("idCard");
  const page = await browser.profile();
  await page.addInitScript(hearing);
  await page.addInitScript(verifying, await resident.code("idCard", "--printed"));
  const said = page.waitForEvent("console", (message) => message.text().startsWith("tones:"));
  await page.goto(`${city.base}/verify`);
  assert.equal((await said).text(), "tones: 0, touched: false");
  await page.locator(".verdict .word").click();
  await page.waitForTimeout(500);
  assert.deepEqual(await heard(page), []);
  assert.equal(await page.evaluate(() => navigator.userActivation.hasBeenActive), true);
  await done(page);
});

/** Gives every camera a light, which is noted in `window.light`; with `obeys` false it cannot be switched. */
function lamp(obeys) {
  window.light = [];
  const { getCapabilities } = MediaStreamTrack.prototype;
  MediaStreamTrack.prototype.getCapabilities = function can() {
    return { ...getCapabilities.call(this), torch: true };
  };
  MediaStreamTrack.prototype.applyConstraints = async ({ advanced }) => {
    if (!obeys) throw new DOMException("no", "OverconstrainedError");
    window.light.push(advanced[0].torch);
  };
}

const filming = async (page) => {
  await page.keyboard.press("F2");
  await page.waitForFunction(() => document.querySelector(".camera video")?.readyState >= 2);
};

test("the light of a camera is switched on and off; without one, or with one that does not obey, there is no button", async () => {
  const named = { name: "补光", exact: false };
  const page = await desk(lamp, true);
  await filming(page);
  const button = page.getByRole("button", named);
  for (const on of [true, false]) {
    await button.click();
    await page.waitForFunction((on) => window.light.at(-1) === on, on);
    assert.equal(await button.getAttribute("aria-pressed"), String(on));
  }
  assert.deepEqual(await page.evaluate(() => window.light), [true, false]);
  await done(page);

  const stubborn = await desk(lamp, false);
  await filming(stubborn);
  await stubborn.getByRole("button", named).click();
  await stubborn.getByRole("button", named).waitFor({ state: "detached" });
  await done(stubborn);

  const dark = await desk(() => {});
  await filming(dark);
  assert.equal(await dark.getByRole("button", named).count(), 0);
  await done(dark);
});

/** The camera that the picture comes from. */
const used = (page) =>
  page.evaluate(() => document.querySelector(".camera video").srcObject.getVideoTracks()[0].getSettings().deviceId);

test("of two cameras the one in use is shown, the other can be chosen, and the choice is kept", async () => {
  const page = await desk(() => {});
  await filming(page);
  const choice = page.locator(".camera select");
  await choice.waitFor();
  const ids = await choice.locator("option").evaluateAll((all) => all.map((one) => one.value));
  assert.equal(new Set(ids).size, 2);
  const first = await used(page);
  assert.equal(await choice.inputValue(), first, "what is shown is what films");
  const other = ids.find((id) => id !== first);
  const before = await page.evaluateHandle(() => document.querySelector(".camera video").srcObject.getVideoTracks()[0]);
  await choice.selectOption(other);
  await page.waitForFunction(
    (id) => document.querySelector(".camera video").srcObject?.getVideoTracks()[0]?.getSettings().deviceId === id,
    other,
  );
  await page.waitForFunction((id) => document.querySelector(".camera select").value === id, other);
  assert.equal(await before.evaluate((track) => track.readyState), "ended", "the first camera is let go");
  await page.reload();
  await page.locator("#matter-list li").first().waitFor();
  await filming(page);
  await choice.waitFor();
  assert.deepEqual([await used(page), await choice.inputValue()], [other, other]);
  // A camera that was chosen once and is gone now is no reason to have none.
  await page.evaluate(() => localStorage.setItem("certless.camera", "gone"));
  await page.reload();
  await page.locator("#matter-list li").first().waitFor();
  await filming(page);
  await choice.waitFor();
  assert.equal(await choice.inputValue(), await used(page));
  await done(page);
});
