import type { ActualsAnswer, DigestBody } from '@plumbline/contracts';
import { formatDay, formatMoney, formatQuantity, parseDay, PlumblineError } from '@plumbline/kernel';
import { membersOf } from './members.ts';
import type { Plans } from './plans.ts';
import type { Source } from './source.ts';

export interface ActualsRequest {
  sku?: string[] | undefined;
  location?: string[] | undefined;
  /** Plan's hierarchies, as the version in force has them: all its SKUs, all its locations. */
  family?: string | undefined;
  region?: string | undefined;
  /** Business days, `to` exclusive: 2026-11-23. */
  from: string;
  to: string;
  bucket: 'hour' | 'day' | 'week' | 'total';
  by?: ('sku' | 'location')[] | undefined;
}

/** Longest ranges, in days: an answer of hours is 24 times as long. */
const LONGEST = { hour: 93, day: 3660, week: 3660, total: 36_600 };

/** Sales as the store has added them up. */
export class Actuals {
  readonly #source: Source;
  readonly #plans: Plans;

  constructor(source: Source, plans: Plans) {
    this.#source = source;
    this.#plans = plans;
  }

  /** @throws PlumblineError 'range-invalid', 'no-plan' */
  async query({ sku, location, family, region, from, to, bucket, by }: ActualsRequest): Promise<ActualsAnswer> {
    const [fromDay, toDay] = [parseDay(from), parseDay(to)];
    if (!(fromDay < toDay)) throw new PlumblineError('range-invalid', `The range ${from} to ${to} holds no day.`, { where: 'to', fix: 'Give a later day; it is the one after the last.' });
    if (toDay - fromDay > LONGEST[bucket]) {
      throw new PlumblineError('range-invalid', `The range is ${toDay - fromDay} days long, by ${bucket} at most ${LONGEST[bucket]} are answered.`, { where: 'to', fix: 'Ask for less at a time, or for a coarser bucket.' });
    }
    const [inForce, members] = await Promise.all([this.#plans.inForce(), membersOf(this.#source.store, this.#plans, { skus: sku, locations: location, family, region })]);
    const rows = await this.#source.store.actuals({ fromDay, toDay, bucket, ...members, ...(by ? { by } : {}) });
    const items = rows.map((row) => ({ ...row, day: formatDay(row.day), units: formatQuantity(row.units), revenue: formatMoney(row.revenue) }));
    return { items, currency: inForce?.currency ?? null };
  }

  digest(): Promise<DigestBody> {
    return this.#source.store.digest();
  }
}
