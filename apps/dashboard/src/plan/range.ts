import { DAY, HOUR, offsetAt } from '@plumbline/charts/time';

/** Intervals by name. They move with the tower's clock; an address with a name stays right tomorrow. */
export const presets = ['hour', 'today', 'week', 'month', 'quarter', 'horizon'] as const;
export type Preset = (typeof presets)[number];

export const presetNames: Record<Preset, string> = {
  hour: 'Last hour',
  today: 'Today',
  week: 'Week',
  month: 'Month',
  quarter: 'Quarter',
  horizon: 'Horizon',
};

/** First and last business day, both of the range: 2026-11-23. */
export interface Days {
  from: string;
  to: string;
}
export type Range = Preset | Days;

/** As the API wants it: business days with the end exclusive, or instants. */
export interface Asked {
  from: string;
  to: string;
}

/** The API clips to the plan, so that this asks for all that is planned. */
const HORIZON_DAYS = 1800;

export const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && textOf(numberOf(text)) === text;
/** Days since 1970-01-01; NaN for what is no date. */
const numberOf = (text: string): number => Date.parse(`${text}T00:00:00Z`) / DAY;
const textOf = (day: number): string => (Number.isFinite(day) ? new Date(day * DAY).toISOString().slice(0, 10) : '');

/** The business day at an instant. */
export const dayAt = (now: number, zone: string): string => textOf(Math.floor((now + offsetAt(now, zone)) / DAY));
export const dayAfter = (day: string, days = 1): string => textOf(numberOf(day) + days);

/** @param now event time @param zone IANA, whose business day is meant */
export function asked(range: Range, now: number, zone: string): Asked {
  if (typeof range !== 'string') return { from: range.from, to: dayAfter(range.to) };
  // The hour before and the one in progress: the tower keeps sums of full local hours.
  if (range === 'hour') return { from: instant(now - HOUR), to: instant(now) };
  const today = dayAt(now, zone);
  const day = numberOf(today);
  const [year, month] = [Number(today.slice(0, 4)), Number(today.slice(5, 7)) - 1];
  const firstOf = (ahead: number): string => textOf(Date.UTC(year, month + ahead, 1) / DAY);
  if (range === 'today') return { from: today, to: textOf(day + 1) };
  if (range === 'week') {
    const monday = day - ((((day + 3) % 7) + 7) % 7);
    return { from: textOf(monday), to: textOf(monday + 7) };
  }
  if (range === 'month') return { from: firstOf(0), to: firstOf(1) };
  if (range === 'quarter') return { from: firstOf(-(month % 3)), to: firstOf(3 - (month % 3)) };
  return { from: today, to: textOf(day + HORIZON_DAYS) };
}

const instant = (at: number): string => new Date(Math.floor(at / 1000) * 1000).toISOString().replace('.000Z', 'Z');

/** Whether days are two dates in order, of at most five years. */
export function daysProblem({ from, to }: Days): string | undefined {
  if (!isDay(from) || !isDay(to)) return 'Both ends must be dates.';
  if (from > to) return 'The range ends before it begins.';
  return numberOf(to) - numberOf(from) >= 1830 ? 'At most five years can be compared at once.' : undefined;
}

const dates = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const datesWithYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });

/** "1 – 30 Nov", "23 Nov", "25 Nov 2026 – 30 Apr 2028", of an answer's days; @param to exclusive */
export function daysWords(from: string, to: string): string {
  const last = dayAfter(to, -1);
  const [begin, end] = [Date.parse(from), Date.parse(last)];
  if (from === last) return dates.format(begin);
  if (from.slice(0, 7) === last.slice(0, 7)) return `${Number(from.slice(8))} – ${dates.format(end)}`;
  const format = from.slice(0, 4) === last.slice(0, 4) ? dates : datesWithYear;
  return `${format.format(begin)} – ${format.format(end)}`;
}

/** The clock most places share; on equal numbers the first by name. */
export function mainZone(zones: readonly string[], otherwise: string): string {
  const counts = new Map<string, number>();
  for (const zone of zones) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0] ?? otherwise;
}
