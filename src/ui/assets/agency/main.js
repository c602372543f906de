// The agency's page: types with their counts at the left; issuing one, a batch, finding and changing at the right; what waits
// for a second person.

import { get } from "../lib/api.js";
import { count, label, t } from "../lib/i18n.js";
import { Failure, Frame, Loading, mount } from "../lib/page.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { Guarded, leave } from "../lib/session.js";
import { Batch } from "./batch.js";
import { Issue } from "./issue.js";
import { Pending } from "./pending.js";
import { Search } from "./search.js";

const TABS = { issue: Issue, batch: Batch, search: Search, pending: Pending };

/** The part of the address behind `#`: `type/tab`. */
function place() {
  const [code, tab] = decodeURIComponent(location.hash.slice(1)).split("/");
  return { code: code || null, tab: TABS[tab] ? tab : "issue" };
}

/** Types that the agency has issued first; each group as the catalogue has it. */
const sorted = (types) => [...types.filter((one) => one.count > 0), ...types.filter((one) => one.count === 0)];

function Agency({ session }) {
  const [types, setTypes] = useState(null);
  const [error, setError] = useState(null);
  const [at, setAt] = useState(place());
  const load = () =>
    get("/api/types").then(
      (found) => (setTypes({ ...found, types: sorted(found.types) }), setError(null)),
      (problem) => setError(problem),
    );
  useEffect(() => {
    void load();
    const moved = () => setAt(place());
    addEventListener("hashchange", moved);
    moved(); // whoever went elsewhere before anyone listened
    return () => removeEventListener("hashchange", moved);
  }, []);
  const go = (code, tab) => (location.hash = `${code ?? ""}/${tab}`);
  const chosen = types?.types.find((one) => one.code === at.code) ?? types?.types[0];
  useEffect(() => {
    document.querySelector(".types [aria-current]")?.scrollIntoView({ block: "nearest", inline: "start" });
  }, [chosen?.code]);
  const Tab = TABS[at.tab];
  return html`<${Frame} title=${label(types?.agency.name) || t("start.agency")} who=${session.name} leave=${leave} bare>
    <h1 class="hidden-text">${t("start.agency")}</h1>
    ${error && html`<${Failure} error=${error} again=${load} />`} ${!types && !error && html`<${Loading} />`}
    ${
      chosen &&
      html`<div class="office screen">
        <nav class="sheet types" aria-label=${t("agency.types")}>
          <h2>${t("agency.types")}</h2>
          <ul>
            ${types.types.map(
              (one) =>
                html`<li key=${one.code}>
                  <button
                    type="button"
                    aria-current=${one.code === chosen.code ? "page" : undefined}
                    onClick=${() => go(one.code, at.tab === "pending" ? "issue" : at.tab)}
                  >
                    <span class="grow">${label(one.name)}</span
                    ><span class="soft number">${count(one.count)}${one.more ? "+" : ""}</span>
                  </button>
                </li>`,
            )}
          </ul>
        </nav>
        <div class="stack work">
          <div class="tabs" role="tablist" aria-label=${label(chosen.name)}>
            ${Object.keys(TABS).map((name) => html`<button key=${name} type="button" role="tab" id="tab-${name}" aria-selected=${String(name === at.tab)} aria-controls="tab-panel" onClick=${() => go(chosen.code, name)}>${t(`agency.${name}`)}</button>`)}
          </div>
          <div role="tabpanel" id="tab-panel" aria-labelledby="tab-${at.tab}">
            <${Tab}
              key=${`${at.tab}/${chosen.code}`}
              type=${chosen}
              agency=${types.agency}
              session=${session}
              changed=${load}
            />
          </div>
        </div>
      </div>`
    }
  <//>`;
}

mount(
  () =>
    html`<${Guarded}
      title=${t("start.agency")}
      roles=${["agencyClerk", "agencyApprover", "administrator"]}
      page=${(session) => html`<${Agency} session=${session} />`}
    />`,
  t("start.agency"),
);
