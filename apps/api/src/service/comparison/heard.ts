import type { Store } from '@plumbline/ports';
import type { LocalHour } from './range.ts';

/** Days looked at from the first sale on; history that is loaded later is noticed after so long, milliseconds. */
const DAYS = 31;
const LASTS_MS = 10 * 60_000;
/** A day or hour with less than this share of a usual one holds stragglers: lines that came late, or with a wrong clock. */
const STRAGGLING = 0.2;

/**
 * The hour from which on the tower has heard of sales. What was planned before it cannot be compared with anything.
 * Stragglers before the first real day of business do not count.
 */
export class Heard {
  readonly #store: Pick<Store, 'actuals' | 'firstSale'>;
  readonly #now: () => number;
  #known: { at: number; hour: Promise<LocalHour | undefined> } | undefined;

  constructor(store: Pick<Store, 'actuals' | 'firstSale'>, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Undefined while nothing was sold. */
  async since(): Promise<LocalHour | undefined> {
    const known = this.#known;
    if (known && this.#now() - known.at < LASTS_MS) return known.hour;
    const hour = this.#find();
    this.#known = { at: this.#now(), hour };
    // The first days of a tower tell more with every hour, and a failure tells nothing.
    if (!(await hour.catch(() => undefined))) this.#known = undefined;
    return hour;
  }

  async #find(): Promise<LocalHour | undefined> {
    const first = await this.#store.firstSale();
    if (!first) return undefined;
    const days = await this.#store.actuals({ fromDay: first.day, toDay: first.day + DAYS, bucket: 'day' });
    const { day } = days[firstUsual(days.map(({ lines }) => lines))] ?? first;
    const hours = await this.#store.actuals({ fromDay: day, toDay: day + 1, bucket: 'hour' });
    return { day, hour: hours[firstUsual(hours.map(({ lines }) => lines))]?.hour ?? 0 };
  }
}

/** Position of the first that is no straggler beside the median. */
export function firstUsual(lines: readonly number[]): number {
  const ascending = lines.toSorted((a, b) => a - b);
  const median = ascending[Math.floor(ascending.length / 2)] ?? 0;
  return lines.findIndex((count) => count >= STRAGGLING * median);
}
