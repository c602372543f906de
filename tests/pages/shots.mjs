// Pictures of every page × language and large type × width, into tests/screenshots (ignored by git):
//   node tests/pages/shots.mjs [NAME…]      only states whose name contains one of the words

import { join } from "node:path";

import { LOOKS, STATES, look, openState, world } from "./states.mjs";
import { Browser, City, shotFolder } from "./support.mjs";

const SIZES = [
  [360, 740],
  [390, 844],
  [768, 1024],
  [1366, 768],
  [1920, 1080],
];

const words = process.argv.slice(2);
const states = STATES.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const city = await City.start();
const browser = await Browser.start();
let count = 0;
try {
  const all = await world(city);
  for (const one of LOOKS) {
    for (const state of states) {
      const page = await browser.profile(one);
      try {
        await openState(page, state, all);
        await look(page, one);
        for (const [width, height] of SIZES) {
          await page.setViewportSize({ width, height });
          await page.waitForTimeout(120);
          await page.screenshot({ path: join(shotFolder(), `${state.name}-${one.name}-${width}.png`), fullPage: true });
          count += 1;
        }
      } catch (error) {
        console.error(`${state.name} (${one.name}): ${error.message.split("\n")[0]}`);
        process.exitCode = 1;
      }
      await page.context().close();
    }
  }
} finally {
  await browser.stop();
  city.stop();
}
console.log(`${count} pictures in ${shotFolder()}`);
