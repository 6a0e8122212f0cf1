import { expect, it } from 'vitest';
import { benchCore } from './bench-core.ts';

it('the benchmark counts what it says it counts, and raises nothing on quiet demand', () => {
  let clock = 0;
  const result = benchCore({ series: 200, events: 20_000, days: 10, now: () => ++clock });
  expect(result.bytesPerSeries).toBeLessThanOrEqual(128);
  expect(result.late).toBeGreaterThan(100);
  expect(result.firings).toBeLessThan(5);
});
