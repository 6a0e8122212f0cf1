import type { PlanLike } from '@plumbline/contracts';
import { firstDayOfMonth } from '@plumbline/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePlan } from './compile.ts';
import { againVersion, extendVersion } from './extend.ts';
import { editDistance, likest } from './likeness.ts';
import type { PlanVersion } from './types.ts';
import { decodePlan, encodePlan, hashPlan } from './version.ts';
import { anyVersion } from './version.fixture.ts';

const head = { id: 'E-1', name: 'Extended', createdAt: 1_764_547_200_001 };

function extended(version: PlanVersion, items: readonly PlanLike[]): { version: PlanVersion; series: number } {
  const made = extendVersion(version, items, head);
  if ('faults' in made) throw new Error(made.faults.map(({ message }) => message).join('; '));
  return made;
}

/** Units and revenue of every family × region × month, summed up from the leaves. */
function totals(version: PlanVersion): Map<string, [number, number]> {
  const plan = compilePlan(version, 'test');
  const sums = new Map<string, [number, number]>();
  for (const month of new Set(version.lines.map((line) => line.month))) {
    const [from, to] = [firstDayOfMonth(month), firstDayOfMonth(month + 1)];
    for (let leaf = 0; leaf < plan.leaves; leaf++) {
      const key = `${plan.families[plan.familyOfSku[plan.leafSku[leaf]]]} ${plan.regions[plan.regionOfLocation[plan.leafLocation[leaf]]]} ${month}`;
      const [units, revenue] = sums.get(key) ?? [0, 0];
      sums.set(key, [units + plan.unitsOfLeaf(leaf, from, to), revenue + plan.revenueOfLeaf(leaf, from, to)]);
    }
  }
  return sums;
}

const weightsOf = ({ splits }: PlanVersion): { sku: string; location: string; weight: number; linesPerUnit: number; split: string }[] =>
  splits.flatMap(({ family, region, leaves }) => leaves.map((leaf) => ({ ...leaf, split: `${family} ${region}` })));

const choices = fc.array(fc.record({ place: fc.boolean(), known: fc.nat(), chained: fc.boolean() }), { minLength: 1, maxLength: 5 });

describe('planning like something known', () => {
  it('keeps every total to the unit and the cent, and gives the new ones what the known ones weigh', () => {
    fc.assert(
      fc.property(anyVersion, choices, (base, picks) => {
        const skus = base.products.map(({ sku }) => sku);
        const codes = base.locations.map(({ code }) => code);
        const items = picks.map(({ place, known, chained }, i): PlanLike => {
          const list = place ? codes : skus;
          const like = chained ? list.at(-1)! : list[known % list.length]!;
          list.push(`N-${i}`);
          return place ? { location: `N-${i}`, like } : { sku: `N-${i}`, name: 'New', like };
        });
        const before = structuredClone(base);
        const { version, series } = extended(base, items);
        expect(base).toEqual(before);
        const stored = decodePlan(encodePlan(version));
        const after = totals(stored);
        for (const line of base.lines) expect(after.get(`${line.family} ${line.region} ${line.month}`)).toEqual([line.units, line.revenue]);
        expect(new Set(after.keys())).toEqual(new Set(totals(base).keys()));

        const weights = weightsOf(version);
        expect(weights.length).toBe(weightsOf(base).length + series);
        const last = items.at(-1)!;
        if ('sku' in last) {
          const own = weights.filter(({ sku }) => sku === last.sku).map((leaf) => ({ ...leaf, sku: last.like }));
          expect(own).toEqual(expect.arrayContaining(weights.filter(({ sku }) => sku === last.like)));
          const [product, model] = [last.sku, last.like].map((code) => version.products.find(({ sku }) => sku === code)!);
          expect(product).toEqual({ ...model, sku: last.sku, name: 'New' });
        } else {
          const own = weights.filter(({ location }) => location === last.location).map((leaf) => ({ ...leaf, location: last.like }));
          expect(own).toEqual(expect.arrayContaining(weights.filter(({ location }) => location === last.like)));
          const [place, model] = [last.location, last.like].map((code) => version.locations.find((one) => one.code === code)!);
          expect(place).toEqual({ ...model, code: last.location, name: last.location });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('lists a known SKU at a known location of the same region, and says all that is wrong with a request', () => {
    const base: PlanVersion = {
      id: 'P-1',
      name: 'Sample',
      currency: 'EUR',
      createdAt: 0,
      products: ['A', 'B'].map((sku) => ({ sku, family: 'F', name: sku, unit: 'each' as const, price: 10_000 })),
      locations: [
        { code: 'N1', region: 'North', name: '', zone: 'UTC' },
        { code: 'N2', region: 'North', name: '', zone: 'UTC' },
        { code: 'S1', region: 'South', name: '', zone: 'UTC' },
      ],
      lines: ['North', 'South'].map((region) => ({ family: 'F', region, month: 680, units: 99_999, revenue: 100_001 })),
      splits: ['North', 'South'].map((region) => ({
        family: 'F',
        region,
        weekday: [1, 1, 1, 1, 1, 1, 1],
        hour: Array.from({ length: 24 }, () => 1),
        closed: [],
        alpha: 0.1,
        leaves: region === 'North' ? [{ sku: 'A', location: 'N1', weight: 3, linesPerUnit: 1 }] : [{ sku: 'A', location: 'S1', weight: 5, linesPerUnit: 0.5 }],
      })),
    };
    const { version, series } = extended(base, [{ sku: 'A', location: 'N2', like: 'N1' }]);
    expect(series).toBe(1);
    expect(version.splits[0]!.leaves[1]).toEqual({ sku: 'A', location: 'N2', weight: 3, linesPerUnit: 1 });
    expect(totals(version).get('F North 680')).toEqual([99_999, 100_001]);
    const items: PlanLike[] = [
      { sku: 'C', like: 'Z' },
      { sku: 'B', like: 'A' },
      { sku: 'D', like: 'D' },
      { location: 'N9', like: 'N8' },
      { location: 'N2', like: 'N1' },
      { sku: 'A', location: 'N2', like: 'S1' },
      { sku: 'B', location: 'N2', like: 'N1' },
      { sku: 'A', location: 'N1', like: 'N2' },
      { sku: 'E', like: 'A' },
    ];
    expect(extendVersion(base, items, head)).toMatchObject({
      faults: [
        { index: 0, member: 'like', code: 'unknown-sku' },
        { index: 1, member: 'sku', code: 'already-planned' },
        { index: 2, member: 'like', code: 'like-itself' },
        { index: 3, member: 'like', code: 'unknown-location' },
        { index: 4, member: 'location', code: 'already-planned' },
        { index: 5, member: 'like', code: 'other-region' },
        { index: 6, member: 'like', code: 'not-sold-there' },
        { index: 7, member: 'location', code: 'already-planned' },
      ],
    });
  });

  it('goes back to a version that is equal but for its name', () => {
    fc.assert(
      fc.property(anyVersion, (base) => {
        const again = againVersion(extended(base, [{ sku: 'N', like: base.products[0]!.sku }]).version, head);
        expect(hashPlan(encodePlan(againVersion(base, base)))).toBe(hashPlan(encodePlan(base)));
        expect({ ...againVersion(base, head), ...{ id: base.id, name: base.name, createdAt: base.createdAt } }).toEqual(base);
        expect(again.products).toHaveLength(base.products.length + 1);
      }),
      { numRuns: 10 },
    );
  });
});

describe('likeness', () => {
  it('is Levenshtein’s distance', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('kitten', 'sitting', 1)).toBe(2);
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });

  it('finds what a code was meant to be, by code or name, best first', () => {
    const known = ['BAK-001', 'BAK-010', 'DAI-001', 'FRU-777'].map((code) => ({ code, name: `Item ${code}` }));
    expect(likest('bak-01', known, 2).map(({ code }) => code)).toEqual(['BAK-001', 'BAK-010']);
    expect(likest('Lyon 3', [...known, { code: 'S17', name: 'Lyon 3' }], 3)).toEqual([{ code: 'S17', name: 'Lyon 3', similarity: 1 }]);
    expect(likest('~~~~', known, 5)).toEqual([]);
  });

  it('finds the same best whatever the order of the known ones', () => {
    const words = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'b', 'c') }), { maxLength: 12 });
    fc.assert(
      fc.property(words, fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', 'c') }), (codes, wanted) => {
        const known = codes.map((code) => ({ code, name: code }));
        expect(likest(wanted, known, 3)).toEqual(likest(wanted, known.toReversed(), 3));
      }),
    );
  });
});
