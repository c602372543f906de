// Verification for anyone: one place to drop, a camera button, a text field; the verdict check by check as at the window.

import { post } from "../lib/api.js";
import { TextField } from "../lib/field.js";
import { prepare } from "../lib/fields.js";
import { t } from "../lib/i18n.js";
import { Failure, Frame, Icon, Loading, Notice, mount } from "../lib/page.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Camera, DropArea, warm } from "../lib/scan.js";
import { Verdict } from "../lib/verdict.js";
import { listen, normalise } from "../lib/wedge.js";
import { Beside } from "./beside.js";
import * as offline from "./offline.js";

function Verify() {
  const [state, setState] = useState({});
  const [camera, setCamera] = useState(false);
  const [text, setText] = useState("");
  const [beside, setBeside] = useState({ proof: null, bundle: null });
  const latest = useRef(null);
  const result = useRef(null);

  const check = async (input, file) => {
    setCamera(false);
    setState({ busy: true });
    try {
      const verdict = await judge(input.trim(), beside);
      // Without a network the names are there, or they are not: nobody waits for them.
      if (!beside.bundle) await names(verdict);
      setState({ verdict, file: file?.name });
    } catch (error) {
      setState({ error });
    }
  };
  useEffect(() => {
    warm();
    return listen((scanned) => latest.current(scanned));
  }, []);
  latest.current = check;
  useEffect(() => {
    if (state.verdict || state.error) result.current?.focus();
  }, [state]);

  const again = () => {
    setState({});
    setText("");
  };
  return html`<${Frame} title=${t("verify.title")}>
    <div class="verify-page stack">
      <div>
        <h1>${t("verify.title")}</h1>
        <p class="soft">${t("verify.lead")}</p>
      </div>
      <div ref=${result} tabindex="-1" class="stack" aria-live="polite">
        ${state.busy && html`<div class="sheet"><${Loading} what=${t("verify.busy")} /></div>`}
        ${state.error && html`<${Failure} error=${state.error} />`}
        ${state.verdict && html`<${Verdict} verdict=${state.verdict}>${bearer(state.verdict)}${proved(state.verdict)}<//>`}
        ${
          (state.verdict || state.error) &&
          html`<p>
            <button class="button primary" type="button" onClick=${again}>
              <${Icon} name="scan" />${t("verify.next")}
            </button>
          </p>`
        }
      </div>
      ${
        !state.verdict &&
        !state.busy &&
        html`<div class="ways">
            <section class="sheet stack" aria-labelledby="by-scan">
              <h2 id="by-scan">${t("verify.scan")}</h2>
              ${
                camera
                  ? html`<${Camera} onText=${(found) => check(normalise(found))} />
                      <button class="button" type="button" onClick=${() => setCamera(false)}>${t("do.stop")}</button>`
                  : html`<button class="button primary big wide" type="button" onClick=${() => setCamera(true)}>
                      <${Icon} name="camera" />${t("verify.camera")}
                    </button>`
              }
              <${DropArea} onText=${check} onWrong=${(message) => setState({ error: { message } })} />
            </section>
            <section class="sheet" aria-labelledby="by-text">
              <form class="stack" onSubmit=${(event) => (event.preventDefault(), text.trim() && check(text.trim()))}>
                <h2 id="by-text">${t("verify.text")}</h2>
                <${TextField}
                  id="text"
                  name=${t("verify.text")}
                  onlyRead
                  area
                  rows="6"
                  spellcheck="false"
                  placeholder=${t("verify.placeholder")}
                  value=${text}
                  onText=${setText}
                />
                <button class="button wide" disabled=${!text.trim()}>${t("verify.check")}</button>
              </form>
            </section>
          </div>
          <${Beside} value=${beside} onChange=${setBeside} />
          <p class="soft small">${t(beside.bundle ? "verify.offline.private" : "verify.private")}</p>`
      }
    </div>
  <//>`;
}

/** A verdict: in this browser where a bundle is attached, by the server otherwise. */
async function judge(input, { proof, bundle }) {
  if (bundle) return offline.verify(input, bundle, proof);
  const media = input.startsWith("{") ? "application/json" : "text/plain";
  if (!proof) return post("/verify", input, { media });
  const form = new FormData();
  form.append("file", new Blob([input], { type: media }));
  form.append("proof", new Blob([proof], { type: "text/plain" }));
  return post("/verify", form);
}

const names = (verdict) =>
  Promise.all((verdict.credentials ?? [verdict.credential]).filter(Boolean).map(prepare)).catch(() => {});

/** Says in words that the log has it, where a companion was given. */
function proved(verdict) {
  const log = verdict.checks.find((one) => one.check === "log");
  return verdict.accepted && log?.state === "valid" ? html`<${Notice} kind="pass">${t("verify.logged")}<//>` : null;
}

/** Says that a licence without a holder's signature proves the licence, not the bearer. */
function bearer(verdict) {
  const binding = verdict.checks.find((one) => one.check === "binding");
  return verdict.accepted && binding?.state === "skipped"
    ? html`<${Notice} kind="unsure">${t("verify.unbound")}<//>`
    : null;
}

mount(Verify, t("verify.title"));
