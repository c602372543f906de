// One field of a form: its label, the control, and below it a hint or what is wrong, which screen readers hear with it.

import { Icon } from "./page.js";
import { html } from "./preact.js";

/** The id of what stands below a field, for `aria-describedby`. */
const below = (id) => `${id}-says`;

/**
 * A label above `children`, a hint or fault below them. `kind` is the field's class: `wide`, `grow`, `short`, `slim`.
 * `onlyRead` hides the label from the eye, where a heading already says it.
 */
export function Field({ id, name, hint, wrong, kind = "", onlyRead, children }) {
  return html`<div class="field ${kind}">
    <label for=${id} class=${onlyRead ? "hidden-text" : undefined}>${name}</label>
    ${children}
    ${
      wrong
        ? html`<span class="wrong" id=${below(id)} role="alert"><${Icon} name="refuse" />${wrong}</span>`
        : hint && html`<span class="hint" id=${below(id)}>${hint}</span>`
    }
  </div>`;
}

/** What a control in a field says of itself to a screen reader. */
export const described = ({ id, hint, wrong }) => ({
  id,
  "aria-invalid": wrong ? "true" : undefined,
  "aria-describedby": hint || wrong ? below(id) : undefined,
});

/**
 * A field that somebody types into. `onText` hears the text, `at` is a reference to the control, `code` sets digits wide;
 * `area` makes it several lines. Everything else is an attribute of the control.
 */
export function TextField({ id, name, hint, wrong, kind, onlyRead, at, onText, code, area, ...attributes }) {
  const all = {
    class: code ? "input code" : "input",
    ...described({ id, hint, wrong }),
    ...attributes,
    onInput: (event) => onText(event.target.value),
  };
  return html`<${Field} id=${id} name=${name} hint=${hint} wrong=${wrong} kind=${kind} onlyRead=${onlyRead}>
    ${area ? html`<textarea ref=${at} ...${all}></textarea>` : html`<input ref=${at} ...${all} />`}
  <//>`;
}

/** A field to choose from: `options` are `[value, words]`. */
export function ChoiceField({ id, name, hint, wrong, kind, value, options, onChoose, ...attributes }) {
  const all = { class: "input", ...described({ id, hint, wrong }), ...attributes, value };
  return html`<${Field} id=${id} name=${name} hint=${hint} wrong=${wrong} kind=${kind}>
    <select ...${all} onChange=${(event) => onChoose(event.target.value)}>
      ${options.map(([one, words]) => html`<option key=${one} value=${one} selected=${String(one) === String(value)}>${words}</option>`)}
    </select>
  <//>`;
}
