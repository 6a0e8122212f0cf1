import { formatDecimal } from '@plumbline/kernel';
import { PlanNodes } from '@plumbline/plan';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute } from './attribution.ts';
import { nodesOf, thresholds, watchedAltitudes } from './budget-plan.ts';
import { Feeds, heardOf, SILENCE_THRESHOLD } from './feeds.ts';
import { contains, nodeOf, overlaps, Places, scopeOf, skuNode } from './nodes.ts';
import { dayOf, noon, testPlan } from './test-plan.ts';
import { horizonEnd, priorityOf, probabilityOf, ratioRange, valueAtRisk } from './value.ts';

const plan = testPlan();
const places = new Places(plan);

describe('attribution', () => {
  const part = (label: string, lines: number, expected: number) => ({ scope: { location: label }, label, lines, expected });

  it('sorts by share, keeps those that offset, and sums the rest', () => {
    const parts = [part('a', 5, 10), part('b', 1, 10), part('c', 12, 10), ...Array.from({ length: 9 }, (_, i) => part(`d${i}`, 9, 10))];
    const rows = attribute(parts, { region: 'North' });
    expect(rows.slice(0, 2)).toMatchObject([{ label: 'b', variance: -9, share: 0.4286 }, { label: 'a', variance: -5 }]);
    expect(rows).toHaveLength(9);
    expect(rows.at(-1)).toMatchObject({ label: '4 more', scope: { region: 'North' } });
    expect(rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 3);
  });

  it('says nothing when nothing moved', () => {
    expect(attribute([part('a', 10, 10)], {})).toEqual([]);
  });
});

describe('value and priority', () => {
  it('projects the variance over the rest of the week at plan price', () => {
    // 253 units under, and 38 % of 400 units to come, at 12.50.
    const value = valueAtRisk({ variance: -253_000, ratio: 0.62, remainingUnits: 400_000, plannedUnits: 1000_000, plannedRevenue: 125_000_000 });
    expect(formatDecimal(value, 10_000)).toBe('5062.5');
  });

  it('looks to the end of the ISO week, on Sundays to the next', () => {
    expect(horizonEnd(dayOf('2026-11-23'))).toBe(dayOf('2026-11-30'));
    expect(horizonEnd(dayOf('2026-11-28'))).toBe(dayOf('2026-11-30'));
    expect(horizonEnd(dayOf('2026-11-29'))).toBe(dayOf('2026-12-07'));
  });

  it('weighs by probability and by time to act', () => {
    expect(probabilityOf(0)).toBeCloseTo(0.003 / 1.003, 12);
    expect(priorityOf('demand-surge', 0.5, 10_000_000)).toBe(500);
    expect(priorityOf('zero-run', 0.5, 10_000_000)).toBeGreaterThan(priorityOf('demand-drop', 0.5, 10_000_000));
  });

  it('holds the ratio within its range', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.double({ min: 20, max: 5000, noNaN: true }), fc.integer({ min: 1, max: 14 }), (lines, expected, days) => {
        const { ratio, low, high } = ratioRange(lines, expected, days, 0.01);
        expect(low).toBeLessThan(high);
        if (lines > 100) expect(low <= ratio * 1.1 && ratio <= high * 1.1).toBe(true);
      }),
    );
  });
});

describe('nodes', () => {
  it('come back from their scopes', () => {
    for (const altitude of watchedAltitudes) {
      for (const node of nodesOf(places, altitude)) expect(nodeOf(places, altitude, scopeOf(plan, node))).toEqual(node);
    }
    expect(nodeOf(places, 'sku', { sku: 'gone' })).toBeUndefined();
  });

  it('hold and touch one another', () => {
    const [north, south] = nodesOf(places, 'region');
    const stores = nodesOf(places, 'location');
    expect(contains(north!, stores[0]!)).toBe(true);
    expect(contains(stores[0]!, north!)).toBe(false);
    expect(overlaps(north!, skuNode(plan, 3))).toBe(true);
    expect(overlaps(north!, south!)).toBe(false);
  });
});

describe('the budget', () => {
  it('is spent, no more and no less, by what is watched', () => {
    for (const budget of [0.1, 5]) {
      const limits = thresholds(plan, budget);
      const all = [
        ...Array.from({ length: plan.leaves }, (_, leaf) => limits.leaf(leaf)),
        ...plan.skus.map((_, sku) => limits.sku(sku)),
        ...watchedAltitudes.flatMap((altitude) => nodesOf(places, altitude).map((_, i) => limits.node(altitude, i))),
      ];
      // Surge, drop and zero run of each.
      const spent = all.reduce((sum, lnC) => sum + 3 * Math.exp(-lnC), 0);
      expect(spent).toBeLessThanOrEqual(budget * (1 + 1e-9));
      if (budget < 1) expect(spent).toBeCloseTo(budget, 9);
    }
  });

  it('leaves leaves that are too small to their parents', () => {
    const limits = thresholds(testPlan(0.02), 0.5);
    expect(limits.leaf(0)).toBe(Infinity);
    expect(limits.node('total', 0)).toBeLessThan(Infinity);
  });
});

describe('feeds', () => {
  const start = noon('2026-11-23');
  const minutes = (n: number): number => start + n * 60_000;
  const everyone = new Set([0, 1, 2, 3]);
  const others = new Set([1, 2, 3]);

  it('set doubtful time aside, and give it back when the feed speaks', () => {
    const feeds = new Feeds(plan, new PlanNodes(plan), start);
    feeds.tick(minutes(1), everyone);
    expect(feeds.tick(minutes(30), others)).toEqual({ silent: [], doubtful: [0], back: [] });
    expect(feeds.silentShare(0, 0, dayOf('2026-11-23'), minutes(30))).toBeGreaterThan(0);
    expect(feeds.silenceOf(0)).toBeUndefined();
    expect(feeds.tick(minutes(31), everyone)).toEqual({ silent: [], doubtful: [], back: [0] });
    expect(feeds.silences).toEqual([]);
  });

  it('call a feed silent once, from when it was last heard until it speaks', () => {
    const feeds = new Feeds(plan, new PlanNodes(plan), start);
    feeds.tick(minutes(1), everyone);
    const silent = Array.from({ length: 300 }, (_, i) => feeds.tick(minutes(2 + i), others).silent).flat();
    expect(silent).toEqual([0]);
    expect(feeds.statistic(0, minutes(301))).toBeGreaterThan(SILENCE_THRESHOLD);
    feeds.tick(minutes(302), everyone);
    expect(feeds.silences).toEqual([{ location: 0, from: minutes(1), to: minutes(302) }]);
  });

  it('never ask for more than was planned, nor for less than was heard', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 100, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(200), (whole, share, lines) => {
        const heard = heardOf(whole, share, lines);
        expect(heard).toBeLessThanOrEqual(whole);
        expect(heard).toBeGreaterThanOrEqual(whole * (1 - share) - 1e-9);
      }),
    );
  });
});
