// Signing in: account and password, a one-time code when the server asks for one, then back to where one was. With
// `#account` the own account of who is signed in already.

import { Problem, post, setCsrf } from "../lib/api.js";
import { TextField } from "../lib/field.js";
import { t } from "../lib/i18n.js";
import { Frame, Icon, Notice, mount } from "../lib/page.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { backAddress, leave, session } from "../lib/session.js";
import { Account } from "./account.js";
import { CodeField, Fault, PasswordField } from "./parts.js";
import { NewPassword } from "./password.js";

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
  if (must)
    return html`<${Frame} title=${t("signin.title")}>
      <div class="narrow"><${NewPassword} known=${password} first done=${go} /></div>
    <//>`;
  return html`<${Frame} title=${t("signin.title")}>
    <div class="narrow">
      <form class="sheet stack" onSubmit=${send}>
        <h1>${t("signin.title")}</h1>
        ${error instanceof Problem && html`<${Fault} error=${error} />`}
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
        <${PasswordField} id="password" name=${t("signin.password")} now value=${password} onText=${setPassword} />
        ${asked && html`<${CodeField} id="totp" hint=${t("signin.totpHint")} at=${second} value=${totp} onText=${setTotp} />`}
        <button class="button primary big wide" disabled=${busy}>
          ${busy && html`<span class="spin"></span>`}${t("signin.send")}
        </button>
        <p class="soft small"><${Icon} name="key" /> ${t("signin.help")}</p>
      </form>
    </div>
  <//>`;
}

const isTotp = (problem) =>
  [problem.code, problem.body?.code].some((code) => /totp/i.test(code ?? "")) ||
  problem.reasons?.some((one) => /totp/i.test(one.code));

/** `/signin#account` is the own account of who is signed in, and signing in for everybody else. */
function Page() {
  const [own, setOwn] = useState(undefined);
  const mine = () => location.hash === "#account";
  const load = () => (mine() ? session().then(setOwn, () => setOwn(null)) : setOwn(null));
  useEffect(() => {
    void load();
    addEventListener("hashchange", load);
    return () => removeEventListener("hashchange", load);
  }, []);
  if (own === undefined) return html`<${Frame} title=${t("signin.title")} />`;
  if (!own) return html`<${SignIn} />`;
  return html`<${Frame} title=${t("signin.mine")} who=${own.name} leave=${leave}>
    <${Account} session=${own} home=${HOME[own.role] ?? "/"} reload=${load} />
  <//>`;
}

mount(Page, t("signin.title"));
