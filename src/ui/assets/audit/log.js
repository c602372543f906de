// The transparency log: how long it is, what it hashes to, who signs for it; and the proof that an entry stands in it.

import { Problem, get } from "../lib/api.js";
import { count, t } from "../lib/i18n.js";
import { Failure, Icon, Loading, Notice } from "../lib/page.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { download } from "../lib/table.js";
import { grouped, readCheckpoint, readKey, readProof } from "./notes.js";

const unreadable = () => new Problem(502, { zh: t("audit.unreadable"), en: t("audit.unreadable") });

/** What a note says, or a refusal in words. */
function need(read) {
  if (!read) throw unreadable();
  return read;
}

export function Log() {
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const load = async () => {
    setError(null);
    try {
      const [note, key] = await Promise.all([get("/log/checkpoint"), get("/log/key")]);
      setFound({ note: need(readCheckpoint(String(note))), key: need(readKey(String(key))) });
    } catch (problem) {
      setError(problem);
    }
  };
  useEffect(() => void load(), []);
  return html`<div class="sheet stack">
    <div class="row apart">
      <p class="soft grow">${t("audit.logLead")}</p>
      <button class="button" type="button" onClick=${load}><${Icon} name="flip" />${t("audit.refresh")}</button>
    </div>
    ${error && html`<${Failure} error=${error} again=${load} />`} ${!found && !error && html`<${Loading} />`}
    ${
      found &&
      html`<div class="log">
        <${Head} note=${found.note} vkey=${found.key} />
        <${Proof} size=${found.note.size} />
      </div>`
    }
  </div>`;
}

function Head({ note, vkey }) {
  return html`<div class="stack">
    <div>
      <p class="soft">${t("audit.size")}</p>
      <p class="big" role="status">${count(note.size)}</p>
    </div>
    <dl class="facts">
      <dt>${t("audit.origin")}</dt>
      <dd>${note.origin}</dd>
      <dt>${t("audit.root")}</dt>
      <dd class="mono">${grouped(note.root)}</dd>
      <dt>${t("audit.signers")}</dt>
      <dd>${note.signers.join(t("audit.comma"))}</dd>
      <dt>${t("audit.keyId")}</dt>
      <dd class="mono">${vkey.id}</dd>
      <dt>${t("audit.key")}</dt>
      <dd class="mono">${vkey.key}</dd>
    </dl>
    <div class="row">
      <button class="button" type="button" onClick=${() => download(`checkpoint-${note.size}.txt`, note.text, "text/plain")}>
        <${Icon} name="file" />${t("audit.saveCheckpoint")}
      </button>
      <button class="button" type="button" onClick=${() => download("log.vkey", `${vkey.text}\n`, "text/plain")}>
        <${Icon} name="key" />${t("audit.saveKey")}
      </button>
    </div>
  </div>`;
}

function Proof({ size }) {
  const [text, setText] = useState("");
  const [proof, setProof] = useState(null);
  const [error, setError] = useState(null);
  const [wrong, setWrong] = useState(false);
  const field = useRef(null);
  const ask = async (event) => {
    event.preventDefault();
    setProof(null);
    setError(null);
    const index = text.normalize("NFKC").trim();
    const fits = /^\d{1,15}$/.test(index) && Number(index) < size;
    setWrong(!fits);
    if (!fits) return field.current?.focus();
    try {
      setProof(need(readProof(String(await get(`/log/proof/${Number(index)}`)))));
    } catch (problem) {
      setError(problem);
    }
  };
  if (size === 0) return html`<p class="empty">${t("audit.logEmpty")}</p>`;
  const range = t("audit.indexHint", { last: count(size - 1) });
  return html`<div class="stack">
    <form class="stack tight" onSubmit=${ask} novalidate>
      <h2>${t("audit.proof")}</h2>
      <div class="field">
        <label for="index">${t("audit.index")}</label>
        <input
          id="index"
          ref=${field}
          class="input"
          inputmode="numeric"
          autocomplete="off"
          value=${text}
          aria-invalid=${String(wrong)}
          aria-describedby="index-hint"
          onInput=${(event) => setText(event.target.value)}
        />
        <span class=${wrong ? "wrong" : "hint"} id="index-hint" role=${wrong ? "alert" : undefined}>${range}</span>
      </div>
      <p><button class="button primary">${t("audit.ask")}</button></p>
    </form>
    ${error && html`<${Failure} error=${error} />`}
    ${
      proof &&
      html`<div class="stack tight" role="status">
        <${Notice} icon="file">
          <p class="strong">${t("audit.proofOf", { index: count(proof.index) })}</p>
          <p>${t("audit.proofLead", { hashes: count(proof.hashes.length), size: count(proof.checkpoint.size) })}</p>
        <//>
        <p>
          <button
            class="button"
            type="button"
            onClick=${() => download(`entry-${proof.index}.tlog-proof`, proof.text, "text/plain")}
          >
            <${Icon} name="file" />${t("audit.saveProof")}
          </button>
        </p>
        <details>
          <summary>${t("audit.hashes")}</summary>
          <ol class="hashes">
            ${proof.hashes.map((hash) => html`<li class="mono" key=${hash}>${grouped(hash)}</li>`)}
          </ol>
        </details>
      </div>`
    }
  </div>`;
}
