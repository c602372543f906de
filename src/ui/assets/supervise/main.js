// The supervisor's page: what each agency has issued by type, how single licences stand, what waits for a second person, how
// services were rated, and what holders object to. All of it is read; only objections are answered here.

import { get } from "../lib/api.js";
import { ChoiceField } from "../lib/field.js";
import { count, day, label, moment, t } from "../lib/i18n.js";
import { Failure, Frame, Icon, Loading, Notice, mount } from "../lib/page.js";
import { html, useCallback, useEffect, useRef, useState } from "../lib/preact.js";
import { AgencyField, Records, agencies, author, short, usePlace } from "../lib/records.js";
import { Guarded, leave } from "../lib/session.js";
import { Objections } from "./objections.js";
import { Offline } from "./offline.js";
import { Ratings } from "./ratings.js";

/** How many as it is counted: `+` where the counting stopped. */
const many = (one) => `${count(one.count)}${one.more ? "+" : ""}`;

function Types({ code, onOpen }) {
  const [top, setTop] = useState(null);
  const load = useCallback(async () => {
    const { types } = await get(`/api/types?agency=${code}`);
    const rows = [...types].sort((a, b) => b.count - a.count);
    setTop({
      most: Math.max(1, ...rows.map((one) => one.count)),
      all: rows.reduce((sum, one) => sum + one.count, 0),
      more: rows.some((one) => one.more),
      types: rows.length,
    });
    return { rows, next: null };
  }, [code]);
  const columns = [
    {
      name: "name",
      title: t("supervise.type"),
      text: (one) => label(one.name),
      cell: (one) =>
        html`<button class="link" type="button" onClick=${() => onOpen(one)}>${label(one.name)}</button>`,
      look: "wrap",
    },
    { name: "count", title: t("supervise.count"), text: (one) => one.count, cell: many, right: true },
    {
      name: "share",
      title: t("supervise.share"),
      cell: (one) => html`<${Share} part=${one.count / (top?.most ?? 1)} />`,
      look: "chart",
    },
  ];
  return html`<section class="sheet stack" aria-labelledby="types">
    <h2 id="types">${t("supervise.licences")}</h2>
    ${
      top &&
      html`<div class="totals">
        <div>
          <p class="soft">${t("supervise.total")}</p>
          <p class="big">${many({ count: top.all, more: top.more })}</p>
        </div>
        <div>
          <p class="soft">${t("supervise.typesMay")}</p>
          <p class="big">${count(top.types)}</p>
        </div>
      </div>`
    }
    <${Records}
      load=${load}
      columns=${columns}
      rowKey=${(one) => one.code}
      caption=${t("supervise.licences")}
      empty=${t("supervise.noTypes")}
      file=${`licences-${code}`}
    />
  </section>`;
}

/** A bar beside its number, which says the same. */
const Share = ({ part }) =>
  html`<svg class="share" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
    <rect width=${part > 0 ? Math.max(1, part * 100) : 0} height="1" />
  </svg>`;

const LIFE = { valid: "pass", suspended: "unsure", revoked: "refuse" };

/** The licences of one type, without anything personal. */
function Licences({ code, type, onClose }) {
  const [life, setLife] = useState("");
  const heading = useRef(null);
  useEffect(() => heading.current?.focus(), []);
  const load = useCallback(
    async (after) => {
      const page = await get(`/api/credentials?agency=${code}&type=${type.code}${after ? `&after=${after}` : ""}`);
      return { rows: page.credentials, next: page.next };
    },
    [code, type.code],
  );
  const keep = useCallback((one) => life === "" || one.status === life, [life]);
  const columns = [
    {
      name: "id",
      title: t("search.id"),
      text: (one) => short(one.id),
      cell: (one) => html`<span class="mono" title=${one.id}>${short(one.id)}</span>`,
      csv: (one) => one.id,
    },
    {
      name: "status",
      title: t("search.state"),
      text: (one) => t(`life.${one.status}`),
      cell: (one) => html`<${Chip} kind=${LIFE[one.status]} text=${t(`life.${one.status}`)} />`,
    },
    { name: "issued", title: t("search.issued"), text: (one) => one.issuedAt, cell: (one) => day(one.issuedAt) },
    {
      name: "until",
      title: t("search.until"),
      text: (one) => one.validUntil ?? "",
      cell: (one) => (one.validUntil ? day(one.validUntil) : t("date.permanent")),
    },
  ];
  return html`<section class="sheet stack" aria-labelledby="licences">
    <div class="row apart">
      <h2 id="licences" ref=${heading} tabindex="-1">${label(type.name)}</h2>
      <button class="button" type="button" onClick=${onClose}>${t("supervise.back")}</button>
    </div>
    <${Records}
      load=${load}
      columns=${columns}
      rowKey=${(one) => one.id}
      caption=${label(type.name)}
      empty=${t("supervise.noLicences")}
      file=${`licences-${code}-${type.code}`}
      keep=${keep}
    >
      <${Choice} id="life" title=${t("search.state")} values=${Object.keys(LIFE)} word="life" value=${life} onChoose=${setLife} />
    <//>
  </section>`;
}

const STATE = { open: "unsure", approved: "pass", refused: "refuse", withdrawn: "", expired: "" };
const SIGN = { open: "wait", expired: "clock", withdrawn: "skipped" };

/** What waits for a second person, or waited. */
function Pending({ code }) {
  const [state, setState] = useState("");
  const load = useCallback(
    async (after) => {
      const page = await get(`/api/pending?agency=${code}&state=all${after ? `&after=${after}` : ""}`);
      return { rows: page.pending, next: page.next };
    },
    [code],
  );
  const keep = useCallback((one) => state === "" || one.state === state, [state]);
  const word = (one) => t(`supervise.state.${one.state}`);
  const columns = [
    { name: "at", title: t("supervise.at"), text: (one) => one.at, cell: (one) => moment(one.at) },
    { name: "deed", title: t("supervise.deed"), text: (one) => t(`act.${one.deed}`) },
    { name: "type", title: t("supervise.type"), text: (one) => label(one.typeName) || one.type, look: "wrap" },
    {
      name: "state",
      title: t("search.state"),
      text: word,
      cell: (one) => html`<${Chip} kind=${STATE[one.state]} icon=${SIGN[one.state]} text=${word(one)} />`,
    },
    { name: "by", title: t("supervise.by"), text: (one) => author(one.by) },
    {
      name: "decided",
      title: t("supervise.decidedBy"),
      text: (one) => author(one.decided?.by),
      cell: (one) => author(one.decided?.by) || "—",
    },
    {
      name: "when",
      title: t("supervise.decidedAt"),
      text: (one) => one.decided?.at ?? "",
      cell: (one) => (one.decided ? moment(one.decided.at) : t("supervise.until", { time: moment(one.expiresAt) })),
    },
  ];
  return html`<section class="sheet stack" aria-labelledby="pending">
    <h2 id="pending">${t("supervise.pending")}</h2>
    <p class="soft">${t("supervise.pendingLead")}</p>
    <${Records}
      load=${load}
      columns=${columns}
      rowKey=${(one) => one.id}
      caption=${t("supervise.pending")}
      empty=${t("supervise.noPending")}
      file=${`pending-${code}`}
      keep=${keep}
    >
      <${Choice}
        id="state"
        title=${t("search.state")}
        values=${Object.keys(STATE)}
        word="supervise.state"
        value=${state}
        onChoose=${setState}
      />
    <//>
  </section>`;
}

const Chip = ({ kind = "", icon, text }) =>
  html`<span class="chip ${kind}"><${Icon} name=${icon ?? (kind || "skipped")} />${text}</span>`;

const Choice = ({ id, title, values, word, value, onChoose }) =>
  html`<${ChoiceField}
    id=${id}
    name=${title}
    kind="slim"
    value=${value}
    options=${[["", t("supervise.any")], ...values.map((one) => [one, t(`${word}.${one}`)])]}
    onChoose=${onChoose}
  />`;

/** What no unit answered in time, of the whole city; nothing where there is none. */
function Overdue({ onChoose }) {
  const [late, setLate] = useState([]);
  useEffect(() => {
    const found = get("/api/objections").then((page) => page.objections.filter((one) => one.state === "overdue"));
    found.then(setLate, () => {});
  }, []);
  if (late.length === 0) return null;
  const units = new Map(late.map((one) => [one.unit, one.unitName]));
  return html`<${Notice} kind="refuse" icon="clock">
    <p>${t("objections.overdue", { n: late.length })}</p>
    <p class="row">${[...units].map(([unit, name]) => html`<button key=${unit} class="link" type="button" onClick=${() => onChoose(unit)}>${label(name)}</button>`)}</p>
  <//>`;
}

function Supervise({ session }) {
  const [list, setList] = useState(null);
  const [error, setError] = useState(null);
  const [type, setType] = useState(null);
  const [place, setPlace] = usePlace();
  const load = () => {
    setError(null);
    agencies().then(setList, setError);
  };
  useEffect(load, []);
  useEffect(() => setType(null), [place]);
  const code = list && (list.find((one) => one.code === place) ?? list[0])?.code;
  const tools =
    session.role === "auditor" &&
    html`<a class="tool" href="/audit"><${Icon} name="shield" /><span>${t("audit.title")}</span></a>`;
  return html`<${Frame} title=${t("supervise.title")} who=${session.name} leave=${leave} tools=${tools}>
    <div class="stack">
      <div>
        <h1>${t("supervise.title")}</h1>
        <p class="soft">${t("supervise.lead")}</p>
      </div>
      ${error && html`<${Failure} error=${error} again=${load} />`} ${!list && !error && html`<${Loading} />`}
      ${list && !code && html`<p class="sheet empty">${t("supervise.noAgencies")}</p>`}
      ${
        code &&
        html`<${Overdue} onChoose=${setPlace} />
          <div class="row"><${AgencyField} list=${list} value=${code} onChoose=${setPlace} /></div>
          ${
            type
              ? html`<${Licences} key=${`${code}/${type.code}`} code=${code} type=${type} onClose=${() => setType(null)} />`
              : html`<${Types} key=${`types/${code}`} code=${code} onOpen=${setType} />
                  <${Ratings} key=${`ratings/${code}`} code=${code} />
                  <${Pending} key=${`pending/${code}`} code=${code} />
                  <${Objections} key=${`objections/${code}`} code=${code} may=${session.role === "supervisor"} />
                  <${Offline} />`
          }`
      }
    </div>
  <//>`;
}

mount(
  () =>
    html`<${Guarded}
      title=${t("supervise.title")}
      roles=${["supervisor", "auditor"]}
      page=${(session) => html`<${Supervise} session=${session} />`}
    />`,
  t("supervise.title"),
);
