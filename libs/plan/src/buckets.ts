import type { BusinessDay } from '@plumbline/kernel';
import { PlanCalendar } from './calendar.ts';
import { splitKey, type PlanHead } from './columns.ts';
import { between } from './exact.ts';

/**
 * The plan lines of every split (family × region) by month, and how a part of a month falls on days and hours. A "part"
 * is [from, to) of a whole of weights; all amounts are integers and every split of them is by cumulative rounding.
 */
export class PlanBuckets {
  readonly firstMonth: number;
  readonly endMonth: number;
  readonly months: number;
  readonly calendar: PlanCalendar;
  /** splits × months. */
  readonly units: Float64Array;
  readonly revenue: Float64Array;
  readonly alpha: Float64Array;
  /** splits × 25 cumulative hour weights. */
  readonly #hours: Uint32Array;

  constructor(head: PlanHead) {
    const planned = head.lines.length > 0;
    this.firstMonth = planned ? head.lines.reduce((least, line) => Math.min(least, line.month), Infinity) : 0;
    this.endMonth = planned ? head.lines.reduce((most, line) => Math.max(most, line.month + 1), -Infinity) : 0;
    this.months = this.endMonth - this.firstMonth;
    this.calendar = new PlanCalendar(head.splits, this.firstMonth, this.endMonth);
    this.alpha = Float64Array.from(head.splits, (split) => split.alpha);
    this.#hours = cumulativeHours(head.splits.map((split) => split.hour));
    this.units = new Float64Array(head.splits.length * this.months);
    this.revenue = new Float64Array(head.splits.length * this.months);
    const numbers = new Map(head.splits.map((split, i) => [splitKey(split.family, split.region), i]));
    for (const line of head.lines) {
      const split = numbers.get(splitKey(line.family, line.region));
      if (split === undefined) continue;
      const at = split * this.months + line.month - this.firstMonth;
      this.units[at] = line.units;
      this.revenue[at] = line.revenue;
    }
  }

  /** The part [from, to) of `whole` of a split's months that falls on the days [fromDay, toDay). O(1) a month. */
  overDays(
    amounts: Float64Array,
    split: number,
    from: number,
    to: number,
    whole: number,
    fromDay: BusinessDay,
    toDay: BusinessDay,
  ): number {
    const { calendar, months } = this;
    const first = Math.max(0, fromDay - calendar.firstDay);
    const last = Math.min(calendar.days, toDay - calendar.firstDay);
    if (first >= last || from === to) return 0;
    const row = calendar.rowOf(split);
    const weights = calendar.cumulative;
    let sum = 0;
    for (let month = calendar.monthOf[first]; month < months && calendar.monthStart[month] < last; month++) {
      const amount = between(amounts[split * months + month], from, to, whole);
      const start = calendar.monthStart[month];
      const end = calendar.monthStart[month + 1];
      const base = weights[row + start];
      const left = weights[row + Math.max(start, first)] - base;
      const right = weights[row + Math.min(end, last)] - base;
      sum += between(amount, left, right, weights[row + end] - base);
    }
    return sum;
  }

  /** The part of a day's amount that falls on its local hours [fromHour, toHour). */
  overHours(amount: number, split: number, fromHour: number, toHour: number): number {
    const from = Math.max(0, fromHour);
    const to = Math.min(24, toHour);
    if (from >= to) return 0;
    const row = split * 25;
    return between(amount, this.#hours[row + from], this.#hours[row + to], this.#hours[row + 24]);
  }

  /** A scale (see `scales`) at a day: the planned amount of that day per unit of leaf weight; 0 outside the plan. */
  onDay(scale: Float64Array, split: number, day: BusinessDay): number {
    const { calendar } = this;
    const at = day - calendar.firstDay;
    if (at < 0 || at >= calendar.days) return 0;
    const row = calendar.rowOf(split) + at;
    const weight = calendar.cumulative[row + 1] - calendar.cumulative[row];
    return weight * scale[split * this.months + calendar.monthOf[at]];
  }

  /** splits × months: amount ÷ unit, per unit of leaf weight (`totals` of each split) and of day weight. */
  scales(amounts: Float64Array, totals: Float64Array, unit: number): Float64Array {
    const { calendar, months } = this;
    return amounts.map((amount, at) => {
      const split = Math.floor(at / months);
      const month = at % months;
      const row = calendar.rowOf(split);
      const start = calendar.cumulative[row + calendar.monthStart[month]];
      const days = calendar.cumulative[row + calendar.monthStart[month + 1]] - start;
      return totals[split] === 0 ? 0 : amount / unit / totals[split] / days;
    });
  }

  /** Share of a split's day elapsed at a local minute, linear within the hour. */
  elapsed(split: number, minute: number): number {
    const hour = Math.floor(minute / 60);
    const at = split * 25 + hour;
    const from = this.#hours[at];
    return (from + (this.#hours[at + 1] - from) * (minute / 60 - hour)) / this.#hours[split * 25 + 24];
  }
}

function cumulativeHours(profiles: readonly (readonly number[])[]): Uint32Array {
  const hours = new Uint32Array(profiles.length * 25);
  profiles.forEach((profile, i) => {
    for (let hour = 0; hour < 24; hour++) hours[i * 25 + hour + 1] = hours[i * 25 + hour] + profile[hour];
  });
  return hours;
}
