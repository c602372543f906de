// What every page test needs: the built program on a demo city of its own, Chromium with a camera that films what the test
// wants, people who sign in and hold wallets.

import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { after, before } from "node:test";
import { promisify } from "node:util";

import { chromium, devices } from "playwright-core";

import { START, around, blank, film, greyCode, greyScreen, photograph } from "./drawing.mjs";

const run = promisify(execFile);
export const ROOT = resolve(import.meta.dirname, "../..");
/** The program under test; another one by CERTLESS_BIN. */
export const BIN = process.env.CERTLESS_BIN ?? join(ROOT, "target/debug/certless");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** The passphrase of the demo city's wallets. */
const PASSPHRASE = "demo";
/** The password of an account of the demo city. */
export const passwordOf = (account) => `demo-${account}`;

/** A folder that pages are read from instead of the program, by CERTLESS_ASSETS: to try a change without building. */
const ASSETS = process.env.CERTLESS_ASSETS;

function fromFolder(route) {
  const path = new URL(route.request().url()).pathname.replace("/assets/", "").replace(/^text\//, "../text/");
  const file = join(ASSETS, path);
  return existsSync(file) ? route.fulfill({ path: file }) : route.fallback();
}

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** A demo city on a free port; `CERTLESS_CITY=http://…` with `CERTLESS_DATA=DIR` uses one that is running. */
export class City {
  static async start() {
    const city = new City();
    if (process.env.CERTLESS_CITY) {
      city.base = process.env.CERTLESS_CITY;
      city.data = process.env.CERTLESS_DATA;
      return city;
    }
    city.folder = mkdtempSync(join(tmpdir(), "certless-pages-"));
    city.data = join(city.folder, "data");
    const port = await freePort();
    city.base = `http://127.0.0.1:${port}`;
    const listen = ["demo", "--data", city.data, "--listen", `127.0.0.1:${port}`];
    city.process = spawn(BIN, listen, { cwd: city.folder, stdio: ["ignore", "pipe", "pipe"] });
    city.said = "";
    for (const stream of [city.process.stdout, city.process.stderr]) stream.on("data", (text) => (city.said += text));
    await city.#ready();
    return city;
  }

  async #ready() {
    const until = Date.now() + 600_000;
    while (Date.now() < until) {
      if (this.process.exitCode !== null) throw new Error(`the program ended: ${this.said}`);
      if (
        await fetch(`${this.base}/ready`).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        return;
      await new Promise((done) => setTimeout(done, 300));
    }
    throw new Error(`the city does not answer: ${this.said}`);
  }

  stop() {
    this.process?.kill("SIGTERM");
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }

  /** A machine's call with a demo token: `agency-GA`, `window-YB`. */
  async api(who, method, path, body) {
    const answer = await fetch(this.base + path, {
      method,
      headers: {
        authorization: `Bearer demo-${who}`,
        accept: "application/json",
        "content-type": typeof body === "string" ? "text/plain" : "application/json",
      },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text };
  }

  /** The wallets of the demo's residents as files, in order. */
  wallets() {
    const folder = join(this.data, "wallets");
    return readdirSync(folder)
      .filter((name) => name.endsWith(".wallet"))
      .sort()
      .map((name) => new Wallet(join(folder, name)));
  }

  /** The first resident who holds all these types in force. */
  async resident(...types) {
    const all = this.wallets();
    const from = offset(all.length);
    for (const wallet of [...all.slice(from), ...all.slice(0, from)]) {
      const held = await wallet.list();
      const all = types.every((type) => held.licences.some((one) => one.type === type));
      if (all && !taken.has(wallet.path)) {
        taken.add(wallet.path);
        return Object.assign(wallet, { name: held.name, did: held.did, jwk: held.jwk, licences: held.licences });
      }
    }
    throw new Error(`nobody holds ${types.join(", ")}`);
  }
}

const taken = new Set();

/** Each test file begins at another resident, so that files that share a city do not meet. */
function offset(count) {
  const name = basename(process.argv[1] ?? "");
  return [...name].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 9973, 7) % count;
}

/** A wallet in a file, used by the program itself: the other side of a window. */
export class Wallet {
  constructor(path) {
    this.path = path;
  }

  async #cli(...args) {
    const { stdout } = await run(BIN, ["wallet", ...args], {
      env: { ...process.env, CERTLESS_WALLET_PASSPHRASE: PASSPHRASE },
      maxBuffer: 1 << 24,
    });
    return stdout;
  }

  async list() {
    return JSON.parse(await this.#cli("list", this.path));
  }

  /** A fresh show code as text: one that no test of this process had, which takes a second when two are wanted at once. */
  async code(type, ...more) {
    const fresh = async () => (await this.#cli("code", this.path, type, ...more)).trim();
    if (more.includes("--printed")) return fresh();
    this.coded ??= new Map();
    const before = this.coded.get(type);
    const made = (async () => {
      const last = await before;
      for (;;) {
        const code = await fresh();
        if (code !== last) return code;
        await new Promise((done) => setTimeout(done, 200));
      }
    })();
    this.coded.set(type, made.catch(() => {}));
    return made;
  }

  /** Answers the request behind a link, as somebody does who presses 同意出示. */
  async answer(link, how = "--yes") {
    return this.#cli("present", this.path, link, how);
  }

  /** The number of a licence. */
  number(type) {
    return this.licences.find((one) => one.type === type).number;
  }

  /** The identifier of a licence. */
  id(type) {
    return this.licences.find((one) => one.type === type).id;
  }
}

/** A home whose owner installed a certificate authority, as a phone's owner does from the page /ca. */
async function trusting(home, authority) {
  const store = join(home, ".pki/nssdb");
  mkdirSync(store, { recursive: true });
  const at = ["-d", `sql:${store}`];
  await run("certutil", [...at, "-N", "--empty-password"]);
  await run("certutil", [...at, "-A", "-t", "C,,", "-n", "city", "-i", authority]);
  return home;
}

/** Whether authorities can be installed: `certutil` of libnss3-tools. */
export const hasCertutil = () => spawnSync("certutil", ["--version"]).error === undefined;

/**
 * A browser whose camera films `film`, a file that the test writes; see `filmCode`. Or one with so many `cameras` that film
 * nothing of ours. It trusts `authority`, a file, finds `hosts`, a name and its address, there, and where it is `strict`
 * about sound a page makes none before somebody touched it.
 */
export class Browser {
  static async start({ camera = true, cameras, strict, authority, hosts } = {}) {
    const browser = new Browser();
    browser.folder = mkdtempSync(join(tmpdir(), "certless-camera-"));
    browser.film = join(browser.folder, "camera.y4m");
    writeFileSync(browser.film, film(blank()));
    const fake = [
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${browser.film}`,
    ];
    const several = ["--use-fake-ui-for-media-stream", `--use-fake-device-for-media-stream=device-count=${cameras}`];
    const flags = strict ? [...FLAGS, "--autoplay-policy=document-user-activation-required"] : FLAGS;
    const args = [...flags, ...(cameras ? several : camera ? fake : []), ...(hosts ? [`--host-resolver-rules=MAP ${hosts}`] : [])];
    const env = authority ? { ...process.env, HOME: await trusting(browser.folder, authority) } : process.env;
    browser.chromium = await chromium.launch({ executablePath: CHROMIUM, args, env });
    return browser;
  }

  /** Another person's profile: own storage, own session. */
  async profile({ lang = "zh", large = false, size = [1366, 768], scale = 1, permissions = ["camera"], path, device } = {}) {
    const context = await this.chromium.newContext({
      ...(device && devices[device]),
      ...(!device && { viewport: { width: size[0], height: size[1] }, deviceScaleFactor: scale }),
      locale: lang === "en" ? "en-GB" : "zh-CN",
      permissions,
      acceptDownloads: true,
    });
    await context.addInitScript(
      ([chosen, big]) => {
        if (localStorage.getItem("certless.lang") === null) localStorage.setItem("certless.lang", chosen);
        if (big) localStorage.setItem("certless.large", "yes");
      },
      [lang, large],
    );
    if (ASSETS) await context.route("**/assets/**", fromFolder);
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    page.problems = [];
    page.on("pageerror", (error) => page.problems.push(error.message));
    page.on(
      "console",
      (message) =>
        message.type() === "error" && !isExpected(page, message.text()) && page.problems.push(message.text()),
    );
    if (path) await page.goto(path);
    return page;
  }

  /** Writes what the camera films from its next opening on: the code's text on a phone held before the lens. */
  async filmCode(text) {
    writeFileSync(this.film, film(await greyCode(await this.#drawing(), await qr(text), 0.75)));
  }

  /**
   * Holds another page before the camera: what `target` shows there, frame after frame, into the file that the camera is
   * reading. Answers how to stop; the last frame stays, as on a film. Somebody's hand: not quite straight, not quite sharp.
   */
  async watch(target, { part = 0.8 } = {}) {
    const [drawing, page] = [await this.#drawing(), target.page()];
    let over = false;
    const frame = async () => {
      const box = await target.boundingBox();
      if (!box) return;
      const png = await page.screenshot({ clip: around(box, page.viewportSize()) });
      const grey = await greyScreen(drawing, png, part);
      if (!over) this.#expose(grey);
    };
    await target.waitFor();
    await target.scrollIntoViewIfNeeded();
    await frame();
    const filming = (async () => {
      while (!over) {
        await frame().catch(() => {});
        await new Promise((done) => setTimeout(done, 100));
      }
    })();
    return async () => {
      over = true;
      await filming;
    };
  }

  /** Puts a frame into the file in place: a camera that is running sees it. */
  #expose(grey) {
    const file = openSync(this.film, "r+");
    writeSync(file, grey, 0, grey.length, START);
    closeSync(file);
  }

  /** Nothing before the camera. */
  lookAway() {
    this.#expose(blank());
  }

  /** A photograph of a code as a PNG file that somebody uploads. */
  async photo(text, path) {
    writeFileSync(path, await photograph(await this.#drawing(), await qr(text), 0.6));
    return path;
  }

  /** A page of its own to draw on. */
  async #drawing() {
    this.studio ??= await (await this.chromium.newContext()).newPage();
    return this.studio;
  }

  async stop() {
    await this.chromium.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Refusals that a test asks for, and the styles that axe tries to set, which the pages' policy forbids. */
const isExpected = (page, text) => /status of 4\d\d/.test(text) || (page.isRead && text.startsWith("Applying inline style"));

/** The code of a text as SVG, drawn by the program. */
async function qr(text) {
  const folder = mkdtempSync(join(tmpdir(), "certless-qr-"));
  const path = join(folder, "code.svg");
  try {
    await run(BIN, ["qr", text, "--out", path]);
    return readFileSync(path, "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Signs somebody in and leads to where they wanted to go; a session that is there already is taken up again. */
export async function signIn(page, city, account, next) {
  city.sessions ??= new Map();
  const there = await city.sessions.get(account);
  if (there) {
    await page.context().addCookies(there);
    await page.goto(city.base + next);
    return;
  }
  const signing = (async () => {
    await page.goto(`${city.base}/signin?next=${encodeURIComponent(next)}`);
    await typeSignIn(page, { account, password: passwordOf(account) });
    await page.waitForURL(`${city.base}${next}`);
    return page.context().cookies();
  })();
  city.sessions.set(account, signing.catch(() => null));
  await signing;
}

/** Types account and password into the form of signing in. */
export async function typeSignIn(page, { account, password }) {
  await page.fill("#account", account);
  await page.fill("#password", password);
  await page.click("form button.primary");
}

/** Types as a USB scanner does: fast, ended by Enter. */
export async function wedge(page, text) {
  await page.keyboard.type(text, { delay: 0 });
  await page.keyboard.press("Enter");
}

/** The folder for pictures of pages; ignored by git. */
export function shotFolder() {
  const folder = join(ROOT, "tests/screenshots");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** With `CERTLESS_SHOTS=yes`: how a page looks at this moment, narrow and wide, for somebody to look at. */
export async function shot(page, name) {
  if (process.env.CERTLESS_SHOTS !== "yes") return;
  const before = page.viewportSize();
  for (const width of before.width < 600 ? [360, 390] : [1366, 1920]) {
    await page.setViewportSize({ width, height: { 360: 740, 390: 844, 1366: 768, 1920: 1080 }[width] });
    await page.waitForTimeout(150);
    await page.screenshot({ path: join(shotFolder(), `${name}-${width}.png`), scale: "css" });
  }
  await page.setViewportSize(before);
}

export const hasChromium = () => existsSync(CHROMIUM);

/** Before a file's tests a city and a browser, told to `ready`; after them their end. */
export function prepared(ready, options) {
  let city;
  let browser;
  before(async () => {
    assert.ok(hasChromium(), "Chromium is missing: apt-get install chromium, or name it in CHROMIUM");
    city = await City.start();
    browser = await Browser.start(options);
    ready(city, browser);
  });
  after(async () => {
    await browser?.stop();
    city?.stop();
  });
}

/** What axe finds wrong on a page: rule and places; of these impacts only, or of all. */
export async function violations(page, impacts) {
  page.isRead = true;
  await page.evaluate(AXE);
  const found = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  const bad = found.violations.filter((one) => !impacts || impacts.includes(one.impact));
  return bad.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(" | ")}`);
}

/** Ends a page that ran without a word on its console. */
export async function done(page) {
  assert.deepEqual(page.problems, [], "the page's console");
  await page.context().close();
}
