// The wallet's icons; a word always stands beside one, seen or for screen readers.

import { html } from "../../lib/preact.js";

const PATHS = {
  cards: "M3 7h18v12H3zM3 11h18M6 4h12",
  show: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 14h2v2h-2zM14 18h2v2h-2zM18 18h2v2h-2z",
  scan: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16",
  journal: "M12 21a9 9 0 100-18 9 9 0 000 18zM12 7v5l3 3",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 15a3 3 0 100-6 3 3 0 000 6z",
  hidden: "M3 3l18 18M10 5.3A9 9 0 0112 5c6 0 10 7 10 7a17 17 0 01-3 3.6M6 7.5A17 17 0 002 12s4 7 10 7c1.5 0 2.8-.4 4-1M9.8 9.8a3 3 0 004.3 4.3",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  pass: "M4 12.5l5 5L20 6.5",
  refuse: "M6 6l12 12M18 6L6 18",
  unsure: "M12 6v7M12 17v.5",
  shield: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 017 0v3",
  phone: "M7 3h10v18H7zM11 18h2",
  full: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  again: "M20 11a8 8 0 10-2 6M20 5v6h-6",
  speak: "M4 10h4l5-4v12l-5-4H4zM16.5 9a4 4 0 010 6M19 6.5a8 8 0 010 11",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  received: "M12 4v11M7 11l5 5 5-5M4 20h16",
};

export function Glyph({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"
    stroke-linejoin="round" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
