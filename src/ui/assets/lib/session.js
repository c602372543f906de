// Who is signed in: asked of the server once a page opens, kept with its CSRF token, ended on request. A page for staff is
// drawn inside `Guarded`, which sends people without a session to sign in and back to where they were.

import { get, remove, setCsrf } from "./api.js";
import { t } from "./i18n.js";
import { Failure, Frame, Loading, signInAddress } from "./page.js";
import { html, useEffect, useState } from "./preact.js";

/** The session, or null when nobody is signed in. */
export async function session() {
  try {
    const found = await get("/api/session");
    setCsrf(found.csrf);
    return found;
  } catch (error) {
    if (error.status === 401) return null;
    throw error;
  }
}

/** A path of this site that may be gone back to; `/` for anything else. */
export function backAddress(search) {
  const next = new URLSearchParams(search).get("next") ?? "";
  return /^\/(?![/\\])[^\s]*$/.test(next) ? next : null;
}

/** Ends the session. */
export async function leave() {
  try {
    await remove("/api/session");
  } finally {
    location.assign("/signin");
  }
}

/** Draws `page(session)` for the roles named; sends others to sign in. */
export function Guarded({ title, roles, page }) {
  const [state, setState] = useState({});
  const load = () => {
    setState({});
    session().then(
      (found) => {
        if (!found) location.replace(signInAddress());
        else if (found.mustChange) location.replace("/signin#account");
        else setState({ found });
      },
      (error) => setState({ error }),
    );
  };
  useEffect(load, []);
  const found = state.found;
  if (found && roles.includes(found.role)) return page(found);
  return html`<${Frame} title=${title} who=${found?.name} leave=${found && leave}>
    ${state.error && html`<${Failure} error=${state.error} again=${load} />`}
    ${!state.error && !found && html`<${Loading} />`}
    ${
      found &&
      html`<div class="empty stack">
        <h1>${t("session.wrongRole")}</h1>
        <p>${t("session.wrongRoleHelp", { name: found.name })}</p>
        <p><a class="button primary" href=${signInAddress()}>${t("session.other")}</a></p>
      </div>`
    }
  <//>`;
}
