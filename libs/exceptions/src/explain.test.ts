import { Random } from '@plumbline/kernel';
import { describe, expect, it } from 'vitest';
import { bestWindow, findCauses, logRatio, type Fired } from './explain.ts';
import { familyRegionNode, leafNode, locationNode, Places, skuNode, type Node } from './nodes.ts';
import { Picture, type SkuPicture } from './picture.ts';
import { testPlan } from './test-plan.ts';

const plan = testPlan();
const places = new Places(plan);
const DAYS = 15;
const alphaOf = (node: Node): number => (node.sku >= 0 ? 0.05 : 0.01);

/** A picture of Poisson sales at 10 lines a leaf and day, times the ratio. */
function picture(ratio: (sku: number, location: number, age: number) => number, reported: readonly number[], seed = 1): Picture {
  const random = new Random(seed);
  const cells = plan.families.length * plan.locations.length;
  const lines = new Float64Array(DAYS * cells);
  const expected = new Float64Array(DAYS * cells).fill(40);
  const skus = new Map<number, SkuPicture>();
  for (const sku of reported) skus.set(sku, { lines: new Float64Array(DAYS * 4), expected: new Float64Array(DAYS * 4).fill(10) });
  for (let age = 0; age < DAYS; age++) {
    for (let sku = 0; sku < plan.skus.length; sku++) {
      for (let location = 0; location < 4; location++) {
        const n = random.poisson(10 * ratio(sku, location, age));
        lines[age * cells + plan.familyOfSku[sku]! * 4 + location]! += n;
        const own = skus.get(sku);
        if (own) own.lines[age * 4 + location] = n;
      }
    }
  }
  return new Picture(places, DAYS, lines, expected, skus);
}

const fire = (node: Node, kind: Fired['kind'], lines: number, expected: number): Fired => ({
  node,
  kind,
  day: 100,
  since: 99,
  statistic: 13,
  threshold: 12,
  lines,
  expected,
});

describe('the search for causes', () => {
  it('finds the family-region behind its firing children', () => {
    const seen = picture((sku, location, age) => (sku < 4 && location < 2 && age < 3 ? 2 : 1), [0, 1]);
    const fired = [
      fire(leafNode(plan, 0, 0), 'demand-surge', 60, 30),
      fire(skuNode(plan, 1), 'demand-surge', 180, 120),
      fire(locationNode(plan, 1), 'demand-surge', 480, 360),
    ];
    const causes = findCauses(seen, fired, alphaOf);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toMatchObject({ node: familyRegionNode(0, 0), direction: 1, window: 3, fired });
    expect(causes[0]!.theta).toBeCloseTo(2, 0);
  });

  it('keeps two causes apart, of either direction', () => {
    const seen = picture((sku, location, age) => (age > 1 ? 1 : sku === 5 ? 0.1 : location === 3 && sku > 7 ? 3 : 1), [5]);
    const fired = [fire(skuNode(plan, 5), 'demand-drop', 8, 80), fire(familyRegionNode(2, 1), 'demand-surge', 300, 160)];
    const found = findCauses(seen, fired, alphaOf).map(({ node, direction }) => ({ altitude: node.altitude, direction }));
    expect(found).toContainEqual({ altitude: 'sku', direction: -1 });
    expect(found).toHaveLength(2);
  });

  it('always gives what fired a cause, though the days kept here show nothing', () => {
    const seen = picture(() => 1, [7]);
    const fired = [fire(leafNode(plan, 7, 2), 'zero-run', 3, 20)];
    expect(findCauses(seen, fired, alphaOf)).toMatchObject([{ node: fired[0]!.node, fired }]);
  });

  it('takes the wider node when one child stands out by chance only', () => {
    const seen = picture((sku, location, age) => (location < 2 && age < 3 ? (sku < 4 ? 1.7 : 1.45) : 1), []);
    const fired = [fire(familyRegionNode(0, 0), 'demand-surge', 400, 240)];
    expect(findCauses(seen, fired, alphaOf)).toMatchObject([{ node: { altitude: 'region', region: 0 } }]);
  });

  it('loses no firing', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      const seen = picture((_, location, age) => (age < 4 && location === seed % 4 ? 0.5 : 1), [1, 2, 3], seed);
      const fired = Array.from({ length: 6 }, () =>
        fire(leafNode(plan, 1 + random.below(3), random.below(4)), random.below(2) ? 'demand-surge' : 'demand-drop', 5, 9),
      );
      expect(findCauses(seen, fired, alphaOf).flatMap((cause) => cause.fired)).toHaveLength(fired.length);
    }
  });
});

describe('likelihood ratios', () => {
  it('are those of the negative binomial', () => {
    // ln NB(7; 6, k = 4) − ln NB(7; 3, k = 4), from the mass function.
    const k = 4;
    const exact = 7 * Math.log(6 / 3) - (7 + k) * Math.log((k + 6) / (k + 3));
    expect(logRatio(7, 3, 2, 1 / k)).toBeCloseTo(exact, 12);
    expect(logRatio(7, 3, 2, 0)).toBeCloseTo(7 * Math.log(2) - 3, 12);
    expect(logRatio(7, 0, 2, 0.1)).toBe(0);
  });

  it('pass over days that expect nothing', () => {
    const daily = { lines: Float64Array.of(0, 0, 0, 9), expected: Float64Array.of(10, 0, 10, 10) };
    expect(bestWindow(daily, -1, 0.05)).toMatchObject({ window: 3, theta: 0.02 });
    expect(bestWindow(daily, 1, 0.05)).toBeUndefined();
  });
});
