import type { BusinessDay } from '@plumbline/kernel';
import type { ActualsBucket, ActualsGroups, Store } from '@plumbline/ports';
import type { Now } from './source.ts';

export interface SalesRequest {
  /** The same for the same groups. */
  scope: string;
  groups: { skus: ActualsGroups; locations: ActualsGroups };
  bucket: 'hour' | 'day';
  /** [fromDay, toDay). */
  fromDay: BusinessDay;
  toDay: BusinessDay;
  /** The first business day that is still under way. */
  openDay: BusinessDay;
}

interface KeptDay {
  rows: ActualsBucket[];
  readAt: number;
  final: boolean;
}

const SCOPES = 48;
/** Late lines come for seven days; a closed day is read again now and then until they are over. */
const LATE_DAYS = 8;
const FRESH_MS = 60_000;

/**
 * Sales of a scope by day or hour, closed days kept: a chart that is looked at asks again and again, and of a wide scope
 * every day costs the store tens of thousands of rows. A late line is seen within a minute.
 */
export class Sales {
  readonly #store: Pick<Store, 'actuals'>;
  readonly #now: Now;
  readonly #kept = new Map<string, Map<BusinessDay, KeptDay>>();

  constructor(store: Pick<Store, 'actuals'>, now: Now) {
    this.#store = store;
    this.#now = now;
  }

  /** Ascending by day. */
  async rows({ scope, groups, bucket, fromDay, toDay, openDay }: SalesRequest): Promise<ActualsBucket[]> {
    if (toDay <= fromDay) return [];
    const kept = this.#of(`${bucket} ${scope}`);
    const at = this.#now();
    const fresh = (day: BusinessDay): boolean => {
      const known = kept.get(day);
      return known !== undefined && (known.final || at - known.readAt < FRESH_MS);
    };
    let [from, to] = [fromDay, toDay];
    while (from < to && fresh(from)) from++;
    while (to > from && fresh(to - 1)) to--;
    const read = new Map<BusinessDay, ActualsBucket[]>();
    for (let day = from; day < to; day++) read.set(day, []);
    if (from < to) for (const row of await this.#store.actuals({ groups, bucket, fromDay: from, toDay: to })) read.get(row.day)?.push(row);
    const rows: ActualsBucket[] = [];
    for (let day = fromDay; day < toDay; day++) rows.push(...(read.get(day) ?? kept.get(day)?.rows ?? []));
    for (const [day, found] of read) if (day < openDay) kept.set(day, { rows: found, readAt: at, final: day < openDay - LATE_DAYS });
    return rows;
  }

  #of(key: string): Map<BusinessDay, KeptDay> {
    const kept = this.#kept.get(key) ?? new Map<BusinessDay, KeptDay>();
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    if (this.#kept.size > SCOPES) this.#kept.delete(this.#kept.keys().next().value!);
    return kept;
  }
}
