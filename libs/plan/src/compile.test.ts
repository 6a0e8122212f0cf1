import fc from 'fast-check';
import { firstDayOfMonth, weekdayOf } from '@plumbline/kernel';
import { describe, expect, it } from 'vitest';
import { CompiledPlan, compileEncoded, compilePlan } from './compile.ts';
import type { PlanVersion } from './types.ts';
import { encodePlan, hashPlan } from './version.ts';
import { anyVersion } from './version.fixture.ts';

const compiled = (version: PlanVersion): CompiledPlan => compilePlan(version, 'test');
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function leavesOf(plan: CompiledPlan, family: string, region: string): number[] {
  return range(0, plan.leaves).filter(
    (leaf) =>
      plan.families[plan.familyOfSku[plan.leafSku[leaf]]] === family &&
      plan.regions[plan.regionOfLocation[plan.leafLocation[leaf]]] === region,
  );
}

describe('compilePlan', () => {
  it('splits every plan line to leaves, days and hours without losing a thousandth or a ten-thousandth', () => {
    fc.assert(
      fc.property(anyVersion, (version) => {
        const plan = compiled(version);
        for (const line of version.lines) {
          const first = firstDayOfMonth(line.month);
          const end = firstDayOfMonth(line.month + 1);
          const leaves = leavesOf(plan, line.family, line.region);
          let units = 0;
          let revenue = 0;
          for (const leaf of leaves) {
            const leafUnits = plan.unitsOfLeaf(leaf, first, end);
            const leafRevenue = plan.revenueOfLeaf(leaf, first, end);
            units += leafUnits;
            revenue += leafRevenue;
            expect(sum(range(first, end), (day) => plan.unitsOfLeaf(leaf, day, day + 1))).toBe(leafUnits);
            expect(sum(range(first, end), (day) => plan.revenueOfLeaf(leaf, day, day + 1))).toBe(leafRevenue);
            const day = first + (leaf % 28);
            expect(sum(range(0, 24), (hour) => plan.unitsOfLeafHours(leaf, day, hour, hour + 1))).toBe(
              plan.unitsOfLeaf(leaf, day, day + 1),
            );
            expect(sum(range(0, 24), (hour) => plan.revenueOfLeafHours(leaf, day, hour, hour + 1))).toBe(
              plan.revenueOfLeaf(leaf, day, day + 1),
            );
          }
          expect(units).toBe(line.units);
          expect(revenue).toBe(line.revenue);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('conserves SKU, location, family and total over any days and hours: an interval is the sum of its parts', () => {
    const days = fc.tuple(
      fc.integer({ min: -10, max: 110 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 60 }),
    );
    const hours = fc.tuple(
      fc.integer({ min: 0, max: 24 }),
      fc.integer({ min: 0, max: 24 }),
      fc.integer({ min: 0, max: 24 }),
    );
    fc.assert(
      fc.property(anyVersion, days, hours, (version, [at, left, right], cuts) => {
        const plan = compiled(version);
        const from = firstDayOfMonth(plan.firstMonth) + at;
        const [h0, h1, h2] = [...cuts].sort((a, b) => a - b);
        for (let leaf = 0; leaf < plan.leaves; leaf++) {
          const middle = from + left;
          const to = middle + right;
          expect(plan.unitsOfLeaf(leaf, from, middle) + plan.unitsOfLeaf(leaf, middle, to)).toBe(
            plan.unitsOfLeaf(leaf, from, to),
          );
          expect(plan.revenueOfLeaf(leaf, from, middle) + plan.revenueOfLeaf(leaf, middle, to)).toBe(
            plan.revenueOfLeaf(leaf, from, to),
          );
          expect(plan.unitsOfLeaf(leaf, from, middle)).toBeGreaterThanOrEqual(0);
          expect(plan.unitsOfLeafHours(leaf, middle, h0, h1) + plan.unitsOfLeafHours(leaf, middle, h1, h2)).toBe(
            plan.unitsOfLeafHours(leaf, middle, h0, h2),
          );
          expect(plan.unitsOfLeafHours(leaf, middle, h0, h2)).toBeLessThanOrEqual(
            plan.unitsOfLeaf(leaf, middle, middle + 1),
          );
        }
        const all = (group: (leaf: number) => number): number => {
          const groups = new Map<number, number>();
          for (let leaf = 0; leaf < plan.leaves; leaf++)
            groups.set(group(leaf), (groups.get(group(leaf)) ?? 0) + plan.unitsOfLeaf(leaf, -1e6, 1e6));
          return [...groups.values()].reduce((a, b) => a + b, 0);
        };
        const planned = version.lines.reduce((units, line) => units + line.units, 0);
        expect(all((leaf) => plan.leafSku[leaf])).toBe(planned);
        expect(all((leaf) => plan.leafLocation[leaf])).toBe(planned);
        expect(all((leaf) => plan.familyOfSku[plan.leafSku[leaf]])).toBe(planned);
      }),
      { numRuns: 60 },
    );
  });

  it('plans nothing on closed days, except in a month without any open day', () => {
    fc.assert(
      fc.property(anyVersion, (version) => {
        const plan = compiled(version);
        for (const split of version.splits) {
          const open = (day: number, date: string): boolean =>
            split.weekday[weekdayOf(day)] > 0 && !split.closed.includes(date);
          for (let month = plan.firstMonth; month < plan.endMonth; month++) {
            const days = range(firstDayOfMonth(month), firstDayOfMonth(month + 1));
            const isOpen = days.map((day) => open(day, isoDay(day)));
            const shut = isOpen.every((is) => !is);
            for (const leaf of leavesOf(plan, split.family, split.region)) {
              days.forEach((day, i) => {
                if (!isOpen[i] && !shut) {
                  expect(plan.linesOfLeaf(leaf, day)).toBe(0);
                  expect(plan.unitsOfLeaf(leaf, day, day + 1)).toBe(0);
                }
              });
            }
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('keeps smooth lines, units and revenue of cells equal to the sums over their leaves', () => {
    fc.assert(
      fc.property(anyVersion, fc.integer({ min: -2, max: 95 }), (version, offset) => {
        const plan = compiled(version);
        const day = firstDayOfMonth(plan.firstMonth) + offset;
        for (let family = 0; family < plan.families.length; family++) {
          for (let location = 0; location < plan.locations.length; location++) {
            let lines = 0;
            let units = 0;
            let revenue = 0;
            let leaves = 0;
            for (let leaf = 0; leaf < plan.leaves; leaf++) {
              if (plan.familyOfSku[plan.leafSku[leaf]] !== family || plan.leafLocation[leaf] !== location) continue;
              lines += plan.linesOfLeaf(leaf, day);
              units += plan.unitsOfLeaf(leaf, day, day + 1);
              revenue += plan.revenueOfLeaf(leaf, day, day + 1);
              leaves++;
            }
            expect(plan.linesOfCell(family, location, day)).toBeCloseTo(lines, 6 - Math.ceil(Math.log10(lines + 1)));
            expect(Math.abs(plan.unitsOfCell(family, location, day) - units)).toBeLessThanOrEqual(
              3 * leaves + units * 1e-12,
            );
            expect(Math.abs(plan.revenueOfCell(family, location, day) - revenue)).toBeLessThanOrEqual(
              3 * leaves + revenue * 1e-12,
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('passes a day from 0 to 1 without going back, linearly within the hour', () => {
    fc.assert(
      fc.property(anyVersion, (version) => {
        const plan = compiled(version);
        expect(plan.elapsed(0, 0, 0)).toBe(0);
        expect(plan.elapsed(0, 0, 1440)).toBe(1);
        for (let minute = 0; minute < 1440; minute += 7.5)
          expect(plan.elapsed(0, 0, minute + 7.5)).toBeGreaterThanOrEqual(plan.elapsed(0, 0, minute));
        const half = (plan.elapsed(0, 0, 600) + plan.elapsed(0, 0, 660)) / 2;
        expect(plan.elapsed(0, 0, 630)).toBeCloseTo(half, 12);
      }),
      { numRuns: 20 },
    );
  });

  it('finds a leaf by SKU and location, and −1 where there is none', () => {
    fc.assert(
      fc.property(anyVersion, (version) => {
        const plan = compiled(version);
        const present = new Set(
          version.splits.flatMap((split) => split.leaves.map((leaf) => `${leaf.sku}@${leaf.location}`)),
        );
        for (let sku = 0; sku < plan.skus.length; sku++) {
          for (let location = 0; location < plan.locations.length; location++) {
            const leaf = plan.leafOf(sku, location);
            expect(leaf >= 0).toBe(present.has(`${plan.skus[sku]}@${plan.locations[location].code}`));
            if (leaf >= 0) expect([plan.leafSku[leaf], plan.leafLocation[leaf]]).toEqual([sku, location]);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is the same from the version and from its encoding', () => {
    fc.assert(
      fc.property(anyVersion, (version) => {
        const bytes = encodePlan(version);
        const a = compilePlan(version, hashPlan(bytes));
        const b = compileEncoded(bytes, hashPlan(bytes));
        expect(b.version).toEqual(a.version);
        const day = firstDayOfMonth(a.firstMonth) + 9;
        for (let leaf = 0; leaf < a.leaves; leaf++) {
          expect([
            b.unitsOfLeaf(leaf, day, day + 20),
            b.revenueOfLeaf(leaf, day, day + 1),
            b.linesOfLeaf(leaf, day),
            b.alphaOfLeaf(leaf),
          ]).toEqual([
            a.unitsOfLeaf(leaf, day, day + 20),
            a.revenueOfLeaf(leaf, day, day + 1),
            a.linesOfLeaf(leaf, day),
            a.alphaOfLeaf(leaf),
          ]);
        }
      }),
      { numRuns: 20 },
    );
  });
});

const sum = (items: readonly number[], of: (item: number) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
const isoDay = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
