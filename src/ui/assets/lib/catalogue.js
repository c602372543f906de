// What the city publishes about its credential types: schemas with labels, views and masking, fetched once and kept.

import { get } from "./api.js";

const schemas = new Map();
let index = null;
let lists = null;

/** Every type `{code, version, name}`. */
export function types() {
  index ??= get("/schemas/credentials")
    .then((found) => found.types)
    .catch((error) => {
      index = null;
      throw error;
    });
  return index;
}

/** The schema of a type by its code. */
export async function schemaOf(code) {
  const found = (await types()).find((one) => one.code === code);
  if (!found) return null;
  if (!schemas.has(code)) schemas.set(code, await get(`/schemas/credentials/${code}/${found.version}`));
  return schemas.get(code);
}

/** The schema if it is here already. */
export const schemaHere = (code) => schemas.get(code) ?? null;

/** Codes with their names: `lists().sex` is `[{value, zh, en}]`. */
export function codeLists() {
  lists ??= get("/schemas/code-lists")
    .then(read)
    .catch((error) => {
      lists = null;
      throw error;
    });
  return lists;
}

function read(document) {
  const lists = Object.entries(document.$defs ?? {});
  return Object.fromEntries(lists.map(([name, list]) => [name, list["x-certless"]?.labels ?? []]));
}

/** A type's fields, views and rules: the annotation of its schema. */
export const annotation = (schema) => schema["x-certless"];

/** The type of a credential summary: by its VC type, `vct` or code. */
export async function typeOf(summary) {
  const names = (summary.type ?? []).map((name) => name.split("/schemas/credentials/").pop().split("/")[0]);
  return (
    (await types()).find((one) =>
      names.some((name) => name === one.code || name.toLowerCase() === one.code.toLowerCase()),
    ) ?? null
  );
}
