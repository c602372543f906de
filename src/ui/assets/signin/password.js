// A new password in place of the one that is in use: asked for at the first sign-in, and at any time from the own account.

import { post, setCsrf } from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { html, useState } from "../lib/preact.js";
import { Fault, PasswordField } from "./parts.js";

/** `known` is the password just typed to sign in; without it, it is asked for. `done(session)` hears the new session. */
export function NewPassword({ known, first, done }) {
  const [current, setCurrent] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const differs = again !== "" && again !== password;
  const send = async (event) => {
    event.preventDefault();
    if (password !== again) return;
    setBusy(true);
    setError(null);
    try {
      const found = await post("/api/session/password", { password: current, new: password });
      setCsrf(found.csrf);
      for (const clear of [setPassword, setAgain, setCurrent]) clear("");
      done(found);
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  const Title = first ? "h1" : "h2";
  return html`<form class="sheet stack" onSubmit=${send}>
    <${Title}>${t("signin.newTitle")}<//>
    ${first && html`<p>${t("signin.newLead")}</p>`}
    <${Fault} error=${error} />
    ${!known && html`<${PasswordField} id="current-password" name=${t("signin.currentPassword")} now value=${current} onText=${setCurrent} />`}
    <${PasswordField} id="new-password" name=${t("signin.newPassword")} hint=${t("signin.newHint")} value=${password} onText=${setPassword} />
    <${PasswordField} id="new-again" name=${t("signin.newAgain")} wrong=${differs && t("signin.newDiffers")} value=${again} onText=${setAgain} />
    <button class="button primary ${first ? "big wide" : ""}" disabled=${busy || !current || !password || differs || !again}>
      ${t(first ? "signin.newSend" : "signin.change")}
    </button>
  </form>`;
}
