// Issuing a file: drop it, see the first rows and how the columns fit, check every row, issue with progress, rate and
// remaining time, download what was refused. Doing it again issues nothing twice, so stopping and going on is harmless.

import { call } from "../lib/api.js";
import { Drop } from "../lib/drop.js";
import { prepareType } from "../lib/fields.js";
import { inputs } from "../lib/form.js";
import { count, label, t } from "../lib/i18n.js";
import { Failure, Icon, Notice } from "../lib/page.js";
import { html, useRef, useState } from "../lib/preact.js";
import { Table, download, toCsv } from "../lib/table.js";
import { firstFault, start } from "./run.js";

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/** Rows shown before anything is done. */
const FIRST = 5;

export function Batch({ type, changed }) {
  const [file, setFile] = useState(null);
  const [table, setTable] = useState(null);
  const [mapping, setMapping] = useState({});
  const [error, setError] = useState(null);
  const [run, setRun] = useState(null);
  const running = useRef(null);

  const read = async (chosen) => {
    setError(null);
    setRun(null);
    setTable(null);
    setFile(chosen);
    const media = /\.xlsx$/i.test(chosen.name) ? XLSX : "text/csv";
    try {
      const found = await call("POST", `/api/tables?type=${type.code}`, chosen, { media, timeout: 120000 });
      found.columns = found.columns.filter((one) => one.name !== "rowKey");
      setTable(found);
      setMapping(Object.fromEntries(found.columns.map((one) => [one.name, one.column ?? ""])));
    } catch (problem) {
      setError(problem);
    }
  };
  const go = (dryRun) => {
    running.current = start({
      type: type.code,
      rows: table.rows,
      mapping,
      dryRun,
      onChange: (next) => {
        setRun({ ...next });
        if (next.ended && !dryRun) changed();
      },
    });
  };
  const stop = () => running.current?.stop();
  return html`<div class="stack">
    <section class="sheet stack">
      <div>
        <h2>${t("batch.title", { type: label(type.name) })}</h2>
        <p class="soft">${t("batch.lead")}</p>
      </div>
      <${FileDrop} onFile=${read} name=${file?.name} />
      <p>
        <button class="button plain" type="button" onClick=${() => template(type)}>${t("batch.template")}</button>
      </p>
      ${error && html`<${Failure} error=${error} />`}
    </section>
    ${
      table &&
      html`<${Preview} table=${table} mapping=${mapping} onMap=${setMapping} locked=${run && !run.ended} />
        <section class="sheet stack">
          ${run ? html`<${Progress} run=${run} />` : html`<p>${t("batch.rows", { n: count(table.rows.length) })}</p>`}
          <div class="row">
            <button
              class="button ${ready(run) ? "" : "primary"}"
              type="button"
              disabled=${run && !run.ended}
              onClick=${() => go(true)}
            >
              ${t("batch.check")}
            </button>
            <button
              class="button ${ready(run) ? "primary" : ""}"
              type="button"
              disabled=${!run?.ended || (run.dryRun && run.done === run.refused.length)}
              onClick=${() => go(false)}
            >
              <${Icon}
                name="stamp"
              />${run?.ended && !run.dryRun && run.done < run.total ? t("batch.resume") : t("batch.issue")}
            </button>
            ${run && !run.ended && html`<button class="button" type="button" onClick=${stop}>${t("do.stop")}</button>`}
            ${run?.refused.length > 0 && html`<button class="button" type="button" onClick=${() => saveRefused(file, table, run)}><${Icon} name="file" />${t("batch.errors", { n: count(run.refused.length) })}</button>`}
          </div>
          ${run?.refused.length > 0 && html`<${Refused} run=${run} />`}
        </section>`
    }
  </div>`;
}

const FileDrop = ({ onFile, name }) =>
  html`<${Drop} accept=".csv,.xlsx" onFile=${onFile}><${Icon} name="file" /><span>${name ?? t("batch.drop")}</span><//>`;

/** Whether issuing is the next step: checked, and some rows are right. */
const ready = (run) => Boolean(run?.ended) && run.done > run.refused.length;

/** The first rows and which field each column is. */
function Preview({ table, mapping, onMap, locked }) {
  const unknown = table.columns.filter((one) => !mapping[one.name]);
  return html`<section class="sheet stack" aria-labelledby="first-rows">
    <h3 id="first-rows">${t("batch.first", { n: Math.min(FIRST, table.rows.length) })}</h3>
    ${unknown.length > 0 && html`<${Notice} kind="unsure">${t("batch.unknown", { names: unknown.map((one) => one.name).join("、") })}<//>`}
    <div class="scroll" tabindex="0" role="region" aria-labelledby="first-rows">
      <table>
        <thead>
          <tr>
            <th scope="col">${t("batch.line")}</th>
            ${table.columns.map(
              (one) =>
                html`<th scope="col">
                  ${one.name}<br />
                  <select
                    class="input slim"
                    disabled=${locked}
                    aria-label=${t("batch.mapping", { name: one.name })}
                    value=${mapping[one.name]}
                    onChange=${(event) => onMap({ ...mapping, [one.name]: event.target.value })}
                  >
                    <option value="">${t("batch.leaveOut")}</option>
                    ${options(table, one).map((wanted) => html`<option value=${wanted.column} selected=${mapping[one.name] === wanted.column}>${label(wanted.label)}</option>`)}
                  </select>
                </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${table.rows.slice(0, FIRST).map(
            (row) =>
              html`<tr>
                <td>${row.line}</td>
                ${table.columns.map((one) => html`<td>${String(row.cells[one.name] ?? "")}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

const options = (table, one) =>
  one.column && !table.wanted.some((wanted) => wanted.column === one.column)
    ? [{ column: one.column, label: one.label }, ...table.wanted]
    : table.wanted;

function Progress({ run }) {
  const seconds = (run.now - run.from) / 1000;
  const rate = seconds > 0 ? run.done / seconds : 0;
  const left = rate > 0 ? Math.ceil((run.total - run.done) / rate) : 0;
  const kind = !run.ended ? "" : run.error || run.refused.length > 0 ? "unsure" : "pass";
  return html`<div class="stack tight" role="status" aria-live="polite">
    <p class="strong">
      ${t(run.ended ? (run.dryRun ? "batch.checked" : run.error || run.done < run.total ? "batch.stopped" : "batch.issued") : run.dryRun ? "batch.checking" : "batch.issuing")}
    </p>
    <progress max=${run.total} value=${run.done} aria-label=${t("batch.progress")}></progress>
    <p class="row">
      <span>${count(run.done)} / ${count(run.total)}</span>
      ${!run.ended && html`<span>${t("batch.rate", { n: count(Math.round(rate)) })}</span><span>${t("batch.left", { n: count(left) })}</span>`}
      <span class="chip pass"
        >${t(run.dryRun ? "batch.right" : "batch.made", { n: count(run.accepted - run.again) })}</span
      >
      ${run.again > 0 && html`<span class="chip">${t("batch.again", { n: count(run.again) })}</span>`}
      ${run.pending > 0 && html`<span class="chip unsure">${t("batch.pending", { n: count(run.pending) })}</span>`}
      ${run.refused.length > 0 && html`<span class="chip refuse">${t("batch.refused", { n: count(run.refused.length) })}</span>`}
    </p>
    ${run.error && html`<${Failure} error=${run.error} />`}
    ${run.ended && !run.error && html`<${Notice} kind=${kind}>${t(run.dryRun ? (run.refused.length ? "batch.mend" : "batch.ready") : run.done < run.total ? "batch.resumeHelp" : run.refused.length ? "batch.mend" : "batch.complete")}<//>`}
  </div>`;
}

/** What is wrong, the first hundred rows of it. */
function Refused({ run }) {
  const columns = [
    { name: "line", title: t("batch.line"), text: (one) => one.line },
    { name: "field", title: t("batch.field"), text: (one) => one.field },
    { name: "reason", title: t("case.reason"), text: (one) => one.message, look: "wrap" },
  ];
  const rows = run.refused.slice(0, 100).map((one) => ({ line: one.row.line, ...firstFault(one) }));
  return html`<${Table}
    columns=${columns}
    rows=${rows}
    rowKey=${(one) => one.line}
    caption=${t("batch.refusedRows")}
  />`;
}

/** The refused rows with their reasons before their own cells; mended, it can be dropped here again. */
function saveRefused(file, table, run) {
  const names = table.columns.map((one) => one.name);
  const rows = run.refused.map(({ row, problem }) => {
    const reasons =
      problem.reasons?.length > 0 ? problem.reasons : [{ field: "", code: "", zh: problem.zh, en: problem.en }];
    const all = (part) => reasons.map((one) => one[part] ?? "").join("; ");
    return [row.line, all("field"), all("code"), all("zh"), all("en"), ...names.map((name) => row.cells[name] ?? "")];
  });
  download(
    `${file.name}.errors.csv`,
    toCsv(["row", "field", "code", "reasonZh", "reasonEn", ...names], rows),
    "text/csv",
  );
}

/** An empty file with the columns of the type, named as people name them. */
async function template(type) {
  const columns = inputs(await prepareType(type.code)).map((one) => one.field.label.zh);
  download(`${type.code}.csv`, toCsv(columns, []), "text/csv");
}
