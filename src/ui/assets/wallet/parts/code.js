// A code drawn black on full white with a quiet zone of four modules, crisp at every size.

import { html, useEffect, useRef } from "../../lib/preact.js";
import encodeQR from "../../vendor/qr/index.js";

const QUIET = 4;

/** Draws a text; `label` is what screen readers say. */
export function CodePicture({ text, label }) {
  const canvas = useRef(null);
  useEffect(() => {
    const rows = encodeQR(text, "raw", { ecc: "low", encoding: "alphanumeric", border: QUIET });
    const scale = Math.max(2, Math.ceil((Math.min(innerWidth, 520) * devicePixelRatio) / rows.length));
    const side = rows.length * scale;
    canvas.current.width = side;
    canvas.current.height = side;
    const pen = canvas.current.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, side, side);
    pen.fillStyle = "#000";
    rows.forEach((row, y) => row.forEach((dark, x) => dark && pen.fillRect(x * scale, y * scale, scale, scale)));
  }, [text]);
  return html`<canvas class="code" ref=${canvas} role="img" aria-label=${label} data-text=${text}></canvas>`;
}

/** The time that is left as a ring and a number. */
export function Countdown({ left, of }) {
  const length = 2 * Math.PI * 20;
  return html`<span class="ring" role="timer" aria-label=${`${left}`}>
    <svg viewBox="0 0 48 48" aria-hidden="true"><circle class="track" cx="24" cy="24" r="20" />
      <circle class="left" cx="24" cy="24" r="20" stroke-dasharray=${length} stroke-dashoffset=${length * (1 - left / of)} /></svg>
    <span aria-hidden="true">${left}</span>
  </span>`;
}
