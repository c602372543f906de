// The Digital Credentials Query Language (OpenID4VP 1.0 section 6) over what the wallet holds.

import { select } from "./sd-jwt.js";

/** The formats a wallet can present: selected fields, and a named view of a licence. */
const FIELDS = "dc+sd-jwt";
const VIEW = "certless_compact";

/**
 * What can be presented for a query: for each credential query the licences that fit, each with the claims of every
 * claim set it can fulfil, the verifier's preferred first. `licences` are `{vct, type, claims, views, …}`.
 */
export function match(query, licences) {
  const matches = (query.credentials ?? []).map((credential) => ({
    query: credential,
    candidates: licences.map((licence) => candidate(credential, licence)).filter((one) => one !== null),
  }));
  return { matches, sets: sets(query, matches) };
}

function candidate(query, licence) {
  if (query.format === VIEW) {
    const fits = query.meta?.type === licence.type && licence.views.includes(query.meta?.view);
    return fits ? { licence, options: [[]] } : null;
  }
  if (query.format !== FIELDS) return null;
  const types = query.meta?.vct_values;
  if (types && !types.includes(licence.vct)) return null;
  const options = claimSets(query).filter((claims) => claims.every((claim) => holds(licence.claims, claim)));
  return options.length > 0 ? { licence, options } : null;
}

/** The lists of claims that the verifier accepts; one empty list when it asks for none. */
export function claimSets(query) {
  const claims = query.claims ?? [];
  if (!query.claim_sets) return [claims];
  const byId = new Map(claims.map((claim) => [claim.id, claim]));
  return query.claim_sets.map((ids) => ids.map((id) => byId.get(id)).filter((claim) => claim !== undefined));
}

/** Whether a licence has the claim, with one of the values when values are asked for. */
function holds(claims, claim) {
  const found = select(claims, claim.path);
  if (found.length === 0) return false;
  return !claim.values || found.some(([, value]) => claim.values.includes(value));
}

/**
 * The sets of credential queries to answer: `{required, options: [[id…]]}` with only those options that the wallet can
 * fulfil. Without `credential_sets` every credential is required.
 */
function sets(query, matches) {
  const there = new Set(matches.filter((one) => one.candidates.length > 0).map((one) => one.query.id));
  const all = query.credential_sets ?? matches.map((one) => ({ options: [[one.query.id]] }));
  return all.map((set) => ({
    required: set.required ?? true,
    wanted: set.options[0],
    options: set.options.filter((ids) => ids.every((id) => there.has(id))),
  }));
}

/** Whether every required set can be answered. */
export const answerable = (sets) => sets.every((set) => !set.required || set.options.length > 0);
