// The start page: who are you? Four doors, nothing else.

import { t } from "../lib/i18n.js";
import { Frame, Icon, mount } from "../lib/page.js";
import { html } from "../lib/preact.js";

const DOORS = [
  ["/wallet", "phone", "wallet"],
  ["/window", "screen", "window"],
  ["/agency", "stamp", "agency"],
  ["/verify", "shield", "verify"],
];

function Start() {
  return html`<${Frame}>
    <div class="hero">
      <h1>${t("start.title")}</h1>
      <p>${t("start.lead")}</p>
    </div>
    <nav aria-label=${t("start.who")}>
      <h2 class="ask">${t("start.who")}</h2>
      <ul class="doors">
        ${DOORS.map(
          ([href, icon, name]) =>
            html`<li>
              <a class="door" href=${href}>
                <span class="sign"><${Icon} name=${icon} /></span>
                <span class="grow"
                  ><strong>${t(`start.${name}`)}</strong><span class="soft">${t(`start.${name}Help`)}</span></span
                >
              </a>
            </li>`,
        )}
      </ul>
    </nav>
    <p class="foot soft">${t("start.progress")} <a href="/assets/licences.txt">${t("start.licences")}</a></p>
  <//>`;
}

mount(Start, t("start.title"));
