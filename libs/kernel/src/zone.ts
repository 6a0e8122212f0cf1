import { Temporal } from 'temporal-polyfill';

/** A UTC instant in milliseconds since 1970-01-01T00:00Z. */
export type Instant = number;
/** A business day: the location's calendar day, as days since 1970-01-01. */
export type BusinessDay = number;

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/**
 * UTC offsets of one IANA zone as a table, so that local days cost a look-up and no calendar library runs on a hot path.
 * Built once per zone; covers `FROM_YEAR` to `TO_YEAR`.
 */
export class Zone {
  readonly id: string;
  /** Instants at which the offset changes, ascending; `offsets[i]` holds from `changes[i]` on. */
  readonly #changes: Float64Array;
  readonly #offsets: Float64Array;
  #last = 0;

  constructor(id: string) {
    this.id = id;
    const changes: number[] = [-Infinity];
    let at = Temporal.Instant.from(`${FROM_YEAR}-01-01T00:00Z`).toZonedDateTimeISO(id);
    const offsets: number[] = [at.offsetNanoseconds / 1e6];
    const end = yearStart(TO_YEAR);
    for (;;) {
      const next = at.getTimeZoneTransition('next');
      if (!next || next.epochMilliseconds >= end) break;
      changes.push(next.epochMilliseconds);
      offsets.push(next.offsetNanoseconds / 1e6);
      at = next;
    }
    this.#changes = Float64Array.from(changes);
    this.#offsets = Float64Array.from(offsets);
  }

  /** Offset from UTC in milliseconds at an instant (east is positive). */
  offsetAt(at: Instant): number {
    const changes = this.#changes;
    let i = this.#last;
    if (at >= changes[i]! && (i + 1 === changes.length || at < changes[i + 1]!)) return this.#offsets[i]!;
    let low = 0;
    let high = changes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (changes[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    i = this.#last = low;
    return this.#offsets[i]!;
  }

  /** The business day an instant falls in. */
  dayOf(at: Instant): BusinessDay {
    return Math.floor((at + this.offsetAt(at)) / DAY_MS);
  }

  /** Local wall-clock minutes since midnight, with fraction: 0 ≤ m < 1440. */
  minuteOf(at: Instant): number {
    const local = at + this.offsetAt(at);
    return (local - Math.floor(local / DAY_MS) * DAY_MS) / MINUTE_MS;
  }

  /** Local wall-clock hour 0–23. */
  hourOf(at: Instant): number {
    return Math.floor(this.minuteOf(at) / 60);
  }

  /** The instant at which a business day begins (the first instant of that local day). */
  startOf(day: BusinessDay): Instant {
    const wall = day * DAY_MS;
    let at = wall - this.offsetAt(wall);
    at = wall - this.offsetAt(at);
    // In a gap at midnight the day begins where the clock lands after it.
    while (this.dayOf(at) < day) at += 15 * MINUTE_MS;
    while (this.dayOf(at - 1) >= day) at -= 15 * MINUTE_MS;
    return at;
  }
}

const FROM_YEAR = 2000;
const TO_YEAR = 2060;
const yearStart = (year: number): number => Temporal.Instant.from(`${year}-01-01T00:00Z`).epochMilliseconds;

const zones = new Map<string, Zone>();

/** The shared table of a zone. @throws RangeError for an unknown IANA name */
export function zoneOf(id: string): Zone {
  let zone = zones.get(id);
  if (!zone) zones.set(id, (zone = new Zone(id)));
  return zone;
}

/** ISO weekday of a business day: 0 = Monday … 6 = Sunday. */
export const weekdayOf = (day: BusinessDay): number => (((day + 3) % 7) + 7) % 7;

/** "2026-11-23" → days since 1970-01-01. NaN when the text is no calendar date. */
export function parseDay(text: string): BusinessDay {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return NaN;
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).since('1970-01-01').days;
  } catch {
    return NaN;
  }
}

const DAY_TEXTS_AT_HAND = 1000;
const dayTexts = new Map<BusinessDay, string>();

/** Days since 1970-01-01 → "2026-11-23". @throws RangeError for what is no day */
export function formatDay(day: BusinessDay): string {
  let text = dayTexts.get(day);
  if (text === undefined) {
    if (dayTexts.size >= DAY_TEXTS_AT_HAND) dayTexts.clear();
    dayTexts.set(day, (text = Temporal.PlainDate.from('1970-01-01').add({ days: day }).toString()));
  }
  return text;
}

/** Calendar month of a day as months since 1970-01 (0 = January 1970). */
export function monthOf(day: BusinessDay): number {
  const date = Temporal.PlainDate.from('1970-01-01').add({ days: day });
  return (date.year - 1970) * 12 + date.month - 1;
}

/** First business day of a month counted since 1970-01. */
export function firstDayOfMonth(month: number): BusinessDay {
  const year = 1970 + Math.floor(month / 12);
  const inYear = ((month % 12) + 12) % 12;
  return Temporal.PlainDate.from({ year, month: inYear + 1, day: 1 }).since('1970-01-01').days;
}

/** "2026-11" ↔ months since 1970-01. NaN when malformed. */
export function parseMonth(text: string): number {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text);
  return match ? (Number(match[1]) - 1970) * 12 + Number(match[2]) - 1 : NaN;
}

export function formatMonth(month: number): string {
  const year = 1970 + Math.floor(month / 12);
  return `${year}-${String((((month % 12) + 12) % 12) + 1).padStart(2, '0')}`;
}

/** RFC 3339 UTC text of an instant, without needless fractions. @throws RangeError for what is no instant */
export function formatInstant(at: Instant): string {
  const day = Math.floor(at / DAY_MS);
  const rest = at - day * DAY_MS;
  const milliseconds = rest % 1000;
  const [hour, minute, second] = [rest / HOUR_MS, (rest / MINUTE_MS) % 60, (rest / 1000) % 60].map((part) => padded(Math.floor(part), 2));
  return `${formatDay(day)}T${hour}:${minute}:${second}${milliseconds === 0 ? '' : `.${padded(milliseconds, 3)}`}Z`;
}

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0');

/** RFC 3339 text → instant; NaN when malformed or without an offset. */
export function parseInstant(text: string): Instant {
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return NaN;
  }
}
