// How the log grew: a line over time, and a mark where a checkpoint was cosigned; the same as a table for those who cannot
// see it.

import { get } from "../lib/api.js";
import { count, day, moment, t } from "../lib/i18n.js";
import { Failure, Loading } from "../lib/page.js";
import { html, useEffect, useState } from "../lib/preact.js";

const WIDE = 640;
const HIGH = 240;
const [LEFT, RIGHT, TOP, BOTTOM] = [8, 632, 16, 200];

export function Growth({ size }) {
  const [grown, setGrown] = useState(null);
  const [error, setError] = useState(null);
  const load = () => {
    setError(null);
    get("/log/growth").then(setGrown, setError);
  };
  useEffect(load, [size]);
  return html`<section class="sheet stack">
    <h2>${t("audit.growth")}</h2>
    ${error && html`<${Failure} error=${error} again=${load} />`} ${!grown && !error && html`<${Loading} />`}
    ${grown && (grown.points.length > 1 ? html`<${Picture} grown=${grown} />` : html`<p class="empty">${t("audit.growthNone")}</p>`)}
  </section>`;
}

/** Places in the picture: time across, size upwards. */
function scales(points) {
  const times = points.map((one) => Date.parse(one.at));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const most = Math.max(...points.map((one) => one.size));
  return {
    x: (at) => LEFT + ((RIGHT - LEFT) * (Math.min(Math.max(Date.parse(at), first), last) - first)) / Math.max(last - first, 1),
    y: (size) => BOTTOM - ((BOTTOM - TOP) * size) / most,
    first: new Date(first).toISOString(),
    last: new Date(last).toISOString(),
    most,
  };
}

function Picture({ grown }) {
  const { points, checkpoints } = grown;
  const { x, y, first, last, most } = scales(points);
  const round = (n) => Math.round(n * 10) / 10;
  const line = points.map((one, i) => `${i ? "L" : "M"}${round(x(one.at))} ${round(y(one.size))}`).join("");
  const area = `${line}L${RIGHT} ${BOTTOM}L${round(x(points[0].at))} ${BOTTOM}Z`;
  const said = t("audit.growthSaid", { first: moment(first), last: moment(last), size: count(most), marks: count(checkpoints.length) });
  const same = day(first) === day(last);
  const short = same ? (at) => moment(at).split(" ").at(-1) : day;
  return html`<figure class="growth">
    <svg viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label=${said}>
      <path class="area" d=${area} />
      <path class="axis" d="M${LEFT} ${BOTTOM}H${RIGHT}" />
      <path class="line" d=${line} />
      ${checkpoints.map((one) => html`<circle key=${one.size} cx=${round(x(one.at))} cy=${round(y(one.size))} r="5" />`)}
      <text x=${LEFT} y=${TOP + 8}>${count(most)}</text>
      <text x=${LEFT} y=${BOTTOM + 24}>${short(first)}</text>
      <text x=${RIGHT} y=${BOTTOM + 24} text-anchor="end">${short(last)}</text>
    </svg>
    <figcaption class="soft">${said}${checkpoints.length > 0 && html` <span class="mark" aria-hidden="true"></span>${t("audit.growthMark")}`}</figcaption>
    <details>
      <summary>${t("audit.growthTable")}</summary>
      <div class="scroll" tabindex="0" role="region" aria-label=${t("audit.growth")}>
        <table>
          <thead><tr><th scope="col">${t("audit.at")}</th><th scope="col" class="right">${t("audit.size")}</th></tr></thead>
          <tbody>${points.map((one) => html`<tr key=${one.size}><td>${moment(one.at)}</td><td class="right">${count(one.size)}</td></tr>`)}</tbody>
        </table>
      </div>
    </details>
  </figure>`;
}
