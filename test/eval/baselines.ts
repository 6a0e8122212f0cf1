import type { World } from './leaf-world.ts';

/** What suites and textbooks do, as the baselines to beat: each sees whole days and knows plan and dispersion exactly. */
export interface Baseline {
  name: string;
  /** The limit as it is commonly set. */
  usual: number;
  /** Largest limit worth trying when it is tuned; a drop cannot be below −100 %. */
  largest: (direction: 1 | -1) => number;
  /** A fresh series. `tuned`: an alarm is given once, not again on each day on which the rule still holds. */
  start(direction: 1 | -1, tuned: boolean): BaselineSeries;
}

export interface BaselineSeries {
  /** Takes a closed day; returns the statistic that is compared with the limit. */
  day(index: number, lines: number, mean: number, alpha: number): number;
  /** After an alarm. */
  reset(): void;
}

const MONTH = 30;

const monthToDate: Baseline = {
  name: '±20 % month-to-date',
  usual: 0.2,
  largest: (direction) => (direction > 0 ? 100 : 1),
  start(direction, tuned) {
    let lines = 0;
    let expected = 0;
    let said = false;
    return {
      day(index, n, mean) {
        if (index % MONTH === 0) {
          lines = expected = 0;
          said = false;
        }
        lines += n;
        expected += mean;
        return said ? -Infinity : direction * (lines / expected - 1);
      },
      reset() {
        said = tuned;
      },
    };
  },
};

const shewhart: Baseline = {
  name: 'Shewhart 3σ daily',
  usual: 3,
  largest: () => 100,
  start: (direction) => ({
    day: (_, n, mean, alpha) => (direction * (n - mean)) / Math.sqrt(mean + alpha * mean * mean),
    reset() {},
  }),
};

const SMOOTHING = 0.2;

const ewma: Baseline = {
  name: 'EWMA 0.2',
  usual: 3,
  largest: () => 100,
  start(direction) {
    let z = 0;
    return {
      day(_, n, mean, alpha) {
        z += SMOOTHING * ((n - mean) / Math.sqrt(mean + alpha * mean * mean) - z);
        return (direction * z) / Math.sqrt(SMOOTHING / (2 - SMOOTHING));
      },
      reset() {
        z = 0;
      },
    };
  },
};

const nbCusum: Baseline = {
  name: 'NB-CUSUM tuned to ×2',
  usual: 5,
  largest: () => 100,
  start(direction) {
    const theta = direction > 0 ? 2 : 0.5;
    let s = 0;
    return {
      day(_, n, mean, alpha) {
        const k = 1 / alpha;
        s = Math.max(0, s + n * Math.log(theta) + (n + k) * Math.log((k + mean) / (k + theta * mean)));
        return s;
      },
      reset() {
        s = 0;
      },
    };
  },
};

export const baselines: readonly Baseline[] = [monthToDate, shewhart, ewma, nbCusum];

/** Days on which a series' statistic is beyond the limit. */
export function alarmDays(
  world: World,
  series: number,
  baseline: Baseline,
  direction: 1 | -1,
  limit: number,
  tuned: boolean,
): number[] {
  const { days, alpha } = world.options;
  const one = baseline.start(direction, tuned);
  const alarms: number[] = [];
  for (let day = 0; day < days; day++) {
    if (one.day(day, world.daily[series * days + day]!, world.plan(day), alpha) <= limit) continue;
    alarms.push(day);
    one.reset();
  }
  return alarms;
}

export function countAlarms(
  world: World,
  baseline: Baseline,
  direction: 1 | -1,
  limit: number,
  tuned: boolean,
): number {
  let count = 0;
  for (let s = 0; s < world.options.series; s++) count += alarmDays(world, s, baseline, direction, limit, tuned).length;
  return count;
}

/** The smallest limit at which a world without changes raises at most `allowed` alarms in a direction. */
export function tuneLimit(world: World, baseline: Baseline, direction: 1 | -1, allowed: number): number {
  let low = 0;
  let high = baseline.largest(direction);
  for (let i = 0; i < 14; i++) {
    const middle = (low + high) / 2;
    if (countAlarms(world, baseline, direction, middle, true) <= allowed) high = middle;
    else low = middle;
  }
  return high;
}
