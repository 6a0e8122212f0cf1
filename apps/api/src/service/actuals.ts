import type { ActualsAnswer, DigestBody, UnplannedPage } from '@plumbline/contracts';
import { formatDay, formatInstant, formatMoney, formatQuantity, parseDay, PlumblineError } from '@plumbline/kernel';
import { decodePlan } from '@plumbline/plan';
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

  /** @throws PlumblineError 'range-invalid' */
  async query({ sku, location, family, region, from, to, bucket, by }: ActualsRequest): Promise<ActualsAnswer> {
    const [fromDay, toDay] = [parseDay(from), parseDay(to)];
    if (!(fromDay < toDay)) throw new PlumblineError('range-invalid', `The range ${from} to ${to} holds no day.`, { where: 'to', fix: 'Give a later day; it is the one after the last.' });
    if (toDay - fromDay > LONGEST[bucket]) {
      throw new PlumblineError('range-invalid', `The range is ${toDay - fromDay} days long, by ${bucket} at most ${LONGEST[bucket]} are answered.`, { where: 'to', fix: 'Ask for less at a time, or for a coarser bucket.' });
    }
    const inForce = await this.#plans.inForce();
    const named = family === undefined && region === undefined ? {} : await this.#named(inForce?.hash, family, region);
    const skus = both(sku, named.skus);
    const locations = both(location, named.locations);
    const rows = await this.#source.store.actuals({ fromDay, toDay, bucket, ...(skus ? { skus } : {}), ...(locations ? { locations } : {}), ...(by ? { by } : {}) });
    const items = rows.map((row) => ({ ...row, day: formatDay(row.day), units: formatQuantity(row.units), revenue: formatMoney(row.revenue) }));
    return { items, currency: inForce?.currency ?? null };
  }

  /** Sales of SKUs or locations that the plan does not know. */
  async unplanned(limit: number): Promise<UnplannedPage> {
    const rows = await this.#source.store.unplanned(limit);
    return { items: rows.map((row) => ({ ...row, lastAt: formatInstant(row.lastAt) })), next: null };
  }

  digest(): Promise<DigestBody> {
    return this.#source.store.digest();
  }

  async #named(hash: string | undefined, family: string | undefined, region: string | undefined): Promise<{ skus?: string[]; locations?: string[] }> {
    const stored = hash === undefined ? undefined : await this.#source.store.plan(hash);
    if (!stored) throw new PlumblineError('no-plan', 'No plan is in force that would say what belongs to a family or region.', { where: 'family', fix: 'Commit a plan, or name SKUs and locations.' });
    const { products, locations } = decodePlan(stored.body);
    return {
      ...(family === undefined ? {} : { skus: products.filter((product) => product.family === family).map((product) => product.sku) }),
      ...(region === undefined ? {} : { locations: locations.filter((place) => place.region === region).map((place) => place.code) }),
    };
  }
}

/** Codes that are in both lists; a list that is absent says "all". */
function both(a: readonly string[] | undefined, b: readonly string[] | undefined): string[] | undefined {
  if (!a || !b) return a || b ? [...(a ?? b)!] : undefined;
  const kept = new Set(b);
  return a.filter((code) => kept.has(code));
}
