// Scanners that type (USB wedge): keystrokes faster than a person, ended by Enter or Tab, or framed by a prefix, become one
// scan wherever the focus is. Pure but for `listen`; tested in Node.

/** Longest pause between two characters of one scan, milliseconds. */
const PAUSE = 60;
/** Fewest characters of a scan that has no known beginning. */
const LEAST = 8;
/** How codes of the city and of protocols begin. */
const KNOWN = /^(CL1:|https?:\/\/|openid|eyJ|\{)/i;

/** What a scanner typed, as it was meant: full-width characters narrow, frame characters gone. */
export function normalise(text) {
  const narrow = text
    .replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/\u3000/g, " ");
  // eslint-disable-next-line no-control-regex
  return narrow.replace(/^[\x00-\x1f]+|[\x00-\x1f\s]+$/g, "").replace(/^\](Q[0-9]|d2|C1)/, "");
}

/** Eight digits however grouped, or null. */
export function spokenCode(text) {
  const digits = normalise(text).replace(/[\s\u2009-]/g, "");
  return /^\d{8}$/.test(digits) ? digits : null;
}

/** Whether a text is something that a scan can be: a known beginning, eight digits, or long without gaps. */
export function isScan(text) {
  return KNOWN.test(text) || spokenCode(text) !== null || (text.length > 40 && !/\s/.test(text));
}

/** Gathers keystrokes with their times; `key` answers the scan when one is complete. */
export class Wedge {
  #text = "";
  #last = -Infinity;
  #quick = 0;

  /** One key at a time in milliseconds; `{scan}` when complete, `{swallow: true}` while a scan is under way. */
  key(key, at) {
    if (key === "Enter" || key === "Tab") return this.#end(at);
    if ([...key].length !== 1) return {};
    const fast = at - this.#last <= PAUSE;
    if (!fast) this.#reset();
    this.#quick += fast ? 1 : 0;
    this.#text += key;
    this.#last = at;
    return { swallow: this.#quick >= 3 };
  }

  #end(at) {
    const [text, quick] = [normalise(this.#text), this.#quick];
    const inTime = at - this.#last <= PAUSE * 4;
    this.#reset();
    const typed = text.length >= LEAST && quick >= text.length * 0.8;
    return inTime && typed && isScan(text) ? { scan: text, swallow: true } : {};
  }

  #reset() {
    this.#text = "";
    this.#quick = 0;
    this.#last = -Infinity;
  }
}

/** Calls `onScan(text)` for whatever a wedge scanner types on the page; returns how to stop. */
export function listen(onScan) {
  const wedge = new Wedge();
  let before = null;
  const down = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const field =
      event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement ? event.target : null;
    if (!event.isComposing && event.key.length === 1 && !before) before = { field, value: field?.value };
    const { scan, swallow } = wedge.key(event.key, event.timeStamp);
    if (swallow) event.preventDefault();
    if (swallow) event.stopPropagation();
    if (scan) {
      restore(before);
      before = null;
      onScan(scan);
    } else if (!swallow && event.key.length !== 1) {
      before = null;
    } else if (!swallow) {
      before = { field, value: field?.value };
    }
  };
  addEventListener("keydown", down, true);
  return () => removeEventListener("keydown", down, true);
}

/** Takes back the first characters of a scan, which went into a field before it was known to be one. */
function restore(before) {
  if (!before?.field) return;
  before.field.value = before.value;
  before.field.dispatchEvent(new Event("input", { bubbles: true }));
}
