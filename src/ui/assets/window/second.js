// A decision that waits for a second person: who may confirm it, where and until when; and what was said instead of yes. The
// case is asked for again by itself, so that the window goes on as soon as it is confirmed.

import { label, moment, t } from "../lib/i18n.js";
import { Icon, Notice } from "../lib/page.js";
import { html, useEffect } from "../lib/preact.js";

/** Pause between two questions how the case stands, milliseconds. */
const PAUSE = 3000;

/** In the middle of the window: what happens now. */
export function Waiting({ desk, application }) {
  const { agencyName, expiresAt } = application.secondPerson;
  useEffect(() => {
    const timer = setInterval(() => desk.refresh().catch(() => {}), PAUSE);
    return () => clearInterval(timer);
  }, [application.id]);
  return html`<div class="area center stack second" role="status">
    <span class="disc"><${Icon} name="wait" /></span>
    <p class="big-text">${t("second.title")}</p>
    <p>${t("second.who", { agency: label(agencyName) })}</p>
    <p class="soft">${t("second.where", { number: application.id })}</p>
    <p class="soft">${t("second.until", { time: moment(expiresAt) })}</p>
  </div>`;
}

/** Beside an accepted case: that it waits, or why nothing came of it. */
export function SecondPerson({ second }) {
  if (!second || second.state === "approved") return null;
  if (second.state === "open") return html`<${Notice} kind="unsure" icon="wait">${t("second.short")}<//>`;
  const kind = second.state === "refused" ? "refuse" : "unsure";
  return html`<${Notice} kind=${kind} live>
    <p class="strong">${t(`second.${second.state}`)}</p>
    ${second.refusal && html`<p>${second.refusal}</p>`}
    <p>${t("second.again")}</p>
  <//>`;
}
