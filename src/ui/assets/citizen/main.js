// The citizen's screen at the window: the request's code large, who asks, for which matter, which materials; then 已收到, then
// the receipt. It hears from the clerk's page on the same machine and never shows anything of the clerk's own.

import { label, t } from "../lib/i18n.js";
import { Frame, Icon, mount } from "../lib/page.js";
import { html, useEffect, useState } from "../lib/preact.js";

const svg = (text) => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text ?? "")}`;

function Citizen() {
  const [shown, setShown] = useState({ kind: "idle" });
  useEffect(() => {
    const channel = new BroadcastChannel("certless.citizen");
    channel.onmessage = ({ data }) => data?.kind && data.kind !== "hello" && setShown(data);
    channel.postMessage({ kind: "hello" });
    return () => channel.close();
  }, []);
  const View = { request: Request, received: Received, receipt: Receipt, waits: Waits, done: Done }[shown.kind] ?? Idle;
  return html`<${Frame}
    ><div class="citizen-page" aria-live="polite"><${View} shown=${shown} /></div
  ><//>`;
}

const Idle = () =>
  html`<div class="plain">
    <h1>${t("citizen.idle")}</h1>
    <p>${t("citizen.idleHelp")}</p>
  </div>`;

function Request({ shown }) {
  return html`<div class="ask-row">
    <div class="qr ask-qr"><img src=${svg(shown.request.qr)} alt=${t("request.alt")} /></div>
    <div class="stack ask-text">
      <h1>${t("citizen.scan")}</h1>
      <dl class="facts">
        ${
          shown.agency &&
          html`<dt>${t("citizen.agency")}</dt>
            <dd>${label(shown.agency)}</dd>`
        }
        <dt>${t("citizen.matter")}</dt>
        <dd class="strong">${label(shown.matter)}</dd>
        <dt>${t("citizen.materials")}</dt>
        <dd>
          <ul>
            ${shown.materials.map((one) => html`<li>${label(one)}</li>`)}
          </ul>
        </dd>
      </dl>
      <p class="soft">${t("citizen.onlyThese")}</p>
    </div>
  </div>`;
}

const Received = () =>
  html`<div class="plain pass">
    <span class="disc"><${Icon} name="pass" /></span>
    <h1>${t("citizen.received")}</h1>
    <p>${t("citizen.receivedHelp")}</p>
  </div>`;

/** The receipt's code, at the beginning of a case and while a second person looks at the decision. */
function Receipt({ shown, title = "citizen.receipt", how = "receipt.how" }) {
  return html`<div class="ask-row">
    <div class="qr ask-qr"><img src=${svg(shown.receipt.qr)} alt=${t("receipt.alt")} /></div>
    <div class="stack ask-text">
      <h1>${t(title)}</h1>
      <dl class="facts">
        <dt>${t("citizen.matter")}</dt>
        <dd class="strong">${label(shown.matter)}</dd>
        <dt>${t("case.number")}</dt>
        <dd class="strong">${shown.receipt.number}</dd>
      </dl>
      <p>${t(how)}</p>
    </div>
  </div>`;
}

const Waits = ({ shown }) => html`<${Receipt} shown=${shown} title="citizen.waits" how="citizen.waitsHelp" />`;

/** How it was decided; then the code to receive the result by, and the one to rate the service by, side by side. */
function Done({ shown }) {
  const granted = shown.state === "granted";
  return html`<div class="plain ${granted ? "pass" : ""}">
    <span class="disc"><${Icon} name=${granted ? "pass" : "file"} /></span>
    <h1>${t(granted ? "citizen.done" : "citizen.ended")}</h1>
    <p>${label(shown.matter)}</p>
    <div class="codes">
      ${shown.codes.map(
        (code) =>
          html`<figure>
            <div class="qr"><img src=${svg(code)} alt=${t("offer.alt")} /></div>
            <figcaption>
              <p class="strong">${t("citizen.receive")}</p>
              <p>${t("citizen.receiveHelp")}</p>
            </figcaption>
          </figure>`,
      )}
      ${
        shown.receipt?.qr &&
        html`<figure>
          <div class="qr"><img src=${svg(shown.receipt.qr)} alt=${t("receipt.alt")} /></div>
          <figcaption>
            <p class="strong">${t("citizen.rate")}</p>
            <p>${t("citizen.rateHelp")}</p>
          </figcaption>
        </figure>`
      }
    </div>
  </div>`;
}

mount(Citizen, t("citizen.title"));
