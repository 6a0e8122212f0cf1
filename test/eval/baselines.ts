import { dailyRules, type DailyRule } from '@plumbline/detection';
import type { World } from './leaf-world.ts';

/** The rules to beat: each sees whole days and knows plan and dispersion exactly. */
export type Baseline = DailyRule;
export const baselines: readonly Baseline[] = dailyRules;

const MONTH = 30;

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
    if (one.day(world.daily[series * days + day]!, world.plan(day), alpha, day % MONTH === 0) <= limit) continue;
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
