import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barsOf } from './bars.ts';
import { drawPlanActual, stepPath } from './plan-actual.ts';
import { rangeOf } from './range.ts';
import type { Bucket } from './series.ts';
import { sparkOf } from './spark.ts';
import { drawEvidence, oddsOf } from './statistic.ts';
import { HOUR } from './zones.ts';

const from = Date.parse('2026-11-24T07:00:00Z');
const buckets = (count: number, done: number, sold: number): Bucket[] =>
  Array.from({ length: count }, (_, hour) => ({ at: from + hour * HOUR, end: from + (hour + 1) * HOUR, expected: 100, low: 85, high: 116, actual: hour < done ? sold : null }));
const usual = { zone: 'Europe/Paris', noun: 'sold', width: 800, height: 280, format: (value: number) => String(Math.round(value)) };

describe('plan and actual', () => {
  it('labels the ends, marks now and the firing', () => {
    const drawing = drawPlanActual({
      ...usual,
      mode: 'running',
      buckets: buckets(14, 7, 60),
      now: from + 6.5 * HOUR,
      firedAt: from + 2.75 * HOUR,
      projection: { end: from + 14 * HOUR, p10: 790, p50: 838, p90: 886 },
    });
    expect(drawing.labels.map(({ text }) => text)).toEqual(['plan 1400', 'projected 838', '420 sold']);
    expect(drawing.now?.label).toBe('now 14:30');
    expect(drawing.fired?.label).toBe('fired 10:45');
    expect(drawing.fired!.x).toBeLessThan(drawing.now!.x);
    expect(drawing.xTicks[0]!.label).toBe('08:00');
  });

  it('keeps everything on the page at any width and size of numbers, and labels apart', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 2400 }), fc.integer({ min: 0, max: 14 }), fc.double({ min: 0, max: 1e6, noNaN: true }), (width, done, sold) => {
        const projection = { end: from + 14 * HOUR, p10: sold * 12, p50: sold * 14, p90: sold * 16 };
        const drawing = drawPlanActual({ ...usual, width, mode: 'running', buckets: buckets(14, done, sold), now: from + done * HOUR, projection });
        expect(drawing.left).toBeLessThan(drawing.right);
        for (const path of [drawing.plan, drawing.actual, drawing.range, drawing.fan, drawing.middle]) expect(path).not.toMatch(/NaN|Infinity/);
        for (const { x, y, text, more = '' } of drawing.labels) {
          expect(x + 6 * Math.max(text.length, more.length)).toBeLessThanOrEqual(width);
          expect(y).toBeGreaterThanOrEqual(0);
          expect(y).toBeLessThanOrEqual(usual.height);
        }
        const column = drawing.labels.filter(({ x }) => x === drawing.right + 8).map(({ y }) => y).sort((a, b) => a - b);
        column.slice(1).forEach((y, index) => expect(y - column[index]!).toBeGreaterThanOrEqual(16.9));
      }),
      { numRuns: 60 },
    );
  });

  it('draws an unfinished bucket apart from the finished ones', () => {
    const drawing = drawPlanActual({ ...usual, mode: 'each', buckets: buckets(5, 4, 90), now: from + 3.5 * HOUR });
    expect(drawing.unfinished).not.toBe('');
    expect(drawing.labels.map(({ text }) => text).sort()).toEqual(['plan', 'sold']);
  });

  it('stands an empty series', () => {
    const drawing = drawPlanActual({ ...usual, mode: 'running', buckets: [], now: from });
    expect(drawing.labels).toEqual([]);
    expect(drawing.now).toBeUndefined();
  });

  it('steps along, then up', () => {
    const points = [
      { at: 0, value: 0 },
      { at: 10, value: 5 },
      { at: 20, value: 5 },
    ];
    expect(stepPath(points, (at) => at, (value) => 100 - value)).toBe('M0,100H10V95H20V95');
  });
});

describe('evidence', () => {
  it('is told as odds with two digits', () => {
    expect([-3, 0, Math.log(770), Math.log(413_000), 40].map(oddsOf)).toEqual(['1 : 1', '1 : 1', '1 : 770', '1 : 410,000', '1 : 10¹⁷']);
  });

  it('keeps the labels of limit and end apart', () => {
    const points = [0, 5, 6.6].map((statistic, hour) => ({ at: from + hour * HOUR, statistic }));
    const drawing = drawEvidence(points, { threshold: 6.65, zone: 'UTC', width: 400, height: 112 });
    expect(Math.abs(drawing.end!.labelY - drawing.limitLabelY)).toBeGreaterThanOrEqual(15.9);
  });

  it('goes on over hours that expect nothing', () => {
    const points = [1, null, 2].map((statistic, hour) => ({ at: from + hour * HOUR, statistic }));
    expect(drawEvidence(points, { threshold: 5, zone: 'UTC', width: 400, height: 112 }).path.match(/M/g)).toHaveLength(1);
  });
});

describe('bars', () => {
  it('sum up the smaller ones, on one scale with one zero', () => {
    const parts = [-180, -34, -19, 12, -9, -4].map((variance, index) => ({ label: `Store ${index}`, variance, share: variance / -234 }));
    const bars = barsOf(parts, 4);
    expect(bars.map(({ label }) => label)).toEqual(['Store 0', 'Store 1', 'Store 2', '3 more']);
    expect(bars.reduce((sum, { variance }) => sum + variance, 0)).toBe(-234);
    for (const { left, width } of bars) expect(left + width).toBeLessThanOrEqual(1 + 1e-9);
    const both = barsOf([{ label: 'a', variance: -30, share: 1.5 }, { label: 'a', variance: 10, share: -0.5 }], 4);
    expect(both.map(({ left, width }) => [left, left + width])).toEqual([[0, 0.75], [0.75, 1]]);
    expect(both.map(({ label }) => label)).toEqual(['a', 'a (2)']);
  });
});

it('a spark runs in the middle when nothing moves, and leaves gaps', () => {
  expect(sparkOf([3, 3, 3], 3, 72, 22)).toMatchObject({ planY: 11, end: { x: 69, y: 11 } });
  expect(sparkOf([1, null, 2], undefined, 72, 22).path.match(/M/g)).toHaveLength(2);
  expect(sparkOf([], undefined, 72, 22)).toEqual({ path: '', end: undefined, planY: undefined });
});

it('a range puts half and double at the same distance from plan, and nothing off the track', () => {
  const { low, high, one } = rangeOf(0.5, 1, 2);
  expect(one - low).toBeCloseTo(high - one, 9);
  const none = rangeOf(0, 0, 0.06);
  for (const place of Object.values(none)) expect(place >= 0 && place <= 1).toBe(true);
});
