// What people said about an agency's service (好差评): how many of each grade, the share that was satisfied, and each rating
// with its words and the day by which the office calls back.

import { get } from "../lib/api.js";
import { count, day, label, moment, t } from "../lib/i18n.js";
import { Icon } from "../lib/page.js";
import { html, useCallback, useState } from "../lib/preact.js";
import { Records } from "../lib/records.js";

const KIND = { verySatisfied: "pass", satisfied: "pass", fair: "unsure", dissatisfied: "refuse", veryDissatisfied: "refuse" };

const columns = () => [
  { name: "at", title: t("rating.at"), text: (one) => one.at, cell: (one) => moment(one.at) },
  {
    name: "grade",
    title: t("rating.grade"),
    text: (one) => label(one.gradeName),
    cell: (one) =>
      html`<span class="chip ${KIND[one.grade]}"><${Icon} name=${KIND[one.grade]} />${label(one.gradeName)}</span>`,
  },
  { name: "matter", title: t("rating.matter"), text: (one) => label(one.matter.name), look: "wrap" },
  { name: "words", title: t("rating.words"), text: (one) => one.words, cell: (one) => one.words || "—", look: "wrap" },
  {
    name: "call",
    title: t("rating.callBack"),
    text: (one) => one.callBack ?? "",
    cell: (one) => (one.callBack ? t("rating.callBy", { day: day(one.callBack) }) : "—"),
  },
  { name: "case", title: t("case.number"), text: (one) => one.case },
];

export function Ratings({ code }) {
  const [tally, setTally] = useState(null);
  const load = useCallback(
    async (after) => {
      const page = await get(`/api/ratings?agency=${code}${after ? `&after=${after}` : ""}`);
      setTally(page.tally);
      return { rows: page.ratings, next: page.next };
    },
    [code],
  );
  const all = tally?.reduce((sum, one) => sum + one.count, 0) ?? 0;
  return html`<section class="sheet stack" aria-labelledby="ratings">
    <h2 id="ratings">${t("rating.title")}</h2>
    ${all > 0 && html`<${Totals} tally=${tally} all=${all} />`}
    <${Records}
      load=${load}
      columns=${columns()}
      rowKey=${(one) => one.case}
      caption=${t("rating.title")}
      empty=${t("rating.none")}
      file=${`ratings-${code}`}
    />
  </section>`;
}

function Totals({ tally, all }) {
  const good = tally.filter((one) => KIND[one.grade] !== "refuse").reduce((sum, one) => sum + one.count, 0);
  const most = Math.max(...tally.map((one) => one.count));
  return html`<div class="totals">
    <div>
      <p class="soft">${t("rating.count")}</p>
      <p class="big">${count(all)}</p>
    </div>
    <div>
      <p class="soft">${t("rating.good")}</p>
      <p class="big">${((good / all) * 100).toFixed(1)}%</p>
    </div>
    <table class="grades">
      <caption class="hidden-text">${t("rating.byGrade")}</caption>
      ${tally.map(
        (one) =>
          html`<tr key=${one.grade}>
            <th scope="row">${label(one.gradeName)}</th>
            <td class="bar-cell">
              <svg class="share" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
                <rect class=${KIND[one.grade]} width=${(one.count / most) * 100} height="1" />
              </svg>
            </td>
            <td class="number">${count(one.count)}</td>
          </tr>`,
      )}
    </table>
  </div>`;
}
