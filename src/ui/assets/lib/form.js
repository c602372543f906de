// A form out of a credential type's schema: the fields in the order of the paper licence, each with its label and format,
// faults told beside the field while somebody types; fields that the city fills in by rule may stay empty.

import { annotation } from "./catalogue.js";
import { citizenFacts } from "./codes.js";
import { Field, described } from "./field.js";
import { choices, fault, fieldOf, normal } from "./fields.js";
import { label, t } from "./i18n.js";
import { html, useState } from "./preact.js";

const HOLDER = {
  certificateHolderName: { format: "text", zh: "持证主体", en: "Holder" },
  certificateHolderCode: { format: "identity-code", zh: "持证主体代码", en: "Holder’s code" },
};

/** The inputs of a type for so many holders: `{column, field, property, required, automatic}`. */
export function inputs(schema, holders = 1) {
  const about = annotation(schema);
  const subject = schema.$defs.subject;
  const automatic = ruled(about);
  const many = holders > 1;
  const list = about.fields.flatMap((field) => {
    const one = (column, n) => ({
      column,
      n,
      field,
      property: subject.properties[field.name] ?? {},
      required: subject.required.includes(field.name) && !automatic.has(field.name),
      automatic: automatic.has(field.name),
    });
    return field.perHolder && many
      ? spread(field.name, holders).map((column, i) => one(column, i + 1))
      : [one(field.name)];
  });
  const missing = Object.keys(HOLDER).filter((name) => lacks(about, name));
  const extra = missing.flatMap((name) =>
    (many ? spread(name, holders) : [name]).map((column, i) => ({
      column,
      n: many ? i + 1 : undefined,
      property: {},
      required: true,
      automatic: false,
      field: { name, format: HOLDER[name].format, label: HOLDER[name] },
    })),
  );
  return [...extra, ...list];
}

/** How many holders a type may have: `[least, most]`, one input group for each. */
export function holderRange(schema) {
  const { holder } = annotation(schema);
  return holder.joint && holder.parties.length === 1 ? [holder.joint.min, holder.joint.max] : [1, 1];
}

const spread = (name, holders) => Array.from({ length: holders }, (_, i) => `${name}.${i + 1}`);

function lacks(about, name) {
  const part = name === "certificateHolderName" ? "name" : "code";
  return about.holder.parties.some((party) => !party[part]);
}

/** Fields that have a value by rule when the row says none. */
function ruled(about) {
  const names = about.fields.filter((field) => field.default).map((field) => field.name);
  if (["sequence", "fields"].includes(about.numbering.source)) names.push(about.numbering.field);
  if (about.validity.kind !== "given") names.push(about.validity.until);
  names.push(about.validity.from);
  return new Set(names.filter(Boolean));
}

/** The faults of the values: `{column: key}`. */
export function faults(list, values) {
  const found = list.map((one) => [one.column, fault(one.field, one.property, values[one.column], one.required)]);
  return Object.fromEntries(found.filter(([, key]) => key));
}

/** The row for the server: what was filled in, with true and false and lists as such. */
export function toRow(list, values) {
  const row = {};
  for (const { column, field } of list) {
    const value = values[column];
    if (value === undefined || value === "") continue;
    row[column] =
      field.format === "list"
        ? value
            .split(/\n+/)
            .map((one) => one.trim())
            .filter(Boolean)
        : field.format === "boolean"
          ? value === true || value === "true"
          : value;
  }
  return row;
}

/** The form's fields. `wrong` are the server's sentences by column; `shown` forces faults of untouched fields to show. */
export function Fields({ list, values, onChange, wrong = {}, shown, schema }) {
  const [touched, setTouched] = useState({});
  const all = faults(list, values);
  const set = (one, text) => {
    const next = { ...values, [one.column]: text };
    onChange(one.field.format === "citizen-id" ? fillFrom(schema, next, text) : next);
  };
  return html`<div class="fields">
    ${list.map(
      (one) =>
        html`<${Input}
          key=${one.column}
          one=${one}
          value=${values[one.column] ?? ""}
          wrong=${wrong[one.column] ?? ((shown || touched[one.column]) && all[one.column] ? t(all[one.column]) : "")}
          onInput=${(text) => set(one, text)}
          onLeave=${() => {
            setTouched({ ...touched, [one.column]: true });
            if (typeof values[one.column] === "string") set(one, normal(one.field, values[one.column]));
          }}
        />`,
    )}
  </div>`;
}

/** Birth date and sex follow from the identity number where the form has them and they are empty. */
function fillFrom(schema, values, code) {
  const facts = citizenFacts(code);
  if (!facts || !schema) return values;
  const next = { ...values };
  for (const [name, value] of Object.entries(facts)) {
    if (fieldOf(schema, name) && !next[name]) next[name] = value;
  }
  return next;
}

function Input({ one, value, wrong, onInput, onLeave }) {
  const id = `f-${one.column}`;
  const says = { id, hint: hint(one), wrong };
  const common = {
    ...described(says),
    name: one.column,
    class: "input",
    value,
    "aria-required": String(one.required),
    onInput: (event) => onInput(event.target.value),
    onBlur: onLeave,
    onChange: (event) => onInput(event.target.value),
  };
  const name = label(one.field.label) + (one.n ? ` ${one.n}` : "");
  const unit = one.field.unit ? `（${label(one.field.unit)}）` : "";
  const words = html`${name}${unit}${one.required ? "" : html` <span class="soft small">${t(one.automatic ? "form.automatic" : "form.optional")}</span>`}`;
  return html`<${Field} ...${says} name=${words} kind=${isWide(one) ? "wide" : ""}>${control(one, common)}<//>`;
}

const isWide = (one) => one.field.format === "list" || (one.property.maxLength ?? 0) >= 100;

function hint(one) {
  const key = `hint.${one.field.format}`;
  const text = t(key);
  return text === key ? "" : text;
}

function control(one, common) {
  const { format } = one.field;
  const options =
    format === "boolean"
      ? [
          { value: "true", zh: t("value.yes"), en: t("value.yes") },
          { value: "false", zh: t("value.no"), en: t("value.no") },
        ]
      : choices(one.field);
  if (options.length > 0) {
    return html`<select ...${common} onInput=${undefined}>
      <option value="">${t("form.choose")}</option>
      ${options.map((option) => html`<option value=${option.value} selected=${String(common.value) === option.value}>${label(option)}</option>`)}
    </select>`;
  }
  if (format === "list" || (one.property.maxLength ?? 0) > 200)
    return html`<textarea ...${common} rows="3"></textarea>`;
  const type = format === "minute" ? "datetime-local" : "text";
  const placeholder = { date: "2026-03-01", month: "2026-03" }[format];
  const mode = ["integer", "decimal", "division", "date", "month"].includes(format) ? "decimal" : undefined;
  return html`<input
    ...${common}
    type=${type}
    placeholder=${placeholder}
    inputmode=${mode}
    autocomplete="off"
    spellcheck="false"
  />`;
}
