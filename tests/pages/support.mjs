// What every page test needs: the built program on a demo city of its own, Chromium with a camera that films what the test
// wants, people who sign in and hold wallets. Nothing here asserts.

import { execFile, spawn } from "node:child_process";
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
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

const run = promisify(execFile);
export const ROOT = resolve(import.meta.dirname, "../..");
/** The program under test; another one by CERTLESS_BIN. */
export const BIN = process.env.CERTLESS_BIN ?? join(ROOT, "target/debug/certless");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** The passphrase of the demo city's wallets. */
const PASSPHRASE = "demo";
/** The password of an account of the demo city. */
export const passwordOf = (account) => `demo-${account}`;

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

async function freePort() {
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

  /** A fresh show code as text. */
  async code(type, ...more) {
    return (await this.#cli("code", this.path, type, ...more)).trim();
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

/** A browser whose camera films `film`, a file that the test writes; see `filmCode`. */
export class Browser {
  static async start({ camera = true } = {}) {
    const browser = new Browser();
    browser.folder = mkdtempSync(join(tmpdir(), "certless-camera-"));
    browser.film = join(browser.folder, "camera.y4m");
    writeFileSync(browser.film, frames([blank()]));
    const fake = [
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${browser.film}`,
    ];
    browser.chromium = await chromium.launch({ executablePath: CHROMIUM, args: camera ? [...FLAGS, ...fake] : FLAGS });
    return browser;
  }

  /** Another person's profile: own storage, own session. */
  async profile({ lang = "zh", large = false, size = [1366, 768], scale = 1, permissions = ["camera"], path } = {}) {
    const context = await this.chromium.newContext({
      viewport: { width: size[0], height: size[1] },
      deviceScaleFactor: scale,
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
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    page.problems = [];
    page.on("pageerror", (error) => page.problems.push(error.message));
    page.on(
      "console",
      (message) =>
        message.type() === "error" && !/status of 4\d\d/.test(message.text()) && page.problems.push(message.text()),
    );
    if (path) await page.goto(path);
    return page;
  }

  /** Writes what the camera films from its next opening on: the code's text on a phone held before the lens. */
  async filmCode(text, options) {
    writeFileSync(this.film, frames([await this.picture(text, options)]));
  }

  /**
   * Holds another page before the camera: what `target` shows there, frame after frame, into the file that the camera is
   * reading. Answers how to stop; the last frame stays, as on a film. Somebody's hand: not quite straight, not quite sharp.
   */
  async watch(target, { part = 0.8 } = {}) {
    this.studio ??= await (await this.chromium.newContext()).newPage();
    const page = target.page();
    let over = false;
    const frame = async () => {
      const box = await target.boundingBox();
      if (!box) return;
      const png = (await page.screenshot({ clip: around(box, page.viewportSize()) })).toString("base64");
      const grey = await this.studio.evaluate(held, { png, width: WIDTH, height: HEIGHT, part });
      if (!over) this.#expose(Buffer.from(grey, "base64"));
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
    writeSync(file, grey, 0, grey.length, HEADER.length + FRAME.length);
    closeSync(file);
  }

  /** Nothing before the camera. */
  lookAway() {
    this.#expose(blank().grey);
  }

  /** A grey picture of a code as somebody would photograph it: luminance. */
  async picture(text, { part = 0.75 } = {}) {
    const svg = await qr(text);
    this.studio ??= await (await this.chromium.newContext()).newPage();
    const grey = await this.studio.evaluate(draw, { svg, width: WIDTH, height: HEIGHT, part });
    return { grey: Buffer.from(grey, "base64") };
  }

  /** The same as a PNG file that somebody uploads. */
  async photo(text, path) {
    const svg = await qr(text);
    this.studio ??= await (await this.chromium.newContext()).newPage();
    const png = await this.studio.evaluate(drawPng, { svg, width: 1200, height: 900, part: 0.6 });
    writeFileSync(path, Buffer.from(png, "base64"));
    return path;
  }

  async stop() {
    await this.chromium.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

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

/* Runs in the page. */
async function draw({ svg, width, height, part }) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = "#777";
  context.fillRect(0, 0, width, height);
  const side = height * part;
  context.drawImage(image, (width - side) / 2, (height - side) / 2, side, side);
  const { data } = context.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i += 1) grey[i] = (data[i * 4] * 3 + data[i * 4 + 1] * 6 + data[i * 4 + 2]) / 10;
  let text = "";
  for (let i = 0; i < grey.length; i += 32768) text += String.fromCharCode(...grey.subarray(i, i + 32768));
  return btoa(text);
}

/* Runs in the page: slightly turned and soft, as a photograph is. */
async function drawPng({ svg, width, height, part }) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = "#8a8d90";
  context.fillRect(0, 0, width, height);
  context.translate(width / 2, height / 2);
  context.rotate(0.09);
  context.filter = "blur(0.6px)";
  const side = height * part;
  context.drawImage(image, -side / 2, -side / 2, side, side);
  return canvas.toDataURL("image/png").split(",")[1];
}

/* Runs in the page: a part of a screen before the lens, turned a little and soft. */
async function held({ png, width, height, part }) {
  const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = "#777";
  context.fillRect(0, 0, width, height);
  context.translate(width / 2, height / 2);
  context.rotate(0.05);
  context.filter = "blur(0.4px)";
  const scale = Math.min(width / image.width, height / image.height) * part;
  context.drawImage(image, (-image.width * scale) / 2, (-image.height * scale) / 2, image.width * scale, image.height * scale);
  const { data } = context.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i += 1) grey[i] = (data[i * 4] * 3 + data[i * 4 + 1] * 6 + data[i * 4 + 2]) / 10;
  let text = "";
  for (let i = 0; i < grey.length; i += 32768) text += String.fromCharCode(...grey.subarray(i, i + 32768));
  return btoa(text);
}

/** What is seen of a screen when something on it is filmed: it and a little around it. */
function around({ x, y, width, height }, screen) {
  const margin = Math.max(width, height) * 0.08;
  const [left, top] = [Math.max(0, x - margin), Math.max(0, y - margin)];
  return {
    x: left,
    y: top,
    width: Math.min(screen.width, x + width + margin) - left,
    height: Math.min(screen.height, y + height + margin) - top,
  };
}

const WIDTH = 1280;
const HEIGHT = 720;
const HEADER = `YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420mpeg2\n`;
const FRAME = "FRAME\n";
const blank = () => ({ grey: Buffer.alloc(WIDTH * HEIGHT, 0x77) });

/** Pictures as YUV4MPEG2, ten a second. */
function frames(pictures) {
  const colour = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const parts = [Buffer.from(HEADER)];
  for (const { grey } of pictures) parts.push(Buffer.from(FRAME), grey, colour);
  return Buffer.concat(parts);
}

/** Signs somebody in and leads to where they wanted to go; a session that is there already is taken up again. */
export async function signIn(page, city, account, next) {
  city.sessions ??= new Map();
  if (city.sessions.has(account)) {
    await page.context().addCookies(city.sessions.get(account));
    await page.goto(city.base + next);
    return;
  }
  await page.goto(`${city.base}/signin?next=${encodeURIComponent(next)}`);
  await page.fill("#account", account);
  await page.fill("#password", passwordOf(account));
  await page.click("form button.primary");
  await page.waitForURL(`${city.base}${next}`);
  city.sessions.set(account, await page.context().cookies());
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
