// Moving between screens; they are named by the address's fragment.

/** Goes to a screen; `link` travels with it and is not in the address. */
export function go(place, { link = null, replace = false } = {}) {
  if (replace) history.replaceState({ link }, "", `/wallet#${place}`);
  else history.pushState({ link, inside: true }, "", `/wallet#${place}`);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Back to where one came from, or to the cards. */
export function back() {
  if (history.state?.inside) history.back();
  else go("cards", { replace: true });
}
