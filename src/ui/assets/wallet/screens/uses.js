// 用证记录: what windows verified of the holder's licences, as the city keeps it, signed; objecting and the answer to it.

import { schemaOf } from "../../lib/catalogue.js";
import { TextField } from "../../lib/field.js";
import { clock, day, label, moment, t } from "../../lib/i18n.js";
import { html, useEffect, useRef, useState } from "../../lib/preact.js";
import { Glyph } from "../parts/glyph.js";
import { list, sentenceOf as trouble } from "../parts/words.js";
import { mine, object } from "../protocol/uses.js";
import { useWallet } from "../state.js";

/** Longest reason, characters. */
const LONGEST = 500;

export function Uses() {
  const { licences } = useWallet();
  const [page, setPage] = useState(null);
  const [error, setError] = useState(null);
  const [about, setAbout] = useState(null);
  const load = async (before = [], after = null) => {
    setError(null);
    try {
      const found = await mine(licences, after);
      setPage({ uses: [...before, ...found.uses], next: found.next });
    } catch (problem) {
      setError(problem);
    }
  };
  useEffect(() => void load(), [licences.length]);
  const done = (objection) => {
    setPage({ ...page, uses: page.uses.map((one) => (one.use.id === objection.id ? { ...one, objection } : one)) });
    setAbout(null);
  };
  if (error) return html`<div class="sheet stack" role="alert"><p>${trouble(error)}</p><button class="button" type="button" onClick=${() => load()}>${t("do.again")}</button></div>`;
  if (!page) return html`<p class="soft" role="status">${t("state.loading")}</p>`;
  if (page.uses.length === 0) return html`<div class="nothing"><span class="emblem"><${Glyph} name="journal" /></span><p>${t("wallet.uses.none")}</p></div>`;
  const days = [...new Set(page.uses.map((one) => day(one.use.at)))];
  return html`<p class="soft small">${t("wallet.uses.lead")}</p>
    ${days.map((one) => html`<section key=${one} class="stack tight"><h2 class="day">${one}</h2>
      <ol class="entries sheet uses">${page.uses.filter((entry) => day(entry.use.at) === one).map((entry) => html`<${Use} key=${entry.use.id} entry=${entry} onObject=${setAbout} />`)}</ol>
    </section>`)}
    ${page.next && html`<button class="button" type="button" onClick=${() => load(page.uses, page.next)}>${t("records.more")}</button>`}
    ${about && html`<${Objecting} key=${about.use.id} entry=${about} onClose=${() => setAbout(null)} onDone=${done} />`}`;
}

/** The names of the fields that were disclosed. */
function useFields(use) {
  const [schema, setSchema] = useState(null);
  useEffect(() => {
    if (use.credential?.type) schemaOf(use.credential.type).then(setSchema, () => {});
  }, [use.id]);
  const fields = schema?.["x-certless"]?.fields ?? [];
  return list(use.fields.map((name) => label(fields.find((field) => field.name === name)?.label) || name));
}

function Use({ entry, onObject }) {
  const { use, objection, copy } = entry;
  const fields = useFields(use);
  const ok = use.verdict.accepted;
  return html`<li><${Glyph} name=${ok ? "pass" : "refuse"} />
    <div class="grow stack tight">
      <p>${t(ok ? "wallet.uses.shown" : "wallet.uses.refused", { who: label(use.unitName), name: label(use.credential?.typeName) || t("wallet.uses.unread") })}</p>
      <p class="small soft">${label(use.purpose)} · ${t(`wallet.uses.basis.${use.basis}`)} · ${t(`wallet.uses.mode.${use.mode}`)}</p>
      ${use.application && html`<p class="small soft">${t("wallet.uses.case", { number: use.application })}</p>`}
      ${fields && html`<p class="small soft">${t("wallet.journal.fields", { names: fields })}</p>`}
      <p class="small soft">${t("wallet.uses.clerk", { clerk: use.clerk })}</p>
      ${copy && html`<p class="small soft">${t(copy.takenAt ? "wallet.uses.copyTaken" : "wallet.uses.copy", { cause: copy.cause, until: day(copy.validUntil) })}</p>`}
      ${objection ? html`<${Objected} objection=${objection} />` : html`<button class="linklike" type="button" onClick=${() => onObject(entry)}>${t("wallet.journal.object")}</button>`}
    </div>
    <time class="small soft" datetime=${use.at}>${clock(use.at)}</time></li>`;
}

/** How an objection stands, and what was answered. */
function Objected({ objection }) {
  const kind = { open: "unsure", overdue: "refuse", answered: "pass" }[objection.state];
  return html`<div class="stack tight objected ${kind}">
    <p class="small strong">${t("wallet.uses.objection", { state: label(objection.stateName) })}</p>
    <p class="small">${objection.reason}</p>
    ${objection.state === "answered"
      ? html`<p class="small">${t(`wallet.uses.${objection.outcome}`)}${objection.answer} <span class="soft">${moment(objection.answeredAt)}</span></p>`
      : html`<p class="small soft">${t("wallet.uses.due", { who: label(objection.unitName), day: day(objection.due) })}</p>`}
  </div>`;
}

/** Says why, signed by the phone. */
function Objecting({ entry, onClose, onDone }) {
  const { licences } = useWallet();
  const dialog = useRef(null);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  useEffect(() => dialog.current?.showModal(), []);
  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onDone(await object(licences, entry.use, reason.trim()));
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return html`<dialog ref=${dialog} onClose=${onClose} aria-labelledby="object-title">
    <form class="stack" onSubmit=${send}>
      <h2 id="object-title">${t("wallet.journal.object")}</h2>
      <p>${t("wallet.objection.text", { who: label(entry.use.unitName) })}</p>
      <p class="small soft">${day(entry.use.at)} ${clock(entry.use.at)} · ${label(entry.use.purpose)}</p>
      <${TextField} id="object-reason" name=${t("wallet.objection.reason")} area rows="4" maxlength=${LONGEST} required value=${reason} onText=${setReason} />
      ${error && html`<p role="alert" class="wrong">${trouble(error)}</p>`}
      <p class="small soft">${t("wallet.objection.after")}</p>
      <div class="row two"><button class="button big" type="button" onClick=${() => dialog.current.close()}>${t("do.cancel")}</button>
        <button class="button big primary" disabled=${busy || !reason.trim()}>${t(busy ? "state.loading" : "wallet.objection.send")}</button></div>
    </form>
  </dialog>`;
}
