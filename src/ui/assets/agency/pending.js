// What waits for a second person: who asked for what and why, with the content to be issued; approving and refusing with a
// reason, never by the one who asked, who may take it back.

import { get, post } from "../lib/api.js";
import { fieldOf, maskedText, prepareType } from "../lib/fields.js";
import { label, moment, t } from "../lib/i18n.js";
import { Failure, Icon, Loading, Notice } from "../lib/page.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { Objections } from "../supervise/objections.js";
import { ReasonDialog } from "../window/application.js";

export function Pending({ session, changed }) {
  const [list, setList] = useState(null);
  const [error, setError] = useState(null);
  const [told, setTold] = useState(null);
  const load = () => get("/api/pending").then((found) => (setList(found.pending), setError(null)), setError);
  useEffect(() => void load(), []);
  const act = async (one, how, body) => {
    setTold(null);
    try {
      await post(`/api/pending/${one.id}/${how}`, body);
      setTold(how === "approve" ? "pending.approved" : "pending.refused");
      await load();
      changed();
    } catch (problem) {
      setError(problem);
    }
  };
  const may = session.role === "agencyApprover";
  return html`<div class="stack">
    <div class="sheet">
      <h2>${t("agency.pending")}</h2>
      <p class="soft">${t(may ? "pending.lead" : "pending.leadClerk")}</p>
    </div>
    ${told && html`<${Notice} kind="pass" live>${t(told)}<//>`}
    ${error && html`<${Failure} error=${error} again=${load} />`} ${!list && !error && html`<${Loading} />`}
    ${list?.length === 0 && html`<p class="sheet empty">${t("pending.none")}</p>`}
    <ul class="stack">
      ${list?.map((one) => html`<${One} key=${one.id} one=${one} session=${session} may=${may} onAct=${act} />`)}
    </ul>
    <${Objections} code=${session.agency} may />
  </div>`;
}

function One({ one, session, may, onAct }) {
  const [whole, setWhole] = useState(null);
  const [schema, setSchema] = useState(null);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    get(`/api/pending/${one.id}`).then(
      (found) => setWhole(found.pending),
      () => {},
    );
    prepareType(one.type).then(setSchema, () => {});
  }, []);
  const by = one.by?.account ?? one.by?.token ?? "";
  const own = by === session.account;
  return html`<li class="sheet stack">
    <div class="row apart asked">
      <div class="grow">
        <p class="strong">${t(`act.${one.deed}`)} · ${label(one.typeName) || one.type}</p>
        <p class="soft">${t("pending.by", { name: by })} · ${moment(one.at)}</p>
      </div>
      <div class="row">
        ${may && !own && html`<button class="button primary" type="button" onClick=${() => onAct(one, "approve", {})}><${Icon} name="pass" />${t("pending.approve")}</button>`}
        ${(may || own) && html`<button class="button" type="button" onClick=${() => setAsking(true)}>${t(own ? "pending.withdraw" : "pending.refuse")}</button>`}
      </div>
    </div>
    ${whole?.reason && html`<p>${t("case.reason")}${t("verdict.colon")} ${whole.reason}</p>`}
    ${one.case && html`<p>${t("pending.case", { number: one.case })}</p>`}
    ${one.credential && html`<p class="soft number-wrap">${one.credential}</p>`}
    ${
      whole?.row &&
      schema &&
      html`<dl class="facts">
        ${Object.entries(whole.row)
          .filter(([name]) => fieldOf(schema, name))
          .map(
            ([name, value]) =>
              html`<dt>${label(fieldOf(schema, name).label)}</dt>
                <dd>${maskedText(fieldOf(schema, name), value)}</dd>`,
          )}
      </dl>`
    }
    ${asking && html`<${ReasonDialog} kind="pending" onClose=${() => setAsking(false)} onReason=${(reason) => (setAsking(false), onAct(one, "refuse", { reason }))} />`}
  </li>`;
}
