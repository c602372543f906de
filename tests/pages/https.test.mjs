// HTTPS as a phone meets it: the program on an address that other machines reach, with an authority of its own that the
// phone's owner installed. Who comes without it is told the way.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { NAME, NewCity, identityCard, outside, person } from "./newcity.mjs";
import { Browser, hasCertutil, violations } from "./support.mjs";

const address = outside();
const able = {
  skip: !address ? "this machine has only its loopback address" : hasCertutil() ? false : "no certutil; apt-get install libnss3-tools",
};

let city;
let trusting;
before(async () => {
  if (able.skip) return;
  city = await NewCity.start({ address });
  trusting = await Browser.start({ authority: city.ca, hosts: `${NAME} ${address}` });
});
after(async () => {
  await trusting?.stop();
  city?.stop();
});

const aPhone = (path, options) => trusting.profile({ device: "Pixel 7", path, ...options });

test("who comes by plain HTTP is told to come by HTTPS, and how to trust the city", able, async () => {
  const plain = `http://${address}:${city.port}`;
  const phone = await aPhone(`${plain}/wallet`, { permissions: [] });
  assert.equal(await phone.evaluate(() => isSecureContext), false);
  const text = await phone.locator("main").innerText();
  for (const word of ["请使用安全连接", city.base, "安装 CA 证书"]) assert.ok(text.includes(word), `${word}: ${text}`);
  assert.equal(await phone.locator("#app").count(), 0, "no page of the city without HTTPS");
  assert.deepEqual(await violations(phone), []);
  await phone.goto(`${plain}/ca`);
  const shown = await phone.locator(".fingerprint").innerText();
  assert.equal(shown.replace(/[^0-9A-F]/g, ""), city.fingerprint.replaceAll(":", ""), "the fingerprint that tls init told");
  assert.ok(await phone.locator("main img, main svg").first().isVisible(), "a code for the next phone");
  assert.deepEqual(await violations(phone), []);
  const { text: pem } = await city.send("GET", "/ca.crt");
  assert.equal(new X509Certificate(pem).fingerprint256, city.fingerprint);
  assert.equal(pem, readFileSync(city.ca, "utf8"));
  assert.equal((await fetch(`${plain}/api/types`)).ok, false, "machines neither");
  await phone.context().close();
});

test("a phone that does not know the authority refuses; one that does has a camera, a wallet and a worker", able, async () => {
  const stranger = await Browser.start({ camera: false, hosts: `${NAME} ${address}` });
  try {
    const page = await stranger.profile();
    await assert.rejects(page.goto(`${city.base}/wallet`), /ERR_CERT_AUTHORITY_INVALID/);
  } finally {
    await stranger.stop();
  }

  const offer = await city.offer("idCard", identityCard(person("周文")));
  const phone = await aPhone(offer.link);
  assert.equal(await phone.evaluate(() => isSecureContext), true);
  await phone.fill("#pin", offer.pin);
  await phone.click("form .actions button");
  await phone.locator(".outcome.pass").waitFor();
  await phone.evaluate(() => navigator.serviceWorker.ready);
  await phone.waitForFunction(() => navigator.serviceWorker.controller !== null);

  await phone.goto(`${city.base}/wallet#scan`);
  await phone.waitForFunction(() => document.querySelector("main.at-scan video")?.videoWidth > 0);
  assert.equal(await phone.evaluate(async () => (await navigator.permissions.query({ name: "camera" })).state), "granted");

  await phone.context().setOffline(true);
  await phone.goto(`${city.base}/wallet#cards`);
  await phone.reload();
  await phone.locator(".plastic").waitFor();
  await phone.click('.tabbar a[href="/wallet#show"]');
  const code = phone.locator(".paper canvas.code");
  await code.waitFor();
  const verdict = await city.verify(await code.getAttribute("data-text"));
  assert.equal(verdict.accepted, true, JSON.stringify(verdict.checks));
  await phone.context().setOffline(false);
  await phone.context().close();
});
