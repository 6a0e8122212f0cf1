import { COLD_DAYS, COLD_DEAD_BAND, DayStep, sensedRatio, usedAlpha, ZERO_RUN } from './day-step.ts';
import { ATOMS, DROP, edgeOf, liveStatistic, SURGE } from './e-detector.ts';

/** Lines and planned lines of a business day from its begin to some instant of it. */
export interface BacktestHour {
  lines: number;
  expected: number;
}

/** A business day as the detector sees it: at the end of each of its hours, then whole. */
export interface DetectorDay {
  /** Cumulative within the day, ascending; none where only the whole day is known. */
  hours: readonly BacktestHour[];
  lines: number;
  /** Of the whole day, also of one that is under way. */
  expected: number;
  /** False: under way; then it is the last. */
  closed: boolean;
}

export interface DetectorOptions {
  direction: 1 | -1;
  /** ln c. Infinity = never alarms. */
  lnThreshold: number;
  /** Dead band δ. */
  deadBand: number;
  /** Dispersion of the class pool. */
  alpha: number;
  /** How many of the first days are watched with the wide band of a series that is not known yet; default 14. */
  coldDays?: number;
  /** From this day on (index) dispersion is not learnt, as under an open exception; default never. */
  openFrom?: number;
}

export interface DetectorRun {
  /** By day and hour: ln of the statistic, undefined where nothing was expected so far. */
  statistics: (number | undefined)[][];
  /** `hour` = position in the day's hours; −1 = at the close of a day without hours. */
  alarms: { day: number; hour: number }[];
}

/**
 * D1 with its sensed rate and learnt dispersion, and below plan D3 beside it, run over stored days as the bank of series
 * runs it live: surges and drops at the end of every hour, zero runs at the day's close; one alarm a day; after an alarm
 * M ← 0 at that day's close.
 */
export function runDetector(days: readonly DetectorDay[], options: DetectorOptions): DetectorRun {
  const { direction, lnThreshold, deadBand, alpha, coldDays = COLD_DAYS, openFrom = Infinity } = options;
  const run: DetectorRun = { statistics: [], alarms: [] };
  const step = new DayStep();
  const side = direction > 0 ? SURGE : DROP;
  let runReported = false;
  days.forEach((day, i) => {
    const cold = i < coldDays;
    const band = cold ? COLD_DEAD_BAND : deadBand;
    const live = liveDay(step.s, day, side, edgeOf(side, band), usedAlpha(step.s, alpha, cold));
    const fired = live.findIndex((ln) => ln !== undefined && ln >= lnThreshold);
    if (fired >= 0) run.alarms.push({ day: i, hour: fired });
    if (day.closed) {
      if (day.lines > 0) runReported = false;
      step.close(day.lines, day.expected, alpha, deadBand, cold, i < openFrom);
      const { shift, zeroRun } = closing(step, side);
      if (live.length > 0) live[live.length - 1] = step.expected > 0 ? Math.max(shift, zeroRun) : undefined;
      const late = fired < 0 && (shift >= lnThreshold || (zeroRun >= lnThreshold && !runReported));
      if (late) run.alarms.push({ day: i, hour: day.hours.length - 1 });
      if (zeroRun >= lnThreshold) runReported = true;
      if (fired >= 0 || shift >= lnThreshold) step.s.fill(0, side, side + ATOMS);
    }
    run.statistics.push(live);
  });
  return run;
}

/** ln S at the end of each hour, from the state of the day's morning; below plan not less than the zero run's. */
function liveDay(
  s: Float32Array,
  { hours, expected }: DetectorDay,
  side: number,
  edge: number,
  alpha: number,
): (number | undefined)[] {
  const theta = sensedRatio(s);
  const run = side === DROP ? Math.log(s[ZERO_RUN]!) : -Infinity;
  return hours.map((hour) => {
    if (!(expected > 0) || !(hour.expected > 0)) return undefined;
    const shift = Math.log(liveStatistic(s, side, edge * theta * hour.expected, hour.lines, 1 / alpha));
    return hour.lines > 0 ? shift : Math.max(shift, run);
  });
}

const closing = (step: DayStep, side: number): { shift: number; zeroRun: number } => ({
  shift: Math.log(side === SURGE ? step.surge : step.drop),
  zeroRun: side === SURGE ? -Infinity : Math.log(step.zeroRun),
});
