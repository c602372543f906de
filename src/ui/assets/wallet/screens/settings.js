// Settings and help: language, large type, where licences are kept, a lost or new phone, emptying the wallet, licences of
// the libraries.

import { isLarge, lang, setLang, setLarge, t } from "../../lib/i18n.js";
import { html, useEffect, useRef, useState } from "../../lib/preact.js";
import { persist } from "../keep/db.js";
import { Glyph } from "../parts/glyph.js";
import { go } from "../place.js";
import { clear } from "../state.js";

export function Settings({ argument }) {
  const lost = useRef(null);
  useEffect(() => void (argument === "lost" && lost.current.scrollIntoView()), []);
  return html`
    <section class="sheet stack tight"><h2>${t("wallet.settings.look")}</h2><${Look} /></section>
    <section class="sheet stack tight"><h2>${t("wallet.settings.kept")}</h2>
      <p class="soft">${t("wallet.settings.kept.text")}</p><${Kept} /></section>
    <section class="sheet stack tight" ref=${lost} id="lost"><h2>${t("wallet.lost.title")}</h2>
      <p class="soft">${t("wallet.lost.text")}</p>
      <ol class="numbered">${[1, 2, 3].map((n) => html`<li>${t(`wallet.lost.${n}`)}</li>`)}</ol></section>
    <section class="sheet stack tight"><h2>${t("wallet.settings.clear")}</h2>
      <p class="soft">${t("wallet.settings.clear.text")}</p><${Clear} /></section>
    <p class="center"><a href="/assets/licences.txt">${t("wallet.settings.licences")}</a></p>`;
}

function Look() {
  const [large, setOn] = useState(isLarge());
  const turn = () => {
    setLarge(!large);
    setOn(!large);
  };
  return html`<div class="row apart"><span>${t("wallet.large.long")}</span>
      <button type="button" role="switch" class="switch" aria-checked=${String(large)} aria-label=${t("wallet.large.long")} onClick=${turn}><span></span></button></div>
    <div class="row two" role="group" aria-label=${t("wallet.settings.language")}>
      <button class=${`button ${lang === "en" ? "" : "on"}`} type="button" lang="zh-Hans" aria-pressed=${String(lang !== "en")} onClick=${() => setLang("zh")}>中文</button>
      <button class=${`button ${lang === "en" ? "on" : ""}`} type="button" lang="en" aria-pressed=${String(lang === "en")} onClick=${() => setLang("en")}>English</button>
    </div>`;
}

function Kept() {
  const [promised, setPromised] = useState(null);
  useEffect(() => void persist().then(setPromised, () => setPromised(false)), []);
  if (promised === null) return null;
  return html`<p class="small"><${Glyph} name=${promised ? "pass" : "unsure"} /> ${t(promised ? "wallet.settings.persisted" : "wallet.settings.notPersisted")}</p>`;
}

function Clear() {
  const dialog = useRef(null);
  const empty = async () => {
    dialog.current.close();
    await clear();
    go("cards", { replace: true });
  };
  return html`<button class="button danger" type="button" onClick=${() => dialog.current.showModal()}>${t("wallet.settings.clear")}</button>
    <dialog ref=${dialog} class="stack" aria-labelledby="clear-title"><h2 id="clear-title">${t("wallet.settings.clear.sure")}</h2>
      <p class="soft">${t("wallet.settings.clear.text")}</p>
      <div class="row two"><button class="button big" type="button" autofocus onClick=${() => dialog.current.close()}>${t("wallet.keep")}</button>
        <button class="button danger big" type="button" onClick=${empty}>${t("wallet.settings.clear")}</button></div></dialog>`;
}
