// The transparency log as a person reads it: how long it is and who vouches for it, the proof of a licence, how it grew, its
// witnesses, and its entries, newest first.

import { Problem, get } from "../lib/api.js";
import { count, moment, t } from "../lib/i18n.js";
import { Failure, Icon, Loading } from "../lib/page.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { download } from "../lib/table.js";
import { Entries } from "./entries.js";
import { Growth } from "./growth.js";
import { grouped, readCheckpoint, readKey } from "./notes.js";
import { Search } from "./search.js";
import { Standing, Witnesses } from "./witnesses.js";

/** What a note says, or a refusal in words. */
export function need(read) {
  if (!read) throw new Problem(502, { zh: t("audit.unreadable"), en: t("audit.unreadable") });
  return read;
}

async function read() {
  const [text, trust, state] = await Promise.all([get("/log/checkpoint"), get("/.well-known/certless/trust"), get("/log/witnesses")]);
  const note = need(readCheckpoint(String(text)));
  const listed = (trust.logs ?? []).filter((one) => one.origin === note.origin && !one.compromisedFrom);
  const keys = listed.map((one) => ({ ...need(readKey(one.key)), from: one.validFrom, until: one.validUntil }));
  need(keys.length);
  return { note, keys: keys.reverse(), state };
}

export function Log({ names }) {
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const load = async () => {
    setError(null);
    try {
      setFound(await read());
    } catch (problem) {
      setError(problem);
    }
  };
  useEffect(() => void load(), []);
  return html`<div class="stack">
    <div class="row apart">
      <p class="soft grow">${t("audit.logLead")}</p>
      <button class="button" type="button" onClick=${load}><${Icon} name="flip" />${t("audit.refresh")}</button>
    </div>
    ${error && html`<${Failure} error=${error} again=${load} />`} ${!found && !error && html`<${Loading} />`}
    ${found && html`<${Found} note=${found.note} keys=${found.keys} state=${found.state} names=${names} />`}
  </div>`;
}

function Found({ note, keys, state, names }) {
  return html`<div class="log">
    <${Head} note=${note} keys=${keys} state=${state} />
    <${Search} note=${note} keys=${keys} state=${state} names=${names} />
    <${Growth} size=${note.size} />
    <${Witnesses} state=${state} />
    <div class="wide"><${Entries} key=${note.size} size=${note.size} names=${names} /></div>
  </div>`;
}

function Head({ note, keys, state }) {
  const [vkey] = keys;
  return html`<section class="sheet stack">
    <div>
      <h2 class="soft">${t("audit.size")}</h2>
      <p class="big" role="status">${count(note.size)}</p>
      <${Standing} state=${state} />
    </div>
    <dl class="facts">
      <dt>${t("audit.origin")}</dt>
      <dd>${note.origin}</dd>
      <dt>${t("audit.root")}</dt>
      <dd class="mono">${grouped(note.root)}</dd>
    </dl>
    <details>
      <summary>${t("audit.keys")}</summary>
      <dl class="facts">
        ${keys.map(
          (one) => html`<dt>${t("audit.keyId")}</dt>
            <dd class="mono">${one.id}${one.until ? html` <span class="soft">${t("audit.keyUntil", { time: moment(one.until) })}</span>` : null}</dd>
            <dt>${t("audit.key")}</dt>
            <dd class="mono">${grouped(one.key)}</dd>`,
        )}
        <dt>${t("audit.ownWitness")}</dt>
        <dd class="mono">${state.own.key}</dd>
      </dl>
    </details>
    <div class="row">
      <button class="button" type="button" onClick=${() => download(`checkpoint-${note.size}.txt`, note.text, "text/plain")}>
        <${Icon} name="file" />${t("audit.saveCheckpoint")}
      </button>
      <button class="button" type="button" onClick=${() => download("log.vkey", `${vkey.text}\n`, "text/plain")}>
        <${Icon} name="key" />${t("audit.saveKey")}
      </button>
      ${state.witnessed !== null && html`<a class="button" href="/log/witnessed" download="checkpoint-witnessed.txt"><${Icon} name="file" />${t("audit.saveWitnessed")}</a>`}
    </div>
    <p class="soft">${t("audit.elsewhere", { address: `${location.origin}/log` })}</p>
  </section>`;
}
