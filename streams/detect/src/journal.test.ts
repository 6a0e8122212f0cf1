import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Journal } from './journal.ts';

it('conserves lines, units and revenue per series, day and hour', () => {
  const entry = fc.record({
    series: fc.nat(20),
    day: fc.integer({ min: 20_000, max: 20_004 }),
    hour: fc.nat(23),
    lines: fc.nat(1),
    units: fc.integer({ min: -5000, max: 5000 }),
    revenue: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 3000 }), (entries) => {
      const journal = new Journal();
      const expected = new Map<string, number[]>();
      for (const e of entries) {
        journal.add(e.series, e.day, e.hour, e.lines, e.units, e.revenue);
        const sum = expected.get(`${e.series} ${e.day} ${e.hour}`) ?? [0, 0, 0];
        expected.set(`${e.series} ${e.day} ${e.hour}`, [sum[0]! + e.lines, sum[1]! + e.units, sum[2]! + e.revenue]);
      }
      const rows = journal.flush(21, (series) => ({ sku: String(series), location: 'L' }));
      const found = new Map<string, number[]>();
      rows?.hours.forEach((hours, row) =>
        hours.forEach((hour, i) =>
          found.set(`${rows.sku[row]} ${rows.day[row]} ${hour}`, [
            rows.lines[row]![i]!,
            rows.units[row]![i]!,
            rows.revenue[row]![i]!,
          ]),
        ),
      );
      expect([...found].sort()).toEqual([...expected].sort());
      expect(new Set(rows?.sku.map((sku, row) => `${sku} ${rows.day[row]}`)).size).toBe(rows?.sku.length ?? 0);
      expect(journal.size).toBe(0);
    }),
    { numRuns: 50 },
  );
});
