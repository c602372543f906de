// Left side of the window: finding the matter by name, pinyin initials or code; then its materials as a checklist that ticks
// itself off, with the clerk's own marks for forms, commitments and what may follow later.

import { get } from "../lib/api.js";
import { TextField } from "../lib/field.js";
import { count, label, t } from "../lib/i18n.js";
import { Failure, Icon } from "../lib/page.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { requirements } from "./desk.js";

export function MatterSide({ desk, state }) {
  if (!state.matter) return html`<${Search} onChoose=${(code) => desk.choose(code)} />`;
  const { matter, application } = state;
  const open = !application || application.state === "filed";
  const list = requirements(state);
  const done = list.filter((one) => one.fulfilled || state.extra[one.id]).length;
  return html`<div class="stack">
    <div>
      <h2 id="matter-title">${label(matter.name)}</h2>
      <p class="soft">${label(matter.agencyName)} · ${promise(matter)}</p>
    </div>
    ${matter.note && html`<p class="soft small">${label(matter.note)}</p>`}
    <div>
      <h3>
        ${t("window.materials")}${" "}
        <span class="soft">${t("window.ofTotal", { done: count(done), all: count(list.length) })}</span>
      </h3>
      <ul class="materials">
        ${list.map((one) => html`<${Material} key=${one.id} one=${one} mark=${state.extra[one.id]} open=${open} onMark=${(how) => desk.mark(one.id, how)} />`)}
      </ul>
    </div>
    <button class="button" type="button" onClick=${() => desk.next()}>
      ${t(application ? "window.nextPerson" : "window.otherMatter")}
    </button>
  </div>`;
}

const promise = (matter) => {
  const days = matter.limits?.promised;
  return days > 0 ? t("window.promised", { n: days }) : t("window.instant");
};

const BY = { credential: "by.credential", form: "by.form", commitment: "by.commitment", tolerated: "by.tolerated" };

function Material({ one, mark, open, onMark }) {
  const by = one.fulfilled?.by ?? mark;
  const form = (one.types ?? []).length === 0;
  const ways = [form && "form", one.replaceable && "commitment", one.tolerableDays && "tolerated"].filter(Boolean);
  return html`<li class=${by ? "met" : "open"}>
    <span class="tick"><${Icon} name=${by ? "pass" : form ? "file" : "scan"} /></span>
    <div class="grow">
      <p class="strong">
        ${label(one.label)}${one.whose && one.whose !== "applicant" ? html` <span class="chip">${t(`whose.${one.whose}`)}</span>` : ""}
      </p>
      <p class="small soft">${by ? t(BY[by] ?? "by.credential") : t(form ? "window.seeForm" : "window.scanIt")}</p>
      ${
        open &&
        !one.fulfilled &&
        ways.length > 0 &&
        html`<div class="row marks">
          ${ways.map(
            (how) =>
              html`<label class="mark"
                ><input type="checkbox" checked=${mark === how} onChange=${() => onMark(mark === how ? null : how)} />
                <span>${t(`mark.${how}`, { n: one.tolerableDays })}</span></label
              >`,
          )}
        </div>`
      }
    </div>
  </li>`;
}

function Search({ onChoose }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState([]);
  const [error, setError] = useState(null);
  const [at, setAt] = useState(0);
  const field = useRef(null);
  const entered = useRef(false);
  const listed = useRef(null);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(
      () => {
        get(`/api/matters?q=${encodeURIComponent(text.trim())}`, { signal: stop.signal }).then(
          (answer) => take(answer.matters ?? answer),
          (problem) => !stop.signal.aborted && setError(problem),
        );
      },
      text ? 120 : 0,
    );
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  const shown = found.slice(0, 8);
  /** What was found for the text as it is; somebody who pressed Enter while it was on its way chose the first. */
  const take = (matters) => {
    listed.current = text;
    setFound(matters);
    setError(null);
    setAt(0);
    if (entered.current && matters[0]) onChoose(matters[0].code);
    entered.current = false;
  };
  const keys = (event) => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, shown.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter" && text.trim() && listed.current !== text) entered.current = true;
    else if (event.key === "Enter" && shown[at] && (text.trim() || at > 0)) onChoose(shown[at].code);
    else return;
    event.preventDefault();
  };
  return html`<div class="stack">
    <h2 id="matter-title">${t("window.chooseMatter")}</h2>
    <${TextField}
      id="matter-search"
      name=${t("window.searchMatter")}
      hint=${t("window.searchHint")}
      at=${field}
      type="search"
      autocomplete="off"
      role="combobox"
      aria-expanded="true"
      aria-controls="matter-list"
      aria-activedescendant=${shown[at] ? `m-${shown[at].code}` : undefined}
      value=${text}
      onText=${(typed) => ((entered.current = false), setText(typed))}
      onKeyDown=${keys}
    />
    ${error && html`<${Failure} error=${error} />`}
    <ul class="matters" id="matter-list" role="listbox" aria-label=${t("window.chooseMatter")}>
      ${shown.map(
        (one, i) =>
          html`<li
            id="m-${one.code}"
            role="option"
            aria-selected=${String(i === at)}
            onClick=${() => onChoose(one.code)}
          >
            <span class="strong">${label(one.name)}</span><span class="soft small">${label(one.agencyName)}</span>
          </li>`,
      )}
    </ul>
    ${shown.length === 0 && text && !error && html`<p class="soft">${t("window.noMatter")}</p>`}
    ${found.length > shown.length && html`<p class="soft small">${t("window.moreMatters", { n: count(found.length - shown.length) })}</p>`}
  </div>`;
}
