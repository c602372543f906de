// How the wallet names things: holders, numbers, states, agencies, what went wrong.

import { label, lang, maskCode, maskName, t } from "../../lib/i18n.js";
import { maskedText, valueText } from "../../lib/fields.js";
import { stateOf } from "../keep/licences.js";

/** The holder's name as the claims tell it, hidden for a person, whole for an organisation. */
export function holderOf(licence) {
  for (const party of licence.about.parties) {
    const name = party.name && licence.claims?.[party.name];
    if (typeof name === "string" && name) return [...name].length > 5 ? name : maskName(name);
  }
  return "";
}

/** The number of the licence, hidden in the middle when it is, or begins with, a person's own. */
export function numberOf(licence) {
  const field = licence.about.fields.find((one) => one.name === licence.about.number);
  const value = field && licence.claims?.[field.name];
  if (typeof value !== "string") return "";
  return field.mask || /^\d{17}[\dX]/.test(value) ? maskCode(value) : value;
}

/** The fields that the licence has, in the order of the paper: `{field, text, hidden}`. */
export function fieldsOf(licence) {
  const there = licence.about.fields.filter((field) => licence.claims?.[field.name] !== undefined);
  return there.map((field) => {
    const value = licence.claims[field.name];
    return { field, text: valueText(field, value), hidden: maskedText(field, value) };
  });
}

/** The label of a view. */
export const viewName = (licence, view) => label(licence.about.views.find((one) => one.name === view)?.label) || view;

/** What a view shows, as names of fields. */
export function viewShows(licence, view) {
  const found = licence.about.views.find((one) => one.name === view);
  if (!found?.claims?.length) return [];
  return found.claims.map((name) => label(licence.about.fields.find((field) => field.name === name)?.label) || name);
}

/** A list as a sentence has it. */
export const list = (words) => words.join(lang === "en" ? ", " : "、");

/** The state with its look: `pass`, `unsure` or `refuse`. */
export function stateWord(licence) {
  const state = stateOf(licence);
  const kind = { valid: "pass", soon: "unsure", early: "unsure", suspended: "unsure" }[state] ?? "refuse";
  return { state, kind, word: t(`wallet.state.${state}`) };
}

/** What went wrong and what to do, as one sentence. */
export function sentenceOf(error) {
  if (error?.sentence) return label(error.sentence);
  const key = `wallet.trouble.${error?.code ?? "unknown"}`;
  const text = t(key, error?.values);
  return text === key ? t("wallet.trouble.unknown") : text;
}
