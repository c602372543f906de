// What those who watch read: agencies to choose from, and lists that go on page by page, are narrowed by words, sorted, and
// taken away as CSV.

import { get } from "./api.js";
import { ChoiceField, TextField } from "./field.js";
import { count, label, t } from "./i18n.js";
import { Failure, Icon, Loading } from "./page.js";
import { html, useEffect, useMemo, useRef, useState } from "./preact.js";
import { Table, download, toCsv } from "./table.js";

/** The agencies of the city `{code, name}`, as its trust registry has them. */
export const agencies = () => get("/.well-known/certless/trust").then((registry) => registry.agencies);

/** The place chosen in the address behind `#`, and how to choose another. */
export function usePlace() {
  const here = () => decodeURIComponent(location.hash.slice(1));
  const [place, setPlace] = useState(here());
  useEffect(() => {
    const moved = () => setPlace(here());
    addEventListener("hashchange", moved);
    moved(); // whoever went elsewhere before anyone listened
    return () => removeEventListener("hashchange", moved);
  }, []);
  return [place, (next) => (location.hash = next)];
}

/** A field to choose an agency; `whole` names what stands above all of them. */
export function AgencyField({ list, value, onChoose, whole }) {
  return html`<${ChoiceField}
    id="place"
    name=${t("records.agency")}
    kind="place"
    value=${value}
    options=${[...(whole ? [["", whole]] : []), ...list.map((one) => [one.code, label(one.name)])]}
    onChoose=${onChoose}
  />`;
}

/** The end of a long identifier, which tells licences apart. */
export const short = (id) => (id && id.length > 26 ? `…${id.slice(-22)}` : (id ?? ""));

/** Who did something, as records name it. */
export const author = (by) => by?.account ?? by?.token ?? (typeof by === "string" ? by : "");

/**
 * A list that `load(after)` reads as `{rows, next}`. Columns as for `Table`; `csv(row)` where the file says more than the
 * screen. Give it a `key` of what it lists. `children` are more fields, `keep(row)` is what they narrow by.
 */
export function Records({ load, columns, rowKey, caption, empty, file, keep, children }) {
  const [state, setState] = useState({ rows: null, next: null });
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [words, setWords] = useState("");
  const there = useRef(true);
  const read = async (before, after) => {
    setBusy(true);
    setError(null);
    try {
      const page = await load(after);
      if (there.current) setState({ rows: [...before, ...page.rows], next: page.next ?? null });
    } catch (problem) {
      if (there.current) setError(problem);
    }
    if (there.current) setBusy(false);
  };
  useEffect(() => {
    void read([], null);
    return () => (there.current = false);
  }, []);
  const shown = useMemo(() => narrow(state.rows ?? [], columns, words, keep), [state.rows, columns, words, keep]);
  const save = () => {
    const kept = columns.filter((one) => one.text);
    const titles = kept.map((one) => one.title);
    const cells = shown.map((row) => kept.map((one) => (one.csv ?? one.text)(row)));
    download(`${file}.csv`, toCsv(titles, cells), "text/csv");
  };
  if (state.rows?.length === 0 && !state.next) return html`<div class="records"><p class="empty" role="status">${empty}</p></div>`;
  return html`<div class="stack records">
    <div class="row narrow">
      <${TextField}
        id="narrow-${file}"
        name=${t("records.filter")}
        kind="grow"
        type="search"
        autocomplete="off"
        spellcheck="false"
        value=${words}
        onText=${setWords}
      />
      ${children}
      <button class="button" type="button" disabled=${shown.length === 0} onClick=${save}>
        <${Icon} name="file" />${t("records.export")}
      </button>
    </div>
    <p class="soft" role="status">${state.rows && told(shown.length, state)}</p>
    ${error && html`<${Failure} error=${error} again=${() => read(state.rows ?? [], state.next)} />`}
    ${!state.rows && !error && html`<${Loading} lines=${6} />`}
    ${state.rows && html`<${Table} columns=${columns} rows=${shown} rowKey=${rowKey} caption=${t("records.list", { name: caption })} empty=${state.rows.length > 0 ? t("records.noMatch") : empty} />`}
    ${
      state.next &&
      !error &&
      html`<p>
        <button class="button" type="button" disabled=${busy} onClick=${() => read(state.rows, state.next)}>
          ${t(busy ? "state.loading" : "records.more")}
        </button>
      </p>`
    }
  </div>`;
}

const told = (n, { rows, next }) =>
  t(next ? "records.shownMore" : "records.shown", { shown: count(n), all: count(rows.length) });

function narrow(rows, columns, words, keep) {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  if (wanted.length === 0 && !keep) return rows;
  return rows.filter((row) => {
    if (keep && !keep(row)) return false;
    const text = plain(columns.map((one) => `${one.text?.(row) ?? ""} ${one.csv?.(row) ?? ""}`).join(" "));
    return wanted.every((word) => text.includes(word));
  });
}

const plain = (text) => text.normalize("NFKC").toLowerCase();
