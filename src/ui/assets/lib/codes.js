// Check digits of the national codes, as `base::codes` has them: errors are told while somebody types. Pure; tested against
// the same vectors as the server.

const USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const USCC_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const CITIZEN_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CITIZEN_CHECKS = "10X98765432";
const ORGANISATION_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2];
const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** Live codes whose check character is wrong. */
const USCC_EXCEPTIONS = ["91350203M0001QAY9B"];

function weighted(body, weights, alphabet) {
  if (body.length !== weights.length) return null;
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) {
    const value = alphabet.indexOf(body[i]);
    if (value < 0) return null;
    sum += value * weights[i];
  }
  return sum;
}

/** GB 11643, ISO 7064 MOD 11-2. */
export function citizenCheck(body) {
  const sum = weighted(body, CITIZEN_WEIGHTS, "0123456789");
  return sum === null ? null : CITIZEN_CHECKS[sum % 11];
}

/** GB 32100. */
export function usccCheck(body) {
  const sum = weighted(body, USCC_WEIGHTS, USCC);
  return sum === null ? null : USCC[(31 - (sum % 31)) % 31];
}

/** GB 11714. */
export function organisationCheck(body) {
  const sum = weighted(body, ORGANISATION_WEIGHTS, ALPHANUMERIC);
  if (sum === null) return null;
  const digit = 11 - (sum % 11);
  return digit === 10 ? "X" : digit === 11 ? "0" : String(digit);
}

/** ISO 7064 MOD 37,36. */
export function mod3736(body) {
  let product = 36;
  for (const c of body) {
    const value = ALPHANUMERIC.indexOf(c);
    if (value < 0) return null;
    let total = (product + value) % 36;
    if (total === 0) total = 36;
    product = (total * 2) % 37;
  }
  return ALPHANUMERIC[(37 - product) % 36];
}

/** Whether `YYYY-MM-DD` is a day of the calendar. */
export function isDate(text) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!parts) return false;
  const [y, m, d] = parts.slice(1).map(Number);
  const date = new Date(Date.UTC(2000, 0, 1));
  date.setUTCFullYear(y, m - 1, d);
  return y >= 1 && date.getUTCMonth() === m - 1 && date.getUTCDate() === d;
}

/** What is wrong with a 公民身份号码: `length`, `character`, `address`, `date`, `check`; null when right. */
export function citizenFault(text) {
  const code = text.toUpperCase();
  if (code.length !== 18) return "length";
  if (!/^\d{17}[\dX]$/.test(code)) return "character";
  if (!/^[1-9]/.test(code)) return "address";
  const date = `${code.slice(6, 10)}-${code.slice(10, 12)}-${code.slice(12, 14)}`;
  if (!isDate(date) || Number(code.slice(6, 10)) < 1800) return "date";
  return citizenCheck(code.slice(0, 17)) === code[17] ? null : "check";
}

/** Birth date and sex (1 male, 2 female, GB/T 2261.1) that a right 公民身份号码 tells. */
export function citizenFacts(text) {
  if (citizenFault(text) !== null) return null;
  const birthDate = `${text.slice(6, 10)}-${text.slice(10, 12)}-${text.slice(12, 14)}`;
  return { birthDate, sex: Number(text[16]) % 2 === 1 ? "1" : "2" };
}

/** What is wrong with a 统一社会信用代码; null when right. */
export function usccFault(text) {
  if (USCC_EXCEPTIONS.includes(text)) return null;
  if (text.length !== 18) return "length";
  if (!/^\d{6}$/.test(text.slice(2, 8))) return "division";
  const check = usccCheck(text.slice(0, 17));
  if (check === null) return "character";
  if (check !== text[17]) return "check";
  return organisationCheck(text.slice(8, 16)) === text[16] ? null : "organisation";
}

/** The 18-character form of a 15-digit identity number of before 1999; null when it is none. */
export function fromLegacy(text) {
  if (!/^\d{15}$/.test(text)) return null;
  const body = `${text.slice(0, 6)}19${text.slice(6)}`;
  const whole = body + citizenCheck(body);
  return citizenFault(whole) === null ? whole : null;
}

/** Whether a 办件编号 has its check character. */
export function isCaseNumber(text) {
  const parts = /^(\d{6})-(\d{4})(\d{2})(\d{2})-(\d{6})-([0-9A-Z])$/.exec(text);
  if (!parts || parts[5] === "000000") return false;
  const [, division, y, m, d, serial, check] = parts;
  return isDivision(division) && isDate(`${y}-${m}-${d}`) && mod3736(division + y + m + d + serial) === check;
}

/** Whether a text can be a 行政区划代码. */
export function isDivision(text) {
  if (!/^\d{6}$/.test(text)) return false;
  const province = text.slice(0, 2);
  if (province < "11" || province >= "84") return false;
  return !(text.slice(2, 4) === "00" && text.slice(4) !== "00");
}

/** Whether a 事项实施编码 is well formed. */
export function isMatterCode(text) {
  return (
    text.length === 31 &&
    usccFault(text.slice(0, 18)) === null &&
    /^[1-7]\d{12}$/.test(text.slice(18)) &&
    text.slice(25, 28) !== "000"
  );
}

/** Whether a 电子证照标识 has its check character. */
export function isCertificateIdentifier(text) {
  const parts = /^1\.2\.156\.3005\.2\.([0-9A-Z]{21})\.([0-9A-Z]{6,18})\.([0-9A-Za-z]{1,64})\.(\d{3})\.([0-9A-Z])$/.exec(
    text,
  );
  if (!parts) return false;
  const [, type, issuer, serial, version, check] = parts;
  return usccFault(type.slice(0, 18)) === null && mod3736((type + issuer + serial + version).toUpperCase()) === check;
}

/** The kind of a holder's code by GB/T 36903: `111` citizen, `001` organisation; null when it is neither. */
export function holderKind(code) {
  if (citizenFault(code) === null) return "111";
  return usccFault(code) === null ? "001" : null;
}
