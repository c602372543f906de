// The receipt (受理回执单): on the screen for a phone to read, and on A5 paper with a code of at least 25 mm.

import { day, label, moment, t } from "../lib/i18n.js";
import { Icon } from "../lib/page.js";
import { Paper } from "../lib/paper.js";
import { html } from "../lib/preact.js";
import { svg } from "./middle.js";

/** On the screen. */
export function Receipt({ desk, application }) {
  const { receipt } = application;
  return html`<div class="area stack receipt">
    <h2><${Icon} name="pass" /> ${t("receipt.accepted")}</h2>
    <div class="receipt-row">
      ${receipt.qr && html`<div class="qr receipt-qr"><img src=${svg(receipt.qr)} alt=${t("receipt.alt")} /></div>`}
      <dl class="facts">
        <dt>${t("case.number")}</dt>
        <dd class="strong">${receipt.number}</dd>
        <dt>${t("receipt.matter")}</dt>
        <dd>${label(application.matter.name)}</dd>
        <dt>${t("case.due")}</dt>
        <dd class="strong">${day(application.due)}</dd>
      </dl>
    </div>
    <p>${t("receipt.how")}</p>
    <p>
      <button class="button" type="button" onClick=${() => desk.back()}>${t("do.back")} <kbd>Esc</kbd></button>
    </p>
  </div>`;
}

/** On paper; shown only when printed. */
export function ReceiptPaper({ application, agency }) {
  const { receipt } = application;
  const met = application.requirements.filter((one) => one.fulfilled);
  return html`<${Paper}>
    <h1>${t("receipt.title")}</h1>
    <div class="paper-row">
      <dl class="facts">
        <dt>${t("case.number")}</dt>
        <dd><strong>${receipt.number}</strong></dd>
        <dt>${t("receipt.matter")}</dt>
        <dd>${label(application.matter.name)}</dd>
        <dt>${t("case.applicant")}</dt>
        <dd>${application.applicant.name}</dd>
        ${agency && html`<dt>${t("receipt.agency")}</dt><dd>${label(agency)}</dd>`}
        <dt>${t("receipt.at")}</dt>
        <dd>${moment(application.acceptedAt ?? application.filedAt)}</dd>
        <dt>${t("case.due")}</dt>
        <dd><strong>${application.due ? day(application.due) : "—"}</strong></dd>
      </dl>
      <div class="qr"><img src=${svg(receipt.qr)} alt="" /></div>
    </div>
    <h2>${t("receipt.materials")}</h2>
    <ol>
      ${met.map((one, i) => html`<li>${i + 1}. ${label(one.label)}（${t(`by.${one.fulfilled.by}`)}）</li>`)}
    </ol>
    <p class="foot">${t("receipt.how")}<br />${receipt.url}</p>
  <//>`;
}
