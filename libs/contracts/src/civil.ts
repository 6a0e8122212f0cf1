/**
 * RFC 3339 instants and civil dates by integer arithmetic, for the paths where a calendar library is too slow.
 * Proleptic Gregorian, years 0000 to 9999; days-from-civil after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
const MINUTE = 60_000;
const DAY = 86_400_000;

/** Days since 1970-01-01 of a civil date; the date must exist. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + day - 1;
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/**
 * Reads `2026-11-23T09:41:02[.123]Z` or with a ±hh:mm offset from ASCII bytes.
 * @returns milliseconds UTC (finer decimals are dropped), or NaN for anything else, be it legal elsewhere
 */
export function instantOfBytes(b: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < 20 || length > 35) return NaN;
  if (b[start + 4] !== 0x2d || b[start + 7] !== 0x2d || b[start + 10] !== 0x54) return NaN;
  if (b[start + 13] !== 0x3a || b[start + 16] !== 0x3a) return NaN;
  const year = two(b, start) * 100 + two(b, start + 2);
  const month = two(b, start + 5);
  const day = two(b, start + 8);
  const hour = two(b, start + 11);
  const minute = two(b, start + 14);
  const second = two(b, start + 17);
  // A part that is no number is far below 0, so one comparison catches it.
  if (year < 0 || month < 1 || month > 12 || day < 1 || (day > 28 && day > daysInMonth(year, month))) return NaN;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return NaN;
  const whole = daysFromCivil(year, month, day) * DAY + ((hour * 60 + minute) * 60 + second) * 1000;
  return length === 20 && b[start + 19] === 0x5a ? whole : whole + restOfBytes(b, start + 19, end);
}

/** Milliseconds of the decimals less those of the offset. */
function restOfBytes(b: Uint8Array, start: number, end: number): number {
  let at = start;
  let fraction = 0;
  if (b[at] === 0x2e) {
    const first = ++at;
    for (let unit = 100; at < end && isDigit(b[at]!); at++, unit = (unit / 10) | 0) fraction += unit * (b[at]! - 0x30);
    if (at === first || at - first > 9) return NaN;
  }
  if (b[at] === 0x5a) return at + 1 === end ? fraction : NaN;
  const sign = b[at] === 0x2b ? 1 : b[at] === 0x2d ? -1 : 0;
  if (sign === 0 || at + 6 !== end || b[at + 3] !== 0x3a) return NaN;
  const hours = two(b, at + 1);
  const minutes = two(b, at + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return NaN;
  return fraction - sign * (hours * 60 + minutes) * MINUTE;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Two digits as a number, or below −1000. */
function two(b: Uint8Array, at: number): number {
  const high = b[at]! - 0x30;
  const low = b[at + 1]! - 0x30;
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : -100_000;
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** RFC 3339 UTC text of an instant in years 0000 to 9999, milliseconds only where there are some. */
export function instantText(at: number): string {
  const day = Math.floor(at / DAY);
  const ms = at - day * DAY;
  const second = (ms / 1000) | 0;
  const fraction = ms % 1000;
  const time = `${pad((second / 3600) | 0, 2)}:${pad(((second / 60) | 0) % 60, 2)}:${pad(second % 60, 2)}`;
  return `${dateText(day)}T${time}${fraction === 0 ? '' : `.${pad(fraction, 3)}`}Z`;
}

let lastDay = NaN;
let lastText = '';

/** Calendar date of days since 1970-01-01. The last answer is kept: neighbours mostly share their day. */
function dateText(day: number): string {
  if (day === lastDay) return lastText;
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra =
    ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) | 0;
  const dayOfYear = dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0));
  const shiftedMonth = ((5 * dayOfYear + 2) / 153) | 0;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  lastDay = day;
  lastText = `${pad(year, 4)}-${pad(month, 2)}-${pad(dayOfYear - (((153 * shiftedMonth + 2) / 5) | 0) + 1, 2)}`;
  return lastText;
}
