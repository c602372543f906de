// Receiving at the window (窗口领证): who is there is identified, the licences in force of that person are told, and one of them
// is offered to the phone by a code and its PIN.

import { Offer } from "../agency/offer.js";
import { post } from "../lib/api.js";
import { TextField } from "../lib/field.js";
import { label, t } from "../lib/i18n.js";
import { Failure, Icon } from "../lib/page.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";

/** The tool that opens it; `application` is the case in which the applicant showed a licence, if there is one. */
export function ClaimTool({ application }) {
  const [open, setOpen] = useState(false);
  return html`<button class="tool" type="button" id="claim" onClick=${() => setOpen(true)}>
      <${Icon} name="phone" /><span>${t("claim.tool")}</span>
    </button>
    ${open && html`<${Claim} application=${application} onClose=${() => setOpen(false)} />`}`;
}

function Claim({ application, onClose }) {
  const dialog = useRef(null);
  const [who, setWho] = useState(null);
  const [licences, setLicences] = useState(null);
  const [offer, setOffer] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => dialog.current?.showModal(), []);
  const attempt = (work) => (setError(null), work.catch(setError));
  const look = (asked) => {
    setWho(asked);
    return attempt(post("/api/window/licences", asked).then((found) => setLicences(found.licences)));
  };
  const choose = (one) =>
    attempt(
      post("/api/window/offers", { ...who, credential: one.credential }).then((made) =>
        setOffer({ ...made, type: { name: one.typeName }, agency: { name: one.agencyName } }),
      ),
    );
  return html`<dialog ref=${dialog} class="claim" onClose=${onClose} aria-labelledby="claim-title">
    <div class="stack">
      <h2 id="claim-title">${t("claim.title")}</h2>
      ${error && html`<${Failure} error=${error} />`}
      ${
        offer
          ? html`<${Offer}
              offer=${offer}
              type=${offer.type}
              agency=${offer.agency}
              path="/api/window/offers"
              nextText=${t("claim.another")}
              next=${() => (setOffer(null), look(who))}
            />`
          : licences
            ? html`<${Licences} licences=${licences} choose=${choose} />`
            : html`<${Who} application=${application} look=${look} />`
      }
      <div class="row end"><button class="button" type="button" onClick=${() => dialog.current.close()}>${t("do.close")}</button></div>
    </div>
  </dialog>`;
}

/** Who is there: shown in the case, or seen by the clerk, which is written down. */
function Who({ application, look }) {
  const [code, setCode] = useState("");
  const [purpose, setPurpose] = useState("");
  const send = (event) => {
    event.preventDefault();
    const holder = { code: code.normalize("NFKC").replace(/\s/g, "").toUpperCase() };
    return look({ holder, purpose: purpose.trim() });
  };
  return html`<form class="stack" onSubmit=${send}>
    <p class="soft">${t("claim.lead")}</p>
    ${
      application &&
      html`<p>
        <button class="button" type="button" onClick=${() => look({ application: application.id })}>
          <${Icon} name="pass" />${t("claim.inCase")}
        </button>
      </p>`
    }
    <${TextField} id="claim-code" name=${t("claim.code")} code required maxlength="32" autocomplete="off" value=${code} onText=${setCode} />
    <${TextField} id="claim-purpose" name=${t("claim.purpose")} hint=${t("claim.purposeHint")} required maxlength="200" value=${purpose} onText=${setPurpose} />
    <div class="row end">
      <button class="button primary" disabled=${!code.trim() || !purpose.trim()}>${t("claim.look")}</button>
    </div>
  </form>`;
}

function Licences({ licences, choose }) {
  if (licences.length === 0) return html`<p>${t("claim.none")}</p>`;
  return html`<ul class="claim-list">
    ${licences.map(
      (one) =>
        html`<li key=${one.credential} class="row">
          <span class="grow"
            ><strong>${label(one.typeName)}</strong><br /><span class="soft"
              >${label(one.agencyName)}${one.onPhone ? ` · ${t("claim.onPhone")}` : ""}</span
            ></span
          ><button class="button" type="button" onClick=${() => choose(one)}>${t("claim.offer")}</button>
        </li>`,
    )}
  </ul>`;
}
