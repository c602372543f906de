// Who watches the log from outside and how they stand, and which logs this city watches.

import { count, moment, t } from "../lib/i18n.js";
import { Icon } from "../lib/page.js";
import { html } from "../lib/preact.js";

/** Each state with its look; those that mean two histories are refusals. */
const LOOKS = { current: "pass", behind: "unsure", new: "unsure", down: "unsure", ahead: "refuse", refused: "refuse" };

/** One line: whether the log is witnessed, and how far. */
export function Standing({ state }) {
  const { witnesses, quorum, witnessed, size } = state;
  if (witnesses.length === 0) return html`<p class="soft">${t("audit.noWitness")}</p>`;
  const alarm = witnesses.some((one) => LOOKS[one.state] === "refuse");
  const look = alarm ? "refuse" : witnessed === size ? "pass" : "unsure";
  const said = alarm ? "audit.alarm" : witnessed === null ? "audit.notWitnessed" : "audit.witnessedTo";
  const values = { size: count(witnessed ?? 0), quorum: count(quorum), all: count(witnesses.length) };
  return html`<p><span class="chip ${look}"><${Icon} name=${look} />${t(said, values)}</span></p>`;
}

export function Witnesses({ state }) {
  return html`<section class="sheet stack">
    <h2>${t("audit.witnesses")}</h2>
    <p class="soft">${t("audit.witnessesLead")}</p>
    ${state.witnesses.length === 0 && html`<p class="empty">${t("audit.noWitness")}</p>`}
    <ul class="witnesses">
      ${state.witnesses.map((one) => html`<${Row} key=${one.name} name=${one.name} look=${LOOKS[one.state] ?? "unsure"} word=${t(`audit.witness.${one.state}`)} size=${one.size} at=${one.at} />`)}
    </ul>
    ${
      state.logs.length > 0 &&
      html`<h3>${t("audit.watched")}</h3>
        <ul class="witnesses">
          ${state.logs.map((one) => html`<${Row} key=${one.origin} name=${one.origin} look=${one.size === null ? "unsure" : "pass"} word=${t(one.size === null ? "audit.witness.new" : "audit.witness.watched")} size=${one.size} at=${one.at} />`)}
        </ul>`
    }
  </section>`;
}

function Row({ name, look, word, size, at }) {
  const far = size === null ? t("audit.notYet") : t("audit.upTo", { size: count(size), at: moment(at) });
  return html`<li>
    <span class="grow"><span class="strong name">${name}</span><br /><span class="soft">${far}</span></span>
    <span class="chip ${look}"><${Icon} name=${look} />${word}</span>
  </li>`;
}
