import { HOUR_MS, MINUTE_MS, Random, type Instant } from '@plumbline/kernel';
import type { Cause } from './causes.ts';
import { salePrice } from './plan.ts';
import type { Retailer } from './retailer.ts';
import { mix, seedOf } from './seed.ts';

/**
 * The causes that touch one location between two instants, or undefined when there are none, so that ordinary days
 * cost nothing. Silences count as touching as long as a late line could fall into them.
 */
export function influencesOf(
  retailer: Retailer,
  causes: readonly Cause[],
  location: number,
  from: Instant,
  to: Instant,
): LocationInfluences | undefined {
  const { code, region } = retailer.locations[location]!;
  const here = causes.filter(
    ({ scope }) =>
      (scope.location === undefined || scope.location === code) &&
      (scope.region === undefined || scope.region === region),
  );
  const demand = here.filter((cause) => cause.kind !== 'store-silence' && cause.from < to && cause.to > from);
  const silences = here
    .filter((cause) => cause.kind === 'store-silence' && cause.to > from)
    .sort((a, b) => a.from - b.from);
  if (demand.length === 0 && silences.length === 0) return undefined;
  return new LocationInfluences(
    retailer,
    demand,
    silences,
    mix(retailer.seed, 7, location, Math.floor(from / HOUR_MS)),
  );
}

export class LocationInfluences {
  readonly #retailer: Retailer;
  readonly #demand: readonly Cause[];
  readonly #silences: readonly Cause[];
  readonly #seed: number;

  constructor(retailer: Retailer, demand: readonly Cause[], silences: readonly Cause[], seed: number) {
    this.#retailer = retailer;
    this.#demand = demand;
    this.#silences = silences;
    this.#seed = seed;
  }

  ofSku(sku: number): Influences | undefined {
    const product = this.#retailer.products[sku]!;
    const demand = this.#demand.filter(
      ({ scope }) =>
        (scope.sku === undefined || scope.sku === product.sku) &&
        (scope.family === undefined || scope.family === product.family),
    );
    if (demand.length === 0 && this.#silences.length === 0) return undefined;
    return new Influences(demand, this.#silences, mix(this.#seed, sku));
  }
}

/** What the causes do to one series on one day. */
export class Influences {
  readonly #demand: readonly Cause[];
  readonly #silences: readonly Cause[];
  readonly #seed: number;
  readonly #thinning: Random;

  constructor(demand: readonly Cause[], silences: readonly Cause[], seed: number) {
    this.#demand = demand;
    this.#silences = silences;
    this.#seed = seed;
    this.#thinning = new Random(seed);
  }

  /** Whether an ordinary line at `time` still happens: kept with the probability of every reducing factor. */
  keeps(time: Instant): boolean {
    const u = this.#thinning.uniform();
    return u < this.#reduction(time);
  }

  /**
   * Draws the additional lines of surges: for each, Poisson(rate · (factor − 1)) candidates over the whole day, of
   * which `draw` keeps those that `accept` finds within the cause's time (thinned where it drifts).
   */
  extra(rate: number, draw: (random: Random, accept: (time: Instant) => boolean) => void): void {
    for (const cause of this.#demand) {
      if (cause.factor <= 1) continue;
      const random = new Random(mix(this.#seed, 8, seedOf(cause.id)));
      const chance = new Random(mix(this.#seed, 9, seedOf(cause.id)));
      const count = random.poisson(rate * (cause.factor - 1));
      for (let i = 0; i < count; i++) {
        draw(
          random,
          (time) => chance.uniform() < ((factorAt(cause, time) - 1) / (cause.factor - 1)) * this.#reduction(time),
        );
      }
    }
  }

  /** When a line of `sentAt` really leaves the location: later when buffered through a silence, −1 when lost. */
  sent(sentAt: Instant): Instant {
    let at = sentAt;
    for (const silence of this.#silences) {
      if (at < silence.from || at >= silence.to) continue;
      if (silence.unsent !== 'buffered') return -1;
      // Emptied within ten minutes, in the order of sale.
      at = Math.round(silence.to + ((at - silence.from) / (silence.to - silence.from)) * 10 * MINUTE_MS);
    }
    return at;
  }

  price(price: number, time: Instant): number {
    let paid = price;
    for (const cause of this.#demand) {
      if (cause.price !== undefined && time >= cause.from && time < cause.to) paid = salePrice(paid, cause.price);
    }
    return paid;
  }

  #reduction(time: Instant): number {
    let share = 1;
    for (const cause of this.#demand) if (cause.factor < 1) share *= factorAt(cause, time);
    return share;
  }
}

/** Demand as a multiple of its base rate at an instant; a drift goes there in a straight line. */
export function factorAt(cause: Cause, time: Instant): number {
  if (time < cause.from || time >= cause.to) return 1;
  if (cause.kind !== 'drift') return cause.factor;
  return 1 + ((cause.factor - 1) * (time - cause.from)) / (cause.to - cause.from);
}
