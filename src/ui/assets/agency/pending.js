// What waits for a second person: who asked for what and why; approving and refusing, never by the one who asked.

import { get, post } from "../lib/api.js";
import { label, moment, t } from "../lib/i18n.js";
import { Failure, Icon, Loading, Notice } from "../lib/page.js";
import { html, useEffect, useState } from "../lib/preact.js";

export function Pending({ session, changed }) {
  const [list, setList] = useState(null);
  const [error, setError] = useState(null);
  const [done, setDone] = useState(null);
  const load = () => get("/api/pending").then((found) => (setList(found.pending ?? found), setError(null)), setError);
  useEffect(() => void load(), []);
  const act = async (one, how) => {
    try {
      await post(`/api/pending/${one.id}/${how}`, how === "refuse" ? { reason: t("pending.refusedReason") } : {});
      setDone(how);
      await load();
      changed();
    } catch (problem) {
      setError(problem);
    }
  };
  const may = session.role === "agencyApprover" || session.role === "administrator";
  return html`<div class="stack">
    <div class="sheet">
      <h2>${t("agency.pending")}</h2>
      <p class="soft">${t(may ? "pending.lead" : "pending.leadClerk")}</p>
    </div>
    ${done && html`<${Notice} kind="pass" live>${t(done === "approve" ? "pending.approved" : "pending.refused")}<//>`}
    ${error && html`<${Failure} error=${error} again=${load} />`} ${!list && !error && html`<${Loading} />`}
    ${list?.length === 0 && html`<p class="sheet empty">${t("pending.none")}</p>`}
    <ul class="stack">
      ${list?.map(
        (one) =>
          html`<li class="sheet row apart" key=${one.id}>
            <div class="grow">
              <p class="strong">${what(one)}</p>
              <p class="soft">
                ${t("pending.by", { name: one.by?.name ?? one.byName ?? one.requestedBy ?? one.by ?? "" })} ·
                ${moment(one.at ?? one.askedAt ?? one.createdAt)}
              </p>
              ${one.reason && html`<p>${t("case.reason")}：${one.reason}</p>`}
            </div>
            ${
              may &&
              html`<div class="row">
                <button class="button primary" type="button" onClick=${() => act(one, "approve")}>
                  <${Icon} name="pass" />${t("pending.approve")}
                </button>
                <button class="button" type="button" onClick=${() => act(one, "refuse")}>${t("pending.refuse")}</button>
              </div>`
            }
          </li>`,
      )}
    </ul>
  </div>`;
}

/** What is asked for in words: the act, the type, and for whom where it is told. */
function what(one) {
  const act = one.act ?? one.action ?? one.kind;
  const known = t(`act.${act}`);
  return [known === `act.${act}` ? act : known, label(one.typeName) || one.type, one.number ?? one.holder]
    .filter((part) => part && typeof part === "string")
    .join(" · ");
}
