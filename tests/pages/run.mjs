// Runs the page tests on one demo city, which takes a while to fill:
//   node tests/pages/run.mjs [FILE…]

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { City, hasChromium } from "./support.mjs";

const folder = import.meta.dirname;
const named = process.argv.slice(2);
const files = readdirSync(folder).filter(
  (name) => name.endsWith(".test.mjs") && (named.length === 0 || named.some((word) => name.includes(word))),
);
if (!hasChromium()) {
  console.error("Chromium is missing: tests/run installs it; or apt-get install chromium, or name one in CHROMIUM");
  process.exit(1);
}
const city = await City.start();
const env = { ...process.env, CERTLESS_CITY: city.base, CERTLESS_DATA: city.data };
const paths = files.map((name) => join(folder, name));
const tests = spawn(process.execPath, ["--test", "--test-concurrency=1", ...paths], { env, stdio: "inherit" });
tests.on("exit", (code) => {
  city.stop();
  process.exit(code ?? 1);
});
