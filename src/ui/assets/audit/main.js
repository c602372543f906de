// The auditor's page: who did what, agency by agency, and the transparency log that all licences stand in.

import { get } from "../lib/api.js";
import { TextField } from "../lib/field.js";
import { label, lang, moment, t } from "../lib/i18n.js";
import { Failure, Frame, Icon, Loading, mount } from "../lib/page.js";
import { html, useCallback, useEffect, useMemo, useState } from "../lib/preact.js";
import { AgencyField, Records, agencies, author, short, usePlace } from "../lib/records.js";
import { Guarded, leave } from "../lib/session.js";
import { Log } from "./log.js";

/** Days that are shown when the page opens. */
const DAYS = 7;

/** A day in China as the inputs have it. */
const dayBefore = (days) => new Date(Date.now() + 8 * 3600e3 - days * 86400e3).toISOString().slice(0, 10);

/** The first instant of a day in China. */
const startOf = (day) => new Date(`${day}T00:00:00+08:00`).toISOString().replace(".000", "");

/** What happened, in words; as it is where there are none. */
function happened(event) {
  const key = `audit.event.${event.event}`;
  const said = t(key);
  return said === key ? event.event : said;
}

/** What it happened to. */
const subject = (event) => event.credential ?? event.account ?? event.pending ?? event.subject ?? "";

const COLUMNS = [
  { name: "at", title: t("audit.at"), text: (one) => one.at, cell: (one) => moment(one.at) },
  { name: "event", title: t("audit.what"), text: happened },
  { name: "by", title: t("audit.by"), text: (one) => author(one.by), cell: (one) => author(one.by) || "—" },
  {
    name: "second",
    title: t("audit.second"),
    text: (one) => author(one.approvedBy),
    cell: (one) => author(one.approvedBy) || "—",
  },
  {
    name: "subject",
    title: t("audit.subject"),
    text: (one) => short(subject(one)),
    cell: (one) => html`<span class="mono" title=${subject(one)}>${short(subject(one))}</span>`,
    csv: subject,
  },
];

function Events({ list, known, onChoose }) {
  const [from, setFrom] = useState(dayBefore(DAYS - 1));
  const load = useCallback(
    async (after) => {
      const query = new URLSearchParams();
      if (known) query.set("agency", known);
      if (from) query.set("from", startOf(from));
      if (after) query.set("after", after);
      const page = await get(`/api/audit?${query}`);
      return { rows: page.events.map((event, i) => ({ ...event, place: `${after ?? ""}/${i}` })), next: page.next };
    },
    [known, from],
  );
  const name = list.find((one) => one.code === known)?.name;
  return html`<div class="sheet stack">
    <div class="row narrow">
      <${AgencyField} list=${list} value=${known} onChoose=${onChoose} whole=${t("audit.city")} />
      <${TextField}
        id="from"
        name=${t("audit.from")}
        kind="slim"
        type="date"
        lang=${lang}
        max=${dayBefore(0)}
        value=${from}
        onText=${setFrom}
      />
    </div>
    <${Records}
      key=${`${known}/${from}`}
      load=${load}
      columns=${COLUMNS}
      rowKey=${(one) => one.place}
      caption=${`${t("audit.events")} · ${label(name) || t("audit.city")}`}
      empty=${t("audit.none")}
      file=${`audit-${known || "city"}-${from || "all"}`}
    />
  </div>`;
}

const TABS = ["events", "log"];

function Audit({ session }) {
  const [place, setPlace] = usePlace();
  const [list, setList] = useState(null);
  const [error, setError] = useState(null);
  const load = () => {
    setError(null);
    agencies().then(setList, setError);
  };
  useEffect(load, []);
  const [code, asked] = place.split("/");
  const tab = TABS.includes(asked) ? asked : "events";
  const known = list?.some((one) => one.code === code) ? code : "";
  const tools = useMemo(
    () => html`<a class="tool" href="/supervise"><${Icon} name="search" /><span>${t("supervise.title")}</span></a>`,
    [],
  );
  return html`<${Frame} title=${t("audit.title")} who=${session.name} leave=${leave} tools=${tools}>
    <div class="stack">
      <div>
        <h1>${t("audit.title")}</h1>
        <p class="soft">${t("audit.lead")}</p>
      </div>
      <div class="tabs" role="tablist" aria-label=${t("audit.title")}>
        ${TABS.map((name) => html`<button key=${name} type="button" role="tab" id="tab-${name}" aria-selected=${String(name === tab)} aria-controls="tab-panel" onClick=${() => setPlace(`${known}/${name}`)}>${t(`audit.${name}`)}</button>`)}
      </div>
      <div role="tabpanel" id="tab-panel" aria-labelledby="tab-${tab}">
        ${tab === "log" && html`<${Log} names=${list ?? []} />`} ${tab === "events" && error && html`<${Failure} error=${error} again=${load} />`}
        ${tab === "events" && !list && !error && html`<${Loading} />`}
        ${tab === "events" && list && html`<${Events} list=${list} known=${known} onChoose=${(next) => setPlace(`${next}/events`)} />`}
      </div>
    </div>
  <//>`;
}

mount(
  () =>
    html`<${Guarded}
      title=${t("audit.title")}
      roles=${["auditor"]}
      page=${(session) => html`<${Audit} session=${session} />`}
    />`,
  t("audit.title"),
);
