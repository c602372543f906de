// What the forms of signing in have in common: how a refusal is told, the password and the one-time code.

import { TextField } from "../lib/field.js";
import { t } from "../lib/i18n.js";
import { Notice } from "../lib/page.js";
import { html } from "../lib/preact.js";

/** Why it was refused, or that the server cannot be reached. */
export const Fault = ({ error }) =>
  error && html`<${Notice} kind=${error.status === 0 ? "unsure" : "refuse"} live>${error.message}<//>`;

/** A password; `now` is the one in use, which browsers fill in. */
export const PasswordField = ({ now, ...rest }) =>
  html`<${TextField} type="password" autocomplete=${now ? "current-password" : "new-password"} required ...${rest} />`;

/** The six digits of an authenticator app. */
export const CodeField = (rest) =>
  html`<${TextField} name=${t("signin.totp")} code inputmode="numeric" autocomplete="one-time-code" maxlength="8" required ...${rest} />`;
