import { describe, expect, it } from 'vitest';
import { alarmDays, baselines, countAlarms, tuneLimit } from './baselines.ts';
import { OPEN_HOURS, simulate } from './leaf-world.ts';
import { median, renderTargets } from './report.ts';
import { runTower } from './tower-leaf.ts';

const quiet = simulate({ seed: 1, series: 40, days: 182, level: 15, alpha: 0.08 });

describe('the evaluation', () => {
  it('draws what it says: mean, dispersion, hours that add up', () => {
    const { daily, hourly, options } = simulate({ seed: 2, series: 50, days: 364, level: 10, alpha: 0.2 });
    const lines = daily.reduce((a, b) => a + b, 0);
    expect(lines / daily.length / 10).toBeCloseTo(1, 1);
    expect(hourly.reduce((a, b) => a + b, 0)).toBe(lines);
    expect(hourly.length).toBe(options.series * options.days * OPEN_HOURS);
    let excess = 0;
    let squares = 0;
    daily.forEach((n, at) => {
      const mean = 10 * [0.85, 0.8, 0.85, 0.95, 1.2, 1.35, 1][(at % 364) % 7]!;
      excess += (n - mean) ** 2 - mean;
      squares += mean * mean;
    });
    expect(excess / squares).toBeCloseTo(0.2, 1);
  });

  it('tunes every baseline to what it is allowed', () => {
    for (const baseline of baselines) {
      for (const direction of [1, -1] as const) {
        const limit = tuneLimit(quiet, baseline, direction, 2);
        expect(countAlarms(quiet, baseline, direction, limit, true)).toBeLessThanOrEqual(2);
      }
    }
  });

  it('sees a stop with every method but none before it', () => {
    const world = simulate({
      seed: 3,
      series: 5,
      days: 80,
      level: 80,
      alpha: 0.05,
      change: { factor: 0, from: () => 60 },
    });
    for (const baseline of baselines.slice(1)) {
      const days = alarmDays(world, 0, baseline, -1, baseline.usual + 1, true);
      expect(days.find((day) => day >= 60)).toBeLessThan(66);
    }
    const alarms = runTower(world, { deadBand: 0.25, c: 7000 });
    expect(new Set(alarms.filter(({ day }) => day === 60).map(({ series }) => series)).size).toBe(5);
    expect(alarms.filter(({ day }) => day < 60)).toEqual([]);
  });

  it('says plainly what is missed', () => {
    const text = renderTargets([
      { name: 'kept', value: 0.5, target: '≤ 1', met: true },
      { name: 'broken', value: 2, target: '≤ 1', met: false },
    ]);
    expect(text).toContain('1 of 2 targets are missed: broken.');
    expect(median([3, 1, 2, 10])).toBe(2.5);
  });
});
