// A licence drawn as a card of 1.586 : 1 like the plastic ones.

import { day, label, t } from "../../lib/i18n.js";
import { html, useEffect, useState } from "../../lib/preact.js";
import { agencyName } from "../keep/registry.js";
import { Glyph } from "./glyph.js";
import { holderOf, numberOf, stateWord } from "./words.js";

/** How many colours the style knows. */
const TINTS = 6;

/** The same colour for the same type. */
const tintOf = (type) => [...type].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 997, 7) % TINTS;

/** The issuing agency's name. */
export function useAgency(did) {
  const [name, setName] = useState(null);
  useEffect(() => void agencyName(did).then(setName), [did]);
  return label(name);
}

export function Card({ licence, onOpen }) {
  const { state, kind, word } = stateWord(licence);
  const agency = useAgency(licence.issuer);
  const until = licence.validUntil ? t("wallet.until", { day: day(licence.validUntil) }) : t("wallet.permanent");
  const dull = kind === "refuse" || state === "suspended";
  const content = html`
    <span class="head"><span class="name">${label(licence.about.name)}</span>
      <span class=${`chip ${kind}`}><${Glyph} name=${kind} />${word}</span></span>
    <span class="holder">${holderOf(licence)}</span>
    <span class="number">${numberOf(licence)}</span>
    <span class="foot"><span>${agency}</span><span>${until}</span></span>`;
  const look = `plastic tint${tintOf(licence.type)} ${dull ? "dull" : ""}`;
  return onOpen
    ? html`<button type="button" class=${look} onClick=${onOpen}>${content}</button>`
    : html`<div class=${look}>${content}</div>`;
}
