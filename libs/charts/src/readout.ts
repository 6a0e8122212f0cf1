import type { Bucket, Curves } from './series.ts';
import { clockOf, DAY, dayOf, dayStart } from './zones.ts';

/** Which side of plan; `trust` where the figures themselves are in doubt. */
export type Direction = 'above' | 'below' | 'trust' | 'even';

export interface Readout {
  when: string;
  plan: string;
  range: string;
  actual: string | undefined;
  /** "−38 % of plan"; '' while nothing is counted. */
  variance: string;
  /** All of it as one sentence, for a screen reader. */
  sentence: string;
  planValue: number;
  actualValue: number | undefined;
}

interface Asked {
  buckets: readonly Bucket[];
  curves: Curves;
  index: number;
  mode: 'running' | 'each';
  now: number;
  zone: string;
  noun: string;
  format(value: number): string;
}

/** What the crosshair says of one bucket. In a running chart the plan is that of the instant at which the count stands. */
export function readout({ buckets, curves, index, mode, now, zone, noun, format }: Asked): Readout {
  const bucket = buckets[index]!;
  const begun = bucket.actual !== null && bucket.at < now;
  const until = begun ? Math.min(bucket.end, now) : bucket.end;
  const share = (until - bucket.at) / (bucket.end - bucket.at);
  const part = mode === 'each' ? 1 : share;
  const blend = (before: number, after: number): number => before + (after - before) * part;
  const running = mode === 'running';
  const planValue = running ? blend(curves.plan[index]!.value, curves.plan[index + 1]!.value) : bucket.expected;
  const low = running ? blend(curves.range[index]!.low, curves.range[index + 1]!.low) : bucket.low;
  const high = running ? blend(curves.range[index]!.high, curves.range[index + 1]!.high) : bucket.high;
  const actualValue = begun ? (running ? curves.actual[index + 1]?.value : (bucket.actual ?? undefined)) : undefined;
  const when = running ? `by ${moment(until, now, zone)}` : stretch(bucket, now, zone);
  const [plan, range] = [format(planValue), `${format(low)}–${format(high)}`];
  const actual = actualValue === undefined ? undefined : format(actualValue);
  const variance = actualValue === undefined || planValue <= 0 ? '' : percentOf(actualValue / planValue - 1, !running && until < bucket.end);
  const sentence = [`${when}: plan ${plan}, expected range ${range}`, actual && `${actual} ${noun}`, variance].filter(Boolean).join(', ');
  return { when, plan, range, actual, variance, sentence, planValue, actualValue };
}

const percentOf = (ratio: number, unfinished: boolean): string => {
  const percent = Math.round(ratio * 100);
  const sign = percent > 0 ? '+' : percent < 0 ? '\u2212' : '';
  return unfinished ? 'not over yet' : `${sign}${Math.abs(percent)}\u202f% of plan`;
};

const moment = (at: number, now: number, zone: string): string =>
  dayStart(at, zone) === dayStart(now, zone) ? clockOf(at, zone) : `${dayOf(at, zone)} ${clockOf(at, zone)}`;

function stretch({ at, end }: Bucket, now: number, zone: string): string {
  if (end - at > DAY / 2) return dayOf(at, zone);
  return `${moment(at, now, zone)}–${clockOf(end, zone)}`;
}
