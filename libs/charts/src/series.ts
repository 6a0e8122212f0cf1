import { dayStart, nextDayStart } from './zones.ts';

/** A stretch of time [at, end): what the plan expects in it, in what range it mostly falls, and what came. */
export interface Bucket {
  at: number;
  end: number;
  expected: number;
  low: number;
  high: number;
  /** null: still to come. */
  actual: number | null;
}

export interface Point {
  at: number;
  value: number;
}

export interface Band {
  at: number;
  low: number;
  high: number;
}

export interface Curves {
  plan: Point[];
  range: Band[];
  actual: Point[];
}

/** Where a period is expected to end. */
export interface Projection {
  end: number;
  p10: number;
  p50: number;
  p90: number;
}

/**
 * Running sums from the first bucket's begin. Ranges of buckets are taken as independent, so their half widths add by
 * squares: a sum of lows would be far too low.
 * @param now counts of the bucket in progress stand at this instant
 */
export function cumulate(buckets: readonly Bucket[], now: number): Curves {
  const first = buckets[0];
  if (!first) return { plan: [], range: [], actual: [] };
  const plan: Point[] = [{ at: first.at, value: 0 }];
  const range: Band[] = [{ at: first.at, low: 0, high: 0 }];
  const actual: Point[] = [{ at: first.at, value: 0 }];
  let [expected, sold, under, over] = [0, 0, 0, 0];
  for (const bucket of buckets) {
    expected += bucket.expected;
    under += (bucket.expected - bucket.low) ** 2;
    over += (bucket.high - bucket.expected) ** 2;
    plan.push({ at: bucket.end, value: expected });
    range.push({ at: bucket.end, low: Math.max(0, expected - Math.sqrt(under)), high: expected + Math.sqrt(over) });
    if (bucket.actual === null || bucket.at >= now) continue;
    sold += bucket.actual;
    actual.push({ at: Math.min(bucket.end, now), value: sold });
  }
  return { plan, range, actual };
}

/** The plan's running sum at an instant, by straight lines between the known ones. */
export function valueAt(points: readonly Point[], at: number): number {
  const after = points.findIndex((point) => point.at >= at);
  if (after < 0) return points.at(-1)?.value ?? 0;
  const next = points[after]!;
  const before = points[after - 1];
  if (!before || next.at === before.at) return next.value;
  return before.value + ((next.value - before.value) * (at - before.at)) / (next.at - before.at);
}

/**
 * The fan from what is counted now to where the period ends: the middle follows the plan's shape, and the width grows
 * with the root of the share that is still to come, as independent sales do.
 */
export function fan(curves: Curves, now: number, projection: Projection): { middle: Point[]; band: Band[] } {
  const start = curves.actual.at(-1);
  const total = valueAt(curves.plan, projection.end);
  if (!start || now >= projection.end) return { middle: [], band: [] };
  const begun = valueAt(curves.plan, now);
  const left = total - begun;
  const instants = [now, ...curves.plan.map(({ at }) => at).filter((at) => at > now && at < projection.end), projection.end];
  const middle: Point[] = [];
  const band: Band[] = [];
  for (const at of instants) {
    const share = left > 0 ? (valueAt(curves.plan, at) - begun) / left : (at - now) / (projection.end - now);
    const value = start.value + (projection.p50 - start.value) * share;
    const width = Math.sqrt(Math.max(0, share));
    middle.push({ at, value });
    band.push({
      at,
      low: Math.max(Math.min(value, start.value), value - (projection.p50 - projection.p10) * width),
      high: value + (projection.p90 - projection.p50) * width,
    });
  }
  return { middle, band };
}

/** Sums buckets to local days; a day is still to come only when all of it is. */
export function byDay(buckets: readonly Bucket[], zone: string): Bucket[] {
  const days: Bucket[] = [];
  const widths: { under: number; over: number }[] = [];
  for (const bucket of buckets) {
    let day = days.at(-1);
    if (!day || bucket.at >= day.end) {
      const at = dayStart(bucket.at, zone);
      day = { at, end: nextDayStart(at, zone), expected: 0, low: 0, high: 0, actual: null };
      days.push(day);
      widths.push({ under: 0, over: 0 });
    }
    const width = widths.at(-1)!;
    day.expected += bucket.expected;
    width.under += (bucket.expected - bucket.low) ** 2;
    width.over += (bucket.high - bucket.expected) ** 2;
    if (bucket.actual !== null) day.actual = (day.actual ?? 0) + bucket.actual;
  }
  days.forEach((day, index) => {
    day.low = Math.max(0, day.expected - Math.sqrt(widths[index]!.under));
    day.high = day.expected + Math.sqrt(widths[index]!.over);
  });
  return days;
}
