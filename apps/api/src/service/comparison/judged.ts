import type { Altitude, Compared, ComparisonAnswer } from '@plumbline/contracts';
import { nbQuantile, projectEnd, ratioBelief } from '@plumbline/detection';
import { formatMoney, formatQuantity, MONEY_SCALE, QUANTITY_SCALE } from '@plumbline/kernel';
import type { Sums } from './sums.ts';

/** Error of past plans, as a coefficient of variation, by altitude: what is believed of the ratio before anything sold. */
const PLAN_ERROR: Record<Altitude, number> = {
  leaf: 0.5,
  sku: 0.35,
  'sku-region': 0.4,
  location: 0.2,
  'family-region': 0.2,
  family: 0.15,
  region: 0.12,
  total: 0.1,
};

/** Grain of the whole comparison, which the judgement of its cells depends on. */
export interface Judgement {
  altitude: Altitude;
  /** Dead band around plan. */
  tolerance: number;
  /** Whether any of the range has passed, and whether any is still to come. */
  begun: boolean;
  over: boolean;
  /** Longer than a month, for which D2's projections are calibrated. */
  long: boolean;
  /** By bucket: whether it has begun. */
  reached: readonly boolean[];
  /** Whether spark lines are asked for. */
  trend: boolean;
}

/** A cell as the API tells it. */
export function comparedOf(sums: Sums, cell: number, judgement: Judgement): Compared {
  const { units, revenue, lines, unitsNow, unitsWhole, revenueNow, revenueWhole, linesNow, varianceNow } = sums.of;
  const { begun, tolerance } = judgement;
  return {
    units: begun ? formatQuantity(units[cell]!) : null,
    plannedUnits: formatQuantity(unitsNow[cell]!),
    plannedUnitsWhole: formatQuantity(unitsWhole[cell]!),
    revenue: begun ? formatMoney(revenue[cell]!) : null,
    plannedRevenue: formatMoney(revenueNow[cell]!),
    plannedRevenueWhole: formatMoney(revenueWhole[cell]!),
    percent: begun ? percentOf(units[cell]!, unitsNow[cell]!) : null,
    revenuePercent: begun ? percentOf(revenue[cell]!, revenueNow[cell]!) : null,
    attainment: begun ? attainmentOf(sums, cell) : null,
    evidence: begun ? rounded(evidenceOf(lines[cell]!, linesNow[cell]!, varianceNow[cell]!, tolerance), 2) : null,
    projection: judgement.over ? null : projectionOf(sums, cell, judgement),
    trend: judgement.trend ? trendOf(sums, cell, judgement) : { units: [], planned: [] },
  };
}

const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits + 0;
const percentOf = (actual: number, planned: number): number | null => (planned > 0 ? rounded((100 * actual) / planned, 2) : null);

/** Plan attainment Σ min(actual, plan) ÷ Σ plan: what one bucket sells above plan does not make good another's shortfall. */
function attainmentOf({ sold, planned, buckets }: Sums, cell: number): number | null {
  let met = 0;
  let due = 0;
  for (let at = cell * buckets; at < (cell + 1) * buckets; at++) {
    met += Math.max(0, Math.min(sold[at]!, planned[at]!));
    due += planned[at]!;
  }
  return due > 0 ? rounded(met / due, 4) : null;
}

/**
 * Signed root of the deviance of `actual` lines under a negative binomial of mean m and size k, where m is the plan's
 * expectation times the ratio within 1 ± tolerance that explains `actual` best, and k = E² ÷ (variance − E).
 * 0 within the tolerance; about normal where what was planned is true.
 */
export function evidenceOf(actual: number, expected: number, variance: number, tolerance: number): number {
  if (!(expected > 0)) return 0;
  const seen = Math.max(0, actual);
  const mean = expected * Math.min(1 + tolerance, Math.max(1 - tolerance, seen / expected));
  if (mean === seen) return 0;
  const excess = variance - expected;
  const own = seen > 0 ? seen * Math.log(seen / mean) : 0;
  const size = excess > 1e-9 * expected ? (expected * expected) / excess : Infinity;
  const rest = size === Infinity ? seen - mean : (seen + size) * Math.log1p((seen - mean) / (mean + size));
  return Math.sign(seen - mean) * Math.sqrt(Math.max(0, 2 * (own - rest)));
}

/**
 * D2: what has come and what is to come, told in units and revenue at the plan's units and revenue a line. What a few
 * days say of many months to come is little: beyond a month their evidence is kept in proportion to the rest.
 */
function projectionOf(sums: Sums, cell: number, { altitude, long }: Judgement): Compared['projection'] {
  const { units, revenue, lines, unitsNow, unitsWhole, revenueNow, revenueWhole, linesNow, linesWhole, varianceWhole } = sums.of;
  const remaining = linesWhole[cell]! - linesNow[cell]!;
  if (!(remaining > 0)) return null;
  const spread = Math.max(1, varianceWhole[cell]! / linesWhole[cell]!);
  const seen = Math.max(0, lines[cell]!);
  const keep = long ? Math.min(1, linesNow[cell]! / remaining) : 1;
  const { p10, p50, p90 } = projectEnd(0, ratioBelief(PLAN_ERROR[altitude], seen, linesNow[cell]!, spread, keep), remaining, spread);
  const inUnits = (unitsWhole[cell]! - unitsNow[cell]!) / remaining;
  const inRevenue = (revenueWhole[cell]! - revenueNow[cell]!) / remaining;
  const of = (come: number, each: number, format: (value: number) => string) => ({
    p10: format(Math.round(come + p10 * each)),
    p50: format(Math.round(come + p50 * each)),
    p90: format(Math.round(come + p90 * each)),
  });
  return { units: of(units[cell]!, inUnits, formatQuantity), revenue: of(revenue[cell]!, inRevenue, formatMoney) };
}

function trendOf({ sold, planned, whole, buckets }: Sums, cell: number, { reached }: Judgement): Compared['trend'] {
  const at = cell * buckets;
  return {
    units: reached.map((begun, i) => (begun ? rounded(sold[at + i]! / QUANTITY_SCALE, 3) : null)),
    planned: reached.map((begun, i) => rounded((begun ? planned : whole)[at + i]! / QUANTITY_SCALE, 3)),
  };
}

/** The buckets of one cell as a chart draws them: units and revenue, with the range that 80 % of those to plan fall in. */
export function seriesOf({ sold, soldRevenue, whole, spread, buckets, of }: Sums, cell: number, reached: readonly boolean[]): NonNullable<ComparisonAnswer['series']> {
  const at = (bucket: number): number => cell * buckets + bucket;
  const perLine = of.linesWhole[cell]! > 0 ? of.unitsWhole[cell]! / of.linesWhole[cell]! : 0;
  const price = of.unitsWhole[cell]! > 0 ? of.revenueWhole[cell]! / of.unitsWhole[cell]! : 0;
  const edge = (bucket: number, share: number): number => {
    const lines = perLine > 0 ? whole[at(bucket)]! / perLine : 0;
    const excess = spread[at(bucket)]! - lines;
    return lines > 0 ? nbQuantile(share, excess > 0 ? (lines * lines) / excess : Infinity, lines) * perLine : 0;
  };
  const inUnits = (value: number): number => rounded(value / QUANTITY_SCALE, 3);
  const inMoney = (value: number): number => rounded(value / MONEY_SCALE, 2);
  return {
    units: reached.map((begun, i) => (begun ? inUnits(sold[at(i)]!) : null)),
    planned: reached.map((_, i) => inUnits(whole[at(i)]!)),
    low: reached.map((_, i) => inUnits(edge(i, 0.1))),
    high: reached.map((_, i) => inUnits(edge(i, 0.9))),
    revenue: reached.map((begun, i) => (begun ? inMoney(soldRevenue[at(i)]!) : null)),
    plannedRevenue: reached.map((_, i) => inMoney(whole[at(i)]! * price)),
  };
}
