// Right side of the window: the application, what is still missing in words that the citizen understands, and the one step
// that comes next.

import { freshKey } from "../lib/api.js";
import { citizenFault, fromLegacy, holderKind } from "../lib/codes.js";
import { TextField } from "../lib/field.js";
import { day, label, maskCode, moment, t } from "../lib/i18n.js";
import { Icon, Notice } from "../lib/page.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Grouped } from "../lib/verdict.js";
import { awaits, missing } from "./desk.js";
import { SecondPerson } from "./second.js";

export function ApplicationSide({ desk, state }) {
  const { application, matter } = state;
  if (!application)
    return html`<div class="stack">
      <h2 id="application-title">${t("case.title")}</h2>
      ${
        matter
          ? html`<p class="soft">${t("case.identify")}</p>
              <${Applicant} desk=${desk} />`
          : html`<p class="soft">${t("case.none")}</p>`
      }
    </div>`;
  return html`<div class="stack">
    <div class="row apart">
      <h2 id="application-title">${t("case.title")}</h2>
      <span class="chip ${chip(application.state)}">${label(application.stateName)}</span>
    </div>
    <dl class="facts narrow-facts">
      <dt>${t("case.number")}</dt>
      <dd class="strong tight-number">${application.id}</dd>
      <dt>${t("case.applicant")}</dt>
      <dd>
        <span class="strong">${application.applicant.name}</span><br /><${Masked} code=${application.applicant.code} />
      </dd>
      <dt>${t("case.filed")}</dt>
      <dd>${moment(application.filedAt)}</dd>
      ${
        application.due &&
        html`<dt>${t("case.due")}</dt>
          <dd class="strong">${day(application.due)}</dd>`
      }
      ${
        application.reason &&
        html`<dt>${t("case.reason")}</dt>
          <dd>${application.reason}</dd>`
      }
    </dl>
    <${Next} desk=${desk} state=${state} />
  </div>`;
}

const chip = (state) =>
  ({ granted: "pass", refused: "refuse", notAccepted: "refuse", accepted: "unsure" })[state] ?? "";

/** A number that is masked until it is pressed. */
export function Masked({ code }) {
  const [open, setOpen] = useState(false);
  return html`<button
    class="masked"
    type="button"
    aria-pressed=${String(open)}
    title=${t(open ? "mask.hide" : "mask.show")}
    onClick=${() => setOpen(!open)}
  >
    ${open ? html`<${Grouped} text=${code} />` : maskCode(code)}
  </button>`;
}

function Next({ desk, state }) {
  const { application } = state;
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(null);
  const run = (work) => async () => {
    setBusy(true);
    await work();
    setBusy(false);
  };
  const left = missing(state);
  const dialog =
    asking &&
    html`<${ReasonDialog}
      kind=${asking}
      onClose=${() => setAsking(null)}
      onReason=${(reason) => (setAsking(null), asking === "reject" ? desk.reject(reason) : desk.refuse(reason))}
    />`;
  if (application.state === "filed") {
    return html`<div class="stack">
      ${
        left.length > 0
          ? html`<div>
              <h3>${t("case.missing")}</h3>
              <ul class="missing">
                ${left.map((one) => html`<li>${label(one.label)}</li>`)}
              </ul>
            </div>`
          : html`<${Notice} kind="pass">${t("case.complete")}<//>`
      }
      <button
        class="button big wide ${left.length === 0 ? "primary" : ""}"
        type="button"
        disabled=${busy || left.length > 0}
        onClick=${run(() => desk.accept())}
      >
        <${Icon} name="stamp" />${t("case.accept")}
      </button>
      <button class="button plain" type="button" onClick=${() => setAsking("reject")}>${t("case.reject")}</button
      >${dialog}
    </div>`;
  }
  if (awaits(application)) {
    return html`<div class="stack">
      <${SecondPerson} second=${application.secondPerson} />
      <button class="button big wide" type="button" onClick=${() => desk.receipt()}>
        <${Icon} name="print" />${t("case.receipt")} <kbd>F8</kbd>
      </button>
      <button class="button big wide primary" type="button" onClick=${() => desk.next()}>${t("window.nextPerson")}</button>
    </div>`;
  }
  if (application.state === "accepted") {
    return html`<div class="stack">
      <${SecondPerson} second=${application.secondPerson} />
      ${state.mode === "receipt" && html`<p class="soft">${t("case.giveReceipt")}</p>`}
      <button
        class="button big wide ${state.mode === "receipt" ? "primary" : ""}"
        type="button"
        onClick=${() => desk.receipt()}
      >
        <${Icon} name="print" />${t("case.receipt")} <kbd>F8</kbd>
      </button>
      <button
        class="button big wide ${["receipt", "result"].includes(state.mode) ? "" : "primary"}"
        type="button"
        disabled=${busy || state.mode === "result"}
        onClick=${run(() => desk.grant())}
      >
        <${Icon} name="pass" />${t("case.grant")}
      </button>
      <button class="button plain" type="button" onClick=${() => setAsking("refuse")}>${t("case.refuse")}</button
      >${dialog}
    </div>`;
  }
  if (state.mode === "done") return null;
  return html`<button
    class="button big wide primary"
    type="button"
    onClick=${() => desk.next()}
  >
    ${t("window.nextPerson")}
  </button>`;
}

/** Asks for a reason that the applicant is told. */
export function ReasonDialog({ kind, onReason, onClose }) {
  const [text, setText] = useState("");
  const dialog = useRef(null);
  useEffect(() => dialog.current?.showModal(), []);
  const send = (event) => {
    event.preventDefault();
    if (text.trim()) onReason(text.trim());
  };
  return html`<dialog ref=${dialog} onClose=${onClose} aria-labelledby="reason-title">
    <form class="stack" onSubmit=${send}>
      <h2 id="reason-title">${t(`reason.${kind}`)}</h2>
      <${TextField}
        id="reason"
        name=${t("reason.label")}
        hint=${t("reason.hint")}
        area
        maxlength="500"
        required
        value=${text}
        onText=${setText}
      />
      <div class="row end">
        <button class="button" type="button" onClick=${() => dialog.current.close()}>${t("do.cancel")}</button>
        <button class="button danger" disabled=${!text.trim()}>${t(`reason.${kind}Do`)}</button>
      </div>
    </form>
  </dialog>`;
}

/** The applicant by hand, for who has no phone at hand. */
function Applicant({ desk }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [code, setCode] = useState("");
  const [left, setLeft] = useState(false);
  const key = useRef(freshKey());
  const clean = code.normalize("NFKC").replace(/\s/g, "").toUpperCase();
  const whole = fromLegacy(clean) ?? clean;
  const kind = holderKind(whole);
  const wrong =
    left && whole && !kind
      ? t(`wrong.${/^\d{17}[\dX]$/.test(whole) ? `citizen.${shape(citizenFault(whole))}` : "identity"}`)
      : "";
  const send = (event) => {
    event.preventDefault();
    setLeft(true);
    if (name.trim() && kind) desk.file({ name: name.trim(), code: whole, codeType: kind }, key.current);
  };
  if (!open)
    return html`<button class="button wide" type="button" onClick=${() => setOpen(true)}>
      <${Icon} name="person" />${t("case.byHand")}
    </button>`;
  return html`<form class="stack" onSubmit=${send}>
    <${TextField}
      id="applicant-name"
      name=${t("case.name")}
      autocomplete="off"
      maxlength="200"
      value=${name}
      onText=${setName}
    />
    <${TextField}
      id="applicant-code"
      name=${t("case.code")}
      hint=${t("case.codeHint")}
      wrong=${wrong}
      autocomplete="off"
      spellcheck="false"
      maxlength="24"
      value=${code}
      onText=${setCode}
      onBlur=${() => setLeft(true)}
    />
    <button class="button wide" disabled=${!name.trim() || !kind}>${t("case.start")}</button>
  </form>`;
}

const shape = (fault) => (fault === "character" || fault === "address" ? "shape" : fault);
