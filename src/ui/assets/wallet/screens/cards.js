// 证照: the licences as cards, those that can be used first; how old the knowledge of their status is.

import { clock, day, t } from "../../lib/i18n.js";
import { html } from "../../lib/preact.js";
import { usable } from "../keep/licences.js";
import { Card } from "../parts/card.js";
import { Glyph } from "../parts/glyph.js";
import { list } from "../parts/words.js";
import { go } from "../place.js";
import { collect, refresh, useWallet } from "../state.js";

export function Cards() {
  const { licences, pending, checked, checking, online } = useWallet();
  if (licences.length + pending.length === 0) return html`<${Empty} />`;
  const sorted = [...licences.filter(usable), ...licences.filter((one) => !usable(one))];
  return html`
    ${pending.map((order) => html`<p key=${order.id} class="advice" role="status"><${Glyph} name="journal" /><span>${t("wallet.pending", { names: list(order.names) })}</span></p>`)}
    <ul class="cards">${sorted.map((one) => html`<li key=${one.id}><${Card} licence=${one} onOpen=${() => go(`card/${one.id}`)} /></li>`)}</ul>
    <p class="checked soft small" role="status">
      ${checking ? t("wallet.checking") : checked ? t("wallet.checked", { when: when(checked) }) : t("wallet.unchecked")}
      <button class="tool" type="button" disabled=${checking || !online} onClick=${() => (void collect(), void refresh())}>
        <${Glyph} name="again" />${t("wallet.refresh")}</button>
    </p>`;
}

function when(time) {
  const text = new Date(time).toISOString();
  return Date.now() - time < 12 * 3600e3 ? clock(text) : `${day(text)} ${clock(text)}`;
}

function Empty() {
  return html`<div class="nothing">
    <span class="emblem"><${Glyph} name="cards" /></span>
    <p>${t("wallet.empty")}</p>
    <button class="button primary big" type="button" onClick=${() => go("scan")}><${Glyph} name="scan" />${t("wallet.empty.scan")}</button>
    <button class="button plain" type="button" onClick=${() => go("settings/lost")}>${t("wallet.empty.lost")}</button>
  </div>`;
}
