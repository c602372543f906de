// Preact, its hooks and htm as one module: what every page that is an app draws with.

import { h } from "../vendor/preact.mjs";
import htm from "../vendor/htm.mjs";

export { Component, Fragment, createContext, h, render } from "../vendor/preact.mjs";
export {
  useCallback, useContext, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState,
} from "../vendor/hooks.mjs";

/** Markup as a tagged template. */
export const html = htm.bind(h);
