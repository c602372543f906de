// What was accepted without a network and has been reconciled: the newest first, with what was found and both places.

import { get } from "../lib/api.js";
import { label, lang, moment, t } from "../lib/i18n.js";
import { Icon } from "../lib/page.js";
import { html, useCallback } from "../lib/preact.js";
import { Records } from "../lib/records.js";

/** How an entry is told: it stands, it stands with a remark, it does not stand. */
const kindOf = (one) => (!one.stands ? "refuse" : one.notes.length ? "unsure" : "pass");

const says = (note) => {
  const sentence = lang === "en" ? note.en : note.zh;
  if (!note.other) return sentence;
  const { place, at } = note.other;
  return sentence + t("offline.other", { place, time: at ? moment(at) : t("offline.online") });
};

const remarks = (one) => one.notes.map(says).join(" ");

export function Offline() {
  const load = useCallback(async (after) => {
    const page = await get(`/api/reconciliations${after ? `?after=${after}` : ""}`);
    return { rows: page.reconciliations, next: page.next };
  }, []);
  const columns = [
    { name: "at", title: t("offline.at"), text: (one) => one.at, cell: (one) => moment(one.at) },
    { name: "place", title: t("offline.place"), text: (one) => one.place, look: "wrap" },
    {
      name: "type",
      title: t("supervise.type"),
      text: (one) => one.types.map((type) => label(type.name) || type.code).join(t("audit.comma")),
      look: "wrap",
    },
    {
      name: "result",
      title: t("offline.result"),
      text: (one) => t(`offline.${kindOf(one)}`),
      cell: (one) =>
        html`<span class="chip ${kindOf(one)}"
          ><${Icon} name=${kindOf(one)} />${t(`offline.${kindOf(one)}`)}</span
        >`,
    },
    { name: "remarks", title: t("offline.remarks"), text: remarks, cell: (one) => remarks(one) || "—", look: "wrap" },
  ];
  return html`<section class="sheet stack" aria-labelledby="offline">
    <h2 id="offline">${t("offline.title")}</h2>
    <p class="soft">${t("offline.lead")}</p>
    <${Records}
      load=${load}
      columns=${columns}
      rowKey=${(one) => `${one.journal}/${one.seq}/${one.reconciledAt}`}
      caption=${t("offline.title")}
      empty=${t("offline.none")}
      file="offline"
    />
  </section>`;
}
