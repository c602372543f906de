// The frame of the wallet: which screen is shown, the four tabs, the switches. Screens are named by the address's
// fragment, so that the phone's back button works.

import { isLarge, lang, setLang, setLarge, t } from "../lib/i18n.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Glyph } from "./parts/glyph.js";
import { back, go } from "./place.js";
import { Cards } from "./screens/cards.js";
import { Detail } from "./screens/detail.js";
import { Journal } from "./screens/journal.js";
import { Present } from "./screens/present.js";
import { Receive } from "./screens/receive.js";
import { Scan } from "./screens/scan.js";
import { Settings } from "./screens/settings.js";
import { Show } from "./screens/show.js";
import { Welcome } from "./screens/welcome.js";
import { useWallet } from "./state.js";

const TABS = ["cards", "show", "scan", "journal"];
const SCREENS = { cards: Cards, card: Detail, show: Show, scan: Scan, journal: Journal, receive: Receive, present: Present, settings: Settings };

function usePlace() {
  const read = () => {
    const [name, argument = ""] = decodeURIComponent(location.hash.slice(1)).split("/");
    return { name: name in SCREENS ? name : "cards", argument, link: history.state?.link ?? null };
  };
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const move = () => setPlace(read());
    addEventListener("popstate", move);
    // The address may have changed after it was read, before anyone listened.
    move();
    return () => removeEventListener("popstate", move);
  }, []);
  return place;
}

export function App() {
  const wallet = useWallet();
  const place = usePlace();
  const heading = useRef(null);
  const where = `${place.name}/${place.argument}`;
  useEffect(() => {
    scrollTo(0, 0);
    heading.current?.focus();
  }, [where]);
  const task = place.name === "receive" || place.name === "present";
  if (!wallet.welcomed && !task) return html`<${Bar} title=${t("wallet.title")} heading=${heading} /><${Welcome} />`;
  const Screen = SCREENS[place.name];
  const tab = TABS.includes(place.name);
  return html`<${Bar} title=${t(`wallet.screen.${place.name}`)} heading=${heading} leave=${tab ? null : back} settings=${tab} />
    ${!wallet.online && html`<p class="band" role="status">${t("wallet.offline")}</p>`}
    <main class=${`screen at-${place.name}`} key=${where}><${Screen} argument=${place.argument} link=${place.link} /></main>
    ${!task && html`<${Tabs} current=${place.name === "card" ? "cards" : place.name} />`}`;
}

function Bar({ title, heading, leave, settings }) {
  const [large, setOn] = useState(isLarge());
  const turn = () => {
    setLarge(!large);
    setOn(!large);
  };
  const other = lang === "en" ? "zh" : "en";
  return html`<header class="top">
    ${leave && html`<button class="tool" type="button" onClick=${leave}><${Glyph} name="back" /><span class="hidden-text">${t("wallet.back")}</span></button>`}
    <h1 tabindex="-1" ref=${heading}>${title}</h1>
    <span class="tools">
      <button class="tool" type="button" aria-pressed=${String(large)} onClick=${turn}>${t("wallet.large")}</button>
      <button class="tool" type="button" lang=${other === "en" ? "en" : "zh-Hans"} onClick=${() => setLang(other)}>
        ${other === "en" ? "English" : "中文"}
      </button>
      ${settings && html`<button class="tool" type="button" onClick=${() => go("settings")}>${t("wallet.settings")}</button>`}
    </span>
  </header>`;
}

function Tabs({ current }) {
  return html`<nav class="tabbar" aria-label=${t("wallet.tabs")}>
    ${TABS.map((name) => html`<a key=${name} href=${`/wallet#${name}`} aria-current=${current === name ? "page" : undefined}
      onClick=${(event) => (event.preventDefault(), go(name, { replace: true }))}>
      <${Glyph} name=${name} /><span>${t(`wallet.tab.${name}`)}</span>
    </a>`)}
  </nav>`;
}
