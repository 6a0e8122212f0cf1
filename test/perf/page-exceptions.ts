import { exceptionSchema, type Altitude, type Exception, type ExceptionKind, type Scope } from '@plumbline/contracts';
import { headline, recommendedActions } from '@plumbline/exceptions';
import { formatInstant, HOUR_MS, Random, zoneOf, type Instant } from '@plumbline/kernel';
import type { Store } from '@plumbline/ports';
import type { Retailer } from '@plumbline/simulator';
import { setTimeout as sleep } from 'node:timers/promises';
import { anException, someFigures } from '../../apps/dashboard/src/live/exceptions.testing.ts';

const ALTITUDES: readonly Altitude[] = ['leaf', 'leaf', 'leaf', 'sku-region', 'sku', 'family-region', 'location'];
const EVERY_MS = 100;
const TICK_MS = 1000;
/** Every so many changes one exception recovers and another is raised. */
const TURNOVER = 20;
const NO_PAGES = { meta: Uint8Array.of(1), pages: [], pageCount: 0 };

/** What goes on at a retailer with very much to look at: exceptions of all sorts that change, recover and are raised. */
export class ManyExceptions {
  readonly #random = new Random(11);
  readonly #retailer: Retailer;
  readonly #open: Exception[] = [];
  #raised = 0;
  #change = 0;

  constructor(retailer: Retailer, count: number, now: Instant) {
    this.#retailer = retailer;
    this.grow(count, now);
  }

  /** Raises so many that there are `count`, at various times before. @returns those */
  grow(count: number, now: Instant): Exception[] {
    const raised = Array.from({ length: count - this.#open.length }, () => exceptionSchema.parse(this.#raise(now - this.#random.below(48 * HOUR_MS))));
    this.#open.push(...raised);
    return raised;
  }

  get all(): readonly Exception[] {
    return this.#open;
  }

  /** Exceptions in their next state, each once; as many stay open as there were. */
  changed(count: number, now: Instant): Exception[] {
    const changed = new Map<string, Exception>();
    while (changed.size < count) {
      const at = this.#random.below(this.#open.length);
      const before = this.#open[at]!;
      if (changed.has(before.id)) continue;
      if (this.#change % TURNOVER === 0) {
        const after = { ...before, status: 'cleared' as const, updatedAt: formatInstant(now), change: ++this.#change };
        changed.set(after.id, after);
        const raised = this.#raise(now);
        this.#open[at] = raised;
        changed.set(raised.id, raised);
      } else {
        const ratio = before.ratio * Math.exp(this.#random.normal() / 50);
        const after = this.#state(before, ratio, Number(before.expected) * 1.001, now);
        this.#open[at] = after;
        changed.set(after.id, after);
      }
    }
    return [...changed.values()];
  }

  #raise(now: Instant): Exception {
    const altitude = this.#one(ALTITUDES);
    const ratio = Math.exp(this.#random.normal() * 0.6);
    const kind: ExceptionKind = altitude === 'location' && this.#random.uniform() < 0.3 ? 'feed-silence' : ratio > 1 ? 'demand-surge' : 'demand-drop';
    const since = now - this.#random.below(6 * HOUR_MS);
    const scope = this.#scope(altitude);
    const threshold = 8 + this.#random.uniform() * 4;
    const base = anException({
      id: `X-${++this.#raised}`,
      kind,
      altitude,
      scope,
      since: formatInstant(since),
      raisedAt: formatInstant(now),
      measure: altitude === 'leaf' || altitude.startsWith('sku') ? 'lines' : 'units',
      threshold,
      statistic: threshold,
      peakStatistic: threshold,
      attribution: [0.6, 0.25, 0.1].map((share) => this.#part(share)),
      recommendedActions: recommendedActions(kind, altitude, scope),
    });
    return this.#state(base, ratio, 10 ** (1 + 2 * this.#random.uniform()), now);
  }

  #state(before: Exception, ratio: number, expected: number, now: Instant): Exception {
    const actual = expected * ratio;
    const statistic = before.statistic + Math.abs(this.#random.normal());
    const valueAtRisk = Math.abs(expected - actual) * 12.5;
    return {
      ...before,
      headline: this.#headline(before, expected, actual, valueAtRisk, now),
      updatedAt: formatInstant(now),
      expected: expected.toFixed(1),
      actual: actual.toFixed(1),
      variance: (actual - expected).toFixed(1),
      variancePercent: Math.round((ratio - 1) * 10_000) / 100,
      ratio,
      ratioLow: ratio * 0.88,
      ratioHigh: ratio * 1.13,
      statistic,
      peakStatistic: Math.max(before.peakStatistic, statistic),
      valueAtRisk: valueAtRisk.toFixed(2),
      priority: valueAtRisk * before.probability,
      change: ++this.#change,
    };
  }

  #headline({ kind, altitude, scope, since, measure, currency, attribution }: Exception, expected: number, actual: number, valueAtRisk: number, now: Instant): string {
    return headline({
      kind,
      altitude,
      product: this.#retailer.products.find(({ sku }) => sku === scope.sku)?.name ?? scope.family,
      place: this.#retailer.locations.find(({ code }) => code === scope.location)?.name,
      region: scope.region,
      since: Date.parse(since),
      now,
      zone: zoneOf('Europe/Paris'),
      measure,
      basis: 'plan',
      expected: Math.round(expected * 1000),
      actual: Math.round(actual * 1000),
      valueAtRisk: Math.round(valueAtRisk * 10_000),
      currency,
      mover: attribution[0],
    });
  }

  #scope(altitude: Altitude): Scope {
    const product = this.#one(this.#retailer.products);
    const { code: location, region } = this.#one(this.#retailer.locations);
    const { sku, family } = product;
    if (altitude === 'leaf') return { sku, family, location, region };
    if (altitude === 'sku-region') return { sku, family, region };
    if (altitude === 'sku') return { sku, family };
    return altitude === 'location' ? { location, region } : { family, region };
  }

  #part(share: number): Exception['attribution'][number] {
    const { code: location, name: label, region } = this.#one(this.#retailer.locations);
    return { scope: { location, region }, label, variance: -300 * share, share };
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#random.below(list.length)]!;
  }
}

/** Writes what changes to the store as the roll-up does: at a rate, in commits of a tenth of a second, figures each second. */
export class Committing {
  /** Changes committed since the start. */
  changes = 0;
  readonly #many: ManyExceptions;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #perSecond = 0;
  #also: Exception[] = [];

  private constructor(store: Store, epoch: number, many: ManyExceptions) {
    this.#many = many;
    this.#done = this.#run(store, epoch);
    // Whoever ends it is told; until then a failure is no unhandled one.
    this.#done.catch(() => undefined);
  }

  static async start(store: Store, many: ManyExceptions): Promise<Committing> {
    const { epoch } = await store.claim('rollup', -1, 'bench');
    const tick = Math.floor(Date.now() / TICK_MS) * TICK_MS;
    await store.commitRollUp({ epoch, tick, exceptions: [...many.all], transitions: [], snapshot: NO_PAGES, figures: figuresAt(tick) });
    return new Committing(store, epoch, many);
  }

  /** From now on so many are open, and so many change a second. */
  busy(open: number, perSecond: number): void {
    this.#also.push(...this.#many.grow(open, Date.now()));
    this.#perSecond = perSecond;
  }

  async #run(store: Store, epoch: number): Promise<void> {
    let ticked = 0;
    let owed = 0;
    for (let last = performance.now(); !this.#stop.signal.aborted; ) {
      await sleep(EVERY_MS);
      const now = Date.now();
      const tick = Math.floor(now / TICK_MS) * TICK_MS;
      const passed = performance.now() - last;
      last += passed;
      owed += (this.#perSecond * passed) / 1000;
      const changed = this.#many.changed(Math.floor(owed), now);
      owed -= changed.length;
      const exceptions = [...this.#also.splice(0), ...changed].sort((one, other) => one.change - other.change);
      await store.commitRollUp({ epoch, tick, exceptions, transitions: [], snapshot: NO_PAGES, figures: tick > ticked ? figuresAt(tick) : undefined });
      ticked = tick;
      this.changes += changed.length;
    }
  }

  /** @throws what made a commit fail */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

const figuresAt = (tick: Instant): string => {
  const units = (tick / TICK_MS) % 10_000;
  const { today, ...rest } = someFigures({ tick: formatInstant(tick), valueAtRisk: String(100_000 + units) });
  return JSON.stringify({ ...rest, today: { ...today, units: String(units) } });
};
