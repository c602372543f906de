// Finding what the agency issued: by the holder's number, by licence number or identifier, or the newest of a type; then
// looking at one, suspending, lifting, revoking with a reason.

import { get, post } from "../lib/api.js";
import { LicenceCard } from "../lib/card.js";
import { annotation } from "../lib/catalogue.js";
import { holderKind } from "../lib/codes.js";
import { TextField } from "../lib/field.js";
import { maskedText, prepareType, valueText } from "../lib/fields.js";
import { day, label, maskCode, moment, t } from "../lib/i18n.js";
import { Failure, Icon, Loading, Notice } from "../lib/page.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { short } from "../lib/records.js";
import { Table } from "../lib/table.js";
import { ReasonDialog } from "../window/application.js";
import { Offer } from "./offer.js";
import { UsedBy } from "./uses.js";

/** Rows shown before “more”. */
const SHOWN = 25;

export function Search({ type, agency, session, changed }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const [open, setOpen] = useState(null);
  const [shown, setShown] = useState(SHOWN);
  const run = async (work, before = []) => {
    setError(null);
    try {
      const page = await work();
      setFound({ rows: [...before, ...page.credentials], next: page.next, more: page.more });
    } catch (problem) {
      setError(problem);
    }
  };
  const latest = (after) => () => get(`/api/credentials?type=${type.code}${after ? `&after=${after}` : ""}`);
  useEffect(() => void run(latest()), []);
  const send = (event) => {
    event.preventDefault();
    const asked = text.normalize("NFKC").replace(/\s/g, "").toUpperCase();
    if (!asked) return run(latest());
    return run(() => look(asked, text.normalize("NFKC").trim()));
  };
  const more = () => {
    setShown(shown + SHOWN);
    if (found.next && found.rows.length <= shown + SHOWN) void run(latest(found.next), found.rows);
  };
  const columns = [
    {
      name: "id",
      title: t("search.id"),
      text: (one) => one.id,
      cell: (one) =>
        html`<button class="link" type="button" onClick=${() => setOpen(one.id)}>${short(one.id)}</button>`,
    },
    {
      name: "status",
      title: t("search.state"),
      text: (one) => t(`life.${one.status}`),
      cell: (one) => html`<${Life} status=${one.status} />`,
    },
    {
      name: "type",
      title: t("search.type"),
      text: (one) => one.type,
      cell: (one) => (one.type === type.code ? label(type.name) : one.type),
    },
    { name: "issued", title: t("search.issued"), text: (one) => one.issuedAt, cell: (one) => day(one.issuedAt) },
    {
      name: "until",
      title: t("search.until"),
      text: (one) => one.validUntil ?? "",
      cell: (one) => (one.validUntil ? day(one.validUntil) : t("date.permanent")),
    },
  ];
  if (open)
    return html`<${One}
      id=${open}
      agency=${agency}
      session=${session}
      close=${() => setOpen(null)}
      changed=${changed}
    />`;
  return html`<div class="stack">
    <form class="sheet row" role="search" onSubmit=${send}>
      <${TextField}
        id="find"
        name=${t("search.label")}
        hint=${t("search.hint")}
        kind="grow"
        type="search"
        autocomplete="off"
        spellcheck="false"
        value=${text}
        onText=${setText}
      />
      <button class="button primary"><${Icon} name="search" />${t("search.go")}</button>
    </form>
    ${error && html`<${Failure} error=${error} />`} ${!found && !error && html`<${Loading} />`}
    ${found && html`<${Table} columns=${columns} rows=${found.rows.slice(0, shown)} rowKey=${(one) => one.id} caption=${t("agency.search")} empty=${t("search.none")} />`}
    ${
      found &&
      (found.next || found.rows.length > shown) &&
      html`<p>
        <button class="button" type="button" onClick=${more}>${t("search.more")}</button>
      </p>`
    }
  </div>`;
}

/** An identifier (电子证照标识) is long and has points; everything else is a holder's number or a licence's. */
async function look(asked, typed) {
  if (/^1\.2\.156\.3005\./.test(asked)) return { credentials: [await get(`/api/credentials/${encodeURIComponent(asked)}`)] };
  const kind = holderKind(asked);
  const held = kind ? await post("/api/credentials/search", { code: asked, codeType: kind }) : { credentials: [] };
  if (held.credentials.length > 0) return held;
  for (const number of new Set([typed, asked])) {
    const found = await post("/api/credentials/search", { number });
    if (found.credentials.length > 0) return found;
  }
  return held;
}

const KIND = { valid: "pass", suspended: "unsure", revoked: "refuse" };
const Life = ({ status }) =>
  html`<span class="chip ${KIND[status] ?? ""}"
    ><${Icon} name=${KIND[status] ?? "unsure"} />${t(`life.${status}`)}</span
  >`;

/** One licence with everything the agency may see and do. */
function One({ id, agency, session, close, changed }) {
  const [one, setOne] = useState(null);
  const [schema, setSchema] = useState(null);
  const [error, setError] = useState(null);
  const [asking, setAsking] = useState(null);
  const [told, setTold] = useState(null);
  const [offer, setOffer] = useState(null);
  const load = async () => {
    try {
      const found = await get(`/api/credentials/${encodeURIComponent(id)}`);
      setSchema(await prepareType(found.type));
      setOne(found);
    } catch (problem) {
      setError(problem);
    }
  };
  useEffect(() => void load(), [id]);
  const act = async (name, reason) => {
    setAsking(null);
    setError(null);
    try {
      const answer = await post(`/api/credentials/${encodeURIComponent(id)}/${name}`, { reason });
      setTold(answer?.pending ? "pending" : name);
      await load();
      changed();
    } catch (problem) {
      setError(problem);
    }
  };
  const hand = () => post("/api/offers", { credential: id }).then(setOffer, setError);
  if (!one)
    return html`<div class="sheet stack">
      ${error ? html`<${Failure} error=${error} />` : html`<${Loading} />`}
      <p><button class="button" type="button" onClick=${close}>${t("do.back")}</button></p>
    </div>`;
  const about = schema["x-certless"];
  const subject = [one.package.credential.credentialSubject].flat();
  const holder = one.package.credential.certificate?.certificateHolderName;
  if (offer)
    return html`<${Offer}
      offer=${offer}
      wanted=${{ credential: id }}
      type=${{ name: about.name }}
      agency=${agency}
      holder=${holder}
      next=${() => (setOffer(null), void load())}
    />`;
  return html`<div class="stack">
    <p><button class="button" type="button" onClick=${close}>${t("search.back")}</button></p>
    <div class="one">
      <div class="stack">
        <${LicenceCard}
          name=${about.name}
          agency=${agency.name}
          holder=${holder}
          number=${maskCode(one.package.number)}
          from=${one.validFrom}
          until=${one.validUntil ?? "长期"}
          state=${one.status}
        />
        <${Actions} status=${one.status} onAsk=${setAsking} onHand=${hand} />
      </div>
      <div class="sheet stack">
        ${error && html`<${Failure} error=${error} />`}
        ${told && html`<${Notice} kind=${told === "pending" ? "unsure" : "pass"} icon=${told === "pending" ? "wait" : undefined} live>${t(`told.${told}`)}<//>`}
        <dl class="facts">
          <dt>${t("search.id")}</dt>
          <dd class="number-wrap">${one.id}</dd>
          <dt>${t("search.state")}</dt>
          <dd><${Life} status=${one.status} /></dd>
          <dt>${t("search.issued")}</dt>
          <dd>${moment(one.issuedAt)}</dd>
        </dl>
        ${subject.map((claims) => html`<${Claims} schema=${schema} claims=${claims} />`)}
      </div>
    </div>
    <${UsedBy} id=${one.id} />
    ${asking && html`<${ReasonDialog} kind=${asking} onClose=${() => setAsking(null)} onReason=${(reason) => act(asking, reason)} />`}
  </div>`;
}

function Claims({ schema, claims }) {
  const [open, setOpen] = useState(false);
  const fields = annotation(schema).fields.filter((field) => claims[field.name] !== undefined);
  const secret = fields.some((field) => field.mask);
  return html`<div class="stack tight">
    <dl class="facts">
      ${fields.map(
        (field) =>
          html`<dt>${label(field.label)}</dt>
            <dd>${(open ? valueText : maskedText)(field, claims[field.name])}</dd>`,
      )}
    </dl>
    ${secret && html`<p><button class="button" type="button" aria-pressed=${String(open)} onClick=${() => setOpen(!open)}>${t(open ? "mask.hideAll" : "mask.showAll")}</button></p>`}
  </div>`;
}

function Actions({ status, onAsk, onHand }) {
  if (status === "revoked") return html`<p class="soft">${t("search.revokedHelp")}</p>`;
  return html`<div class="row">
    ${
      status === "valid" &&
      html`<button class="button primary" type="button" onClick=${onHand}>
          <${Icon} name="phone" />${t("search.hand")}
        </button>
        <button class="button" type="button" onClick=${() => onAsk("suspend")}>${t("search.suspend")}</button>`
    }
    ${status === "suspended" && html`<button class="button primary" type="button" onClick=${() => onAsk("reinstate")}>${t("search.reinstate")}</button>`}
    <button class="button danger" type="button" onClick=${() => onAsk("revoke")}>${t("search.revoke")}</button>
  </div>`;
}
