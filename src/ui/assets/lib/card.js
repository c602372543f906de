// A licence as a card of 1.586 : 1 like the plastic ones: type, issuer, holder, number, dates, state.

import { day, label, t } from "./i18n.js";
import { html } from "./preact.js";
import { Grouped } from "./verdict.js";

/** `state` is one of valid, expiring, suspended, revoked, superseded, expired, draft. */
export function LicenceCard({ name, agency, holder, number, from, until, state = "valid", small }) {
  const kind = { valid: "pass", expiring: "unsure", suspended: "unsure", draft: "" }[state] ?? "refuse";
  return html`<article class="licence ${small ? "small" : ""}" aria-label=${label(name)}>
    <header>
      <h3>${label(name)}</h3>
      <span class="chip ${kind}">${t(`life.${state}`)}</span>
    </header>
    <p class="holder">${holder || "\u00a0"}</p>
    <p class="number">${number ? html`<${Grouped} text=${number} />` : "\u00a0"}</p>
    <footer>
      <span>${label(agency)}</span><span>${from ? day(from) : ""}${until ? ` – ${day(until)}` : ""}</span>
    </footer>
  </article>`;
}
