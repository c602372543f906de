// A place where a file can be dropped or chosen.

import { html, useState } from "./preact.js";

/** `onFile` hears the file; `accept` names the kinds that the chooser offers. */
export function Drop({ accept, onFile, children }) {
  const [over, setOver] = useState(false);
  const take = (files) => files[0] && onFile(files[0]);
  return html`<label
    class="drop ${over ? "over" : ""}"
    onDragOver=${(event) => (event.preventDefault(), setOver(true))}
    onDragLeave=${() => setOver(false)}
    onDrop=${(event) => (event.preventDefault(), setOver(false), take(event.dataTransfer.files))}
  >
    <input
      class="hidden-text"
      type="file"
      accept=${accept}
      onChange=${(event) => (take(event.target.files), (event.target.value = ""))}
    />
    ${children}
  </label>`;
}
