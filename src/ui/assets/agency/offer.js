// What was made: the code and PIN on the screen, or as a letter for the post (领证通知), watched until the holder took it.

import { freshKey, get, post } from "../lib/api.js";
import { label, moment, t } from "../lib/i18n.js";
import { Failure, Icon, Notice } from "../lib/page.js";
import { Paper } from "../lib/paper.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { Grouped } from "../lib/verdict.js";

const svg = (text) =>
  text?.startsWith("data:") ? text : `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text ?? "")}`;

/**
 * An offer until it is claimed or ended; `path` is where it is asked after, `nextText` what comes after it. `wanted` is what
 * it was asked for by: a letter takes its time, so that printing one asks anew for an offer that lives as long.
 */
export function Offer({ offer: first, wanted, type, agency, holder, next, nextText = t("issue.next"), path = "/api/offers" }) {
  const [offer, setOffer] = useState(first);
  const [state, setState] = useState(offer.state ?? "offered");
  const [error, setError] = useState(null);
  const letter = async () => {
    setError(null);
    try {
      if (!offer.letter) {
        await post(`${path}/${offer.id}/cancel`);
        setOffer({ ...(await post(path, { ...wanted, letter: true }, { key: freshKey() })), letter: true });
      }
      setTimeout(() => print(), 100);
    } catch (problem) {
      setError(problem);
    }
  };
  useEffect(() => {
    if (!offer.id || state !== "offered") return undefined;
    const timer = setInterval(
      () =>
        get(`${path}/${offer.id}`).then(
          (found) => setState(found.state),
          () => {},
        ),
      3000,
    );
    return () => clearInterval(timer);
  }, [state, offer.id]);
  const cancel = () => post(`${path}/${offer.id}/cancel`).then(() => setState("cancelled"), setError);
  if (offer.pending) {
    return html`<div class="sheet stack">
      <${Notice} kind="unsure" icon="wait" live
        ><p class="strong">${t("pending.waits")}</p>
        <p>${t("pending.waitsHelp")}</p><//
      >
      <p><button class="button primary" type="button" onClick=${next}>${nextText}</button></p>
    </div>`;
  }
  return html`<div class="sheet offer">
    <div class="stack offer-code">
      ${state === "offered" && html`<div class="qr"><img src=${svg(offer.qr)} alt=${t("offer.alt")} /></div>`}
    </div>
    <div class="stack grow">
      <h2>${label(type.name)}</h2>
      ${holder && html`<p class="strong">${holder}</p>`}
      <${Notice}
        kind=${state === "claimed" ? "pass" : state === "offered" ? "" : "unsure"}
        icon=${state === "offered" ? "phone" : undefined}
        live
        >${t(`offer.${state}`)}<//
      >
      ${
        state === "offered" &&
        html`<dl class="facts">
            <dt>${t("offer.pin")}</dt>
            <dd class="pin"><${Grouped} text=${offer.pin ?? ""} /></dd>
            <dt>${t("offer.until")}</dt>
            <dd>${moment(offer.expiresAt)}</dd>
          </dl>
          <p class="soft">${t("offer.how")}</p>`
      }
      ${error && html`<${Failure} error=${error} />`}
      <div class="row">
        <button class="button primary" type="button" onClick=${next}>${nextText}</button>
        ${
          state === "offered" &&
          html`${wanted && html`<button class="button" type="button" onClick=${letter}><${Icon} name="print" />${t("offer.letter")}</button>`}
            <button class="button plain" type="button" onClick=${cancel}>${t("offer.cancel")}</button>`
        }
      </div>
    </div>
    ${state === "offered" && html`<${Letter} offer=${offer} type=${type} agency=${agency} holder=${holder} />`}
  </div>`;
}

/** The letter; shown only when printed. */
function Letter({ offer, type, agency, holder }) {
  return html`<${Paper}>
    <h1>${t("letter.title")}</h1>
    <p>${t("letter.dear", { name: holder })}</p>
    <p>${t("letter.text", { type: label(type.name), agency: label(agency.name) })}</p>
    <div class="paper-row">
      <div class="qr"><img src=${svg(offer.qr)} alt="" /></div>
      <dl class="facts">
        <dt>${t("offer.pin")}</dt>
        <dd><strong>${offer.pin}</strong></dd>
        <dt>${t("offer.until")}</dt>
        <dd>${moment(offer.expiresAt)}</dd>
      </dl>
    </div>
    <ol>
      <li>1. ${t("letter.step1")}</li>
      <li>2. ${t("letter.step2")}</li>
      <li>3. ${t("letter.step3")}</li>
    </ol>
    <p class="foot">${t("letter.foot")}<br />${offer.link}</p>
  <//>`;
}
