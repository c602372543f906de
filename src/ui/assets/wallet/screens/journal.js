// 记录: what windows verified, as the city keeps it, and what this phone remembers of receiving and showing.

import { clock, day, label, t } from "../../lib/i18n.js";
import { html, useState } from "../../lib/preact.js";
import { Glyph } from "../parts/glyph.js";
import { list } from "../parts/words.js";
import { useWallet } from "../state.js";
import { Uses } from "./uses.js";

const GLYPHS = { received: "received", code: "show", spoken: "speak", shown: "pass", declined: "refuse", discarded: "refuse" };

const PARTS = ["uses", "local"];

export function Journal() {
  const { licences } = useWallet();
  const [part, setPart] = useState(licences.length > 0 ? "uses" : "local");
  return html`<div class="parts" role="group" aria-label=${t("wallet.screen.journal")}>
      ${PARTS.map((one) => html`<button key=${one} class="button" type="button" aria-pressed=${String(part === one)} onClick=${() => setPart(one)}>${t(`wallet.journal.part.${one}`)}</button>`)}
    </div>
    ${part === "uses" ? html`<${Uses} />` : html`<${Local} />`}`;
}

/** What this phone remembers. */
function Local() {
  const { history } = useWallet();
  if (history.length === 0) return html`<div class="nothing"><span class="emblem"><${Glyph} name="journal" /></span><p>${t("wallet.journal.empty")}</p></div>`;
  const days = [...new Set(history.map((one) => day(one.at)))];
  return html`<p class="soft small">${t("wallet.journal.local")}</p>
    ${days.map((one) => html`<section key=${one} class="stack tight"><h2 class="day">${one}</h2>
      <ol class="entries sheet">${history.filter((entry) => day(entry.at) === one).map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}</ol>
    </section>`)}`;
}

function sentence(entry) {
  const names = list([...new Set((entry.names ?? []).map(label))]);
  const view = label(entry.view);
  return t(`wallet.journal.${entry.kind}`, { names, view, who: label(entry.who) || t("wallet.present.unknown") });
}

function Entry({ entry }) {
  return html`<li><${Glyph} name=${GLYPHS[entry.kind] ?? "journal"} />
    <div class="grow"><p>${sentence(entry)}</p>
      ${entry.matter && html`<p class="small soft">${t("wallet.journal.matter", { matter: label(entry.matter) })}</p>`}
      ${entry.kind === "shown" && html`<p class="small soft">${t("wallet.journal.fields", { names: list(entry.fields) })}</p>`}</div>
    <time class="small soft" datetime=${entry.at}>${clock(entry.at)}</time></li>`;
}
