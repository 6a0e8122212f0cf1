import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readout } from './readout.ts';
import { byDay, cumulate, fan, valueAt, type Bucket } from './series.ts';
import { HOUR } from './zones.ts';

const from = Date.parse('2026-10-24T22:00:00Z');
const hours = (count: number, actual: (hour: number) => number | null): Bucket[] =>
  Array.from({ length: count }, (_, hour) => ({
    at: from + hour * HOUR,
    end: from + (hour + 1) * HOUR,
    expected: 10,
    low: 7,
    high: 14,
    actual: actual(hour),
  }));

describe('running sums', () => {
  it('end with the sums of the parts, and the count stands at now', () => {
    const now = from + 2.5 * HOUR;
    const { plan, actual, range } = cumulate(hours(4, (hour) => (hour < 3 ? 5 : null)), now);
    expect(plan.map(({ value }) => value)).toEqual([0, 10, 20, 30, 40]);
    expect(actual.at(-1)).toEqual({ at: now, value: 15 });
    // Independent hours: widths add by squares.
    expect(range.at(-1)!.low).toBeCloseTo(40 - 6, 9);
    expect(range.at(-1)!.high).toBeCloseTo(40 + 8, 9);
  });

  it('know nothing of an empty series', () => {
    expect(cumulate([], from)).toEqual({ plan: [], range: [], actual: [] });
  });

  it('fan out from the count to the projected end', () => {
    const now = from + 2 * HOUR;
    const curves = cumulate(hours(4, (hour) => (hour < 2 ? 5 : null)), now);
    const end = from + 4 * HOUR;
    const { middle, band } = fan(curves, now, { end, p10: 15, p50: 20, p90: 26 });
    expect(middle[0]).toEqual({ at: now, value: 10 });
    expect(middle.at(-1)).toEqual({ at: end, value: 20 });
    expect(band[0]).toMatchObject({ low: 10, high: 10 });
    expect(band.at(-1)).toMatchObject({ low: 15, high: 26 });
    expect(fan(curves, end, { end, p10: 0, p50: 0, p90: 0 }).middle).toEqual([]);
  });

  it('never let the fan fall below what is sold already', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.double({ min: 0, max: 50, noNaN: true }), fc.double({ min: 0, max: 50, noNaN: true }), (done, more, wide) => {
        const now = from + done * HOUR;
        const curves = cumulate(hours(8, (hour) => (hour < done ? 6 : null)), now);
        const sold = curves.actual.at(-1)!.value;
        const { band, middle } = fan(curves, now, { end: from + 8 * HOUR, p10: sold + more - wide, p50: sold + more, p90: sold + more + wide });
        band.forEach(({ low, high }, index) => {
          expect(low).toBeGreaterThanOrEqual(sold - 1e-9);
          expect(high).toBeGreaterThanOrEqual(middle[index]!.value - 1e-9);
        });
      }),
    );
  });

  it('are read between their points by straight lines', () => {
    const points = [
      { at: 0, value: 0 },
      { at: 10, value: 20 },
    ];
    expect([-5, 0, 5, 10, 15].map((at) => valueAt(points, at))).toEqual([0, 0, 10, 20, 20]);
  });
});

describe('days', () => {
  it('hold all their hours, 25 of them in autumn', () => {
    const days = byDay(hours(49, (hour) => (hour < 30 ? 2 : null)), 'Europe/Paris');
    expect(days.map(({ expected }) => expected)).toEqual([250, 240]);
    expect(days.map(({ actual }) => actual)).toEqual([50, 10]);
    expect((days[0]!.end - days[0]!.at) / HOUR).toBe(25);
  });
});

describe('the readout', () => {
  const buckets = hours(4, (hour) => (hour < 3 ? 5 : null));
  const asked = { buckets, curves: cumulate(buckets, from + 2.5 * HOUR), now: from + 2.5 * HOUR, zone: 'UTC', noun: 'sold', format: String };

  it('compares a count with the plan of the same instant', () => {
    const told = readout({ ...asked, index: 2, mode: 'running' });
    expect(told).toMatchObject({ when: 'by 00:30', plan: '25', actual: '15', variance: '−40\u202f% of plan' });
  });

  it('gives no percentage of a bucket that is not over, and no count of one to come', () => {
    expect(readout({ ...asked, index: 2, mode: 'each' })).toMatchObject({ plan: '10', actual: '5', variance: 'not over yet' });
    expect(readout({ ...asked, index: 3, mode: 'each' }).actual).toBeUndefined();
  });
});
