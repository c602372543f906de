// A table that can be sorted by its columns and is read well by screen readers; scrolls sideways where it is wide.

import { t } from "./i18n.js";
import { html, useMemo, useState } from "./preact.js";

/** `columns`: `{name, title, text(row), cell?(row), right?, look?}`, `look` a class of the column. `rows` need a `key(row)`. */
export function Table({ columns, rows, rowKey, caption, empty }) {
  const [order, setOrder] = useState(null);
  const sorted = useMemo(() => (order ? sort(rows, columns, order) : rows), [rows, columns, order]);
  if (rows.length === 0) return html`<p class="empty">${empty ?? t("table.empty")}</p>`;
  const turn = (name) => setOrder(order?.name === name ? { name, down: !order.down } : { name, down: false });
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table>
      <caption class="hidden-text">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(
            (one) =>
              html`<th scope="col" class=${one.right ? "right" : (one.look ?? "")} aria-sort=${direction(order, one.name)}>
                ${one.text ? html`<button type="button" onClick=${() => turn(one.name)}>${one.title}${order?.name === one.name ? (order.down ? " ↓" : " ↑") : ""}</button>` : one.title}
              </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${sorted.map(
          (row) =>
            html`<tr key=${rowKey(row)}>
              ${columns.map((one) => html`<td class=${one.right ? "right" : (one.look ?? "")}>${(one.cell ?? one.text)(row)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const direction = (order, name) => (order?.name === name ? (order.down ? "descending" : "ascending") : undefined);

function sort(rows, columns, { name, down }) {
  const { text } = columns.find((one) => one.name === name);
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  return [...rows].sort((a, b) => compare(String(text(a)), String(text(b))) * (down ? -1 : 1));
}

/** Rows as CSV that spreadsheets open in the right encoding; cells that begin a formula are quoted by an apostrophe. */
export function toCsv(header, rows) {
  const cell = (value) => {
    const text = String(value ?? "").replace(/^[=+\-@\t\r]/, "'$&");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `\ufeff${[header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** Hands a text to the person as a file. */
export function download(name, text, media) {
  const url = URL.createObjectURL(new Blob([text], { type: media }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
