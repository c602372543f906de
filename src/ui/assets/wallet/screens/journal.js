// 记录: who saw what, when, for which matter; and how to object.

import { clock, day, label, t } from "../../lib/i18n.js";
import { html, useRef, useState } from "../../lib/preact.js";
import { Glyph } from "../parts/glyph.js";
import { list } from "../parts/words.js";
import { useWallet } from "../state.js";

const GLYPHS = { received: "received", code: "show", spoken: "speak", shown: "pass", declined: "refuse", discarded: "refuse" };

export function Journal() {
  const { history } = useWallet();
  const dialog = useRef(null);
  const [about, setAbout] = useState(null);
  if (history.length === 0) return html`<div class="nothing"><span class="emblem"><${Glyph} name="journal" /></span><p>${t("wallet.journal.empty")}</p></div>`;
  const object = (entry) => {
    setAbout(entry);
    dialog.current.showModal();
  };
  const days = [...new Set(history.map((one) => day(one.at)))];
  return html`<p class="soft small">${t("wallet.journal.local")}</p>
    ${days.map((one) => html`<section key=${one} class="stack tight"><h2 class="day">${one}</h2>
      <ol class="entries sheet">${history.filter((entry) => day(entry.at) === one).map((entry) => html`<${Entry} key=${entry.id} entry=${entry} onObject=${object} />`)}</ol>
    </section>`)}
    <dialog ref=${dialog} class="stack" aria-labelledby="object-title"><${Objection} entry=${about} onClose=${() => dialog.current.close()} /></dialog>`;
}

function sentence(entry) {
  const names = list([...new Set((entry.names ?? []).map(label))]);
  const view = label(entry.view);
  return t(`wallet.journal.${entry.kind}`, { names, view, who: label(entry.who) || t("wallet.present.unknown") });
}

function Entry({ entry, onObject }) {
  const shown = ["shown", "code", "spoken"].includes(entry.kind);
  return html`<li><${Glyph} name=${GLYPHS[entry.kind] ?? "journal"} />
    <div class="grow"><p>${sentence(entry)}</p>
      ${entry.matter && html`<p class="small soft">${t("wallet.journal.matter", { matter: label(entry.matter) })}</p>`}
      ${entry.kind === "shown" && html`<p class="small soft">${t("wallet.journal.fields", { names: list(entry.fields) })}</p>`}
      ${shown && html`<button class="linklike" type="button" onClick=${() => onObject(entry)}>${t("wallet.journal.object")}</button>`}</div>
    <time class="small soft" datetime=${entry.at}>${clock(entry.at)}</time></li>`;
}

/** What to say when objecting, ready to be copied. */
function Objection({ entry, onClose }) {
  const [copied, setCopied] = useState(false);
  if (!entry) return null;
  const text = [
    `${day(entry.at)} ${clock(entry.at)}`, sentence(entry), entry.matter ? t("wallet.journal.matter", { matter: label(entry.matter) }) : "",
    entry.fields?.length && entry.kind === "shown" ? t("wallet.journal.fields", { names: list(entry.fields) }) : "",
  ].filter(Boolean).join("\n");
  const copy = () => navigator.clipboard?.writeText(text).then(() => setCopied(true), () => {});
  return html`<h2 id="object-title">${t("wallet.journal.object")}</h2>
    <p>${t("wallet.objection.text")}</p>
    <ol class="numbered"><li>${t("wallet.objection.1")}</li><li>${t("wallet.objection.2")}</li><li>${t("wallet.objection.3")}</li></ol>
    <pre class="quote">${text}</pre>
    <div class="row two"><button class="button big" type="button" onClick=${copy}><${Glyph} name="copy" />${t(copied ? "wallet.copied" : "wallet.copy")}</button>
      <button class="button big" type="button" onClick=${onClose}>${t("wallet.close")}</button></div>`;
}
