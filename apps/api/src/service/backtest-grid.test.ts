import { HOUR_MS, parseDay, zoneOf } from '@plumbline/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedShare, HourGrid, hourStarts, type SoldHour } from './backtest-grid.ts';
import type { ZoneDay } from './backtest-scope.ts';

const PARIS = 'Europe/Paris';
const zones = ['UTC', PARIS, 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Europe/Helsinki'];
const evenly = Float64Array.from({ length: 24 }, () => 1 / 24);
const dayIn = (zone: string): ZoneDay => ({ zone, hours: evenly, lines: 24, units: 24_000, revenue: 240_000 });

describe('local hours on instants', () => {
  it('stand where the clock comes first, and where it lands when it skips one', () => {
    const [spring, autumn] = [parseDay('2026-03-29'), parseDay('2026-10-25')];
    const begin = zoneOf(PARIS).startOf(spring);
    expect(hourStarts(zoneOf(PARIS), spring).map((at) => (at - begin) / HOUR_MS)).toEqual([0, 1, 2, 2, ...Array.from({ length: 20 }, (_, i) => i + 3)]);
    const start = zoneOf(PARIS).startOf(autumn);
    expect(hourStarts(zoneOf(PARIS), autumn).map((at) => (at - start) / HOUR_MS)).toEqual([0, 1, 2, ...Array.from({ length: 21 }, (_, i) => i + 4)]);
  });

  it('hold all of a plan and all that was sold, whatever the zones and clock changes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...zones), { minLength: 1, maxLength: 3 }), fc.integer({ min: 20_400, max: 21_000 }), fc.integer({ min: 1, max: 9 }), (used, fromDay, days) => {
        const toDay = fromDay + days;
        const sold: SoldHour[] = used.flatMap((zone) => Array.from({ length: days * 24 }, (_, i) => ({ zone, day: fromDay + Math.floor(i / 24), hour: i % 24, lines: 1, units: 1000, revenue: 10 })));
        const grid = new HourGrid({ zones: used, fromDay, toDay, counted: [Infinity], planned: () => used.map(dayIn), sold });
        const total = (pick: 'expected' | 'actual'): number => grid.buckets.reduce((sum, bucket) => sum + bucket[pick].lines, 0);
        expect(total('expected')).toBeCloseTo(24 * days * used.length, 6);
        expect(total('actual')).toBe(24 * days * used.length);
        for (let day = fromDay; day < toDay; day++) {
          expect(grid.closed(day)).toBe(true);
          const last = grid.dayBuckets(day).at(-1)!;
          expect(last.lines).toBe(24 * used.length);
          expect(last.expected).toBeCloseTo(24 * used.length, 6);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('count an hour as far as the parts reach', () => {
    const day = parseDay('2026-11-23');
    const start = zoneOf(PARIS).startOf(day);
    const counted = [start + 1.5 * HOUR_MS, start + 2.5 * HOUR_MS];
    expect([0, 1, 2, 3].map((hour) => countedShare(counted, start + hour * HOUR_MS))).toEqual([1, 0.75, 0.25, 0]);
    const grid = new HourGrid({ zones: [PARIS], fromDay: day, toDay: day + 1, counted, planned: () => [dayIn(PARIS)], sold: [] });
    expect(grid.buckets.slice(0, 4).map(({ counted: is, expected }) => [is, expected.lines])).toEqual([[true, 1], [true, 0.75], [true, 0.25], [false, 1]]);
    expect(grid.dayBuckets(day).map(({ expected }) => expected)).toEqual([1, 1.75, 2]);
    expect(grid.closed(day)).toBe(false);
  });
});
