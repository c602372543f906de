// Receiving: what is offered and by whom, the PIN, then the new cards.

import { TextField } from "../../lib/field.js";
import { label, lang, t } from "../../lib/i18n.js";
import { html, useEffect, useRef, useState } from "../../lib/preact.js";
import * as keys from "../keep/keys.js";
import { registry } from "../keep/registry.js";
import { Card } from "../parts/card.js";
import { Glyph } from "../parts/glyph.js";
import { list, sentenceOf } from "../parts/words.js";
import { go } from "../place.js";
import * as vci from "../protocol/vci.js";
import { take, welcome } from "../state.js";

/** After these the same offer can be tried again. */
const AGAIN = new Set(["pinWrong", "pinOrUsed", "offline", "slow", "server"]);

export function Receive({ link }) {
  const [stage, setStage] = useState({ name: "opening" });
  const open = async () => {
    setStage({ name: "opening" });
    try {
      const offered = await vci.open(link);
      const city = (await registry())?.registry;
      setStage({ name: "asking", offered, names: namesOf(offered), city: city?.name ?? null });
    } catch (error) {
      setStage({ name: "failed", error, retry: AGAIN.has(error.code) ? open : null });
    }
  };
  useEffect(() => void (link ? open() : go("scan", { replace: true })), []);
  const receive = async (pin) => {
    setStage({ ...stage, name: "receiving" });
    try {
      const licences = await take(await vci.obtain(stage.offered, pin, keys.make), stage.names);
      await welcome();
      history.replaceState({ link: null }, "", location.href);
      setStage({ name: "done", licences, names: stage.names });
    } catch (error) {
      setStage(AGAIN.has(error.code) ? { ...stage, name: "asking", error } : { name: "failed", error });
    }
  };
  switch (stage.name) {
    case "asking":
    case "receiving": return html`<${Asking} stage=${stage} onReceive=${receive} />`;
    case "done": return html`<${Done} licences=${stage.licences} names=${stage.names} />`;
    case "failed": return html`<${Failed} error=${stage.error} again=${stage.retry} />`;
    default: return html`<p class="soft center" role="status">${t("wallet.receive.opening")}</p>`;
  }
}

/** What is offered, each type once, as the issuer calls it. */
function namesOf(offered) {
  const supported = offered.metadata.credential_configurations_supported;
  const names = offered.ids.map((id) => {
    const displays = supported[id].credential_metadata?.display ?? supported[id].display ?? [];
    return (displays.find((one) => one.locale?.startsWith(lang)) ?? displays[0])?.name ?? id.split(".")[0];
  });
  return [...new Set(names)];
}

/** A description in both languages, `中文 / English`, in the chosen one. */
function inLanguage(text) {
  const parts = (text ?? "").split(" / ");
  return parts.length === 2 ? parts[lang === "en" ? 1 : 0] : text;
}

function Asking({ stage, onReceive }) {
  const { offered, names, city, error } = stage;
  const busy = stage.name === "receiving";
  const [pin, setPin] = useState("");
  const field = useRef(null);
  useEffect(() => field.current?.focus(), [error]);
  const length = offered.pin?.length;
  const ready = !offered.pin || (length ? [...pin].length === length : pin.length > 0);
  const send = (event) => {
    event.preventDefault();
    if (ready && !busy) void onReceive(pin);
  };
  return html`<form class="stack" onSubmit=${send}>
    <section class="sheet stack tight">
      <p class="soft">${t("wallet.receive.from", { city: label(city) || new URL(offered.issuer).host })}</p>
      <ul class="offered">${names.map((name) => html`<li><${Glyph} name="cards" /><strong>${name}</strong></li>`)}</ul>
    </section>
    ${offered.pin && html`<${TextField} id="pin" name=${t("wallet.receive.pin", { n: length ?? "" })} at=${field} code value=${pin} maxlength=${length ?? 32}
      hint=${inLanguage(offered.pin.description) || t("wallet.receive.pin.hint")} aria-invalid=${error ? "true" : undefined}
      autocomplete="one-time-code" enterkeyhint="done" inputmode=${offered.pin.input_mode === "text" ? "text" : "numeric"}
      onText=${(text) => setPin(text.normalize("NFKC").trim())} />`}
    ${error && html`<p class="advice refuse" role="alert"><${Glyph} name="refuse" /><span>${sentenceOf(error)}</span></p>`}
    <div class="actions"><button class="button primary big wide" disabled=${!ready || busy}>
      ${busy ? html`<span class="spin" aria-hidden="true"></span>${t("wallet.receive.busy")}` : t("wallet.receive.do")}</button></div>
    <p class="hidden-text" role="status">${busy ? t("wallet.receive.busy") : ""}</p>
  </form>`;
}

function Done({ licences, names }) {
  const heading = useRef(null);
  const made = licences.length > 0;
  useEffect(() => heading.current.focus(), []);
  return html`<div class="stack">
    <div class=${`outcome ${made ? "pass" : "unsure"}`}><span class="disc"><${Glyph} name=${made ? "pass" : "journal"} /></span>
      <h2 tabindex="-1" ref=${heading}>${t(made ? "wallet.receive.done" : "wallet.receive.waiting")}</h2>
      <p class="soft">${made ? list(licences.map((one) => label(one.about.name))) : t("wallet.receive.waiting.text", { names: list(names) })}</p></div>
    <ul class="cards">${licences.map((one) => html`<li key=${one.id}><${Card} licence=${one} onOpen=${() => go(`card/${one.id}`, { replace: true })} /></li>`)}</ul>
    <div class="actions"><button class="button primary big wide" type="button" onClick=${() => go("cards", { replace: true })}>${t("wallet.receive.all")}</button></div>
  </div>`;
}

/** What went wrong, in words, and where to go from here. */
export function Failed({ error, again }) {
  return html`<div class="stack">
    <div class="outcome unsure" role="alert"><span class="disc"><${Glyph} name="unsure" /></span>
      <h2>${t("wallet.failed")}</h2><p>${sentenceOf(error)}</p></div>
    <div class="actions">
      ${again && html`<button class="button primary big wide" type="button" onClick=${again}>${t("wallet.again")}</button>`}
      <button class="button big wide" type="button" onClick=${() => go("scan", { replace: true })}>${t("wallet.failed.scan")}</button>
    </div>
  </div>`;
}
