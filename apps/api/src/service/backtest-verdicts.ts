import { backtestRuleIds, type BacktestRule, type BacktestRuleId, type Exception, type ExceptionTransition } from '@plumbline/contracts';
import { CUSUM_RATIOS, dailyAlarms, ewma, EWMA_WEIGHT, monthToDate, nbCusum, shewhart, type BacktestDay, type DailyRule } from '@plumbline/detection';
import { rounded } from '@plumbline/exceptions';
import { formatInstant, HOUR_MS, parseInstant, type Instant } from '@plumbline/kernel';

/** What all rules are held against: the same days, the same window. */
export interface Trial {
  exception: Exception;
  direction: 1 | -1;
  transitions: readonly ExceptionTransition[];
  /** Raised before on the very scope, with the same meaning. */
  earlier: readonly Instant[];
  from: Instant;
  alpha: number;
  /** Closed business days, with the instant at which each was over. */
  days: readonly (BacktestDay & { end: Instant })[];
  detector: { alarms: readonly Instant[]; budget: number; tolerance: number; lnThreshold: number };
}

interface Verdict {
  name: string;
  description: string;
  parameters: Record<string, number>;
  alarms: readonly Instant[];
}

/** What each rule would have said, in the order asked for. */
export function verdicts(trial: Trial, wanted: readonly BacktestRuleId[] = backtestRuleIds): BacktestRule[] {
  const since = parseInstant(trial.exception.since);
  return wanted.map((id) => {
    const { alarms, ...told } = judges[id](trial);
    const seen = alarms.filter((at) => at >= trial.from);
    const fired = seen.find((at) => at >= since);
    return {
      id,
      ...told,
      fired: fired === undefined ? null : formatInstant(fired),
      alarms: seen.map(formatInstant),
      falseAlarmsBefore: seen.filter((at) => at < since).length,
      delayHours: fired === undefined ? null : rounded((fired - since) / HOUR_MS, 2),
    };
  });
}

const judges: Record<BacktestRuleId, (trial: Trial) => Verdict> = {
  tower: ({ exception, transitions, earlier }) => ({
    name: 'The tower',
    description: 'What really happened: every statistic under one false-alarm budget, one cause told once.',
    parameters: { threshold: exception.threshold, statistic: exception.peakStatistic },
    alarms: [...earlier, parseInstant(exception.raisedAt), ...transitions.filter(({ action }) => action === 'reopened').map(({ at }) => parseInstant(at))],
  }),
  'e-detector': ({ detector: { alarms, budget, tolerance, lnThreshold } }) => ({
    name: 'Evidence on this series',
    description: 'The tower’s own statistic on this series alone: evidence against the plan and its tolerance, added up hour by hour.',
    parameters: { budget: rounded(budget, 4), tolerance, threshold: rounded(lnThreshold, 4) },
    alarms,
  }),
  'month-to-date-20': (trial) => ({
    name: '±20 % month to date',
    description: 'Each night, sales since the first of the month are more than 20 % off plan; listed again every night while it holds.',
    parameters: { percent: 100 * monthToDate.usual },
    alarms: nightly(monthToDate, trial),
  }),
  'shewhart-3-sigma': (trial) => ({
    name: 'Shewhart 3σ',
    description: 'One day’s sales are more than three standard deviations off plan.',
    parameters: { sigma: shewhart.usual },
    alarms: nightly(shewhart, trial),
  }),
  ewma: (trial) => ({
    name: 'EWMA 0.2',
    description: 'A moving average of daily deviations, one fifth of it the last day, is more than three of its standard deviations off plan.',
    parameters: { weight: EWMA_WEIGHT, sigma: ewma.usual },
    alarms: nightly(ewma, trial),
  }),
  'nb-cusum': (trial) => ({
    name: 'NB-CUSUM',
    description: `Daily evidence for sales at ${trial.direction > 0 ? 'twice' : 'half'} the plan, added up and never below zero.`,
    parameters: { ratio: trial.direction > 0 ? CUSUM_RATIOS.up : CUSUM_RATIOS.down, limit: nbCusum.usual },
    alarms: nightly(nbCusum, trial),
  }),
};

/** Rules of whole days say so when the day is over. */
const nightly = (rule: DailyRule, { days, direction, alpha }: Trial): Instant[] => dailyAlarms(rule, days, direction, alpha).map((i) => days[i]!.end);
