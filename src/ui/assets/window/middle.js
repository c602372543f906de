// Middle of the window: one big area that is in turn waiting for a scan, the camera, the request's code, checking, the
// verdict, the receipt.

import { clock, t } from "../lib/i18n.js";
import { Failure, Icon, Notice } from "../lib/page.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { Camera, DropArea, SpokenField } from "../lib/scan.js";
import { Grouped, Verdict, reasonOf } from "../lib/verdict.js";
import { CopyButton } from "./copy.js";
import { awaits, missing } from "./desk.js";
import { Receipt } from "./receipt.js";
import { ResultForm } from "./result.js";
import { Waiting } from "./second.js";

export function Middle({ desk, state }) {
  switch (state.mode) {
    case "camera":
      return html`<div class="area stack">
        <h2>${t("window.scanTitle")}</h2>
        <${Camera} onText=${(text) => desk.scanned(text)} /><${Other} desk=${desk} />
      </div>`;
    case "code":
      return html`<div class="area stack narrow-area">
        <h2>${t("spoken.title")}</h2>
        <${SpokenField} onCode=${(code) => desk.scanned(code)} /><${Other} desk=${desk} />
      </div>`;
    case "checking":
      return html`<div class="area center" role="status">
        <span class="spin big-spin"></span>
        <p class="big-text">${t("window.checking")}</p>
      </div>`;
    case "request":
      return html`<${Request} desk=${desk} request=${state.request} />`;
    case "verdict":
      return html`<div class="stack">
        <${Verdict} verdict=${state.verdict}><${After} state=${state} desk=${desk} /><//>
      </div>`;
    case "receipt":
      return html`<${Receipt} desk=${desk} application=${state.application} />`;
    case "result":
      return html`<${ResultForm} desk=${desk} state=${state} />`;
    case "done":
      return html`<${Done} desk=${desk} state=${state} />`;
    case "error":
      return html`<div class="area stack">
        <${Failure} error=${state.error} /><${Help} error=${state.error} />
        <p>
          <button class="button primary" type="button" onClick=${() => desk.back()}>
            ${t("window.goOn")} <kbd>Esc</kbd>
          </button>
        </p>
      </div>`;
    default:
      if (awaits(state.application)) return html`<${Waiting} desk=${desk} application=${state.application} />`;
      return html`<${Wait} desk=${desk} state=${state} />`;
  }
}

function Wait({ desk, state }) {
  const asked = state.matter && (!state.application || state.application.state === "filed");
  const ready = state.application && missing(state).length === 0;
  const says = !state.matter
    ? "window.waitAny"
    : !state.application
      ? "window.waitApplicant"
      : state.application.state !== "filed"
        ? "window.waitNext"
        : ready
          ? "window.waitNone"
          : "window.waitMaterial";
  const over = state.application && state.application.state !== "filed";
  const title = over ? "window.waitOver" : ready ? "window.waitReady" : "window.wait";
  const primary = !ready && (!state.application || state.application.state === "filed") ? "primary" : "";
  return html`<div class="area waiting stack">
    <div class="target">
      <${Icon} name=${over || ready ? "pass" : "scan"} />
      <p class="big-text">${t(title)}</p>
      <p class="soft">${t(says)}</p>
    </div>
    <div class="ways-in">
      <button class="button big ${primary}" type="button" onClick=${() => desk.camera()}>
        <${Icon} name="camera" />${t("window.byCamera")} <kbd>F2</kbd>
      </button>
      <button class="button big" type="button" onClick=${() => desk.typeCode()}>
        <${Icon} name="key" />${t("window.byCode")} <kbd>F4</kbd>
      </button>
      ${asked && html`<button class="button big" type="button" onClick=${() => desk.request()}><${Icon} name="phone" />${t("window.byRequest")}</button>`}
    </div>
    <${DropArea} onText=${(text) => desk.scanned(text)} onWrong=${(message) => desk.wrongPicture(message)} />
  </div>`;
}

const Other = ({ desk }) =>
  html`<p>
    <button class="button" type="button" onClick=${() => desk.back()}>${t("do.back")} <kbd>Esc</kbd></button>
  </p>`;

/** What clerk and citizen do next after a verdict. */
function After({ state, desk }) {
  const why = reasonOf(state.verdict);
  const help = why && t(`help.${why.code}`);
  const left = state.application?.state === "filed" ? missing(state) : null;
  return html`<div class="stack tight">
    ${help && help !== `help.${why.code}` && html`<${Notice}>${help}<//>`}
    ${state.verdict.accepted && left?.length === 0 && html`<${Notice} kind="pass">${t("window.allThere")}<//>`}
    <div class="row">
      <button class="button" type="button" onClick=${() => desk.back()}>
        <${Icon} name="scan" />${t("window.scanNext")} <kbd>Esc</kbd>
      </button>
      <${CopyButton} uses=${state.uses} />
    </div>
  </div>`;
}

/** What to do about an error that is not a verdict. */
function Help({ error }) {
  if (error.status === 0)
    return html`<${Notice}
      ><p>${t("help.offlineClerk")}</p>
      <p>${t("help.offlineCitizen")}</p><//
    >`;
  return null;
}

/** The request's code with what it waits for and how long it lives. */
function Request({ desk, request }) {
  const left = useLeft(request.expiresAt);
  return html`<div class="area stack request">
    <h2>${t("request.title")}</h2>
    <div class="qr request-qr"><img src=${svg(request.qr)} alt=${t("request.alt")} /></div>
    <p class="big-text" role="status">${t(request.state === "opened" ? "request.opened" : "request.waiting")}</p>
    <p class="soft">${t("request.left", { time: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` })}</p>
    <${Other} desk=${desk} />
  </div>`;
}

/** Seconds until an instant, counting down. */
export function useLeft(until) {
  const rest = () => Math.max(0, Math.round((new Date(until) - Date.now()) / 1000));
  const [left, setLeft] = useState(rest());
  useEffect(() => {
    const timer = setInterval(() => setLeft(rest()), 1000);
    return () => clearInterval(timer);
  }, [until]);
  return left;
}

/** A picture that came as SVG text, as an address. */
export const svg = (text) =>
  text?.startsWith("data:") ? text : `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text ?? "")}`;

function Done({ desk, state }) {
  const { application, offers, offerError } = state;
  const granted = application.state === "granted";
  return html`<div class="area center stack">
    <${Notice} kind=${granted ? "pass" : ""} icon=${granted ? "pass" : "file"} live
      ><p class="big-text">${t(`done.${application.state}`)}</p>
      <p>${t(`done.${application.state}Help`)}</p><//
    >
    ${offers === null && html`<p role="status"><span class="spin"></span> ${t("done.offering")}</p>`}
    ${offers?.map((one) => html`<${Result} key=${one.id} offer=${one} />`)}
    ${
      offerError &&
      html`<${Failure} error=${offerError} />
        <button class="button" type="button" onClick=${() => desk.offer()}>${t("done.offerAgain")}</button>`
    }
    <button class="button primary big" type="button" onClick=${() => desk.next()}>${t("window.nextPerson")}</button>
  </div>`;
}

/** The code by which a result goes to the applicant's phone, with its PIN. */
const Result = ({ offer }) =>
  html`<div class="receipt-row result">
    <div class="qr receipt-qr"><img src=${svg(offer.qr)} alt=${t("offer.alt")} /></div>
    <div class="stack tight">
      <p class="strong">${t("done.receive")}</p>
      ${offer.pin && html`<p>${t("offer.pin")} <span class="pin"><${Grouped} text=${offer.pin} /></span></p>`}
      <p class="soft">${t("done.receiveHelp", { time: clock(offer.expiresAt) })}</p>
    </div>
  </div>`;
