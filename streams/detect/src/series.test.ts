import { thresholds } from '@plumbline/exceptions';
import { DAY_MS, HOUR_MS, KeyTable, Random } from '@plumbline/kernel';
import { buildVersion, compilePlan } from '@plumbline/plan';
import type { SnapshotPage } from '@plumbline/ports';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CompiledForDetect } from './partition.ts';
import { SeriesWatch, type TickResult } from './series.ts';

/** 2 November 2026, a Monday. */
const START = 1_793_577_600_000;
const DAYS = 18;
const ZONES = ['UTC', 'Asia/Tokyo', 'UTC'];

function planOf(dailyLines: number, budget: number): CompiledForDetect {
  const version = buildVersion({
    id: 'P',
    name: 'Plan',
    currency: 'EUR',
    createdAt: 0,
    products: [0, 1, 2].map((i) => ({ sku: `S${i}`, family: `F${i % 2}`, name: `S${i}`, unit: 'each' as const, price: 10_000, dailyLines })),
    locations: ZONES.map((zone, i) => ({ code: `L${i}`, region: `R${i % 2}`, name: `L${i}`, zone })),
    profile: { weekday: [1, 1, 1, 1, 1, 1, 1], hour: Array.from({ length: 24 }, (_, h) => (h >= 8 && h < 20 ? 1 : 0)) },
    months: { from: (2026 - 1970) * 12 + 9, to: (2027 - 1970) * 12 },
  });
  const plan = compilePlan(version, `hash-${dailyLines}`);
  const table = (names: readonly string[]): KeyTable => {
    const keys = new KeyTable();
    for (const name of names) keys.add(name);
    return keys;
  };
  return { plan, skus: table(plan.skus), locations: table(plan.locations.map(({ code }) => code)), thresholds: thresholds(plan, budget) };
}

const plans = [planOf(6, 40), planOf(9, 60)];

/** Days on which each location sells: feeds pause for hours, a day, a week. */
const story = fc.record({
  seed: fc.nat(1000),
  sells: fc.array(fc.array(fc.constantFrom(0, 0.3, 1, 1), { minLength: DAYS, maxLength: DAYS }), { minLength: 3, maxLength: 3 }),
  newPlanOn: fc.integer({ min: 4, max: 2 * DAYS }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

function play({ seed, sells, newPlanOn }: Story, restarts: ReadonlySet<number>): { ticks: TickResult[]; state: unknown; pages: SnapshotPage[] } {
  const random = new Random(seed);
  const pages = new Map<number, SnapshotPage>();
  const ticks: TickResult[] = [];
  let watch = SeriesWatch.successor(undefined, plans[0]!, START, START, 0, 1);
  let plan = plans[0]!;
  for (let hour = 1; hour <= 24 * DAYS; hour++) {
    const at = START + hour * HOUR_MS;
    const heard = new Set<string>();
    for (let sku = 0; sku < 3; sku++) {
      for (let location = 0; location < 3; location++) {
        const zone = watch.zoneOf(location);
        const [day, minute] = [zone.dayOf(at - 1), zone.minuteOf(at - 1)];
        const share = sells[location]![Math.floor((hour - 1) / 24)]!;
        const lines = minute >= 480 && minute < 1200 ? random.poisson(0.6 * share) : 0;
        const behind = random.below(40) === 0 ? random.below(7) : 0;
        for (let line = 0; line < lines; line++) watch.count(sku, location, watch.leafOf(sku, location), Math.max(START / DAY_MS, day - behind), 1000, 10_000);
        if (lines > 0) heard.add(`L${location}`);
      }
    }
    ticks.push(watch.tick(at, [...heard].sort()));
    if (hour === 24 * newPlanOn) {
      watch = SeriesWatch.successor(watch, (plan = plans[1]!), at, at, 0, 1);
      pages.clear();
    }
    for (const page of watch.takePages()) pages.set(page.page, page);
    if (!restarts.has(hour)) continue;
    const state = watch.save();
    const inForce = state.plans.map(({ hash, effectiveAt }) => ({ compiled: plans.find((each) => each.plan.version.hash === hash)!, effectiveAt }));
    expect(inForce.at(-1)!.compiled).toBe(plan);
    watch = SeriesWatch.restore(inForce, 0, 1, state, [...pages.values()]);
  }
  return { ticks, state: watch.save(), pages: [...pages.values()] };
}

it('gives the same whenever it is started again, whatever feeds pause and plans change', () => {
  let firings = 0;
  fc.assert(
    fc.property(story, fc.uniqueArray(fc.integer({ min: 1, max: 24 * DAYS - 1 }), { minLength: 1, maxLength: 20 }), (given, restarts) => {
      const plain = play(given, new Set());
      firings += plain.ticks.reduce((sum, tick) => sum + tick.firings.length, 0);
      expect(play(given, new Set(restarts))).toEqual(plain);
    }),
    { numRuns: 60, seed: 15 },
  );
  expect(firings).toBeGreaterThan(100);
});
