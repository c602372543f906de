// The own account: who is signed in, another password, and a one-time code from an authenticator app as a second lock.

import { post } from "../lib/api.js";
import { label, t } from "../lib/i18n.js";
import { Icon, Notice } from "../lib/page.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { CodeField, Fault, PasswordField } from "./parts.js";
import { NewPassword } from "./password.js";

/** `home` is the page of the session's role. */
export function Account({ session, home, reload }) {
  const [told, setTold] = useState(null);
  if (session.mustChange)
    return html`<div class="narrow"><${NewPassword} first done=${() => location.replace(home)} /></div>`;
  return html`<div class="narrow stack">
    <section class="sheet stack tight">
      <h1>${t("signin.mine")}</h1>
      <dl class="facts">
        <dt>${t("signin.account")}</dt>
        <dd>${session.account}</dd>
        <dt>${t("signin.name")}</dt>
        <dd>${session.name}</dd>
        <dt>${t("signin.role")}</dt>
        <dd>${label(session.roleName)}${session.agencyName ? ` · ${label(session.agencyName)}` : ""}</dd>
      </dl>
      <p><a class="button primary" href=${home}>${t("signin.goOn")}</a></p>
    </section>
    ${told && html`<${Notice} kind="pass" live>${t(told)}<//>`}
    <${OneTime} on=${session.totp} done=${(what) => (setTold(what), reload())} />
    <${NewPassword} done=${() => (setTold("signin.changed"), reload())} />
  </div>`;
}

/** Setting the one-time code up in two steps, password then code, or ending it. */
function OneTime({ on, done }) {
  const [password, setPassword] = useState("");
  const [setup, setSetup] = useState(null);
  const [code, setCode] = useState("");
  const [error, setError] = useState(null);
  const field = useRef(null);
  useEffect(() => field.current?.focus(), [setup]);
  const ask = async (event, body, then) => {
    event.preventDefault();
    setError(null);
    try {
      then(await post("/api/session/totp", body));
    } catch (problem) {
      setError(problem);
    }
  };
  const finish = (what) => {
    for (const clear of [setPassword, setCode]) clear("");
    setSetup(null);
    done(what);
  };
  const fault = html`<${Fault} error=${error} />`;
  if (setup)
    return html`<form
      class="sheet stack"
      onSubmit=${(event) => ask(event, { code: code.replace(/\s/g, "") }, () => finish("signin.totpOn"))}
    >
      <h2>${t("signin.totpTitle")}</h2>
      <p>${t("signin.totpScan")}</p>
      <p class="qr small-code"><img src=${picture(setup.qr)} alt=${t("signin.totpPicture")} /></p>
      <p>${t("signin.totpType")}<br /><span class="number-wrap strong" data-secret>${groups(setup.secret)}</span></p>
      ${fault}
      <${CodeField} id="totp-code" hint=${t("signin.totpFirst")} at=${field} value=${code} onText=${setCode} />
      <div class="row">
        <button class="button primary">${t("signin.totpConfirm")}</button>
        <button class="button" type="button" onClick=${() => setSetup(null)}>${t("do.cancel")}</button>
      </div>
    </form>`;
  const begin = (event) => ask(event, { password }, setSetup);
  const end = (event) => ask(event, { password, remove: true }, () => finish("signin.totpOff"));
  return html`<form class="sheet stack" onSubmit=${on ? end : begin}>
    <h2>${t("signin.totpTitle")}</h2>
    <p><${Icon} name=${on ? "pass" : "key"} /> ${t(on ? "signin.totpIsOn" : "signin.totpIsOff")}</p>
    ${fault}
    <${PasswordField} id="totp-password" name=${t("signin.currentPassword")} now value=${password} onText=${setPassword} />
    <button class="button ${on ? "" : "primary"}" disabled=${!password}>
      ${t(on ? "signin.totpEnd" : "signin.totpBegin")}
    </button>
  </form>`;
}

/** The picture of a code as the server draws it; as an image, so that nothing in it can run. */
const picture = (svg) => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
const groups = (secret) => secret.replace(/(.{4})(?=.)/g, "$1 ");
