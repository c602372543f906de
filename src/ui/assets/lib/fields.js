// Fields of licences: their labels, how a value reads, how it is masked, and what is wrong with what somebody typed. The
// rules are the server's; here they only speak sooner.

import { annotation, codeLists, schemaHere, schemaOf, typeOf } from "./catalogue.js";
import {
  citizenFault,
  fromLegacy,
  holderKind,
  isCaseNumber,
  isDate,
  isDivision,
  isMatterCode,
  usccFault,
} from "./codes.js";
import { day, label, lang, maskCode, maskName, t } from "./i18n.js";

let lists = {};

/** Fetches what labels and code names need; texts stay raw until then. */
export async function prepare(credential) {
  const type = await typeOf(credential);
  if (type) await Promise.all([schemaOf(type.code), codeLists().then((found) => (lists = found))]);
  return type?.code ?? null;
}

/** The same for a type that is known by its code. */
export async function prepareType(code) {
  const [schema, found] = await Promise.all([schemaOf(code), codeLists()]);
  lists = found;
  return schema;
}

/** The field of a schema by its name. */
export const fieldOf = (schema, name) => annotation(schema).fields.find((field) => field.name === name);

function lookUp(credential, name) {
  const code = credential.code ?? codeFrom(credential.type);
  const schema = code && schemaHere(code);
  return schema ? fieldOf(schema, name) : undefined;
}

function codeFrom(names) {
  for (const name of names ?? []) {
    const last = name.split("/schemas/credentials/").pop().split("/")[0];
    const code = last.charAt(0).toLowerCase() + last.slice(1);
    if (schemaHere(code)) return code;
  }
  return null;
}

/** The label of a disclosed field. */
export function fieldLabel(credential, name) {
  const field = lookUp(credential, name);
  if (field) return label(field.label);
  const code = credential.code ?? codeFrom(credential.type);
  const views = code ? (annotation(schemaHere(code)).views ?? []) : [];
  const view = views.find((one) => one.predicates?.some((predicate) => predicate.predicate === name));
  return view ? label(view.label) : name;
}

/** The value of a disclosed field as a person reads it. */
export function fieldText(credential, name, value) {
  return valueText(lookUp(credential, name), value);
}

/** A value as a person reads it, by its field; without a field as it is. */
export function valueText(field, value) {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map((one) => valueText(field, one)).join(lang === "en" ? "; " : "；");
  if (typeof value === "boolean") return t(value ? "value.yes" : "value.no");
  if (typeof value === "object")
    return Object.values(value)
      .map((one) => valueText(undefined, one))
      .join(" ");
  const text = String(value);
  if (!field) return /^\d{4}-\d{2}-\d{2}/.test(text) ? day(text) : text;
  const option = choices(field).find((one) => one.value === text);
  if (option) return label({ zh: option.zh ?? option.value, en: option.en });
  if (field.format.startsWith("date")) return day(text);
  return field.unit ? `${text} ${label(field.unit)}` : text;
}

/** The same, hidden as the field's mask says. */
export function maskedText(field, value) {
  const text = valueText(field, value);
  switch (text && field?.mask) {
    case "name":
      return maskName(text);
    case "code":
      return maskCode(text);
    case "address":
      return `${/^.{0,16}[省市区县州盟旗]/.exec(text)?.[0] ?? ""}****`;
    case "date":
      return `${String(value).slice(0, 4)}-**-**`;
    case "full":
      return "****";
    default:
      return text;
  }
}

/** What a coded field may be: `[{value, zh, en}]`. */
export function choices(field) {
  if (field.list) return lists[field.list] ?? [];
  return (field.options ?? []).map((one) => ({ value: one.value, zh: one.zh ?? one.value, en: one.en }));
}

/** Text as the server stores it: full-width characters made narrow, codes without gaps and in upper case. */
export function normal(field, text) {
  const narrow = text.normalize("NFKC").trim();
  if (["citizen-id", "uscc", "identity-code", "division", "matter-code"].includes(field.format)) {
    const code = narrow.replace(/[\s-]/g, "").toUpperCase();
    return field.format === "citizen-id" ? (fromLegacy(code) ?? code) : code;
  }
  if (["date", "date-or-permanent", "month"].includes(field.format)) return isoDay(narrow);
  return ["text", "list"].includes(field.format) ? text.trim() : narrow;
}

/** 20260301, 2026.3.1, 2026年3月1日 as 2026-03-01; other texts stay. */
function isoDay(text) {
  const parts =
    /^(\d{4})(\d{2})(\d{2})?$/.exec(text) ?? /^(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})?)?[日月]?$/.exec(text);
  if (!parts) return text;
  return parts
    .slice(1)
    .filter(Boolean)
    .map((part) => part.padStart(2, "0"))
    .join("-");
}

/** The key of the sentence that says what is wrong with a value, or null. `property` is the field's JSON Schema. */
export function fault(field, property, value, required) {
  const text = value ?? "";
  if (text === "" || text === null) return required ? "wrong.missing" : null;
  if (typeof text === "boolean") return null;
  return formatFault(field, text) ?? schemaFault(property ?? {}, text);
}

function formatFault(field, text) {
  switch (field.format) {
    case "citizen-id": {
      const found = citizenFault(text);
      return found && `wrong.citizen.${found === "character" || found === "address" ? "shape" : found}`;
    }
    case "uscc": {
      const found = usccFault(text);
      return found && `wrong.uscc.${found === "length" || found === "check" ? found : "shape"}`;
    }
    case "identity-code":
      return identityFault(text);
    case "date":
      return isDate(text) ? null : "wrong.date";
    case "date-or-permanent":
      return text === "长期" || isDate(text) ? null : "wrong.date";
    case "month":
      return isDate(`${text}-01`) && text.length === 7 ? null : "wrong.month";
    case "integer":
      return /^-?(0|[1-9]\d{0,15})$/.test(text) ? null : "wrong.integer";
    case "decimal":
      return /^(0|[1-9]\d*)(\.\d+)?$/.test(text) ? null : "wrong.decimal";
    case "division":
      return isDivision(text) ? null : "wrong.division";
    case "matter-code":
      return isMatterCode(text) ? null : "wrong.matterCode";
    case "case-number":
      return isCaseNumber(text) ? null : "wrong.caseNumber";
    case "digest":
      return /^[0-9a-f]{64}$/.test(text) ? null : "wrong.digest";
    case "url":
      return /^https?:\/\/\S+$/.test(text) ? null : "wrong.url";
    default:
      return null;
  }
}

function identityFault(text) {
  if (text.length === 18) return holderKind(text) ? null : "wrong.identity";
  if (/^\d{15}$/.test(text)) return fromLegacy(text) ? null : "wrong.identity";
  return /^[0-9A-Z]{5,18}$/.test(text) ? null : "wrong.identity";
}

function schemaFault(property, text) {
  if (property.maxLength && [...text].length > property.maxLength) return "wrong.long";
  if (property.enum && !property.enum.includes(text)) return "wrong.choice";
  if (property.pattern && !new RegExp(property.pattern, "u").test(text)) return "wrong.pattern";
  return null;
}
