// What goes on paper: drawn beside the page in the body, so that printing shows it and nothing else.

import { html, render, useEffect } from "./preact.js";

/** Draws its children for the printer alone; nothing on the screen. */
export function Paper({ children }) {
  useEffect(() => {
    const host = Object.assign(document.createElement("div"), { className: "paper-host" });
    document.body.append(host);
    return () => {
      render(null, host);
      host.remove();
    };
  }, []);
  useEffect(() => {
    const host = [...document.querySelectorAll(".paper-host")].at(-1);
    if (host) render(html`<article class="paper" aria-hidden="true">${children}</article>`, host);
  });
  return null;
}
