// Where a licence stands in the public log, in plain words, and the two files that prove it to anyone.

import { label, moment, t } from "../../lib/i18n.js";
import { html, useEffect } from "../../lib/preact.js";
import { logged } from "../state.js";
import { Glyph } from "./glyph.js";

export function Logged({ licence }) {
  useEffect(() => void logged(licence), [licence.id]);
  const log = licence.log;
  if (!log) return null;
  return html`<section class="sheet stack tight" aria-labelledby="log-title">
    <h2 id="log-title">${t("wallet.log")}</h2>
    <${Place} log=${log} />
    ${log.proof && !log.wrong && html`<p class="soft">${t("wallet.log.text")}</p>
      <div class="row two">
        <button class="button" type="button" onClick=${() => save(log.credential, name(licence, "json"), "application/json")}>${t("wallet.log.licence")}</button>
        <button class="button" type="button" onClick=${() => save(log.proof, name(licence, "tlog-proof"), "text/plain")}>${t("wallet.log.proof")}</button>
      </div>
      <p class="small soft">${t("wallet.log.files")}</p>`}
  </section>`;
}

function Place({ log }) {
  if (log.wrong) return html`<p class="advice"><${Glyph} name="refuse" /><span>${t("wallet.log.wrong")}</span></p>`;
  if (!log.proof) return html`<p class="soft">${t("wallet.log.waiting")}</p>`;
  if (log.unread) return html`<p class="soft">${t("wallet.log.unread")}</p>`;
  return html`<p><${Glyph} name="pass" /> ${t("wallet.log.since", { when: moment(log.since), n: log.index.toLocaleString("en") })}</p>
    <p class="small soft">${t("wallet.log.seen", { n: log.size.toLocaleString("en"), when: moment(new Date(log.checked).toISOString()) })}</p>`;
}

const name = (licence, end) => `${label(licence.about.name)}.${end}`;

/** Hands a text to the person as a file. */
function save(text, file, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
