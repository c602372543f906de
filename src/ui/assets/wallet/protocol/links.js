// What a scanned text or an opened address is: an offer, a request, or nothing a wallet can use.

/** `{kind: "offer"|"request"|"receipt"|"code"|"other", …}` of a text from a camera, a picture or a link. */
export function readLink(text) {
  const trimmed = text.trim();
  if (trimmed.startsWith("CL1:")) return { kind: "code" };
  const at = trimmed.indexOf("?");
  const parameters = at < 0 ? null : new URLSearchParams(trimmed.slice(at + 1).split("#")[0]);
  if (parameters) {
    const offer = parameters.get("credential_offer");
    const offerUri = parameters.get("credential_offer_uri");
    if (offer || offerUri) return { kind: "offer", offer, offerUri };
    const requestUri = parameters.get("request_uri");
    const clientId = parameters.get("client_id");
    if (requestUri && clientId) {
      return { kind: "request", requestUri, clientId, post: parameters.get("request_uri_method") === "post" };
    }
  }
  if (/^https?:\/\/[^/]+\/r\/[\w-]+/.test(trimmed)) return { kind: "receipt", address: trimmed };
  return { kind: "other" };
}
