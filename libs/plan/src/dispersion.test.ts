import { Random } from '@plumbline/kernel';
import { describe, expect, it } from 'vitest';
import { dispersion, type LeafDays } from './dispersion.ts';

/** 48 open days of a negative binomial, eight of each weekday from Monday to Saturday. */
function simulated(random: Random, pool: number, mean: number, alpha: number): LeafDays | undefined {
  const days = Array.from({ length: 48 }, (_, i) => ({
    weekday: i % 6,
    lines: random.negativeBinomial(mean, alpha),
  })).filter((day) => day.lines > 0);
  const total = days.reduce((sum, day) => sum + day.lines, 0);
  if (total === 0) return undefined;
  const openPerWeekday = [8, 8, 8, 8, 8, 8, 0];
  return {
    pool,
    total,
    openPerWeekday,
    mean: openPerWeekday.map((open) => (open > 0 ? total / 48 : 0)),
    weekday: days.map((day) => day.weekday),
    lines: days.map((day) => day.lines),
  };
}

const estimate = (mean: number, alpha: number, count: number): number => {
  const random = new Random(5);
  const leaves = Array.from({ length: count }, () => simulated(random, 0, mean, alpha)).filter(
    (leaf) => leaf !== undefined,
  );
  return dispersion(leaves, 1)[0];
};

describe('dispersion', () => {
  it.each([
    [0.05, 0],
    [0.3, 0],
    [3, 0],
    [0.05, 0.5],
    [0.3, 0.5],
    [3, 0.2],
    [3, 0.5],
    [30, 0.1],
    [30, 0.5],
  ])('finds the dispersion of a class of leaves with mean %f and alpha %f', (mean, alpha) => {
    const found = estimate(mean, alpha, Math.min(8_000, 3_000 / mean));
    expect(found).toBeGreaterThan(alpha * 0.75 - 0.03);
    expect(found).toBeLessThan(alpha * 1.25 + 0.1);
  });

  it('is not carried away by one giant day', () => {
    const random = new Random(9);
    const leaves = Array.from({ length: 50 }, () => simulated(random, 0, 3, 0.2)).filter((leaf) => leaf !== undefined);
    const giant = leaves.map((leaf, i) => (i === 0 ? { ...leaf, lines: leaf.lines.with(0, 400) } : leaf));
    expect(dispersion(giant, 1)[0]).toBeLessThan(dispersion(leaves, 1)[0] + 0.1);
  });

  it('gives a class with little evidence the value of all', () => {
    const random = new Random(3);
    const leaves = Array.from({ length: 100 }, () => simulated(random, 0, 3, 0.4)).filter((leaf) => leaf !== undefined);
    const mean = Array.from(leaves[0].openPerWeekday, (open) => (open > 0 ? 1 / 48 : 0));
    const single = { ...leaves[0], pool: 1, total: 1, mean, weekday: [0], lines: [1] };
    const [all, small, empty] = dispersion([...leaves, single], 3);
    expect(small).toBeCloseTo(all, 1);
    expect(empty).toBeCloseTo(all, 1);
  });
});
