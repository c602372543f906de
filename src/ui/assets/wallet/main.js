// The wallet (卡包): an installable app that works without a network and without an account. This module starts it: the
// service worker, the link it was opened by, the storage, then the first screen.

import { t } from "../lib/i18n.js";
import { html, render } from "../lib/preact.js";
import { App } from "./app.js";
import { persist } from "./keep/db.js";
import { readLink } from "./protocol/links.js";
import { boot } from "./state.js";

document.title = t("wallet.title");

/** A link that opened the wallet leaves the address, which may be kept or shared, and stays with this visit. */
function takeLink() {
  if (!/[?&](credential_offer|request_uri)/.test(location.search)) return;
  const link = readLink(location.href);
  const place = link.kind === "offer" ? "#receive" : link.kind === "request" ? "#present" : "#cards";
  history.replaceState({ link }, "", `/wallet${place}`);
}

takeLink();
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/wallet/worker.js", { scope: "/wallet" }).catch(() => {});
}
void persist();
await boot();
render(html`<${App} />`, document.getElementById("app"));
