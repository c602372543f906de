// The result's own fields, asked for only where the case does not know them; the server says which.

import { prepareType } from "../lib/fields.js";
import { Fields, inputs, toRow } from "../lib/form.js";
import { label, t } from "../lib/i18n.js";
import { Loading, Notice } from "../lib/page.js";
import { html, useEffect, useState } from "../lib/preact.js";

export function ResultForm({ desk, state }) {
  const [forms, setForms] = useState(null);
  const [values, setValues] = useState({});
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const codes = state.matter.results ?? [];
  useEffect(() => {
    Promise.all(
      codes.map(async (code) => {
        const schema = await prepareType(code.code ?? code);
        return { code: code.code ?? code, schema, list: inputs(schema) };
      }),
    ).then(setForms);
  }, []);
  const wrong = Object.fromEntries(state.error.reasons.map((one) => [one.field, one.message]));
  const send = async (event) => {
    event.preventDefault();
    setTried(true);
    setBusy(true);
    await desk.grant(Object.fromEntries(forms.map(({ code, list }) => [code, toRow(list, values[code] ?? {})])));
    setBusy(false);
  };
  if (!forms) return html`<div class="area"><${Loading} /></div>`;
  return html`<form class="area stack" onSubmit=${send}>
    <h2>${t("result.title")}</h2>
    <${Notice}>${t("result.lead")}<//>
    ${forms.map(
      ({ code, schema, list }) =>
        html`<fieldset class="stack" key=${code}>
          <legend><h3>${label(schema["x-certless"].name)}</h3></legend>
          <${Fields}
            list=${asked(list, wrong, values[code])}
            values=${values[code] ?? {}}
            wrong=${tried ? still(wrong, values[code]) : {}}
            schema=${schema}
            onChange=${(next) => setValues({ ...values, [code]: next })}
          />
        </fieldset>`,
    )}
    <div class="row end">
      <button class="button" type="button" onClick=${() => desk.back()}>${t("do.back")}</button>
      <button class="button primary" disabled=${busy}>${t("case.grant")}</button>
    </div>
  </form>`;
}

/** The fields that the server missed, and those already filled in. */
const asked = (list, wrong, values = {}) =>
  list
    .filter((one) => wrong[one.column] || values[one.column] !== undefined)
    .map((one) => ({ ...one, required: true, automatic: false }));

/** The server's sentences for fields that are still as they were. */
const still = (wrong, values = {}) => Object.fromEntries(Object.entries(wrong).filter(([column]) => !values[column]));
