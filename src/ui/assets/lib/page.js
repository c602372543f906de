// The frame of every page that is an app: brand, where one is, who is signed in, language and 长辈版 switches, the band that
// says when the server cannot be reached; and the icons, which always come with a word.

import { onReachable } from "./api.js";
import { isLarge, lang, setLang, setLarge, t } from "./i18n.js";
import { html, render, useEffect, useState } from "./preact.js";

const PATHS = {
  pass: "M4 12.5l5 5L20 6.5",
  refuse: "M5.5 5.5l13 13M18.5 5.5l-13 13",
  unsure: "M12 5v9M12 18.5v.5",
  skipped: "M6 12h12",
  scan: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16",
  camera: "M4 7h4l2-2h4l2 2h4v12H4zM12 16.5a3.5 3.5 0 100-7 3.5 3.5 0 000 7z",
  torch: "M9 3h6l-1 6h3l-7 12 1.5-9H8z",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  print: "M7 9V3h10v6M7 17H4V9h16v8h-3M7 14h10v7H7z",
  search: "M10.5 17a6.5 6.5 0 100-13 6.5 6.5 0 000 13zM15.5 15.5L20 20",
  person: "M12 12a4 4 0 100-8 4 4 0 000 8zM4 21c0-4 3.5-7 8-7s8 3 8 7",
  house: "M4 11l8-7 8 7v9H4zM10 20v-6h4v6",
  stamp: "M9 3h6v4l-1 5h5v5H5v-5h5L9 7zM4 21h16",
  shield: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z",
  large: "M3 19L8.5 5 14 19M5 14.5h7M15 19l3-8 3 8M16 16.5h4",
  globe: "M12 21a9 9 0 100-18 9 9 0 000 18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  out: "M10 4H4v16h6M14 8l4 4-4 4M8 12h10",
  key: "M8 16a4 4 0 100-8 4 4 0 000 8zM12 12h9v3M17 12v3",
  phone: "M8 2h8v20H8zM11 19h2",
  clock: "M12 21a9 9 0 100-18 9 9 0 000 18zM12 7v5l3 3",
  flip: "M4 8h12l-3-3M20 16H8l3 3",
  wait: "M7 3h10M7 21h10M8 3c0 5 8 5 8 9s-8 4-8 9M16 3c0 5-8 5-8 9s8 4 8 9",
  screen: "M3 4h18v12H3zM9 20h6M12 16v4",
  star: "M12 3l2.7 5.9 6.3.7-4.7 4.3 1.3 6.3L12 17l-5.6 3.2 1.3-6.3L3 9.6l6.3-.7z",
};

/** An icon of the set; a word always stands beside it. */
export function Icon({ name, title }) {
  const label = title ? { role: "img", "aria-label": title } : { "aria-hidden": "true" };
  return html`<svg
    class="icon"
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
    ...${label}
  >
    <path d=${PATHS[name]} />
  </svg>`;
}

/** A coloured box with an icon and a sentence: `pass`, `refuse`, `unsure`, or none. */
export function Notice({ kind = "", icon, children, live }) {
  const name = icon ?? { pass: "pass", refuse: "refuse", unsure: "unsure" }[kind];
  return html`<div class="notice ${kind}" role=${live ? (kind === "refuse" ? "alert" : "status") : undefined}>
    ${name && html`<${Icon} name=${name} />`}
    <div class="grow">${children}</div>
  </div>`;
}

/** What went wrong, in the server's words, and a way to try again. */
export function Failure({ error, again }) {
  return html`<${Notice} kind=${error.status === 0 ? "unsure" : "refuse"} live>
    <p>${error.message}</p>
    ${
      error.reasons?.length > 0 &&
      html`<ul>
        ${error.reasons.map((one) => html`<li>${one.message}</li>`)}
      </ul>`
    }
    ${error.status === 401 && html`<p><a class="button primary" href=${signInAddress()}>${t("session.again")}</a></p>`}
    ${again && html`<p><button class="button" type="button" onClick=${again}>${t("do.again")}</button></p>`}
  <//>`;
}

/** Nothing for 300 ms, then a skeleton, after 2 s what is happening. */
export function Loading({ what, lines = 3 }) {
  const [stage, setStage] = useState(0);
  useEffect(() => {
    const timers = [setTimeout(() => setStage(1), 300), setTimeout(() => setStage(2), 2000)];
    return () => timers.forEach(clearTimeout);
  }, []);
  if (stage === 0) return null;
  return html`<div class="stack tight" role="status">
    ${stage === 2 ? html`<p class="soft">${what ?? t("state.loading")}</p>` : html`<span class="hidden-text">${t("state.loading")}</span>`}
    ${Array.from({ length: lines }, () => html`<span class="skeleton" aria-hidden="true"></span>`)}
  </div>`;
}

/** Where to sign in and come back from. */
export const signInAddress = () =>
  `/signin?next=${encodeURIComponent(location.pathname + location.search + location.hash)}`;

function Switches() {
  const [large, setOn] = useState(isLarge());
  const turn = () => {
    setLarge(!large);
    setOn(!large);
  };
  const other = lang === "en" ? "zh" : "en";
  return html` <button class="tool" type="button" aria-pressed=${String(large)} onClick=${turn}>
      <${Icon} name="large" /><span>${t("frame.large")}</span>
    </button>
    <button class="tool" type="button" lang=${other === "en" ? "en" : "zh-Hans"} onClick=${() => setLang(other)}>
      <${Icon} name="globe" /><span>${other === "en" ? "English" : "中文"}</span>
    </button>`;
}

function Offline() {
  const [there, setThere] = useState(true);
  useEffect(() => onReachable(setThere), []);
  return there ? null : html`<p class="offline" role="status">${t("state.offline")}</p>`;
}

/** The frame around a page's content. */
export function Frame({ title, who, leave, tools, bare, children }) {
  return html` <a class="skip" href="#main">${t("frame.skip")}</a>
    <header class="bar">
      <a class="home" href="/"><img class="mark" src="/assets/icon.svg" alt="" /><span>${t("frame.brand")}</span></a>
      ${title && html`<span class="where">${title}</span>`}
      <div class="tools">
        ${tools} ${who && (leave ? html`<a class="who" href="/signin#account">${who}</a>` : html`<span class="who">${who}</span>`)}
        <${Switches} />
        ${leave && html`<button class="tool" type="button" onClick=${leave}><${Icon} name="out" /><span>${t("frame.leave")}</span></button>`}
      </div>
    </header>
    <${Offline} />
    <main id="main" class=${bare ? "bare" : ""} tabindex="-1">${children}</main>`;
}

/** Draws an app into the page. */
export function mount(App, title) {
  document.title = `${title} · ${t("frame.brand")}`;
  render(html`<${App} />`, document.getElementById("app"));
}
