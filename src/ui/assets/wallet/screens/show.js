// 亮证: a licence and a view are chosen, the code is signed anew every 30 seconds, black on full white, with or without a
// network; or an 8-digit code to be said at windows without a camera.

import { ChoiceField } from "../../lib/field.js";
import { label, t } from "../../lib/i18n.js";
import { html, useEffect, useRef, useState } from "../../lib/preact.js";
import { fromBase64url } from "../formats/bytes.js";
import { show as makeCode } from "../formats/compact.js";
import { countShown, nextCopy, signerOf, usable, viewsOf } from "../keep/licences.js";
import { CodePicture, Countdown } from "../parts/code.js";
import { Glyph } from "../parts/glyph.js";
import { holderOf, list, sentenceOf, viewName, viewShows } from "../parts/words.js";
import { go } from "../place.js";
import { fetchJson, serverNow, serverSeconds } from "../protocol/net.js";
import { enter, useWallet } from "../state.js";

/** Seconds after which a code is made anew. */
const LIFE = 30;

export function Show({ argument }) {
  const { licences, skew, online } = useWallet();
  const able = licences.filter((one) => usable(one) && viewsOf(one).length > 0);
  const [chosen, setChosen] = useState(argument);
  const licence = able.find((one) => one.id === chosen) ?? able[0];
  const views = licence ? viewsOf(licence) : [];
  const [wanted, setWanted] = useState("basic");
  if (!licence) return html`<${Nothing} has=${licences.length > 0} />`;
  const view = views.includes(wanted) ? wanted : views[0];
  const order = licence.about.views.map((one) => one.name).filter((name) => views.includes(name));
  return html`
    ${able.length > 1 && html`<${ChoiceField} id="which" name=${t("wallet.show.which")} value=${licence.id}
      options=${able.map((one) => [one.id, label(one.about.name)])} onChoose=${setChosen} />`}
    ${Math.abs(skew) > 60 && html`<p class="advice" role="status"><${Glyph} name="unsure" /><span>${t("wallet.trouble.clock", { n: Math.round(Math.abs(skew) / 60) })}</span></p>`}
    <${Code} key=${`${licence.id}/${view}`} licence=${licence} view=${view} online=${online} />
    <fieldset class="views"><legend class="label">${t("wallet.show.view")}</legend>
      ${order.map((name) => html`<label key=${name} class=${`choice ${name === view ? "on" : ""}`}>
        <input type="radio" name="view" value=${name} checked=${name === view} onChange=${() => setWanted(name)} />
        <span class="grow"><span>${viewName(licence, name)}</span>
          <span class="small soft">${told(licence, name)}</span></span></label>`)}
    </fieldset>`;
}

function told(licence, view) {
  const shows = viewShows(licence, view);
  return shows.length > 0 ? list(shows) : t("wallet.show.answer");
}

function Nothing({ has }) {
  return html`<div class="nothing"><span class="emblem"><${Glyph} name="show" /></span>
    <p>${t(has ? "wallet.show.none" : "wallet.empty")}</p>
    <button class="button primary big" type="button" onClick=${() => go("scan")}><${Glyph} name="scan" />${t("wallet.empty.scan")}</button>
  </div>`;
}

function Code({ licence, view, online }) {
  const code = useCode(licence, view);
  const [full, setFull] = useState(false);
  const name = label(licence.about.name);
  if (code.error) return html`<p class="advice refuse" role="alert"><${Glyph} name="refuse" /><span>${sentenceOf(code.error)}</span></p>`;
  if (!code.text) return html`<div class="paper waiting" role="status"><span class="hidden-text">${t("wallet.show.making")}</span></div>`;
  const title = t("wallet.show.code", { name, view: viewName(licence, view) });
  const caption = html`<div class="caption"><${Countdown} left=${code.left} of=${LIFE} />
    <p><strong>${holderOf(licence) || name}</strong><br /><span class="small">${t("wallet.show.fresh")}</span></p></div>`;
  return html`<section class="paper" aria-label=${title}>
      <button type="button" class="bare" onClick=${() => setFull(true)}><${CodePicture} text=${code.text} label=${title} />
        <span class="hidden-text">${t("wallet.show.full")}</span></button>
      ${caption}
    </section>
    <div class="row two">
      <button class="button" type="button" onClick=${() => setFull(true)}><${Glyph} name="full" />${t("wallet.show.full")}</button>
      <${Spoken} licence=${licence} view=${view} online=${online} />
    </div>
    ${full && html`<${Full} onClose=${() => setFull(false)}><p class="name">${name} · ${viewName(licence, view)}</p>
      <${CodePicture} text=${code.text} label=${title} />${caption}<//>`}`;
}

/** A code that is made anew as long as the screen is seen: `{text, left, error}`. */
function useCode(licence, view) {
  const [code, setCode] = useState({ text: null, left: LIFE, error: null });
  useEffect(() => {
    let over = false;
    let made = 0;
    let copy = null;
    const make = async () => {
      made = Date.now();
      copy ??= nextCopy(licence, view);
      const signer = await signerOf(copy);
      const text = await makeCode(fromBase64url(copy.compact[view]), serverSeconds(), signer);
      if (!over) setCode({ text, left: LIFE, error: null });
    };
    const tick = () => {
      if (document.hidden) return;
      const left = LIFE - Math.floor((Date.now() - made) / 1000);
      if (left > 0) setCode((before) => ({ ...before, left }));
      else make().catch((error) => setCode({ text: null, left: 0, error }));
    };
    const start = async () => {
      await make();
      await countShown(licence, copy);
      await enter({ kind: "code", licences: [licence.type], names: [licence.about.name], fields: [view], view: viewLabel(licence, view) });
    };
    start().catch((error) => setCode({ text: null, left: 0, error }));
    const timer = setInterval(tick, 1000);
    document.addEventListener("visibilitychange", tick);
    return () => {
      over = true;
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [licence.id, view]);
  return code;
}

const viewLabel = (licence, view) => licence.about.views.find((one) => one.name === view)?.label ?? null;

/** The code alone on a white screen that stays on. */
function Full({ children, onClose }) {
  const dialog = useRef(null);
  useEffect(() => {
    let lock;
    dialog.current.showModal();
    navigator.wakeLock?.request("screen").then((held) => (lock = held), () => {});
    return () => void lock?.release();
  }, []);
  return html`<dialog class="whole" ref=${dialog} onClose=${onClose} aria-label=${t("wallet.show.full")}>
    ${children}<button class="button big" type="button" onClick=${() => dialog.current.close()}>${t("wallet.close")}</button>
  </dialog>`;
}

/** The 8-digit code that a window without a camera types. */
function Spoken({ licence, view, online }) {
  const dialog = useRef(null);
  const [state, setState] = useState({});
  const ask = async () => {
    setState({ busy: true });
    dialog.current.showModal();
    try {
      const copy = nextCopy(licence, view);
      const presentation = await makeCode(fromBase64url(copy.compact[view]), serverSeconds(), await signerOf(copy));
      const made = await fetchJson("/api/spoken", { method: "POST", json: { presentation } });
      setState({ code: made.code, until: Date.parse(made.expiresAt) });
      await countShown(licence, copy);
      await enter({ kind: "spoken", licences: [licence.type], names: [licence.about.name], view: viewLabel(licence, view) });
    } catch (error) {
      setState({ error });
    }
  };
  return html`<button class="button" type="button" disabled=${!online} onClick=${ask}><${Glyph} name="speak" />${t("wallet.spoken")}</button>
    <dialog ref=${dialog} class="stack" aria-labelledby="spoken-title">
      <h2 id="spoken-title">${t("wallet.spoken.title")}</h2>
      <div aria-live="polite">
        ${state.busy && html`<p class="soft">${t("wallet.spoken.making")}</p>`}
        ${state.error && html`<p class="advice refuse"><${Glyph} name="refuse" /><span>${sentenceOf(state.error)}</span></p>`}
        ${state.code && html`<p class="digits" aria-label=${[...state.code].join(" ")}><span>${state.code.slice(0, 4)}</span><span>${state.code.slice(4)}</span></p>
          <${Left} until=${state.until} />`}
      </div>
      <p class="soft">${t("wallet.spoken.text")}</p>
      <button class="button big wide" type="button" onClick=${() => dialog.current.close()}>${t("wallet.close")}</button>
    </dialog>`;
}

function Left({ until }) {
  const count = () => Math.max(0, Math.ceil((until - serverNow()) / 1000));
  const [left, setLeft] = useState(count);
  useEffect(() => {
    const timer = setInterval(() => setLeft(count()), 1000);
    return () => clearInterval(timer);
  }, [until]);
  const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  return html`<p class="soft center" role="timer">${left > 0 ? t("wallet.spoken.left", { time: text }) : t("wallet.spoken.over")}</p>`;
}
