// Words: the catalogue of the chosen language, and how dates, numbers and two-language labels are written in it.
// Chinese first; `?lang=en` or the stored choice says otherwise. 长辈版 is kept beside it.

const LANG = "certless.lang";
const LARGE = "certless.large";
const tag = () => document.documentElement.lang;

/** What the address or an earlier visit chose; Chinese when neither did. */
function chosen() {
  const asked = new URLSearchParams(location.search).get("lang") ?? stored(LANG);
  return asked?.startsWith("en") ? "en" : "zh";
}

function stored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // Storage may be forbidden; the choice then lasts for one page.
  }
}

function store(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // As above.
  }
}

export const lang = chosen();
document.documentElement.lang = lang === "en" ? "en" : "zh-Hans";
document.documentElement.toggleAttribute("data-large", stored(LARGE) === "yes");

const answer = await fetch(new URL(`../text/${lang}.json`, import.meta.url));
const texts = answer.ok ? await answer.json() : {};

/** The text of a key with `{name}` filled in; the key itself where the catalogue lacks it. */
export function t(key, values) {
  const text = texts[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) : text;
}

/** The text of a label `{zh, en}` in the chosen language. */
export function label(two) {
  if (two === null || two === undefined) return "";
  if (typeof two === "string") return two;
  return (lang === "en" ? two.en : two.zh) ?? two.zh ?? two.en ?? "";
}

/** Changes the language and loads the page anew in it. */
export function setLang(next) {
  store(LANG, next);
  const url = new URL(location.href);
  url.searchParams.delete("lang");
  if (url.href === location.href) location.reload();
  else location.replace(url);
}

/** Whether large type is on. */
export const isLarge = () => document.documentElement.hasAttribute("data-large");

/** Switches large type. */
export function setLarge(on) {
  document.documentElement.toggleAttribute("data-large", on);
  store(LARGE, on ? "yes" : null);
}

const MONTHS = "January February March April May June July August September October November December".split(" ");

/** `2026-03-01`, or the day in China of an instant, as 2026年3月1日 or 1 March 2026; other texts stay as they are. */
export function day(text) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(chinaDay(text));
  if (!parts) return text === "长期" && lang === "en" ? t("date.permanent") : (text ?? "");
  const [, y, m, d] = parts.map(Number);
  return lang === "en" ? `${d} ${MONTHS[m - 1]} ${y}` : `${y}年${m}月${d}日`;
}

/** The day and 24-hour time in China of an instant. */
export function moment(text) {
  return text ? `${day(text)} ${clock(text)}` : "";
}

/** The 24-hour time in China of an instant. */
export function clock(text) {
  const at = new Date(text);
  return new Date(at.getTime() + 8 * 3600e3).toISOString().slice(11, 16);
}

function chinaDay(text) {
  if (!text || !text.includes("T")) return text ?? "";
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : new Date(at.getTime() + 8 * 3600e3).toISOString().slice(0, 10);
}

/** A count with the groups of the language. */
export const count = (n) => new Intl.NumberFormat(tag()).format(n);

/** A long number in groups for reading: 430112 19900307 4016, 9135 0100 M000 100Y 43; copied without gaps by `Grouped`. */
export function groups(text) {
  if (/^\d{17}[\dX]$/.test(text)) return [text.slice(0, 6), text.slice(6, 14), text.slice(14)];
  if (/^[0-9A-Z]{18}$/.test(text)) return [text.slice(0, 2), text.slice(2, 8), text.slice(8, 17), text.slice(17)];
  if (/^\d{8}$/.test(text)) return [text.slice(0, 4), text.slice(4)];
  return [text];
}

const COMPOUND = /^(欧阳|司马|上官|诸葛|夏侯|皇甫|尉迟|公孙|慕容|令狐|司徒|端木)./u;

/** A name with all but the surname hidden, as the server masks it. */
export function maskName(name) {
  const shown = COMPOUND.test(name) ? 2 : 1;
  return [...name].map((c, i) => (i < shown ? c : "*")).join("");
}

/** A code with its middle hidden: 430112********4016. */
export const maskCode = (code) =>
  code.length < 12 ? code : `${code.slice(0, 6)}${"*".repeat(code.length - 10)}${code.slice(-4)}`;
