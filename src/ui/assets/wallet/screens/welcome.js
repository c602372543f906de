// The first start: three short steps, no account. What the wallet is, where the licences stay, how they get in.

import { t } from "../../lib/i18n.js";
import { html, useEffect, useRef, useState } from "../../lib/preact.js";
import { Glyph } from "../parts/glyph.js";
import { go } from "../place.js";
import { welcome } from "../state.js";

const STEPS = ["cards", "lock", "scan"];

export function Welcome() {
  const [step, setStep] = useState(0);
  const heading = useRef(null);
  useEffect(() => heading.current?.focus(), [step]);
  const last = step === STEPS.length - 1;
  const next = () => (last ? void welcome() : setStep(step + 1));
  const scan = async () => {
    await welcome();
    go("scan", { replace: true });
  };
  return html`<main class="screen at-welcome">
    <p class="dots" aria-hidden="true">${STEPS.map((_, i) => html`<span class=${i === step ? "on" : ""}></span>`)}</p>
    <span class="emblem"><${Glyph} name=${STEPS[step]} /></span>
    <h2 tabindex="-1" ref=${heading}><span class="hidden-text">${t("wallet.welcome.step", { n: step + 1 })}</span>${t(`wallet.welcome.${step + 1}.title`)}</h2>
    <p class="soft">${t(`wallet.welcome.${step + 1}.text`)}</p>
    <div class="actions">
      ${last && html`<button class="button primary big wide" type="button" onClick=${scan}>${t("wallet.welcome.scan")}</button>`}
      <button class=${`button big wide ${last ? "" : "primary"}`} type="button" onClick=${next}>${t(last ? "wallet.welcome.later" : "wallet.welcome.next")}</button>
    </div>
  </main>`;
}
