// The verdict: word and icon that can be read from two metres, the holder, the type, the fields that were shown, and the
// checks lighting up one after another. Announced to screen readers, with a short sound where sound is on.

import { groups, label, lang, day, moment, t } from "./i18n.js";
import { fieldLabel, fieldText } from "./fields.js";
import { Icon } from "./page.js";
import { html, useEffect, useState } from "./preact.js";

/** Milliseconds between two checks that light up. */
const STEP = 60;

/** `pass`, `refuse` or `unsure`: accepted, decided against, not decided. */
export function kindOf(verdict) {
  if (verdict.accepted) return "pass";
  return verdict.checks.some((one) => one.state === "invalid") ? "refuse" : "unsure";
}

/** The check that says why, when the verdict is not a pass. */
export function reasonOf(verdict) {
  const find = (state) => verdict.checks.find((one) => one.state === state);
  return verdict.accepted ? null : (find("invalid") ?? find("error") ?? null);
}

const sentence = (check) => (lang === "en" ? check.en : check.zh);

/** The whole verdict. `children` may hold what to do next. */
export function Verdict({ verdict, facts, quiet, children }) {
  const lit = useLit(verdict, quiet);
  const kind = kindOf(verdict);
  const why = reasonOf(verdict);
  const shown = verdict.credentials ?? (verdict.credential ? [verdict.credential] : []);
  return html`<section class="verdict ${kind}" aria-labelledby="verdict-word">
    <header role="status" aria-live="assertive" aria-atomic="true">
      <span class="disc"><${Icon} name=${kind} /></span>
      <div class="grow">
        <h2 class="word" id="verdict-word">${t(`verdict.${kind}`)}</h2>
        ${why && html`<p class="why">${sentence(why)}</p>`}
      </div>
    </header>
    ${shown.map((one) => html`<${Shown} credential=${one} />`)}
    ${facts && html`<div class="shown"><dl class="facts">${facts}</dl></div>`}
    ${children && html`<div class="shown">${children}</div>`}
    <${Checks} checks=${verdict.checks} lit=${lit} />
  </section>`;
}

function useLit(verdict, quiet) {
  const [lit, setLit] = useState(quiet ? verdict.checks.length : 0);
  useEffect(() => {
    if (quiet) return undefined;
    chime(kindOf(verdict));
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let at = still ? verdict.checks.length : 0;
    setLit(at);
    const timer = setInterval(() => {
      at += 1;
      setLit(at);
      if (at >= verdict.checks.length) clearInterval(timer);
    }, STEP);
    return () => clearInterval(timer);
  }, [verdict]);
  return lit;
}

/** The nine checks with their states. */
export function Checks({ checks, lit = checks.length }) {
  return html`<div class="checks">
    <h3 class="hidden-text">${t("verdict.checks")}</h3>
    <ul class="checklist">
      ${checks.map(
        (one, i) =>
          html`<li key=${one.check} class="${one.state} ${i < lit ? "lit" : ""}">
            <${Icon} name=${{ valid: "pass", invalid: "refuse", error: "unsure", skipped: "skipped" }[one.state]} />
            <span>${t(`check.${one.check}`)}${says(one)}</span>
          </li>`,
      )}
    </ul>
  </div>`;
}

/** What stands below a check: its sentence where something is wrong, a word for screen readers otherwise. */
function says(one) {
  if (one.state === "invalid" || one.state === "error") return html`<span class="says">${sentence(one)}</span>`;
  return html`<span class="hidden-text"
    >${t("verdict.colon")}${one.state === "valid" ? t("state.valid") : sentence(one)}</span
  >`;
}

/** One credential that was shown: holder, type, issuer, validity, and the disclosed fields, nothing else. */
function Shown({ credential }) {
  const subjects = [credential.claims ?? {}].flat();
  const holder = holderName(subjects);
  const until = credential.validUntil
    ? t("verdict.until", { day: day(credential.validUntil) })
    : credential.validFrom
      ? t("date.permanent")
      : "";
  const rows = (claims) => Object.entries(claims).filter(([name, value]) => name !== "id" && value !== holder);
  return html`<div class="shown">
    <div>
      ${holder && html`<p class="holder">${holder}</p>`}
      <p class="strong">${label(credential.typeName) || credential.type?.at(-1)}</p>
      <p class="soft">${label(credential.issuerName) || credential.issuer}${until && html` · <span class="nowrap">${until}</span>`}</p>
      ${credential.reliedOn && html`<p class="soft">${relied(credential.reliedOn)}</p>`}
    </div>
    ${subjects.map(
      (claims) =>
        html`<dl class="facts">
          ${rows(claims).map(
            ([name, value]) =>
              html`<dt>${fieldLabel(credential, name)}</dt>
                <dd>${isCode(value) ? html`<${Grouped} text=${value} />` : fieldText(credential, name, value)}</dd>`,
          )}
        </dl>`,
    )}
  </div>`;
}

/** Which other city's registry it rests on, and how old what is known is. */
function relied({ registry, status }) {
  const { name, version, asOf } = registry ?? {};
  return [
    registry && t("verdict.relied", { city: label(name), version, time: moment(asOf) }),
    status && t("verdict.statusAsOf", { time: moment(status.asOf) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

const isCode = (value) => typeof value === "string" && /^(?=.*\d{6})[0-9A-Z]{18}$/.test(value);

function holderName(subjects) {
  const names = subjects.map((one) => one.name ?? one.holderName ?? one.ownerName ?? one.party);
  return names.filter((name) => typeof name === "string").join("、");
}

/** A number in groups that is copied without its gaps. */
export function Grouped({ text }) {
  const copy = (event) => {
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  };
  return html`<span class="number grouped" onCopy=${copy}>${groups(text).join("\u2009 ")}</span>`;
}

let audio;

/** Longest time after which a tone still belongs to what is seen, ms. */
const LATE = 500;

/** Two rising tones for a pass, two low ones for anything else; silent until somebody has touched the page. */
export async function chime(kind) {
  try {
    const asked = performance.now();
    await wake();
    // Waking waits for a touch, where none was yet; the tone of a verdict long past would mislead.
    if (performance.now() - asked > LATE) return;
    const tones =
      kind === "pass"
        ? [
            [880, 0],
            [1320, 0.11],
          ]
        : [
            [220, 0],
            [196, 0.18],
          ];
    for (const [frequency, after] of tones) {
      const [tone, gain] = [audio.createOscillator(), audio.createGain()];
      tone.frequency.value = frequency;
      gain.gain.setValueAtTime(0.12, audio.currentTime + after);
      gain.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + after + 0.16);
      tone.connect(gain).connect(audio.destination);
      tone.start(audio.currentTime + after);
      tone.stop(audio.currentTime + after + 0.17);
    }
  } catch {
    // No sound device: the word and the icon say it all.
  }
}

/** Makes the sound ready, which takes a moment: a touch begins it, so that the first verdict is heard too. */
async function wake() {
  audio ??= new AudioContext();
  if (audio.state !== "running") await audio.resume();
}

for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => void wake().catch(() => {}), { passive: true });
