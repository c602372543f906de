// A new password in place of the one that is in use: asked for at the first sign-in, and at any time from the own account.

import { post, setCsrf } from "../lib/api.js";
import { TextField } from "../lib/field.js";
import { t } from "../lib/i18n.js";
import { Notice } from "../lib/page.js";
import { html, useState } from "../lib/preact.js";

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
    ${error && html`<${Notice} kind=${error.status === 0 ? "unsure" : "refuse"} live>${error.message}<//>`}
    ${
      !known &&
      html`<${TextField}
        id="current-password"
        name=${t("signin.currentPassword")}
        type="password"
        autocomplete="current-password"
        required
        value=${current}
        onText=${setCurrent}
      />`
    }
    <${TextField}
      id="new-password"
      name=${t("signin.newPassword")}
      hint=${t("signin.newHint")}
      type="password"
      autocomplete="new-password"
      required
      value=${password}
      onText=${setPassword}
    />
    <${TextField}
      id="new-again"
      name=${t("signin.newAgain")}
      wrong=${differs && t("signin.newDiffers")}
      type="password"
      autocomplete="new-password"
      required
      value=${again}
      onText=${setAgain}
    />
    <button class="button primary ${first ? "big wide" : ""}" disabled=${busy || !current || !password || differs || !again}>
      ${t(first ? "signin.newSend" : "signin.change")}
    </button>
  </form>`;
}
