import { firstDayOfMonth, parseDay, parseMonth, Random, weekdayOf } from '@plumbline/kernel';
import { describe, expect, it } from 'vitest';
import { compilePlan } from './compile.ts';
import { derivePlan, type DeriveOptions } from './derive.ts';
import { SalesHistoryBuilder, type SalesHistory } from './history.ts';
import { PlanNodes } from './nodes.ts';
import { validateVersion } from './validate.ts';
import { encodePlan, hashPlan } from './version.ts';

const before = parseDay('2026-03-01');
const options: DeriveOptions = { id: 'P', name: 'Derived', currency: 'EUR', createdAt: 0, before };
const weekday = [1, 1, 1, 1, 1.5, 2, 0];

type Sale = [sku: string, location: string, day: number, hour: number, lines: number, units: number, revenue: number];

/** Ten weeks of two families at four locations in two regions, closed on Sundays and on 6 January. */
function sales(seed = 1, days = 70): Sale[] {
  const random = new Random(seed);
  const found: Sale[] = [];
  for (let day = before - days; day < before; day++) {
    if (day === parseDay('2026-01-06')) continue;
    for (let s = 0; s < 20; s++) {
      for (let l = 0; l < 4; l++) {
        const lines = random.negativeBinomial((0.4 + s / 4) * (1 + l / 2) * weekday[weekdayOf(day)], 0.2);
        for (let i = 0; i < lines; i++) found.push([`K${s}`, `L${l}`, day, 9 + random.below(9), 1, 2_000, 2 * 15_000]);
      }
    }
  }
  return found;
}

function historyOf(list: readonly Sale[]): SalesHistory {
  const builder = new SalesHistoryBuilder({
    product: (sku) => ({ family: Number(sku.slice(1)) % 2 ? 'Odd' : 'Even', unit: 'each', name: `Item ${sku}` }),
    location: (code) => ({ region: code < 'L2' ? 'North' : 'South', zone: 'Europe/Berlin', name: code }),
  });
  for (const sale of list) builder.add(...sale);
  return builder.history();
}

const hashOf = (history: SalesHistory, more: Partial<DeriveOptions> = {}): string =>
  hashPlan(encodePlan(derivePlan(history, { ...options, ...more }).version));

describe('derivePlan', () => {
  const list = sales();
  const { version, basis } = derivePlan(historyOf(list), options);
  const plan = compilePlan(version, 'h');
  const nodes = new PlanNodes(plan);

  it('gives a valid plan on the trailing eight weeks, with closed days and weekdays recognised', () => {
    expect(validateVersion(version)).toEqual([]);
    expect(basis).toMatchObject({ from: '2026-01-04', to: '2026-02-28', closedWeekdays: [6], openDays: 47 });
    expect(version.lines.map((line) => line.month)).toEqual(version.lines.map(() => parseMonth('2026-03')));
    expect(nodes.linesOfDay(0, parseDay('2026-03-08'))).toBe(0);
  });

  it("carries the window's lines, units and revenue per open day to the month", () => {
    const window = list.filter((sale) => sale[2] >= before - 56);
    const perOpenWeek = window.length / (47 / 6);
    let week = 0;
    for (let day = before; day < before + 28; day++) week += nodes.linesOfDay(0, day) / 4;
    expect(week / perOpenWeek).toBeGreaterThan(0.96);
    expect(week / perOpenWeek).toBeLessThan(1.04);
    const day = parseDay('2026-03-07');
    expect(nodes.unitsOfDay(0, day) / nodes.linesOfDay(0, day)).toBeCloseTo(2_000, -1);
    expect(nodes.revenueOfDay(0, day) / nodes.unitsOfDay(0, day)).toBeCloseTo(15, 3);
    expect(plan.priceOfLeaf(0)).toBe(15_000);
  });

  it('finds the weekday and hour profiles, the leaf rates and the dispersion', () => {
    const split = version.splits[0];
    expect(split.weekday[5] / split.weekday[0]).toBeGreaterThan(1.6);
    expect(split.weekday[5] / split.weekday[0]).toBeLessThan(2.4);
    expect(split.hour.slice(0, 9)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(split.hour[12] / split.hour[17]).toBeGreaterThan(0.8);
    for (const one of version.splits) {
      expect(one.alpha).toBeGreaterThan(0.1);
      expect(one.alpha).toBeLessThan(0.35);
    }
    const leaf = plan.leafOf(
      plan.skus.indexOf('K19'),
      plan.locations.findIndex((place) => place.code === 'L3'),
    );
    const rate = plan.linesOfLeaf(leaf, parseDay('2026-03-02'));
    expect(rate).toBeGreaterThan(0.75 * 5.15 * 2.5);
    expect(rate).toBeLessThan(1.25 * 5.15 * 2.5);
  });

  it('is the same for the same sales in any order, and knows nothing of the day itself and later', () => {
    const hash = hashOf(historyOf(list));
    expect(hashOf(historyOf(list.toReversed()))).toBe(hash);
    const later: Sale[] = [
      ...list,
      ['K3', 'L1', before, 10, 500, 900_000, 9],
      ['New', 'L9', before + 3, 10, 5, 5_000, 9],
    ];
    expect(hashOf(historyOf(later))).toBe(hash);
    const longAgo: Sale[] = [...list, ['K3', 'L1', before - 300, 10, 500, 900_000, 9]];
    expect(hashOf(historyOf(longAgo))).toBe(hash);
  });

  it('does not let one giant order set the level', () => {
    const giant: Sale[] = [...list, ['K7', 'L1', before - 5, 10, 1, 80_000_000, 1_200_000_000]];
    const derived = derivePlan(historyOf(giant), options);
    expect(derived.basis.cutRows).toBe(1);
    const total = (lines: typeof version.lines): number => lines.reduce((sum, line) => sum + line.units, 0);
    expect(total(derived.version.lines) / total(version.lines)).toBeLessThan(1.01);
  });

  it('makes do with a few days, and says so when there is nothing', () => {
    const short = derivePlan(historyOf(sales(2, 5)), { ...options, months: 3 });
    expect(validateVersion(short.version)).toEqual([]);
    expect(short.basis.openDays).toBe(5);
    expect(new Set(short.version.lines.map((line) => line.month)).size).toBe(3);
    expect(() => derivePlan(historyOf([]), options)).toThrow(/no sales/);
    expect(() => derivePlan(historyOf(list), { ...options, before: before - 100 })).toThrow(/no sales/);
  });

  it('plans nothing on known closed dates', () => {
    const easter = derivePlan(historyOf(list), { ...options, closed: ['2026-03-06'] });
    expect(new PlanNodes(compilePlan(easter.version, 'h')).linesOfDay(0, parseDay('2026-03-06'))).toBe(0);
    const first = firstDayOfMonth(parseMonth('2026-03'));
    expect(new PlanNodes(compilePlan(easter.version, 'h')).linesOfDay(0, first + 6)).toBeCloseTo(
      nodes.linesOfDay(0, first + 6),
      4,
    );
  });
});
