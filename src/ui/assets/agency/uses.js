// 谁用过: at which windows a licence of the agency was verified, for which matter, with what outcome.

import { get } from "../lib/api.js";
import { label, moment, t } from "../lib/i18n.js";
import { Failure, Icon, Loading } from "../lib/page.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { Table } from "../lib/table.js";

export function UsedBy({ id }) {
  const [page, setPage] = useState(null);
  const [error, setError] = useState(null);
  const load = (before = [], after = "") => {
    setError(null);
    const more = after ? `&after=${after}` : "";
    const read = get(`/api/uses?credential=${encodeURIComponent(id)}${more}`);
    read.then((found) => setPage({ uses: [...before, ...found.uses], next: found.next }), setError);
  };
  useEffect(() => load(), [id]);
  const columns = [
    { name: "at", title: t("uses.at"), text: (one) => one.at, cell: (one) => moment(one.at) },
    { name: "unit", title: t("uses.unit"), text: (one) => label(one.unitName), look: "wrap" },
    { name: "matter", title: t("uses.matter"), text: (one) => label(one.matterName) || t("uses.noMatter"), look: "wrap" },
    { name: "fields", title: t("uses.fields"), text: (one) => one.fields.length, right: true },
    { name: "verdict", title: t("uses.verdict"), text: (one) => t(word(one)), cell: (one) => html`<${Outcome} one=${one} />` },
    { name: "objection", title: t("uses.objection"), text: (one) => label(one.objection?.stateName) || "—" },
  ];
  return html`<section class="sheet stack" aria-labelledby="used-by">
    <h2 id="used-by">${t("uses.title")}</h2>
    <p class="soft">${t("uses.lead")}</p>
    ${error && html`<${Failure} error=${error} again=${() => load()} />`} ${!page && !error && html`<${Loading} />`}
    ${page && html`<${Table} columns=${columns} rows=${page.uses} rowKey=${(one) => one.id} caption=${t("uses.title")} empty=${t("uses.none")} />`}
    ${page?.next && html`<p><button class="button" type="button" onClick=${() => load(page.uses, page.next)}>${t("records.more")}</button></p>`}
  </section>`;
}

const word = (one) => (one.verdict.accepted ? "uses.accepted" : "uses.refused");
const Outcome = ({ one }) => {
  const kind = one.verdict.accepted ? "pass" : "refuse";
  return html`<span class="chip ${kind}"><${Icon} name=${kind} />${t(word(one))}</span>`;
};
