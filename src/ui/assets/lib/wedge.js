// Scanners that type (USB wedge): keystrokes faster than a person, ended by Enter or Tab, or framed by a prefix, become one
// scan wherever the focus is. Pure but for `listen`; tested in Node.

/** Longest pause between two characters of one scan, milliseconds. */
const PAUSE = 60;
/** The same for a text that begins as a code does, which nobody types: slow cables, busy machines. */
const PATIENCE = 1500;
/** Fewest characters of a scan that has no known beginning. */
const LEAST = 8;
/** How codes of the city and of protocols begin. */
const STARTS = ["CL1:", "https://", "http://", "openid", "eyJ", '{"'];
const KNOWN = new RegExp(`^(${STARTS.join("|").replace("{", "\\{")})`, "i");

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
    const fast = at - this.#last <= PAUSE;
    if (!fast && !this.#isBegun(at)) this.#reset();
    if (key === "Enter" || key === "Tab") return this.#end();
    if ([...key].length !== 1) return {};
    this.#quick += fast ? 1 : 0;
    this.#text += key;
    this.#last = at;
    return { first: this.#text === key, swallow: this.#quick >= 3 || KNOWN.test(normalise(this.#text)) };
  }

  /** Whether the text so far begins as a code does, or may yet, and its last character was not long ago. */
  #isBegun(at) {
    const text = normalise(this.#text).toUpperCase();
    const may = STARTS.some((start) => text.startsWith(start.toUpperCase()) || start.toUpperCase().startsWith(text));
    return at - this.#last <= PATIENCE && text !== "" && may;
  }

  #end() {
    const [text, quick] = [normalise(this.#text), this.#quick];
    this.#reset();
    const typed = text.length >= LEAST && (quick >= text.length * 0.8 || KNOWN.test(text));
    return typed && isScan(text) ? { scan: text, swallow: true } : {};
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
    const field = isField(event.target) ? event.target : null;
    const value = field?.value;
    const { scan, swallow, first } = wedge.key(event.key, event.timeStamp);
    if (first) before = { field, value };
    if (swallow) {
      event.preventDefault();
      event.stopPropagation();
    }
    if (scan) {
      restore(before);
      onScan(scan);
    }
  };
  addEventListener("keydown", down, true);
  return () => removeEventListener("keydown", down, true);
}

const isField = (target) => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;

/** Takes back the first characters of a scan, which went into a field before it was known to be one. */
function restore(before) {
  if (!before?.field) return;
  before.field.value = before.value;
  before.field.dispatchEvent(new Event("input", { bubbles: true }));
}
