import { Random } from '@plumbline/kernel';
import { describe, expect, it } from 'vitest';
import { allocateBudget, detectionDelay, informationPerDay } from './budget.ts';
import { cleared, clearingStep } from './clearing.ts';
import {
  gapProbability,
  projectEnd,
  projectionError,
  projectionWidth,
  ratioBelief,
  remainingDemand,
  stockOut,
} from './projection.ts';
import { priceStep, PROMISE_PRICE_ATOMS, promiseStep } from './promise-price.ts';

describe('clearing', () => {
  const daysToClear = (theta: number, actual: number): number => {
    const random = new Random(5);
    let r = 0;
    for (let day = 1; day <= 200; day++) {
      r = clearingStep(r, random.negativeBinomial(20 * actual, 0.1), 20, 10, theta);
      if (cleared(r)) return day;
    }
    return Infinity;
  };

  it('clears when demand is back, and not while the change goes on', () => {
    expect(daysToClear(2, 1)).toBeLessThan(15);
    expect(daysToClear(0.2, 1)).toBeLessThan(15);
    expect(daysToClear(2, 2)).toBe(Infinity);
    expect(daysToClear(0.2, 0.2)).toBe(Infinity);
  });

  it('hears nothing in a silent feed', () => {
    expect(clearingStep(12, 0, 0, 10, 3)).toBe(12);
  });
});

describe('budget', () => {
  const request = {
    series: 1000,
    falseAlarmsPerDay: 5,
    value: (i: number): number => i * 10,
    lines: (i: number): number => (i < 100 ? 0.05 : 10),
    alpha: (): number => 0.2,
    deadBand: (): number => 0.25,
  };

  it('spends what it is given and no more, on what can be seen', () => {
    const thresholds = allocateBudget(request);
    expect([...thresholds.slice(0, 100)].every((ln) => ln === Infinity)).toBe(true);
    const spent = 2 * thresholds.reduce((sum, ln) => sum + Math.exp(-ln), 0);
    expect(spent).toBeCloseTo(5, 9);
    expect(thresholds[999]!).toBeLessThan(thresholds[150]!);
  });

  it('knows delays: I(θ) = 0 without a change, the table of detection.md within a day', () => {
    expect(informationPerDay(10, 0.2, 1)).toBeCloseTo(0, 12);
    expect(detectionDelay(3, 0.1, 0, 2, Math.log(7000))).toBeCloseTo(12.5, 0);
    expect(detectionDelay(10, 0.2, 0.25, 1.2, 9)).toBe(Infinity);
  });
});

describe('projection', () => {
  it('begins at plan and moves to the run-rate', () => {
    const start = ratioBelief(0.3, 0, 0, 2);
    expect(remainingDemand(start, 300, 2)).toEqual({ mean: 300, variance: 2 * 300 + 300 ** 2 * 0.3 ** 2 });
    const half = ratioBelief(0.3, 300, 150, 2);
    expect(half.a / half.b).toBeGreaterThan(1.8);
    const end = projectEnd(300, half, 150, 2);
    expect(end.p10).toBeLessThan(end.p50);
    expect(end.p90).toBeGreaterThan(end.mean);
    expect(gapProbability(300, half, 150, 2, 300, 60)).toBeGreaterThan(0.9);
    expect(gapProbability(150, ratioBelief(0.1, 150, 150, 2), 150, 2, 300, 60)).toBeLessThan(0.1);
  });

  it('has quantiles that hold what they promise', () => {
    const random = new Random(9);
    const belief = { a: 12, b: 10 };
    const { p10, p90 } = projectEnd(0, belief, 100, 1.5);
    let inside = 0;
    for (let i = 0; i < 4000; i++) {
      const mean = 100 * random.gamma(belief.a, 1 / belief.b);
      const demand = random.negativeBinomial(mean, 0.5 / mean);
      if (demand > p10 && demand <= p90) inside++;
    }
    expect(inside / 4000).toBeGreaterThan(0.77);
    expect(inside / 4000).toBeLessThan(0.83);
  });

  it('calibrates its width on past ends', () => {
    const random = new Random(11);
    const belief = { a: 40, b: 40 };
    const moments = remainingDemand(belief, 100, 1.5);
    // Plans are worse than the belief has it: cv .3, not .16.
    const demand = (): number => {
      const mean = 100 * random.gamma(11, 1 / 11);
      return random.negativeBinomial(mean, 0.5 / mean);
    };
    const width = projectionWidth(Array.from({ length: 2000 }, () => projectionError(demand(), moments)));
    expect(width).toBeGreaterThan(1.3);
    const coverage = (p: { p10: number; p90: number }): number => {
      let inside = 0;
      for (let i = 0; i < 4000; i++) {
        const end = demand();
        if (end >= p.p10 && end <= p.p90) inside++;
      }
      return inside / 4000;
    };
    expect(coverage(projectEnd(0, belief, 100, 1.5))).toBeLessThan(0.7);
    expect(Math.abs(coverage(projectEnd(0, belief, 100, 1.5, width)) - 0.8)).toBeLessThan(0.04);
    expect(gapProbability(0, belief, 100, 1.5, 100, 30, width)).toBeGreaterThan(
      gapProbability(0, belief, 100, 1.5, 100, 30),
    );
    expect(projectionWidth([5, 5, 5])).toBe(1);
  });

  it('dates a stock-out, and a receipt that comes in time averts it', () => {
    const belief = { a: 400, b: 400 };
    const plan = Array.from({ length: 20 }, () => 10);
    const dry = stockOut(95, [], plan, belief, 1);
    expect(dry.projected).toBe(9);
    expect(dry.earliest!).toBeLessThanOrEqual(dry.projected!);
    expect(dry.latest!).toBeGreaterThan(dry.projected!);
    const supplied = stockOut(95, [0, 0, 0, 0, 0, 500], plan, belief, 1);
    expect(supplied.projected).toBeUndefined();
    const tooLate = stockOut(95, [...Array<number>(12).fill(0), 500], plan, belief, 1);
    expect(tooLate.projected).toBe(9);
    expect(tooLate.probability).toEqual([...tooLate.probability].sort((a, b) => a - b));
  });
});

describe('promises and prices', () => {
  const firstAlarm = (step: (m: Float64Array) => number, limit = 20_000): number => {
    const m = new Float64Array(PROMISE_PRICE_ATOMS);
    for (let i = 1; i <= limit; i++) if (step(m) >= 7000) return i;
    return Infinity;
  };

  it('sees a late rate that doubles, keeps quiet inside the band', () => {
    const random = new Random(3);
    expect(firstAlarm((m) => promiseStep(m, random.uniform() < 0.2, 0.1, 0.25))).toBeLessThan(400);
    expect(firstAlarm((m) => promiseStep(m, random.uniform() < 0.11, 0.1, 0.25), 5000)).toBe(Infinity);
    expect(Number.isFinite(promiseStep(new Float64Array(3), true, 0.9, 0.25))).toBe(true);
  });

  it('sees a wrong price within a few sales, a discount of one sigma within a hundred', () => {
    const random = new Random(4);
    const noisy = (level: number): number => level * Math.exp(0.05 * random.normal());
    expect(firstAlarm((m) => priceStep(m, noisy(0.5), 1, 0.05))).toBeLessThan(6);
    expect(firstAlarm((m) => priceStep(m, noisy(0.95), 1, 0.05))).toBeLessThan(100);
    expect(firstAlarm((m) => priceStep(m, noisy(1), 1, 0.05), 1000)).toBe(Infinity);
    expect(firstAlarm((m) => priceStep(m, noisy(2), 1, 0.05, 1))).toBeLessThan(6);
    expect(priceStep(new Float64Array(3), 0, 1, 0.05)).toBeGreaterThan(1);
  });
});
