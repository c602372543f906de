// The annotated copy (加注件): of what was accepted as a material one copy may be made, for a cause and not for long, to be
// printed with its text across the page and handed on once.

import { post } from "../lib/api.js";
import { ChoiceField, TextField } from "../lib/field.js";
import { day, label, moment, t } from "../lib/i18n.js";
import { Failure, Icon } from "../lib/page.js";
import { Paper } from "../lib/paper.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { download } from "../lib/table.js";

/** A button for each licence of the last scan that a copy can be made of. */
export function CopyButton({ uses }) {
  const [open, setOpen] = useState(null);
  const made = (uses ?? []).map((one) => one.use).filter((use) => use.application && use.verdict.accepted);
  return html`${made.map((use) => html`<button key=${use.id} class="button" type="button" onClick=${() => setOpen(use)}>
      <${Icon} name="stamp" />${t("copy.make", { name: label(use.credential?.typeName) })}
    </button>`)}
    ${open && html`<${Making} key=${open.id} use=${open} onClose=${() => setOpen(null)} />`}`;
}

function Making({ use, onClose }) {
  const dialog = useRef(null);
  const [cause, setCause] = useState("");
  const [days, setDays] = useState(7);
  const [error, setError] = useState(null);
  const [made, setMade] = useState(null);
  useEffect(() => dialog.current?.showModal(), []);
  const send = (event) => {
    event.preventDefault();
    setError(null);
    post(`/api/uses/${use.id}/copy`, { cause: cause.trim(), days: Number(days) }).then(setMade, setError);
  };
  return html`<dialog ref=${dialog} onClose=${onClose} aria-labelledby="copy-title">
    ${made ? html`<${Made} made=${made} onClose=${() => dialog.current.close()} />` : html`<form class="stack" onSubmit=${send}>
          <h2 id="copy-title">${t("copy.title")}</h2>
          <p class="soft">${t("copy.lead")}</p>
          <${TextField} id="copy-cause" name=${t("copy.cause")} hint=${t("copy.causeHint")} area maxlength="200" required value=${cause} onText=${setCause} />
          <${ChoiceField} id="copy-days" name=${t("copy.days")} value=${days} options=${[1, 3, 7].map((n) => [n, t("copy.dayCount", { n })])} onChoose=${setDays} />
          ${error && html`<${Failure} error=${error} />`}
          <div class="row end">
            <button class="button" type="button" onClick=${() => dialog.current.close()}>${t("do.cancel")}</button>
            <button class="button primary" disabled=${!cause.trim()}>${t("copy.do")}</button>
          </div>
        </form>`}
  </dialog>`;
}

function Made({ made, onClose }) {
  const { copy, jwt } = made;
  const save = () => download(`copy-${copy.use}.jwt`, jwt, "application/jwt");
  return html`<div class="stack">
      <h2 id="copy-title"><${Icon} name="pass" /> ${t("copy.made")}</h2>
      <p>${label(copy.watermark)}</p>
      <p class="soft">${t("copy.until", { day: day(copy.validUntil) })}</p>
      <div class="row end">
        <button class="button" type="button" onClick=${save}><${Icon} name="file" />${t("copy.save")}</button>
        <button class="button primary" type="button" onClick=${() => print()}><${Icon} name="print" />${t("copy.print")}</button>
        <button class="button" type="button" onClick=${onClose}>${t("copy.close")}</button>
      </div>
    </div>
    <${Paper}>
      <div class="copy-mark" aria-hidden="true">${Array.from({ length: 12 }, () => html`<span>${label(copy.watermark)}</span>`)}</div>
      <h1>${t("copy.paper", { name: label(copy.licence.typeName) })}</h1>
      <dl class="facts">
        ${copy.fields.flat().map((field) => html`<dt>${label(field.label)}</dt>
              <dd>${label(field.text)}</dd>`)}
      </dl>
      <h2>${t("copy.notes")}</h2>
      <dl class="facts">
        <dt>${t("copy.madeAt")}</dt>
        <dd>${moment(copy.madeAt)}</dd>
        <dt>${t("copy.maker")}</dt>
        <dd>${label(copy.maker.unitName)} ${copy.maker.clerk}</dd>
        <dt>${t("copy.cause")}</dt>
        <dd>${copy.cause}</dd>
        <dt>${t("copy.validUntil")}</dt>
        <dd><strong>${day(copy.validUntil)}</strong></dd>
        <dt>${t("case.number")}</dt>
        <dd>${copy.application}</dd>
      </dl>
      <p class="foot">${t("copy.once")}<br />${copy.use}</p>
    <//>`;
}
