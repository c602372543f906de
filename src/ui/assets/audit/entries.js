// The entries of the log, newest first, read from its own files bundle by bundle.

import { Problem } from "../lib/api.js";
import { count, moment, t } from "../lib/i18n.js";
import { html } from "../lib/preact.js";
import { Records } from "../lib/records.js";
import { agencyName, kindName, mark, readEntry } from "./leaf.js";
import { bundlePath, readBundle } from "./notes.js";

const brief = (text) => (text.length > 14 ? `${text.slice(0, 12)}…` : text);

async function load(index, size) {
  const answer = await fetch(bundlePath(index, size), { credentials: "same-origin" }).catch(() => null);
  if (!answer) throw new Problem(0, { zh: t("error.offline"), en: t("error.offline") });
  const entries = answer.ok ? readBundle(new Uint8Array(await answer.arrayBuffer())) : null;
  if (!entries) throw new Problem(502, { zh: t("audit.unreadable"), en: t("audit.unreadable") });
  const rows = entries.map((bytes, n) => ({ ...readEntry(bytes), place: index * 256 + n }));
  return { rows: rows.reverse(), next: index > 0 ? index - 1 : null };
}

export function Entries({ size, names }) {
  const columns = [
    { name: "place", title: t("audit.number"), text: (one) => one.place, cell: (one) => count(one.place), right: true },
    { name: "at", title: t("audit.at"), text: (one) => one.at ?? "", cell: (one) => moment(one.at) || "—" },
    { name: "kind", title: t("audit.kind"), text: (one) => kindName(one.kind) },
    { name: "agency", title: t("records.agency"), text: (one) => (one.agency ? agencyName(names, one.agency) : "—") },
    { name: "type", title: t("audit.type"), text: (one) => one.type ?? "—" },
    {
      name: "mark",
      title: t("audit.mark"),
      text: (one) => brief(mark(one)),
      cell: (one) => html`<span class="mono" title=${mark(one)}>${brief(mark(one))}</span>`,
      csv: mark,
    },
  ];
  const last = Math.floor((size - 1) / 256);
  return html`<section class="sheet stack">
    <h2>${t("audit.entries")}</h2>
    <${Records}
      load=${(after) => (size === 0 ? { rows: [], next: null } : load(after ?? last, size))}
      columns=${columns}
      rowKey=${(one) => one.place}
      caption=${t("audit.entries")}
      empty=${t("audit.logEmpty")}
      file=${`log-${size}`}
    />
  </section>`;
}
