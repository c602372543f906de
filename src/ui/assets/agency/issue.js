// Issuing one licence: the form from the schema with the card drawn beside it, checked by the server before anything is
// signed, then the code with which the holder receives it.

import { freshKey, post } from "../lib/api.js";
import { LicenceCard } from "../lib/card.js";
import { annotation } from "../lib/catalogue.js";
import { ChoiceField } from "../lib/field.js";
import { prepareType, valueText, fieldOf } from "../lib/fields.js";
import { Fields, faults, holderRange, inputs, toRow } from "../lib/form.js";
import { label, t } from "../lib/i18n.js";
import { Failure, Icon, Loading, Notice } from "../lib/page.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Offer } from "./offer.js";

export function Issue({ type, agency, changed }) {
  const [schema, setSchema] = useState(null);
  const [holders, setHolders] = useState(1);
  const [values, setValues] = useState({});
  const [shown, setShown] = useState(false);
  const [wrong, setWrong] = useState({});
  const [error, setError] = useState(null);
  const [checked, setChecked] = useState(null);
  const [offer, setOffer] = useState(null);
  const [busy, setBusy] = useState(false);
  const key = useRef(freshKey());
  const load = () =>
    prepareType(type.code).then((found) => (setSchema(found), setHolders(holderRange(found)[0])), setError);
  useEffect(() => void load(), []);
  if (error && !schema) return html`<${Failure} error=${error} again=${load} />`;
  if (!schema) return html`<div class="sheet"><${Loading} lines=${6} /></div>`;

  const list = inputs(schema, holders);
  const change = (next) => {
    const touched = Object.keys(next).filter((name) => next[name] !== values[name]);
    setWrong(Object.fromEntries(Object.entries(wrong).filter(([column]) => !touched.includes(column))));
    setValues(next);
    setChecked(null);
  };
  const run = (work) => async () => {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (problem) {
      setError(problem);
      setWrong(Object.fromEntries((problem.reasons ?? []).map((one) => [one.field, one.message])));
    }
    setBusy(false);
  };
  const check = run(async () => {
    setShown(true);
    const first = Object.keys(faults(list, values))[0];
    if (first) return document.getElementById(`f-${first}`)?.focus();
    setChecked(await post("/api/credentials", { type: type.code, row: toRow(list, values), dryRun: true }));
  });
  const issue = run(async () => {
    const made = await post("/api/offers", { type: type.code, row: toRow(list, values) }, { key: key.current });
    setOffer(made);
    changed();
  });
  const again = () => {
    key.current = freshKey();
    setOffer(null);
    setChecked(null);
    setValues({});
    setShown(false);
  };
  if (offer)
    return html`<${Offer}
      offer=${offer}
      wanted=${{ type: type.code, row: toRow(list, values) }}
      type=${type}
      agency=${agency}
      holder=${holderOf(schema, values)}
      next=${again}
    />`;

  const [least, most] = holderRange(schema);
  const about = annotation(schema);
  return html`<div class="issue">
    <form class="sheet stack" novalidate onSubmit=${(event) => (event.preventDefault(), checked ? issue() : check())}>
      <div>
        <h2>${label(type.name)}</h2>
        <p class="soft">${t("issue.lead")}</p>
      </div>
      ${
        most > least &&
        html`<${ChoiceField}
          id="holders"
          name=${t("issue.holders")}
          kind="short"
          value=${holders}
          options=${Array.from({ length: Math.min(most, 20) - least + 1 }, (_, i) => [least + i, least + i])}
          onChoose=${(chosen) => setHolders(Number(chosen))}
        />`
      }
      <${Fields} list=${list} values=${values} wrong=${wrong} shown=${shown} schema=${schema} onChange=${change} />
      ${error && html`<${Failure} error=${bare(error, list)} />`}
      ${checked && html`<${Notice} kind="pass" live>${t("issue.checked", { number: checked.number ?? "" })}<//>`}
      <div class="row end">
        ${checked && html`<button class="button" type="button" onClick=${() => setChecked(null)}>${t("issue.change")}</button>`}
        <button class="button primary big" disabled=${busy}>
          ${busy && html`<span class="spin"></span>`}${checked ? html`<${Icon} name="stamp" />${t("issue.issue")}` : t("issue.check")}
        </button>
      </div>
    </form>
    <aside class="preview stack" aria-label=${t("issue.preview")}>
      <h2>${t("issue.preview")}</h2>
      <${LicenceCard}
        name=${about.name}
        agency=${agency.name}
        holder=${holderOf(schema, values)}
        number=${checked?.number ?? values[about.numbering.field]}
        from=${values[about.validity.from]}
        until=${values[about.validity.until]}
        state="draft"
      />
      <dl class="facts">
        ${list
          .filter((one) => values[one.column] !== undefined && values[one.column] !== "")
          .map(
            (one) =>
              html`<dt>${label(one.field.label)}${one.n ? ` ${one.n}` : ""}</dt>
                <dd>${valueText(fieldOf(schema, one.field.name), values[one.column])}</dd>`,
          )}
      </dl>
    </aside>
  </div>`;
}

/** The holder's name as the form has it. */
export function holderOf(schema, values) {
  const { parties } = annotation(schema).holder;
  const names = parties.map((party) => party.name ?? "certificateHolderName");
  return Object.entries(values)
    .filter(([column, value]) => value && names.includes(column.split(".")[0]))
    .map(([, value]) => value)
    .join("、");
}

/** The error without the reasons that stand beside their fields. */
const bare = (error, list) => ({
  ...error,
  status: error.status,
  message: error.message,
  reasons: (error.reasons ?? []).filter((one) => !list.some((input) => input.column === one.field)),
});
