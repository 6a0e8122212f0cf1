import type { Altitude, BacktestEnd } from '@plumbline/contracts';
import { gapProbability, projectEnd, ratioBelief } from '@plumbline/detection';
import { rounded } from '@plumbline/exceptions';
import { formatInstant, type Instant } from '@plumbline/kernel';
import type { Amounts } from './backtest-scope.ts';

/**
 * How far plans of an altitude have usually been off, as a coefficient of variation: the prior of D2. It is assumed; the
 * evaluation learns it per stratum from periods that have ended.
 */
const PLAN_ERROR: Record<Altitude, number> = {
  leaf: 0.6,
  sku: 0.4,
  'sku-region': 0.4,
  location: 0.3,
  'family-region': 0.3,
  family: 0.2,
  region: 0.2,
  total: 0.15,
};

export interface ProjectionFigures {
  altitude: Altitude;
  measure: 'lines' | 'units';
  alpha: number;
  tolerance: number;
  end: Instant;
  /** So far in the period, and planned for that time. */
  actual: Amounts;
  elapsed: Amounts;
  plan: Amounts;
  /** What the rate is judged by, in lines, and its mean planned lines a day. */
  evidence: { lines: number; expected: number; daily: number };
}

/**
 * D2: where a period ends. The rate is judged in lines and the rest is told in the exception's measure, at the plan's
 * units per line. Undefined when the plan says nothing of the period.
 */
export function projected(figures: ProjectionFigures, written: (amount: number) => string): BacktestEnd | null {
  const { altitude, measure, alpha, tolerance, end, actual, elapsed, plan, evidence } = figures;
  if (!(plan.lines > 0)) return null;
  const perLine = measure === 'lines' ? 1 : plan.units / plan.lines;
  const remaining = Math.max(0, plan.lines - elapsed.lines);
  const belief = ratioBelief(PLAN_ERROR[altitude], evidence.lines, evidence.expected, 1 + alpha * evidence.daily);
  const spread = 1 + alpha * Math.min(remaining, evidence.daily);
  const soFar = actual[measure] / perLine;
  const { p10, p50, p90 } = projectEnd(soFar, belief, remaining, spread);
  const whole = plan[measure] / perLine;
  const off = gapProbability(soFar, belief, remaining, spread, whole, tolerance * whole);
  const text = (lines: number): string => written(lines * perLine);
  return {
    end: formatInstant(end),
    actual: written(actual[measure]),
    plan: written(plan[measure]),
    p10: text(p10),
    p50: text(p50),
    p90: text(p90),
    probabilityOffPlan: rounded(off, 4),
  };
}
