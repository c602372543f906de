// One licence: its card, its fields hidden until pressed, its copies' state, and taking it out.

import { day, groups, label, moment, t } from "../../lib/i18n.js";
import { html, useRef, useState } from "../../lib/preact.js";
import { usable, viewsOf } from "../keep/licences.js";
import { Card, useAgency } from "../parts/card.js";
import { Glyph } from "../parts/glyph.js";
import { Logged } from "../parts/logged.js";
import { fieldsOf, stateWord } from "../parts/words.js";
import { back, go } from "../place.js";
import { discard, useWallet } from "../state.js";

export function Detail({ argument }) {
  const { licences, checked } = useWallet();
  const licence = licences.find((one) => one.id === argument);
  const agency = useAgency(licence?.issuer);
  if (!licence) return html`<p class="soft">${t("wallet.gone")}</p>`;
  const { state } = stateWord(licence);
  return html`
    <${Card} licence=${licence} />
    ${!usable(licence) && html`<p class="advice"><${Glyph} name="unsure" /><span>${t(`wallet.advice.${state}`, { day: day(licence.validUntil ?? licence.validFrom ?? "") })}</span></p>`}
    ${state === "soon" && html`<p class="advice"><${Glyph} name="unsure" /><span>${t("wallet.advice.soon", { day: day(licence.validUntil) })}</span></p>`}
    ${usable(licence) && viewsOf(licence).length > 0 && html`<button class="button primary big wide" type="button" onClick=${() => go(`show/${licence.id}`)}>
      <${Glyph} name="show" />${t("wallet.show.this")}</button>`}
    <${Fields} licence=${licence} />
    <section class="sheet stack tight">
      <h2>${t("wallet.about")}</h2>
      <dl class="facts">
        <dt>${t("wallet.issuer")}</dt><dd>${agency || licence.issuer}</dd>
        <dt>${t("wallet.validity")}</dt><dd>${day(licence.validFrom)} – ${licence.validUntil ? day(licence.validUntil) : t("wallet.permanent")}</dd>
        <dt>${t("wallet.received")}</dt><dd>${moment(licence.received)}</dd>
        <dt>${t("wallet.copies")}</dt><dd>${t("wallet.copies.count", { n: licence.copies.length })}</dd>
        ${checked && html`<dt>${t("wallet.status")}</dt><dd>${t("wallet.checked", { when: moment(new Date(checked).toISOString()) })}</dd>`}
      </dl>
    </section>
    <${Logged} licence=${licence} />
    <${Remove} licence=${licence} />`;
}

function Fields({ licence }) {
  const [shown, setShown] = useState(false);
  const fields = fieldsOf(licence);
  if (fields.length === 0) return null;
  const secret = fields.some((one) => one.text !== one.hidden);
  return html`<section class="sheet stack tight">
    <div class="row apart"><h2>${t("wallet.fields")}</h2>
      ${secret && html`<button class="tool" type="button" aria-pressed=${String(shown)} onClick=${() => setShown(!shown)}>
        <${Glyph} name=${shown ? "hidden" : "eye"} />${t(shown ? "wallet.hide" : "wallet.reveal")}</button>`}</div>
    <dl class="facts">${fields.map((one) => html`<${Field} key=${one.field.name} one=${one} all=${shown} />`)}</dl>
  </section>`;
}

function Field({ one, all }) {
  const [pressed, setPressed] = useState(false);
  const shown = all || pressed || one.text === one.hidden;
  const name = label(one.field.label);
  return html`<dt>${name}</dt>
    <dd>${shown ? html`<${Value} text=${one.text} />` : html`<button class="veil" type="button" onClick=${() => setPressed(true)}>
      ${one.hidden}<span class="hidden-text">${t("wallet.reveal.one", { name })}</span><${Glyph} name="eye" /></button>`}</dd>`;
}

/** A long number in groups; copied without gaps. */
export function Value({ text }) {
  const parts = groups(text);
  return parts.length === 1 ? text : html`<span class="grouped">${parts.map((part) => html`<span>${part}</span>`)}</span>`;
}

function Remove({ licence }) {
  const dialog = useRef(null);
  const remove = async () => {
    dialog.current.close();
    await discard(licence);
    back();
  };
  return html`<button class="button plain" type="button" onClick=${() => dialog.current.showModal()}>${t("wallet.remove")}</button>
    <dialog ref=${dialog} aria-labelledby="remove-title">
      <h2 id="remove-title">${t("wallet.remove.title", { name: label(licence.about.name) })}</h2>
      <p class="soft">${t("wallet.remove.text")}</p>
      <div class="row two">
        <button class="button big" type="button" autofocus onClick=${() => dialog.current.close()}>${t("wallet.keep")}</button>
        <button class="button danger big" type="button" onClick=${remove}>${t("wallet.remove")}</button>
      </div>
    </dialog>`;
}
