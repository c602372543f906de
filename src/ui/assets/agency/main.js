// The agency's desk.

import { html, render } from "../lib/preact.js";

render(html`<main><h1>${document.title}</h1></main>`, document.getElementById("app"));
