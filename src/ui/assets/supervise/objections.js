// Objections to uses of licences: what holders say, by when it must be answered, and answering.

import { get, post } from "../lib/api.js";
import { ChoiceField, TextField } from "../lib/field.js";
import { day, label, moment, t } from "../lib/i18n.js";
import { Failure, Icon, Loading, Notice } from "../lib/page.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";

const KIND = { open: "unsure", overdue: "refuse", answered: "pass" };
const SIGN = { open: "wait", overdue: "clock", answered: "pass" };

/** The objections of a unit, or of all; `may` answer them or only look. */
export function Objections({ code, may }) {
  const [all, setAll] = useState(false);
  const [list, setList] = useState(null);
  const [error, setError] = useState(null);
  const [asking, setAsking] = useState(null);
  const [told, setTold] = useState(false);
  const load = () => {
    const query = new URLSearchParams({ ...(code && { agency: code }), state: all ? "all" : "open" });
    return get(`/api/objections?${query}`).then((found) => (setList(found.objections), setError(null)), setError);
  };
  useEffect(() => void load(), [code, all]);
  const done = () => {
    setAsking(null);
    setTold(true);
    void load();
  };
  return html`<section class="sheet stack" aria-labelledby="objections">
    <div class="row apart">
      <h2 id="objections">${t("objections.title")}</h2>
      <button class="button" type="button" aria-pressed=${String(all)} onClick=${() => setAll(!all)}>${t("objections.all")}</button>
    </div>
    <p class="soft">${t(may ? "objections.lead" : "objections.leadWatch")}</p>
    ${told && html`<${Notice} kind="pass" live>${t("objections.told")}<//>`}
    ${error && html`<${Failure} error=${error} again=${load} />`} ${!list && !error && html`<${Loading} />`}
    ${list?.length === 0 && html`<p class="empty">${t("objections.none")}</p>`}
    <ul class="stack objections">
      ${list?.map((one) => html`<${One} key=${one.id} one=${one} may=${may} onAnswer=${setAsking} />`)}
    </ul>
    ${asking && html`<${Answering} key=${asking.id} one=${asking} onClose=${() => setAsking(null)} onDone=${done} />`}
  </section>`;
}

function One({ one, may, onAnswer }) {
  return html`<li class="stack tight">
    <div class="row apart">
      <p class="strong">${label(one.unitName)} · ${label(one.matterName) || t("uses.noMatter")}${one.typeName ? ` · ${label(one.typeName)}` : ""}</p>
      <span class="chip ${KIND[one.state]}"><${Icon} name=${SIGN[one.state]} />${label(one.stateName)}</span>
    </div>
    <p class="soft">${t("objections.facts", { used: moment(one.usedAt), at: moment(one.at), due: day(one.due) })}</p>
    ${one.reason && html`<p>${one.reason}</p>`}
    ${one.answer && html`<p><strong>${t(`objections.outcome.${one.outcome}`)}</strong> ${one.answer}</p>`}
    ${may && one.state !== "answered" && html`<p><button class="button primary" type="button" onClick=${() => onAnswer(one)}>${t("objections.answer")}</button></p>`}
  </li>`;
}

function Answering({ one, onClose, onDone }) {
  const dialog = useRef(null);
  const [outcome, setOutcome] = useState("explained");
  const [answer, setAnswer] = useState("");
  const [error, setError] = useState(null);
  useEffect(() => dialog.current?.showModal(), []);
  const send = (event) => {
    event.preventDefault();
    post(`/api/objections/${one.id}/answer`, { outcome, answer: answer.trim() }).then(onDone, setError);
  };
  const outcomes = ["explained", "upheld"].map((value) => [value, t(`objections.outcome.${value}`)]);
  return html`<dialog ref=${dialog} onClose=${onClose} aria-labelledby="answer-title">
    <form class="stack" onSubmit=${send}>
      <h2 id="answer-title">${t("objections.answer")}</h2>
      <p>${one.reason}</p>
      <${ChoiceField} id="answer-outcome" name=${t("objections.outcome")} value=${outcome} options=${outcomes} onChoose=${setOutcome} />
      <${TextField} id="answer-text" name=${t("objections.text")} hint=${t("objections.textHint")} area maxlength="500" required value=${answer} onText=${setAnswer} />
      ${error && html`<${Failure} error=${error} />`}
      <div class="row end">
        <button class="button" type="button" onClick=${() => dialog.current.close()}>${t("do.cancel")}</button>
        <button class="button primary" disabled=${!answer.trim()}>${t("objections.send")}</button>
      </div>
    </form>
  </dialog>`;
}
