// The proof of one entry: found by a licence's identifier or by the entry's number, worked out in this browser, told in
// words, and saved for whoever wants to check it with a tool of their own.

import { Problem, get } from "../lib/api.js";
import { TextField } from "../lib/field.js";
import { count, moment, t } from "../lib/i18n.js";
import { Failure, Icon, Notice } from "../lib/page.js";
import { html, useRef, useState } from "../lib/preact.js";
import { download } from "../lib/table.js";
import { agencyName, kindName, readEntry } from "./leaf.js";
import { bundlePath, canCompute, grouped, isSignedBy, leadsToRoot, leafHash, readBundle, readKey, readProof } from "./notes.js";

const IDENTIFIER = /^[0-9A-Za-z.]{20,120}$/;

const need = (read) => {
  if (!read) throw new Problem(502, { zh: t("audit.unreadable"), en: t("audit.unreadable") });
  return read;
};

/** The entry of a proof that brings none: out of the log's own files. */
async function entryAt(index, size) {
  const answer = await fetch(bundlePath(Math.floor(index / 256), size));
  if (!answer.ok) throw new Problem(answer.status, { zh: t("audit.unreadable"), en: t("audit.unreadable") });
  const entries = need(readBundle(new Uint8Array(await answer.arrayBuffer())));
  return need(entries[index % 256]);
}

/** The newest key of the log that has a line in a checkpoint, or the newest of all. */
const signer = (checkpoint, keys) =>
  keys.find((key) => checkpoint.lines.some((line) => line.name === key.name && line.id === key.id)) ?? keys[0];

/** The steps of the check: `{key, ok}`, `ok` null where this browser cannot tell. */
async function check(proof, entry, keys, witnesses) {
  if (!canCompute()) return ["root", "signed"].map((key) => ({ key, ok: null }));
  const { checkpoint, index, hashes } = proof;
  const root = await leadsToRoot(await leafHash(entry), index, checkpoint.size, hashes, checkpoint.root);
  const steps = [
    { key: "root", ok: root, values: { hashes: count(hashes.length), size: count(checkpoint.size) } },
    { key: "signed", ok: await isSignedBy(checkpoint, signer(checkpoint, keys)), values: { name: checkpoint.origin } },
  ];
  const cosigners = witnesses.map((one) => readKey(one.key)).filter(Boolean);
  if (cosigners.length > 0) {
    const told = await Promise.all(cosigners.map((key) => isSignedBy(checkpoint, key)));
    const good = told.filter((ok) => ok === true).length;
    const ok = told.includes(null) ? null : good > 0;
    steps.push({ key: "witnessed", ok, values: { good: count(good), all: count(cosigners.length) }, mild: true });
  }
  return steps;
}

async function find(wanted, { note, keys, state }) {
  const byNumber = /^\d{1,15}$/.test(wanted);
  const path = byNumber ? `/log/proof/${Number(wanted)}` : `/api/credentials/${encodeURIComponent(wanted)}/log-proof`;
  const proof = need(readProof(String(await get(path))));
  const entry = proof.entry ?? (await entryAt(proof.index, Math.max(note.size, proof.checkpoint.size)));
  const steps = await check(proof, entry, keys, state.witnesses);
  return { proof, steps, entry: readEntry(entry), wanted, byNumber };
}

export function Search({ note, keys, state, names }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const [wrong, setWrong] = useState(false);
  const field = useRef(null);
  const ask = async (event) => {
    event.preventDefault();
    setFound(null);
    setError(null);
    const wanted = text.normalize("NFKC").replaceAll(/\s/g, "");
    const fits = /^\d{1,15}$/.test(wanted) ? Number(wanted) < note.size : IDENTIFIER.test(wanted);
    setWrong(!fits);
    if (!fits) return field.current?.focus();
    try {
      setFound(await find(wanted, { note, keys, state }));
    } catch (problem) {
      setError(problem);
    }
  };
  if (note.size === 0) return html`<section class="sheet"><p class="empty">${t("audit.logEmpty")}</p></section>`;
  const hint = t("audit.searchHint", { last: count(note.size - 1) });
  return html`<section class="sheet stack">
    <form class="stack tight" onSubmit=${ask} novalidate>
      <h2>${t("audit.search")}</h2>
      <${TextField}
        id="index"
        name=${t("audit.searchFor")}
        hint=${hint}
        wrong=${wrong ? hint : ""}
        at=${field}
        value=${text}
        onText=${setText}
        autocomplete="off"
        spellcheck="false"
      />
      <p><button class="button primary"><${Icon} name="search" />${t("audit.ask")}</button></p>
    </form>
    ${error && html`<${Failure} error=${error} />`} ${found && html`<${Found} found=${found} names=${names} />`}
  </section>`;
}

function Found({ found, names }) {
  const { proof, steps, entry, wanted, byNumber } = found;
  const bad = steps.some((step) => step.ok === false && !step.mild);
  const unsure = steps.some((step) => step.ok === null);
  const kind = bad ? "refuse" : unsure ? "unsure" : "pass";
  const values = { index: count(proof.index), at: moment(entry.at), kind: kindName(entry.kind) };
  const said = bad ? "audit.foundWrong" : byNumber ? "audit.foundEntry" : "audit.foundLicence";
  const name = byNumber ? `entry-${proof.index}` : wanted;
  return html`<div class="stack tight proved">
    <${Notice} kind=${kind} live>
      <p class="strong">${t(said, values)}</p>
      <p>${t(bad ? "audit.computedWrong" : unsure ? "audit.computedNot" : "audit.computed")}</p>
    <//>
    <ul class="steps">
      ${steps.map((step) => html`<${Step} key=${step.key} step=${step} />`)}
    </ul>
    <dl class="facts">
      <dt>${t("audit.kind")}</dt>
      <dd>${kindName(entry.kind)}</dd>
      <dt>${t("audit.at")}</dt>
      <dd>${moment(entry.at) || "—"}</dd>
      ${entry.agency && html`<dt>${t("records.agency")}</dt><dd>${agencyName(names, entry.agency)}</dd>`}
    </dl>
    <p>
      <button class="button" type="button" onClick=${() => download(`${name}.tlog-proof`, proof.text, "text/plain")}>
        <${Icon} name="file" />${t("audit.saveProof")}
      </button>
    </p>
    <details>
      <summary>${t("audit.hashes")}</summary>
      <ol class="hashes">
        ${proof.hashes.map((hash) => html`<li class="mono" key=${grouped(hash)}>${grouped(hash)}</li>`)}
      </ol>
    </details>
  </div>`;
}

function Step({ step }) {
  const look = step.ok === null || (step.mild && !step.ok) ? "unsure" : step.ok ? "pass" : "refuse";
  const said = step.ok === null ? "audit.step.unable" : `audit.step.${step.key}${step.ok ? "" : "Not"}`;
  return html`<li class=${look}><${Icon} name=${look} /><span>${t(said, step.values)}</span></li>`;
}
