import type { BacktestAnswer, BacktestEnd, Exception } from '@plumbline/contracts';
import { byDay, type Bucket, type Projection } from '@plumbline/charts/series';
import { dayStart, HOUR, nextDayStart } from '@plumbline/charts/time';
import { isLive } from './words.ts';

export type Span = 'today' | 'since' | 'days';
export type Measure = 'quantity' | 'revenue';

/** What the chart of an exception shows of its series. */
export interface View {
  buckets: Bucket[];
  mode: 'running' | 'each';
  projection: Projection | null;
}

/**
 * The series' hours as buckets, a present hour with the plan of all of it. Of revenue the range is that of the quantity,
 * in proportion; the width of a part of an hour grows with the root of its share.
 */
export function bucketsOf(series: BacktestAnswer, measure: Measure): Bucket[] {
  return series.points.map((point) => {
    const at = Date.parse(point.at);
    const [counted, expected, low, high] = [point.expected, point.planned, point.low, point.high].map(Number) as [number, number, number, number];
    const whole = counted > 0 ? Math.sqrt(expected / counted) : 1;
    const price = measure === 'revenue' ? (counted > 0 ? Number(point.expectedRevenue) / counted : 0) : 1;
    const actual = measure === 'revenue' ? point.revenue : point.actual;
    return {
      at,
      end: at + HOUR,
      expected: expected * price,
      low: (expected - (counted - low) * whole) * price,
      high: (expected + (high - counted) * whole) * price,
      actual: actual === null ? null : Number(actual),
    };
  });
}

/**
 * Counts as far as they reach: where the live exception has counted further than the series, the rest is added to the
 * hour in progress. Only where both count from the same full hour.
 */
export function extended(series: BacktestAnswer, buckets: Bucket[], current: Exception): { buckets: Bucket[]; reach: number } {
  const counted = Date.parse(series.countedTo);
  const [reach, since] = [Date.parse(current.updatedAt), Date.parse(current.since)];
  const same = current.measure === series.measure && buckets.some(({ at }) => at === since);
  if (reach <= counted || !same || !isLive(current.status)) return { buckets, reach: counted };
  const sum = buckets.reduce((total, { at, actual }) => (at >= since && at < reach ? total + (actual ?? 0) : total), 0);
  const more = Number(current.actual) - sum;
  const open = buckets.findLastIndex(({ at }) => at < reach);
  if (open < 0 || more < 0) return { buckets, reach: counted };
  const longer = buckets.map((bucket, index) => (index === open ? { ...bucket, actual: (bucket.actual ?? 0) + more } : bucket));
  return { buckets: longer, reach };
}

export function viewOf(series: BacktestAnswer, buckets: Bucket[], span: Span, measure: Measure, now: number): View {
  const zone = series.timezone;
  if (span === 'days') return { buckets: byDay(buckets, zone).slice(-14), mode: 'each', projection: null };
  const today = dayStart(now, zone);
  const from = span === 'today' ? today : Math.floor(Date.parse(series.since) / HOUR) * HOUR;
  const shown = trimmed(buckets.filter(({ at, end }) => end > from && at < nextDayStart(now, zone)), span === 'today');
  const sold = (start: number, stop: number): number => buckets.reduce((sum, { at, actual }) => (at >= start && at < stop ? sum + (actual ?? 0) : sum), 0);
  const before = sold(from, today) - sold(today, from);
  const projection = measure === 'quantity' ? projectionOf(series.projection.day, shown, before) : null;
  return { buckets: shown, mode: 'running', projection };
}

/** Hours of the day in which nothing is expected and nothing came are left out at both ends. */
function trimmed(buckets: Bucket[], wanted: boolean): Bucket[] {
  if (!wanted) return buckets;
  const busy = ({ expected, actual }: Bucket): boolean => expected > 0 || (actual ?? 0) > 0;
  const first = buckets.findIndex(busy);
  const last = buckets.findLastIndex(busy);
  return first < 0 ? buckets : buckets.slice(first, last + 1);
}

/**
 * The end of today on the chart's own scale: the chart may stop when trade does, and may have begun days ago.
 * @param before what the chart had counted when today began; negative when it begins later today
 */
function projectionOf(end: BacktestEnd | null, shown: readonly Bucket[], before: number): Projection | null {
  const last = shown.at(-1);
  if (!end || !last) return null;
  // The live count may have come further than the series that it was made from: it ends at no less than is sold.
  const sold = shown.reduce((sum, { actual }) => sum + (actual ?? 0), 0);
  const [p10, p50, p90] = [end.p10, end.p50, end.p90].map((value) => Math.max(sold, before + Number(value))) as [number, number, number];
  return { end: Math.min(Date.parse(end.end), last.end), p10, p50, p90 };
}

/**
 * Where 80 % of sums like `expected` over [from, to) fall by plan: hours taken as independent, those cut by the bounds in
 * proportion.
 */
export function expectedRange(series: BacktestAnswer, expected: number, from: number, to: number): { low: number; high: number } | undefined {
  let [under, over] = [0, 0];
  for (const { at, end, expected: mean, low, high } of bucketsOf(series, 'quantity')) {
    const share = Math.max(0, Math.min(end, to) - Math.max(at, from)) / (end - at);
    under += (mean - low) ** 2 * share;
    over += (high - mean) ** 2 * share;
  }
  return over > 0 ? { low: Math.max(0, expected - Math.sqrt(under)), high: expected + Math.sqrt(over) } : undefined;
}
