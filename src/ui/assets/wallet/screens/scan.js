// 扫一扫: the camera, a picture from the gallery, or a link; what was read decides which screen comes next.

import { TextField } from "../../lib/field.js";
import { t } from "../../lib/i18n.js";
import { html, useRef, useState } from "../../lib/preact.js";
import { Camera, readPicture } from "../../lib/scan.js";
import { Glyph } from "../parts/glyph.js";
import { go } from "../place.js";
import { readLink } from "../protocol/links.js";

const SCREENS = { offer: "receive", request: "present" };

export function Scan() {
  const [wrong, setWrong] = useState("");
  const [text, setText] = useState("");
  const [refused, setRefused] = useState(false);
  const take = (read) => {
    const link = readLink(read);
    if (SCREENS[link.kind]) return go(SCREENS[link.kind], { link });
    if (link.kind === "receipt" && new URL(link.address).origin === location.origin) return location.assign(link.address);
    return setWrong(t(link.kind === "code" ? "wallet.scan.isCode" : link.kind === "receipt" ? "wallet.scan.elsewhere" : "wallet.scan.other"));
  };
  return html`
    ${refused
      ? html`<p class="advice" role="status"><${Glyph} name="unsure" /><span>${t("wallet.scan.refused")}</span></p>`
      : html`<${Camera} onText=${take} onRefused=${() => setRefused(true)} />`}
    <p class="advice refuse" role="alert" hidden=${!wrong}><${Glyph} name="unsure" /><span>${wrong}</span></p>
    <${Gallery} onText=${take} onNothing=${() => setWrong(t("wallet.scan.nothing"))} />
    <form class="stack tight" onSubmit=${(event) => (event.preventDefault(), take(text))}>
      <${TextField} id="link" name=${t("wallet.scan.link")} inputmode="url" autocomplete="off" value=${text} placeholder="https://"
        onText=${(typed) => (setText(typed), setWrong(""))} />
      <button class="button wide" disabled=${!text.trim()}>${t("wallet.scan.open")}</button>
    </form>`;
}

function Gallery({ onText, onNothing }) {
  const input = useRef(null);
  const read = async (file) => {
    if (!file) return;
    const texts = await readPicture(file).catch(() => []);
    if (texts.length > 0) onText(texts[0]);
    else onNothing();
  };
  return html`<input class="hidden-text" type="file" accept="image/*" tabindex="-1" aria-hidden="true" ref=${input}
      onChange=${(event) => (void read(event.target.files[0]), (event.target.value = ""))} />
    <button class="button wide" type="button" onClick=${() => input.current.click()}><${Glyph} name="picture" />${t("wallet.scan.picture")}</button>`;
}
