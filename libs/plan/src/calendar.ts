import { firstDayOfMonth, parseDay, weekdayOf, type BusinessDay } from '@plumbline/kernel';
import type { SplitHead } from './columns.ts';

/** A calendar month and its business days [first, end). */
export interface MonthDays {
  month: number;
  first: BusinessDay;
  end: BusinessDay;
}

/** The months [from, end) with their days, worked out once: calendar arithmetic is slow. */
export function monthDays(from: number, end: number): MonthDays[] {
  const starts = Array.from({ length: end - from + 1 }, (_, i) => firstDayOfMonth(from + i));
  return Array.from({ length: end - from }, (_, i) => ({ month: from + i, first: starts[i], end: starts[i + 1] }));
}

/** Weights of the days [first, end) by weekday, 0 on closed days, added up. */
export function openWeight(days: MonthDays, weekday: readonly number[], closed: ReadonlySet<BusinessDay>): number {
  let weight = 0;
  for (let day = days.first; day < days.end; day++) if (!closed.has(day)) weight += weekday[weekdayOf(day)];
  return weight;
}

/**
 * Day weights of the plan's months, cumulative over the whole horizon, one row per distinct calendar (weekday weights
 * and closed dates). A day's weight is its weekday's, 0 on a closed date; in a month without any open day every day
 * weighs 1, so that what is planned for it is not lost.
 */
export class PlanCalendar {
  readonly firstMonth: number;
  readonly endMonth: number;
  readonly firstDay: BusinessDay;
  readonly endDay: BusinessDay;
  readonly days: number;
  /** Month (from firstMonth) of each day of the horizon. */
  readonly monthOf: Uint16Array;
  /** First day (from firstDay) of each month, and one past the last. */
  readonly monthStart: Uint32Array;
  /** Calendar of each split. */
  readonly calendarOf: Uint32Array;
  /** calendars × (days + 1); at most 3,660 days × 1,000,000, which 32 bits hold. */
  readonly cumulative: Uint32Array;

  constructor(splits: readonly SplitHead[], firstMonth: number, endMonth: number) {
    this.firstMonth = firstMonth;
    this.endMonth = endMonth;
    const months = monthDays(firstMonth, endMonth);
    this.firstDay = months[0]?.first ?? 0;
    this.endDay = months.at(-1)?.end ?? 0;
    this.days = this.endDay - this.firstDay;
    this.monthOf = new Uint16Array(this.days);
    this.monthStart = new Uint32Array(months.length + 1);
    months.forEach(({ first, end }, i) => {
      this.monthStart[i + 1] = end - this.firstDay;
      this.monthOf.fill(i, first - this.firstDay, end - this.firstDay);
    });
    const numbers = new Map<string, number>();
    const rows: Uint32Array[] = [];
    this.calendarOf = new Uint32Array(splits.length);
    splits.forEach((split, i) => {
      const key = `${split.weekday.join()}|${split.closed.join()}`;
      let number = numbers.get(key);
      if (number === undefined) {
        numbers.set(key, (number = rows.length));
        rows.push(this.#row(split));
      }
      this.calendarOf[i] = number;
    });
    this.cumulative = new Uint32Array(rows.length * (this.days + 1));
    rows.forEach((row, i) => this.cumulative.set(row, i * (this.days + 1)));
  }

  /** Where a split's cumulative day weights begin. */
  rowOf(split: number): number {
    return this.calendarOf[split] * (this.days + 1);
  }

  #row(split: SplitHead): Uint32Array {
    const closed = new Set(split.closed.map(parseDay));
    const weight = Uint32Array.from({ length: this.days }, (_, i) => {
      const day = this.firstDay + i;
      return closed.has(day) ? 0 : split.weekday[weekdayOf(day)];
    });
    for (let month = 0; month + 1 < this.monthStart.length; month++) {
      const inMonth = weight.subarray(this.monthStart[month], this.monthStart[month + 1]);
      if (inMonth.every((w) => w === 0)) inMonth.fill(1);
    }
    const cumulative = new Uint32Array(this.days + 1);
    for (let i = 0; i < this.days; i++) cumulative[i + 1] = cumulative[i] + weight[i];
    return cumulative;
  }
}
