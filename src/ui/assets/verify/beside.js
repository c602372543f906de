// Files that lie beside a licence: its companion of the public log, and an offline bundle.

import { moment, t } from "../lib/i18n.js";
import { Icon, Notice } from "../lib/page.js";
import { html, useState } from "../lib/preact.js";
import { attachment, learn } from "./offline.js";

/** What is attached, and the field for it. `value` is `{proof, bundle}`; `onChange(value)` is told of every change. */
export function Beside({ value, onChange }) {
  const [wrong, setWrong] = useState(false);
  const take = async (files) => {
    setWrong(false);
    let next = value;
    for (const file of files) {
      const found = await attachment((await file.text()).trimStart()).catch(() => null);
      if (!found) setWrong(true);
      else {
        if (found.bundle) void learn(found.bundle);
        next = { ...next, [found.kind]: found.kind === "proof" ? found.text : found.bundle };
      }
    }
    onChange(next);
  };
  const { proof, bundle } = value;
  return html`<section class="sheet stack beside" aria-labelledby="by-files">
    <h2 id="by-files">${t("verify.beside")}</h2>
    <p class="soft">${t("verify.beside.text")}</p>
    ${wrong && html`<${Notice} kind="refuse">${t("verify.beside.wrong")}<//>`}
    ${proof && html`<p class="row apart"><span><${Icon} name="pass" /> ${t("verify.beside.proof")}</span>
      <button class="button small" type="button" onClick=${() => onChange({ ...value, proof: null })}>${t("verify.beside.drop")}</button></p>`}
    ${bundle && html`<div class="stack tight">
      <p class="row apart"><span><${Icon} name="pass" /> ${t("verify.beside.bundle", { when: moment(bundle.made) })}</span>
      <button class="button small" type="button" onClick=${() => onChange({ ...value, bundle: null })}>${t("verify.beside.drop")}</button></p>
      <p class="small soft">${t("verify.beside.root")}<br /><code>${bundle.fingerprint}</code></p>
    </div>`}
    <label class="button file">
      <input class="hidden-text" type="file" multiple accept=".tlog-proof,.json,.txt" id="beside"
        onChange=${(event) => (take([...event.target.files]), (event.target.value = ""))} />
      <${Icon} name="file" /><span>${t("verify.beside.choose")}</span>
    </label>
  </section>`;
}
