import type { Bucket, Projection } from '@plumbline/charts';
import { DAY, HOUR, offsetAt } from '@plumbline/charts/time';
import type { ComparisonAnswer } from '@plumbline/contracts';
import { shownOf } from './figures.ts';
import type { Measure } from './view.ts';

/** The instant a local bucket begins: "2026-11-23" or "2026-11-23T09" in a zone. */
export function beginOf(label: string, zone: string): number {
  const wall = Date.parse(label.includes('T') ? `${label}:00Z` : `${label}T00:00Z`);
  const guess = wall - offsetAt(wall, zone);
  return wall - offsetAt(guess, zone);
}

const lengths = { hour: HOUR, day: DAY, week: 7 * DAY } as const;

/** The one series of an answer as the buckets of a chart; of revenue the range is that of the units, in proportion. */
export function bucketsOf(answer: ComparisonAnswer, measure: Measure, zone: string): Bucket[] {
  const { series, buckets } = answer;
  if (!series) return [];
  const begins = buckets.map((label) => beginOf(label, zone));
  return begins.map((at, i) => {
    const end = begins[i + 1] ?? at + lengths[answer.bucket];
    const planned = series.planned[i]!;
    if (measure === 'units') return { at, end, expected: planned, low: series.low[i]!, high: series.high[i]!, actual: series.units[i]! };
    const expected = series.plannedRevenue[i]!;
    const price = planned > 0 ? expected / planned : 0;
    return { at, end, expected, low: series.low[i]! * price, high: series.high[i]! * price, actual: series.revenue[i]! };
  });
}

/** The end of the range, where some of it is still to come. */
export function projectionOf(answer: ComparisonAnswer, measure: Measure, buckets: readonly Bucket[]): Projection | null {
  const { projection } = shownOf(answer.totals.grand, measure);
  const last = buckets.at(-1);
  return projection && last ? { end: last.end, ...projection } : null;
}
