import { nbCusumStep } from './surveillance.ts';

/**
 * What suites and textbooks do, as baselines: rules that look at whole days and take plan and dispersion for exact.
 * Directions: 1 = above plan, −1 = below.
 */
export interface DailyRule {
  name: string;
  /** The limit as it is commonly set. */
  usual: number;
  /** Largest limit worth trying when it is tuned; a drop cannot be below −100 %. */
  largest: (direction: 1 | -1) => number;
  /** A fresh series. `tuned`: an alarm is given once, not again on each day on which the rule still holds. */
  start(direction: 1 | -1, tuned: boolean): DailyRuleSeries;
}

export interface DailyRuleSeries {
  /** Takes a closed day on which something was expected; returns the statistic that is compared with the limit. */
  day(lines: number, mean: number, alpha: number, monthBegins: boolean): number;
  /** After an alarm. */
  reset(): void;
}

export const monthToDate: DailyRule = {
  name: '±20 % month-to-date',
  usual: 0.2,
  largest: (direction) => (direction > 0 ? 100 : 1),
  start(direction, tuned) {
    let lines = 0;
    let expected = 0;
    let said = false;
    return {
      day(n, mean, _, monthBegins) {
        if (monthBegins) {
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

export const shewhart: DailyRule = {
  name: 'Shewhart 3σ daily',
  usual: 3,
  largest: () => 100,
  start: (direction) => ({
    day: (n, mean, alpha) => (direction * (n - mean)) / Math.sqrt(mean + alpha * mean * mean),
    reset() {},
  }),
};

export const EWMA_WEIGHT = 0.2;

export const ewma: DailyRule = {
  name: 'EWMA 0.2',
  usual: 3,
  largest: () => 100,
  start(direction) {
    let z = 0;
    return {
      day(n, mean, alpha) {
        z += EWMA_WEIGHT * ((n - mean) / Math.sqrt(mean + alpha * mean * mean) - z);
        return (direction * z) / Math.sqrt(EWMA_WEIGHT / (2 - EWMA_WEIGHT));
      },
      reset() {
        z = 0;
      },
    };
  },
};

/** Ratios that the CUSUM is tuned to, above and below. */
export const CUSUM_RATIOS = { up: 2, down: 0.5 } as const;

export const nbCusum: DailyRule = {
  name: 'NB-CUSUM tuned to ×2',
  usual: 5,
  largest: () => 100,
  start(direction) {
    const lnRatio = Math.log(direction > 0 ? CUSUM_RATIOS.up : CUSUM_RATIOS.down);
    let s = 0;
    return {
      day(n, mean, alpha) {
        s = nbCusumStep(s, n, mean, alpha, lnRatio);
        return s;
      },
      reset() {
        s = 0;
      },
    };
  },
};

export const dailyRules: readonly DailyRule[] = [monthToDate, shewhart, ewma, nbCusum];

/** A closed business day of a series. */
export interface BacktestDay {
  lines: number;
  /** By the plan; 0 = closed, passed over. */
  expected: number;
  monthBegins: boolean;
}

/** Indices of the days on which a rule, its limit as commonly set, says something in a direction. */
export function dailyAlarms(rule: DailyRule, days: readonly BacktestDay[], direction: 1 | -1, alpha: number): number[] {
  const series = rule.start(direction, false);
  const alarms: number[] = [];
  let monthBegins = false;
  days.forEach(({ lines, expected, monthBegins: begins }, i) => {
    monthBegins ||= begins;
    if (!(expected > 0)) return;
    const statistic = series.day(lines, expected, alpha, monthBegins);
    monthBegins = false;
    if (statistic <= rule.usual) return;
    alarms.push(i);
    series.reset();
  });
  return alarms;
}
