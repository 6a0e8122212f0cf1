import type { Exception, Scope } from '@plumbline/contracts';
import { DAY_MS, formatInstant, HOUR_MS, monthOf, parseDay, parseInstant, type Instant } from '@plumbline/kernel';
import { DemoFeed, demoPlan, demoSchedule, makeRetailer, type InjectedCause } from '@plumbline/simulator';
import { beforeAll, describe, expect, it } from 'vitest';
import { planRecords, planShelf } from '../replay/detect-driver.ts';
import { TowerDriver } from '../replay/tower-driver.ts';
import { expectGolden } from './golden.ts';

/** False alarms a day, as the product's default has it. */
const BUDGET = 5;
/** A Monday; two weeks of history lie before it, as in the demo. */
const BEGIN = parseDay('2026-11-16') * DAY_MS;
const FROM = BEGIN - 14 * DAY_MS;
const END = BEGIN + 14 * DAY_MS;

const retailer = makeRetailer({ seed: 1 });
let injected: InjectedCause[];
let tower: TowerDriver;

/** The demo as `npm start` shows it, its ticks every five minutes of event time. */
beforeAll(async () => {
  const version = demoPlan(retailer, monthOf(FROM / DAY_MS), 18, { errorCv: 0.02 });
  const plans = planShelf([version]);
  const feed = new DemoFeed({ retailer, partitions: 1, from: FROM, tickSeconds: 300, causes: demoSchedule(retailer, BEGIN, 1) });
  injected = feed.injected();
  tower = new TowerDriver(1, plans, BUDGET);
  tower.append(planRecords(version.id, plans.hashes[0]!, FROM, 1));
  while (feed.at < END) {
    tower.append(feed.advance(feed.at + 6 * HOUR_MS));
    await tower.detect.run();
    tower.detect.commitAll(false);
    tower.detect.forget();
    await tower.rollUp();
  }
}, 300_000);

const familyOf = new Map(retailer.products.map(({ sku, family }) => [sku, family]));
const regionOf = new Map(retailer.locations.map(({ code, region }) => [code, region]));

/** One may contain the other, whole or in part. */
function touches(a: Scope, b: Scope): boolean {
  const [x, y] = [a, b].map(({ sku, location, ...rest }) => ({
    sku,
    location,
    family: rest.family ?? familyOf.get(sku ?? ''),
    region: rest.region ?? regionOf.get(location ?? ''),
  })) as [Scope, Scope];
  return (['sku', 'location', 'family', 'region'] as const).every((key) => !x[key] || !y[key] || x[key] === y[key]);
}

/** Raised while the cause lasts, or in the day after, on something it has to do with. */
const onCause = (cause: InjectedCause): { at: Instant; exception: Exception }[] =>
  tower.raised.filter(({ at, exception }) => at >= cause.from && at < cause.to + DAY_MS && touches(exception.scope, cause.scope));

describe('the demo retailer’s first round', () => {
  it.each(demoSchedule(retailer, BEGIN, 1).map(({ id }) => id))('%s is told by one exception, at its own altitude', (id) => {
    const cause = injected.find((one) => one.id === id)!;
    const told = onCause(cause).map(({ exception: { kind, altitude, scope } }) => ({ kind, altitude, scope }));
    expect(told).toMatchObject([cause.expected]);
  });

  it('shows each within two days, and a silence within the hour', () => {
    for (const cause of injected) {
      const [first] = onCause(cause);
      expect(first!.at - cause.from, cause.id).toBeLessThanOrEqual(cause.kind === 'store-silence' ? HOUR_MS : 2 * DAY_MS);
    }
  });

  it('sees the causes end', () => {
    const state = (id: string): string => tower.exceptions.get(onCause(injected.find((one) => one.id === id)!)[0]!.exception.id)!.status;
    for (const id of ['C1-store-silence', 'C1-family-surge', 'C1-off-shelf', 'C1-price-mistake']) expect(state(id), id).toBe('cleared');
  });

  it('keeps its false-alarm budget, on each day, with what comes back counted too', () => {
    const claimed = new Set(injected.flatMap(onCause).map(({ exception }) => exception.id));
    const strange = tower.raised.filter(({ exception }) => !claimed.has(exception.id)).map(({ at }) => at);
    const again = tower.transitions.filter(({ action }) => action === 'reopened').map(({ at }) => parseInstant(at));
    const days = [...strange, ...again].map((at) => Math.floor(at / DAY_MS));
    for (const day of days) expect(days.filter((other) => other === day).length).toBeLessThanOrEqual(BUDGET);
    expect(days.length).toBeLessThanOrEqual((BUDGET * (END - FROM)) / DAY_MS);
  });

  it('tells the same as when it was last accepted', () => {
    expectGolden('demo', timeAxis());
  });
});

/** Causes and what was made of them, on one time axis. */
function timeAxis(): object[] {
  const causes = injected.flatMap(({ id, from, to, factor }) => [
    { at: from, cause: id, begins: factor },
    { at: to, cause: id, ends: true },
  ]);
  const raised = tower.raised.map(({ at, exception: { id, kind, altitude, scope, headline } }) => ({ at, raised: id, kind, altitude, scope, headline }));
  const cleared = tower.transitions
    .filter(({ action }) => action === 'cleared' || action === 'reopened')
    .map(({ at, action, exceptionId }) => ({ at: parseInstant(at), [action]: exceptionId }));
  return [...causes, ...raised, ...cleared].sort((a, b) => a.at - b.at).map(({ at, ...rest }) => ({ at: formatInstant(at), ...rest }));
}
