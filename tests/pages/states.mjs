// Every page in every state worth looking at: what the accessibility test reads and what the pictures show. Each state opens
// in a profile of its own; `world` holds the city, people and cases that it needs.

import { signIn } from "./support.mjs";

/** What the states need: a resident, a case in each state, a licence that is suspended. */
export async function world(city) {
  const resident = await city.resident("idCard", "socialSecurityCard");
  const applicant = { name: resident.name, code: resident.number("idCard"), codeType: "111", holderKey: resident.jwk };
  const file = async () =>
    (await city.api("window-YB", "POST", "/api/applications", { matter: MATTER, applicant })).body;
  const show = async (id, type) =>
    city.api("window-YB", "POST", `/api/applications/${id}/presentations`, await resident.code(type));
  const filed = await file();
  const accepted = await file();
  for (const type of ["idCard", "socialSecurityCard"]) await show(accepted.id, type);
  await city.api("window-YB", "POST", `/api/applications/${accepted.id}/accept`, {});
  const refused = await file();
  await city.api("window-YB", "POST", `/api/applications/${refused.id}/reject`, {
    reason: "请先到参保地办理备案，再来申请。",
  });
  const suspended = await city.resident("idCard", "socialSecurityCard");
  await city.api("agency-RS", "POST", `/api/credentials/${suspended.id("socialSecurityCard")}/suspend`, {
    reason: "演示：持证人申请",
  });
  const holder = await city.resident("idCard", "socialSecurityCard");
  return { city, resident, suspended, holder, filed, accepted, refused };
}

export const MATTER = "异地就医备案";
const receipt = (one) => new URL(one.receipt.url).pathname;
const chooseMatter = async (page) => {
  await page.fill("#matter-search", MATTER);
  await page.locator("#matter-list li").nth(1).waitFor({ state: "detached" });
  await page.keyboard.press("Enter");
  await page.locator(".materials li").first().waitFor();
};
/** A scan at one go; how a scanner types, and how fast, is the window's own test. */
const scan = (page, text) =>
  page.evaluate((text) => {
    const place = document.activeElement ?? document.body;
    for (const key of [...text, "Enter"]) place.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }, text);
const settled = (page) => page.locator(".verdict .checklist li.lit").nth(8).waitFor({ state: "attached" });

/** A wallet that holds two licences, at a tab. */
async function holding(page, { city, holder }, tab) {
  for (const [agency, type] of [["GA", "idCard"], ["RS", "socialSecurityCard"]]) {
    const offer = { credential: holder.id(type), pin: false };
    await page.goto((await city.api(`agency-${agency}`, "POST", "/api/offers", offer)).body.link);
    await page.click("form .actions button");
    await page.locator(".outcome.pass").waitFor();
  }
  await page.goto(`${city.base}/wallet#cards`);
  if (tab !== "cards") await page.click(`.tabbar a[href="/wallet#${tab}"]`);
  await page.locator(`main.at-${tab}`).waitFor();
}

/** `{name, staff?, open(page, world)}`; `picture` ones have tests of their own and are only shown. */
export const STATES = [
  { name: "start", open: (page, { city }) => page.goto(`${city.base}/`) },
  { name: "signin", open: (page, { city }) => page.goto(`${city.base}/signin`) },
  { name: "verify", open: (page, { city }) => page.goto(`${city.base}/verify`) },
  {
    name: "verify-pass",
    async open(page, { city, resident }) {
      await page.goto(`${city.base}/verify`);
      await page.fill("#text", await resident.code("idCard"));
      await page.click("form button");
      await settled(page);
    },
  },
  {
    name: "verify-refused",
    async open(page, { city, suspended }) {
      await page.goto(`${city.base}/verify`);
      await page.fill("#text", await suspended.code("socialSecurityCard"));
      await page.click("form button");
      await settled(page);
    },
  },
  { name: "window", staff: "window", open: (page) => page.locator("#matter-list li").first().waitFor() },
  { name: "window-matter", staff: "window", open: chooseMatter },
  {
    name: "window-verdict",
    staff: "window",
    async open(page, { resident }) {
      await chooseMatter(page);
      await scan(page, await resident.code("idCard"));
      await settled(page);
    },
  },
  {
    name: "window-refused",
    staff: "window",
    async open(page, { suspended }) {
      await scan(page, await suspended.code("socialSecurityCard"));
      await settled(page);
    },
  },
  {
    name: "window-code",
    staff: "window",
    async open(page) {
      // By its button: the key works only once the page listens, which nothing on it tells.
      await page.locator("button:has(kbd:text-is('F4'))").click();
      await page.locator("#spoken").waitFor();
    },
  },
  {
    name: "window-receipt",
    staff: "window",
    async open(page, { accepted }) {
      await scan(page, accepted.receipt.url);
      await page.locator(".side .chip.unsure").waitFor();
    },
  },
  {
    name: "window-copy",
    staff: "window",
    async open(page, { resident, filed }) {
      await scan(page, filed.receipt.url);
      await page.locator(".side .chip").first().waitFor();
      await scan(page, await resident.code("idCard"));
      await settled(page);
      // Shown once before, it meets nothing and there is nothing to copy.
      const copy = page.locator(".verdict button:has-text('加注件'), .verdict button:has-text('copy')");
      if ((await copy.count()) > 0) await copy.first().click();
    },
  },
  {
    name: "window-claim",
    staff: "window",
    async open(page, { resident }) {
      await page.click("#claim");
      await page.fill("#claim-code", resident.number("idCard"));
      await page.fill("#claim-purpose", "核对居民身份证原件，首次领取");
      await page.keyboard.press("Enter");
      await page.locator(".claim-list li").first().waitFor();
    },
  },
  { name: "citizen", open: (page, { city }) => page.goto(`${city.base}/window/citizen`) },
  {
    name: "agency-issue",
    staff: "agency#idCard/issue",
    open: (page) => page.locator(".fields .field").first().waitFor(),
  },
  {
    name: "agency-wrong",
    staff: "agency#idCard/issue",
    async open(page) {
      await page.fill("#f-name", "欧阳演示");
      await page.fill("#f-idNumber", "430112199003074017");
      await page.locator("form button.primary").click();
      await page.locator(".field .wrong").first().waitFor();
    },
  },
  { name: "agency-batch", staff: "agency#idCard/batch", open: (page) => page.locator(".drop").first().waitFor() },
  { name: "agency-search", staff: "agency#idCard/search", open: (page) => page.locator("tbody tr").first().waitFor() },
  {
    name: "agency-one",
    staff: "agency#idCard/search",
    async open(page) {
      await page.locator("td button").first().click();
      await page.locator(".licence").waitFor();
    },
  },
  { name: "agency-pending", staff: "agency#idCard/pending", open: (page) => page.locator("h2").first().waitFor() },
  {
    name: "supervise",
    staff: "supervise#GA",
    async open(page) {
      await page.locator("tbody tr").first().waitFor();
      await page.locator("#pending ~ .records [role=status]:not(:empty)").waitFor();
    },
  },
  {
    name: "supervise-objections",
    staff: "supervise#YB",
    async open(page) {
      await page.locator("#objections").waitFor();
      await page.locator("section:has(#objections) button[aria-pressed]").click();
      await page.locator("section:has(#objections) .empty, .objections li").first().waitFor();
    },
  },
  {
    name: "supervise-type",
    staff: "supervise#RS",
    async open(page) {
      await page.locator("tbody button").first().click();
      await page.locator("tbody .chip").first().waitFor();
    },
  },
  { name: "audit", staff: "audit#RS", open: (page) => page.locator("tbody tr").first().waitFor() },
  {
    name: "audit-none",
    staff: "audit#GA",
    async open(page) {
      await page.locator(".records [role=status]:not(:empty)").waitFor();
      await page.fill("input[type=search]", "nothing-is-called-this");
      await page.locator(".records .empty").waitFor();
    },
  },
  {
    name: "audit-proof",
    staff: "audit#GA/log",
    async open(page) {
      await page.locator("#index").waitFor();
      await page.fill("#index", "7");
      await page.keyboard.press("Enter");
      await page.locator(".notice.pass").waitFor();
      await page.locator(".growth svg").waitFor();
      await page.locator(".records tbody tr").first().waitFor();
    },
  },
  {
    name: "audit-witnesses",
    staff: "audit#GA/log",
    async before(page, { city }) {
      const at = "2026-03-01T08:00:00Z";
      const [size, key] = [2000, "x"];
      const witnesses = [
        { name: "witness.shenshui.example/certless", key, state: "current", size, at },
        { name: "zhengwu.changsha.example:8443/witness", key, state: "down", size: 1200, at },
        { name: "hengyang.example/witness", key, state: "refused", size: null, at: null },
      ];
      const logs = [{ origin: "shenshui.example/log", size: 88213, at }, { origin: "hengyang.example/log", size: null, at: null }];
      const state = { size, quorum: 2, witnessed: 1200, witnesses, own: { name: "o", key: "o+00000000+AAAA" }, logs };
      await page.route("**/log/witnesses", (route) => route.fulfill({ json: state }));
      const points = Array.from({ length: 40 }, (_, i) => ({ size: (i + 1) * 50, at: new Date(Date.parse(at) + i ** 1.6 * 36e5).toISOString() }));
      const checkpoints = [300, 900, 1200].map((size) => ({ size, at: points[size / 50 - 1].at, witnesses: 2 }));
      await page.route("**/log/growth", (route) => route.fulfill({ json: { size, points, checkpoints } }));
      await page.goto(`${city.base}/audit#GA/log`);
      await page.reload();
    },
    async open(page, world) {
      await this.before(page, world);
      await page.locator(".growth circle").first().waitFor();
      await page.locator(".witnesses li").nth(4).waitFor();
    },
  },
  { name: "progress-filed", open: (page, { city, filed }) => page.goto(city.base + receipt(filed)) },
  { name: "progress-accepted", open: (page, { city, accepted }) => page.goto(city.base + receipt(accepted)) },
  { name: "progress-refused", open: (page, { city, refused }) => page.goto(city.base + receipt(refused)) },
  { name: "progress-missing", open: (page, { city }) => page.goto(`${city.base}/r/none`) },
  { name: "wallet", open: (page, { city }) => page.goto(`${city.base}/wallet`) },
  ...["cards", "show", "scan", "journal"].map((tab) => ({
    name: `wallet-${tab}`,
    picture: true,
    open: (page, all) => holding(page, all, tab),
  })),
  {
    name: "wallet-card",
    picture: true,
    async open(page, all) {
      await holding(page, all, "cards");
      await page.locator(".plastic").first().click();
      await page.locator("main.at-card").waitFor();
    },
  },
  {
    name: "wallet-consent",
    picture: true,
    async open(page, all) {
      await holding(page, all, "cards");
      const asked = { matter: all.filed.matter.code, file: true };
      await page.goto((await all.city.api("window-YB", "POST", "/api/requests", asked)).body.link);
      await page.locator(".even").first().waitFor();
    },
  },
  {
    name: "wallet-settings",
    picture: true,
    async open(page, all) {
      await holding(page, all, "cards");
      await page.goto(`${all.city.base}/wallet#settings`);
    },
  },
];

/** The accounts of the demo city by the page they use. */
const ACCOUNTS = { window: "yb-window", agency: "ga-clerk", supervise: "supervisor", audit: "auditor" };

/** Opens a state in a profile; staff pages are signed in to first. */
export async function openState(page, state, all) {
  if (state.staff) {
    const [place] = state.staff.split("#");
    await signIn(page, all.city, ACCOUNTS[place], `/${place}`);
    if (state.staff.includes("#")) await page.goto(`${all.city.base}/${state.staff}`);
    await page.locator("#main").waitFor();
    // The page listens to a scanner once its first list is there.
    if (place === "window") await page.locator("#matter-list li").first().waitFor();
  }
  await state.open(page, all);
  await page.waitForLoadState("networkidle").catch(() => {});
}

/** The three ways in which each page is shown. */
export const LOOKS = [
  { name: "zh", lang: "zh", large: false },
  { name: "en", lang: "en", large: false },
  { name: "large", lang: "zh", large: true },
];

/** A progress page takes its look from the address, the others from the profile. */
export async function look(page, { lang, large }) {
  if (!isProgress(page)) return;
  await page.goto(`${page.url().split("?")[0]}?lang=${lang}${large ? "&large=1" : ""}`);
}

/** Switches large type on, on the page as it is: what was opened there stays. */
export async function enlarge(page, one) {
  if (isProgress(page)) return look(page, one);
  await page.evaluate(async () => {
    const { setLarge } = await import("/assets/lib/i18n.js");
    setLarge(true);
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  });
}

const isProgress = (page) => new URL(page.url()).pathname.startsWith("/r/");
