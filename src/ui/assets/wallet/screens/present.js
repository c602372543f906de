// Consent: who asks, for which matter and why, which fields with their values, what stays private; then agreeing or
// refusing, both as easy, and what came of it.

import { ChoiceField } from "../../lib/field.js";
import { label, t } from "../../lib/i18n.js";
import { html, useEffect, useRef, useState } from "../../lib/preact.js";
import { countShown } from "../keep/licences.js";
import { findKey } from "../keep/registry.js";
import { Glyph } from "../parts/glyph.js";
import { chosen, kept, plan } from "../parts/plan.js";
import { list, sentenceOf } from "../parts/words.js";
import { go } from "../place.js";
import * as vp from "../protocol/vp.js";
import { enter, useWallet, welcome } from "../state.js";
import { Value } from "./detail.js";
import { Failed } from "./receive.js";

/** After these the same request can be opened or answered again. */
const AGAIN = new Set(["offline", "slow", "server"]);

export function Present({ link }) {
  const { licences } = useWallet();
  const [stage, setStage] = useState({ name: "opening" });
  const open = async () => {
    setStage({ name: "opening" });
    try {
      const asked = await vp.open(link, findKey);
      setStage({ name: "asking", asked, plan: plan(asked, licences) });
    } catch (error) {
      setStage({ name: "failed", error, retry: AGAIN.has(error.code) ? open : null });
    }
  };
  useEffect(() => void (link ? open() : go("scan", { replace: true })), []);
  const agree = async () => {
    const { asked, plan: made } = stage;
    setStage({ ...stage, name: "sending", error: null });
    try {
      const used = await chosen(made.entries);
      const goOn = await vp.answer(asked, { vp_token: await vp.token(asked, used) });
      for (const one of used) await countShown(one.held, one.copy);
      await note("shown", stage);
      setStage({ ...stage, name: "shown", goOn: ownLink(goOn) });
    } catch (error) {
      setStage(AGAIN.has(error.code) ? { ...stage, name: "asking", error } : { name: "failed", error });
    }
  };
  const refuse = async () => {
    setStage({ ...stage, name: "sending", error: null });
    await vp.decline(stage.asked).catch(() => {});
    await note("declined", stage);
    setStage({ ...stage, name: "declined" });
  };
  switch (stage.name) {
    case "asking":
    case "sending": return html`<${Asking} stage=${stage} onChange=${(made) => setStage({ ...stage, plan: made })} onAgree=${agree} onRefuse=${refuse} />`;
    case "shown":
    case "declined": return html`<${Outcome} stage=${stage} />`;
    case "failed": return html`<${Failed} error=${stage.error} again=${stage.retry} />`;
    default: return html`<p class="soft center" role="status">${t("wallet.present.opening")}</p>`;
  }
}

/** Where the asker sends the user, when it is a page of this city. */
function ownLink(address) {
  return address && URL.canParse(address) && new URL(address).origin === location.origin ? address : null;
}

const askerName = (asked) => label(asked.who?.name) || t("wallet.present.unknown");

async function note(kind, { asked, plan: made }) {
  const parts = made.entries.filter((one) => one.on).flatMap((one) => one.parts);
  const shown = parts.flatMap((one) => one.choices[one.chosen].fields.filter((field) => field.on).map((field) => field.name));
  const names = parts.map((one) => one.choices[one.chosen].licence.about.name);
  history.replaceState({ link: null }, "", location.href);
  const { matter, purpose } = asked.certless ?? {};
  await enter({ kind, who: asked.who?.name ?? null, did: asked.client_id, names, fields: kind === "shown" ? shown : [], matter: matter ?? null, purpose: purpose ?? null });
  await welcome();
}

function Asking({ stage, onChange, onAgree, onRefuse }) {
  const { asked, plan: made, error } = stage;
  const [sure, setSure] = useState(false);
  const busy = stage.name === "sending";
  const known = asked.who && !asked.who.unchecked;
  const { matter, purpose } = asked.certless ?? {};
  const change = (edit) => (edit(), onChange({ ...made }));
  const some = made.entries.some((one) => one.on);
  return html`<div class="consent">
    <section class=${`asker ${known ? "" : "doubt"}`}>
      <${Glyph} name=${known ? "shield" : "unsure"} />
      <div><h2>${askerName(asked)}</h2>
        <p class="small">${t(known ? "wallet.present.known" : asked.who ? "wallet.present.unchecked" : "wallet.present.warning")}</p></div>
    </section>
    <dl class="facts sheet">
      ${matter && html`<dt>${t("wallet.matter")}</dt><dd>${label(matter)}</dd>`}
      ${purpose && html`<dt>${t("wallet.purpose")}</dt><dd>${label(purpose)}</dd>`}
      ${!matter && !purpose && html`<dt>${t("wallet.purpose")}</dt><dd>${t("wallet.present.noPurpose")}</dd>`}
    </dl>
    ${made.missing.length > 0 && html`<p class="advice refuse" role="alert"><${Glyph} name="refuse" /><span>${t("wallet.present.missing", { names: list(made.missing) })}</span></p>`}
    ${made.entries.map((entry) => html`<${Entry} key=${entry.key} entry=${entry} change=${change} />`)}
    ${!known && made.possible && html`<label class="check"><input type="checkbox" checked=${sure} onChange=${() => setSure(!sure)} />
      <span>${t("wallet.present.sure")}</span></label>`}
    ${error && html`<p class="advice refuse" role="alert"><${Glyph} name="refuse" /><span>${sentenceOf(error)}</span></p>`}
    <div class="actions two">
      <button class="button big even" type="button" disabled=${busy} onClick=${onRefuse}><${Glyph} name="refuse" />${t("wallet.present.refuse")}</button>
      <button class="button big even" type="button" disabled=${busy || !made.possible || !some || (!known && !sure)} onClick=${onAgree}>
        ${busy ? html`<span class="spin" aria-hidden="true"></span>` : html`<${Glyph} name="pass" />`}${t("wallet.present.agree")}</button>
    </div>
    <p class="hidden-text" role="status">${busy ? t("wallet.present.sending") : ""}</p>
  </div>`;
}

function Entry({ entry, change }) {
  return html`<section class="sheet stack tight entry">
    <div class="row apart"><h3>${entry.name}</h3>
      ${!entry.required && html`<${Switch} on=${entry.on} name=${entry.name} onTurn=${() => change(() => (entry.on = !entry.on))} />`}</div>
    ${entry.on && entry.parts.map((part) => html`<${Part} key=${part.query.id} part=${part} change=${change} />`)}
  </section>`;
}

function Part({ part, change }) {
  const { licence, fields } = part.choices[part.chosen];
  const rest = kept(part);
  const why = [...new Set(fields.map((one) => one.why).filter(Boolean))];
  return html`
    ${part.choices.length > 1 && html`<${ChoiceField} id="which-${part.query.id}" name=${t("wallet.present.which")} value=${part.chosen}
      options=${part.choices.map((one, i) => [i, `${label(one.licence.about.name)} ${i + 1}`])} onChoose=${(at) => change(() => (part.chosen = Number(at)))} />`}
    ${why.length === 1 && html`<p class="small soft">${why[0]}</p>`}
    <ul class="asked">${fields.map((one) => html`<li key=${one.name} class=${one.on ? "" : "off"}>
      <span class="grow"><span class="small soft">${one.name}${one.required ? "" : t("wallet.present.optional")}</span>
        <span class="value">${one.value === null ? t("wallet.present.onlyAnswer") : one.on ? html`<${Value} text=${one.value} />` : t("wallet.present.off")}</span>
        ${why.length > 1 && html`<span class="small soft">${one.why}</span>`}</span>
      ${!one.required && html`<${Switch} on=${one.on} name=${one.name} onTurn=${() => change(() => (one.on = !one.on))} />`}
    </li>`)}</ul>
    ${rest.length > 0 && html`<p class="private"><${Glyph} name="lock" /><span>${t("wallet.present.private", { names: list(rest) })}</span></p>`}`;
}

function Switch({ on, name, onTurn }) {
  return html`<button type="button" role="switch" class="switch" aria-checked=${String(on)} aria-label=${t("wallet.present.give", { name })} onClick=${onTurn}><span></span></button>`;
}

function Outcome({ stage }) {
  const heading = useRef(null);
  useEffect(() => heading.current.focus(), []);
  const shown = stage.name === "shown";
  const parts = stage.plan.entries.filter((one) => one.on).flatMap((one) => one.parts);
  const names = parts.flatMap((one) => one.choices[one.chosen].fields.filter((field) => field.on).map((field) => field.name));
  return html`<div class="stack">
    <div class=${`outcome ${shown ? "pass" : ""}`}><span class="disc"><${Glyph} name=${shown ? "pass" : "refuse"} /></span>
      <h2 tabindex="-1" ref=${heading}>${t(shown ? "wallet.present.shown" : "wallet.present.declined")}</h2>
      <p>${t(shown ? "wallet.present.shown.to" : "wallet.present.declined.to", { who: askerName(stage.asked) })}</p>
      ${shown && html`<p class="soft">${list(names)}</p>`}</div>
    <div class="actions">
      ${stage.goOn && html`<a class="button primary big wide" href=${stage.goOn}>${t("wallet.present.goOn")}</a>`}
      <button class=${`button big wide ${stage.goOn ? "" : "primary"}`} type="button" onClick=${() => go("cards", { replace: true })}>${t("wallet.finish")}</button>
      <button class="button plain" type="button" onClick=${() => go("journal", { replace: true })}>${t("wallet.present.journal")}</button>
    </div>
  </div>`;
}
