// A new city without stock, agencies and windows only, which starts in a second; with HTTPS as a phone meets it where a test
// wants that. And people whom nobody else is.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { BIN, freePort } from "./support.mjs";

const run = promisify(execFile);

/** The name under which a city with HTTPS is reached; browsers are told that it is this machine. */
export const NAME = "city.test";

/** An address of this machine that other machines reach it by, or undefined. */
export const outside = () =>
  Object.values(networkInterfaces())
    .flat()
    .find((one) => one.family === "IPv4" && !one.internal)?.address;

/** A city of agencies and windows in which nothing is issued. `address` serves it there, with HTTPS and an authority of its own. */
export class NewCity {
  static async start({ address } = {}) {
    const city = new NewCity();
    city.folder = mkdtempSync(join(tmpdir(), "certless-new-"));
    city.port = await freePort();
    city.address = address ?? "127.0.0.1";
    city.base = address ? `https://${NAME}:${city.port}` : `http://127.0.0.1:${city.port}`;
    const data = ["--data", join(city.folder, "data")];
    const tell = async (...args) => (await run(BIN, [...args.slice(0, 1), ...data, ...args.slice(1)])).stdout.trim();
    await tell("init", "--base-url", city.base);
    if (address) {
      const made = await run(BIN, ["tls", "init", ...data, "--name", NAME, "--ip", address]);
      city.fingerprint = /(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(made.stdout)[0];
      city.ca = join(city.folder, "data/keys/tls/ca.crt");
    }
    const token = (role, agency) => tell("token", "--role", role, "--agency", agency);
    city.tokens = { GA: await token("agency", "GA"), YB: await token("agency", "YB"), window: await token("window", "YB") };
    const listen = ["--listen", `${city.address}:${city.port}`, ...(address ? ["--tls"] : [])];
    city.process = spawn(BIN, ["serve", ...data, ...listen], { stdio: "ignore" });
    await city.#ready();
    return city;
  }

  async #ready() {
    const until = Date.now() + 60_000;
    while (!(await this.send("GET", "/ready").then((answer) => answer.ok, () => false))) {
      if (Date.now() > until || this.process.exitCode !== null) {
        this.stop();
        throw new Error("the city does not answer");
      }
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  stop() {
    this.process?.kill("SIGTERM");
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }

  /** One exchange, by HTTPS with the city's own authority where it has one: `{ok, status, text}`. */
  send(method, path, headers, body) {
    const place = { host: this.address, port: this.port, path, method, headers };
    const secure = this.ca && { ca: readFileSync(this.ca), servername: NAME };
    return new Promise((done, failed) => {
      const asked = (secure ? https : http).request({ ...place, ...secure }, async (answer) => {
        let text = "";
        for await (const part of answer.setEncoding("utf8")) text += part;
        done({ ok: answer.statusCode < 300, status: answer.statusCode, text });
      });
      asked.on("error", failed);
      asked.end(body);
    });
  }

  async call(who, method, path, body) {
    const headers = { authorization: `Bearer ${this.tokens[who]}`, "content-type": "application/json" };
    const answer = await this.send(method, path, headers, body && JSON.stringify(body));
    assert.ok(answer.ok, `${path}: ${answer.text}`);
    return JSON.parse(answer.text);
  }

  offer(type, row, more = {}) {
    return this.call("GA", "POST", "/api/offers", { type, row, ...more });
  }

  ask(body) {
    return this.call("window", "POST", "/api/requests", body);
  }

  async verify(text) {
    return JSON.parse((await this.send("POST", "/verify", { "content-type": "text/plain" }, text)).text);
  }
}

let serial = 100;

/** A person nobody else is, with a right check digit. */
export function person(name) {
  serial += 1;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const body = `43011219870915${serial}`;
  const sum = weights.reduce((total, weight, i) => total + weight * Number(body[i]), 0);
  return { name, idNumber: body + "10X98765432"[sum % 11] };
}

export const identityCard = ({ name, idNumber }) => ({
  name, idNumber, sex: Number(idNumber[16]) % 2 === 1 ? "1" : "2", ethnicity: "01", birthDate: "1987-09-15", address: "湖南省长沙市望城区高塘岭街道演示路88号6栋2单元1203室",
  validFrom: "2019-05-25", validUntil: "2039-05-25",
});

