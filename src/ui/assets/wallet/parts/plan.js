// What would be presented for a request: for each licence that is asked for, the way it is answered, its fields with
// values and reasons, what can be switched off, and what stays private. Pure but for the labels.

import { label } from "../../lib/i18n.js";
import { valueText } from "../../lib/fields.js";
import { nextCopy, signerOf, usable, viewsOf } from "../keep/licences.js";
import { answerable, match } from "../formats/dcql.js";
import { fromBase64url } from "../formats/bytes.js";
import { select } from "../formats/sd-jwt.js";

const VIEW = "certless_compact";

/** `{entries, missing}`: an entry for each set that can be answered, the names of required ones that cannot. */
export function plan(asked, licences) {
  const held = licences.filter(usable).map((licence) => ({
    licence, vct: licence.vct, type: licence.type, claims: licence.claims ?? {}, views: viewsOf(licence),
  }));
  const { matches, sets } = match(asked.dcql_query, held);
  const queries = new Map(matches.map((one) => [one.query.id, one]));
  const entries = sets.filter((set) => set.options.length > 0).map((set, i) => ({
    id: set.options[0].join("+"),
    name: nameOf(asked, set.options[0][0], queries),
    required: set.required,
    on: true,
    parts: set.options[0].map((id) => part(asked, queries.get(id))),
    key: i,
  }));
  const missing = sets.filter((set) => set.required && set.options.length === 0);
  return { entries, missing: missing.map((set) => nameOf(asked, set.wanted[0], queries)), possible: answerable(sets) };
}

/** What the asker calls the licence, or what the licence is called. */
function nameOf(asked, id, queries) {
  const told = asked.certless?.licences?.find((one) => one.queries?.includes(id));
  const held = queries.get(id)?.candidates[0]?.licence.licence;
  return label(told?.label) || label(held?.about.name) || id;
}

function part(asked, { query, candidates }) {
  const choices = candidates.map((one) => ({ licence: one.licence.licence, fields: fields(asked, query, one) }));
  return { query, choices, chosen: 0 };
}

/** The fields that a licence would show: `{path, name, value, why, required, on}`. */
function fields(asked, query, { licence, options }) {
  const told = (asked.certless?.fields ?? []).filter((one) => one.credential === query.id);
  if (query.format === VIEW) {
    return told.length > 0
      ? told.map((one) => ({ path: one.path, name: label(one.label), value: null, why: label(one.why), required: true, on: true }))
      : [{ path: [], name: query.meta.view, value: null, why: "", required: true, on: true }];
  }
  const least = options.at(-1).map((claim) => JSON.stringify(claim.path));
  return options[0].map((claim) => {
    const path = JSON.stringify(claim.path);
    const one = told.find((each) => JSON.stringify(each.path) === path);
    const field = licence.licence.about.fields.find((each) => each.name === claim.path[0]);
    const values = select(licence.claims, claim.path).map(([, value]) => valueText(field, value));
    const required = one ? one.required : least.includes(path);
    return { path: claim.path, name: label(one?.label ?? field?.label) || claim.path.join("."), value: values.join(" "), why: label(one?.why), required, on: true };
  });
}

/** The names of the fields of a licence that are not shown; a view says by itself that only an answer is. */
export function kept(part) {
  if (part.query.format === VIEW) return [];
  const { licence, fields: shown } = part.choices[part.chosen];
  const names = new Set(shown.filter((one) => one.on).map((one) => one.path[0]));
  return licence.about.fields.filter((one) => licence.claims?.[one.name] !== undefined && !names.has(one.name)).map((one) => label(one.label));
}

/** What `vp.token` needs, with a copy of each licence; and the licences with their copies, to count the showing. */
export async function chosen(entries) {
  const used = [];
  for (const one of entries.filter((entry) => entry.on).flatMap((entry) => entry.parts)) {
    const { licence, fields: shown } = one.choices[one.chosen];
    const view = one.query.format === VIEW ? one.query.meta.view : null;
    const copy = nextCopy(licence, view ?? "sdJwt");
    const signer = await signerOf(copy);
    const give = { sdJwt: copy.sdJwt, signer, bytes: (name) => fromBase64url(copy.compact[name]) };
    used.push({ query: one.query, licence: { copyFor: () => give }, paths: shown.filter((field) => field.on).map((field) => field.path), held: licence, copy });
  }
  return used;
}
