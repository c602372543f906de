// Signing in: account and password, a one-time code when the server asks for one, then back to where one was.

import { Problem, post, setCsrf } from "../lib/api.js";
import { TextField } from "../lib/field.js";
import { t } from "../lib/i18n.js";
import { Frame, Icon, Notice, mount } from "../lib/page.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { backAddress, session } from "../lib/session.js";

/** The page of each role. */
const HOME = {
  agencyClerk: "/agency",
  agencyApprover: "/agency",
  windowClerk: "/window",
  supervisor: "/supervise",
  auditor: "/audit",
  administrator: "/agency",
};

/** Goes on, unless a password that somebody else gave must be changed first. */
const go = (found) => location.replace(backAddress(location.search) ?? HOME[found.role] ?? "/");

function SignIn() {
  const [account, setAccount] = useState("");
  const [password, setPassword] = useState("");
  const [totp, setTotp] = useState("");
  const [asked, setAsked] = useState(false);
  const [error, setError] = useState(null);
  const [must, setMust] = useState(false);
  const [busy, setBusy] = useState(false);
  const first = useRef(null);
  const second = useRef(null);
  useEffect(() => {
    first.current?.focus();
    session().then(
      (found) => found && backAddress(location.search) === null && setError({ found }),
      () => {},
    );
  }, []);
  useEffect(() => asked && second.current?.focus(), [asked]);

  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const found = await post("/api/session", {
        account: account.trim(),
        password,
        ...(totp ? { totp: totp.trim() } : {}),
      });
      setCsrf(found.csrf);
      if (found.mustChange) setMust(true);
      else go(found);
    } catch (problem) {
      if (isTotp(problem)) {
        setError(asked && totp ? problem : null);
        setAsked(true);
        setTotp("");
      } else {
        setError(problem);
      }
      setBusy(false);
    }
  };
  if (must) return html`<${Frame} title=${t("signin.title")}><${NewPassword} /><//>`;
  return html`<${Frame} title=${t("signin.title")}>
    <div class="narrow">
      <form class="sheet stack" onSubmit=${send}>
        <h1>${t("signin.title")}</h1>
        ${error instanceof Problem && html`<${Notice} kind=${error.status === 0 ? "unsure" : "refuse"} live>${error.message}<//>`}
        ${
          error?.found &&
          html`<${Notice} icon="person"
            >${t("signin.already", { name: error.found.name })}
            <p><a href=${HOME[error.found.role] ?? "/"}>${t("signin.goOn")}</a></p><//
          >`
        }
        <${TextField}
          id="account"
          name=${t("signin.account")}
          at=${first}
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
          value=${account}
          onText=${setAccount}
        />
        <${TextField}
          id="password"
          name=${t("signin.password")}
          type="password"
          autocomplete="current-password"
          required
          value=${password}
          onText=${setPassword}
        />
        ${
          asked &&
          html`<${TextField}
            id="totp"
            name=${t("signin.totp")}
            hint=${t("signin.totpHint")}
            at=${second}
            code
            inputmode="numeric"
            autocomplete="one-time-code"
            maxlength="8"
            required
            value=${totp}
            onText=${setTotp}
          />`
        }
        <button class="button primary big wide" disabled=${busy}>
          ${busy && html`<span class="spin"></span>`}${t("signin.send")}
        </button>
        <p class="soft small"><${Icon} name="key" /> ${t("signin.help")}</p>
      </form>
    </div>
  <//>`;
}

/** The own password in place of the first one. */
function NewPassword() {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const differs = again !== "" && again !== password;
  const send = async (event) => {
    event.preventDefault();
    if (password !== again) return;
    setBusy(true);
    try {
      const found = await post("/api/session/password", { password });
      setCsrf(found.csrf);
      go({ ...found, mustChange: false });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return html`<div class="narrow">
    <form class="sheet stack" onSubmit=${send}>
      <h1>${t("signin.newTitle")}</h1>
      <p>${t("signin.newLead")}</p>
      ${error && html`<${Notice} kind="refuse" live>${error.message}<//>`}
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
      <button class="button primary big wide" disabled=${busy || !password || differs || !again}>
        ${t("signin.newSend")}
      </button>
    </form>
  </div>`;
}

const isTotp = (problem) =>
  [problem.code, problem.body?.code].some((code) => /totp/i.test(code ?? "")) ||
  problem.reasons?.some((one) => /totp/i.test(one.code));

mount(SignIn, t("signin.title"));
