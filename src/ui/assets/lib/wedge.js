// Scanners that type (USB wedge): keystrokes faster than a person, ended by Enter or Tab, or framed by a prefix, become one
// scan wherever the focus is, whatever an input method makes of it. Pure but for `listen`; tested in Node.

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

/** Keys of a scanner's keyboard, which is an American one, without and with shift; letters and digits are computed. */
const PAIRS = {
  Backquote: "`~",
  Minus: "-_",
  Equal: "=+",
  BracketLeft: "[{",
  BracketRight: "]}",
  Backslash: "\\|",
  Semicolon: ";:",
  Quote: "'\"",
  Comma: ",<",
  Period: ".>",
  Slash: "/?",
  Space: "  ",
};
const ABOVE_DIGITS = ")!@#$%^&*(";

/** What a physical key types, or null. */
function physical(event) {
  const { code, shiftKey } = event;
  const [, letter, digit] = /^(?:Key([A-Z])|(?:Digit|Numpad)(\d))$/.exec(code) ?? [];
  if (letter) return shiftKey !== event.getModifierState("CapsLock") ? letter : letter.toLowerCase();
  if (digit) return shiftKey && code.startsWith("Digit") ? ABOVE_DIGITS[digit] : digit;
  if (/^(Numpad)?Enter$/.test(code)) return "Enter";
  return PAIRS[code]?.[shiftKey ? 1 : 0] ?? null;
}

/** An input method took this key: it tells which key it was, or not even that. */
const isTaken = (event) => event.key === "Process" || event.key === "Unidentified" || event.keyCode === 229;

/**
 * Calls `onScan(text)` for whatever a wedge scanner types on the page; returns how to stop. An input method that is switched
 * on takes the keys and writes full-width letters or words of its own into the field: then the keys themselves are read, or,
 * where it hides them, what it writes.
 */
export function listen(onScan) {
  const wedge = new Wedge();
  let before = null;
  let hidden = false;
  let composed = false;
  const put = (key, event) => {
    const field = isField(event.target) ? event.target : null;
    const value = field?.value;
    const { scan, swallow, first } = wedge.key(key, event.timeStamp);
    if (first) [before, composed] = [{ field, value }, false];
    if (swallow) {
      event.preventDefault();
      event.stopPropagation();
    }
    return scan;
  };
  const tell = (scan) => {
    restore(before, composed);
    onScan(scan);
  };
  const down = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const taken = isTaken(event);
    const key = taken ? physical(event) : event.key;
    hidden = key === null;
    if (hidden) return;
    const scan = put(key, event);
    composed ||= taken;
    if (scan) tell(scan);
  };
  const write = (event) => {
    if (!hidden || !event.data || event.isComposing) return;
    for (const key of event.data) put(key, event);
    composed = true;
  };
  addEventListener("keydown", down, true);
  addEventListener("beforeinput", write, true);
  return () => {
    removeEventListener("keydown", down, true);
    removeEventListener("beforeinput", write, true);
  };
}

const isField = (target) => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;

/** How long an input method may still write what it had in hand, milliseconds. */
const LATE = 300;

/** Takes back what went into a field of a scan: its first characters, or all that an input method made of it. */
function restore(before, composed) {
  if (!before?.field) return;
  const { field, value } = before;
  if (composed) {
    field.blur();
    const late = (event) => event.isTrusted && undo();
    field.addEventListener("input", late);
    setTimeout(() => field.removeEventListener("input", late), LATE);
  }
  const undo = () => {
    if (field.value === value) return;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  undo();
  if (composed && field.isConnected) field.focus();
}
