// The window on one screen: left the matter and its materials, in the middle scan, checking and verdict, right the
// application. The scanner works wherever the focus is; one primary button at a time.

import { label, t } from "../lib/i18n.js";
import { Frame, Icon, mount } from "../lib/page.js";
import { html, useEffect } from "../lib/preact.js";
import { warm } from "../lib/scan.js";
import { Guarded, leave } from "../lib/session.js";
import { listen } from "../lib/wedge.js";
import { ApplicationSide } from "./application.js";
import { ClaimTool } from "./claim.js";
import { useDesk } from "./desk.js";
import { MatterSide } from "./matter.js";
import { Middle } from "./middle.js";
import { ReceiptPaper } from "./receipt.js";

/** What each shortcut does and when it means anything. */
const KEYS = [
  ["F2", "window.keyScan", (desk) => desk.camera()],
  ["F4", "window.keyCode", (desk) => desk.typeCode()],
  ["F8", "window.keyReceipt", (desk) => desk.receipt()],
  ["Escape", "window.keyBack", (desk) => desk.back()],
];

function Window({ session }) {
  const desk = useDesk();
  useEffect(() => {
    warm();
    return listen((text) => desk.scanned(text));
  }, []);
  useEffect(() => {
    const down = (event) => {
      const found = KEYS.find(([key]) => key === event.key);
      if (!found || event.repeat || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      found[2](desk);
    };
    addEventListener("keydown", down);
    return () => removeEventListener("keydown", down);
  }, []);
  const state = desk.state;
  const tools = html`<${ClaimTool} application=${state.application} /><a class="tool" href="/window/citizen" target="citizen" rel="noopener"
    ><${Icon} name="screen" /><span>${t("window.citizenScreen")}</span></a
  >`;
  return html`<${Frame}
    title=${label(session.agencyName) || t("window.title")}
    who=${session.name}
    leave=${leave}
    tools=${tools}
    bare
  >
    <h1 class="hidden-text">${t("window.title")}</h1>
    <div class="desk screen">
      <section class="side sheet" aria-labelledby="matter-title"><${MatterSide} desk=${desk} state=${state} /></section>
      <section class="middle" aria-label=${t("window.middle")}><${Middle} desk=${desk} state=${state} /></section>
      <section class="side sheet" aria-labelledby="application-title">
        <${ApplicationSide} desk=${desk} state=${state} />
      </section>
    </div>
    <p class="keys screen" aria-label=${t("window.keys")}>
      ${KEYS.map(([key, text]) => html`<span><kbd>${key === "Escape" ? "Esc" : key}</kbd> ${t(text)}</span>`)}
    </p>
    ${state.application?.receipt?.qr && html`<${ReceiptPaper} application=${state.application} agency=${state.matter?.agencyName} />`}
  <//>`;
}

mount(
  () =>
    html`<${Guarded}
      title=${t("window.title")}
      roles=${["windowClerk", "supervisor"]}
      page=${(session) => html`<${Window} session=${session} />`}
    />`,
  t("window.title"),
);
