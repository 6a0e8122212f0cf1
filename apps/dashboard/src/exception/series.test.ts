import type { BacktestAnswer, Exception } from '@plumbline/contracts';
import { describe, expect, it } from 'vitest';
import { bucketsOf, expectedRange, extended, viewOf } from './series.ts';

const FROM = Date.parse('2026-11-22T23:00:00Z');
const iso = (at: number): string => new Date(at).toISOString();
const hour = (index: number): number => FROM + index * 3_600_000;

/** Two days of Paris; ten an hour from 08:00 to 20:00; counted to 12:30 of the second day. */
function series(): BacktestAnswer {
  const counted = hour(24 + 12.5);
  const points = Array.from({ length: 48 }, (_, index) => {
    const trades = index % 24 >= 8 && index % 24 < 20;
    const share = Math.max(0, Math.min(1, (counted - hour(index)) / 3_600_000));
    const seen = share > 0 && share < 1 ? share : 1;
    return {
      at: iso(hour(index)),
      expected: String(trades ? 10 * seen : 0),
      planned: String(trades ? 10 : 0),
      low: String(trades ? 10 * seen - 4 * Math.sqrt(seen) : 0),
      high: String(trades ? 10 * seen + 4 * Math.sqrt(seen) : 0),
      actual: share > 0 ? (trades ? '5' : '0') : null,
      statistic: null,
      expectedRevenue: String(trades ? 20 * seen : 0),
      revenue: share > 0 ? (trades ? '12' : '0') : null,
    };
  });
  return {
    exceptionId: 'X-1',
    measure: 'units',
    unit: 'each',
    currency: 'EUR',
    timezone: 'Europe/Paris',
    bucket: 'hour',
    from: iso(FROM),
    to: iso(hour(48)),
    firedAt: iso(hour(34)),
    since: iso(hour(33)),
    now: iso(counted),
    countedTo: iso(counted),
    threshold: 6.65,
    points,
    projection: { day: { end: iso(hour(48)), actual: '25', plan: '120', p10: '55', p50: '62', p90: '70', probabilityOffPlan: 1 }, month: null },
    rules: [],
  };
}

const exception = (more: Partial<Exception>): Exception =>
  ({ since: iso(hour(33)), updatedAt: iso(hour(37)), measure: 'units', status: 'open', actual: '23', ...more }) as Exception;

describe('hours of a series', () => {
  it('have the plan of the whole hour, also the present one, in units and money', () => {
    const units = bucketsOf(series(), 'quantity');
    expect(units[36]).toMatchObject({ expected: 10, actual: 5 });
    expect(units[36]!.low).toBeCloseTo(6, 6);
    expect(units[36]!.high).toBeCloseTo(14, 6);
    const revenue = bucketsOf(series(), 'revenue');
    expect(revenue[36]!.expected).toBeCloseTo(20, 6);
    expect(revenue[36]!.actual).toBe(12);
  });

  it('are extended by what the live exception has counted since', () => {
    const { buckets, reach } = extended(series(), bucketsOf(series(), 'quantity'), exception({}));
    expect(reach).toBe(hour(37));
    expect(buckets.filter(({ at }) => at >= hour(33)).reduce((sum, { actual }) => sum + (actual ?? 0), 0)).toBe(23);
  });

  it('are left alone by an exception that is older, closed, or begins within an hour', () => {
    const plain = bucketsOf(series(), 'quantity');
    for (const other of [{ updatedAt: iso(hour(35)) }, { status: 'cleared' as const }, { since: iso(hour(33.5)) }, { actual: '3' }]) {
      expect(extended(series(), plain, exception(other)).buckets).toBe(plain);
    }
  });
});

describe('what the chart shows', () => {
  const now = Date.parse(series().countedTo);
  const shown = (span: 'today' | 'since' | 'days') => viewOf(series(), bucketsOf(series(), 'quantity'), span, 'quantity', now);

  it('is projected to end with no less than is sold already', () => {
    const { buckets } = extended(series(), bucketsOf(series(), 'quantity'), exception({ actual: '58' }));
    const sold = viewOf(series(), buckets, 'since', 'quantity', now).buckets.reduce((sum, { actual }) => sum + (actual ?? 0), 0);
    expect(viewOf(series(), buckets, 'since', 'quantity', now).projection).toEqual({ end: hour(48), p10: sold, p50: sold, p90: 65 });
  });

  it('is the trading hours of today, with the projection of their end', () => {
    const view = shown('today');
    expect([view.buckets[0]!.at, view.buckets.at(-1)!.end]).toEqual([hour(32), hour(44)]);
    expect(view.projection).toEqual({ end: hour(44), p10: 55, p50: 62, p90: 70 });
  });

  it('begins with the change', () => {
    expect(shown('since').buckets[0]!.at).toBe(hour(33));
    // It begins at 09:00: the five sold before are no part of it.
    expect(shown('since').projection).toEqual({ end: hour(48), p10: 50, p50: 57, p90: 65 });
    // It began yesterday at 10:00: fifty sold by its evening come on top of today's end.
    const earlier = { ...series(), since: iso(hour(10)) };
    expect(viewOf(earlier, bucketsOf(earlier, 'quantity'), 'since', 'quantity', now).projection).toEqual({ end: hour(48), p10: 105, p50: 112, p90: 120 });
  });

  it('is whole local days', () => {
    const view = shown('days');
    expect(view.mode).toBe('each');
    expect(view.buckets.map(({ expected, actual }) => [expected, actual])).toEqual([[120, 60], [120, 25]]);
  });
});

it('a range over a stretch of hours widens with the root of the time', () => {
  const range = expectedRange(series(), 40, hour(8), hour(12))!;
  expect(range.low).toBeCloseTo(40 - 8, 6);
  expect(range.high).toBeCloseTo(40 + 8, 6);
  expect(expectedRange(series(), 0, hour(0), hour(4))).toBeUndefined();
});
