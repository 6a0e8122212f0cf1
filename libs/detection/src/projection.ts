import { nbCdf, nbQuantile } from './negative-binomial.ts';
import { normalQuantile } from './special-functions.ts';

/** Belief about the ratio θ of actual to plan: Gamma(a, b), mean a/b. */
export interface RatioBelief {
  a: number;
  b: number;
}

/** Raise and clear levels of D2's P(|end − plan| > tolerance). */
export const GAP_RAISE = 0.9;
export const GAP_CLEAR = 0.6;

/**
 * θ ~ Gamma(a0, a0), a0 = 1/cv² from past plan error, after `actual` lines against `planned` so far:
 * a = a0 + C/φ, b = a0 + E/φ.
 * @param spread φ = 1 + αμ, variance over mean of a day's lines
 * @param keep share of the evidence kept after a confirmed change, 0…1
 */
export function ratioBelief(cv: number, actual: number, planned: number, spread: number, keep = 1): RatioBelief {
  const prior = 1 / (cv * cv);
  return { a: prior + (keep * actual) / spread, b: prior + (keep * planned) / spread };
}

export interface Moments {
  mean: number;
  variance: number;
}

/** Demand still to come against the remaining plan R: mean (a/b)R, variance φ·mean + R²a/b². */
export function remainingDemand(belief: RatioBelief, remaining: number, spread: number): Moments {
  const mean = (belief.a / belief.b) * remaining;
  return { mean, variance: spread * mean + (remaining * remaining * belief.a) / (belief.b * belief.b) };
}

/** NB size with these moments; Infinity (Poisson) when the variance is not above the mean. */
const sizeOf = ({ mean, variance }: Moments): number =>
  variance > mean ? (mean * mean) / (variance - mean) : Infinity;

const widened = ({ mean, variance }: Moments, width: number): Moments => ({ mean, variance: width * width * variance });

/** Share of past ends that p10–p90 must have held, the normal's half-width for it, and how many ends tell enough. */
const CALIBRATED_SHARE = 0.8;
const HALF_WIDTH = normalQuantile(0.9);
const ENOUGH_ERRORS = 40;

/** How far what came (`rest`, from a past projection to its period's end) lay from the projected mean, in its own sigmas. */
export function projectionError(rest: number, { mean, variance }: Moments): number {
  const off = Math.abs(rest - mean);
  return off === 0 ? 0 : off / Math.sqrt(variance);
}

/**
 * Width of a stratum's projections by replay: the factor at which p10–p90 would have held 80 % of the past ends (split
 * conformal; 1 with fewer than 40). Covers what the model leaves out: cv is itself an estimate and errors have heavier
 * tails than the gamma's. On real lines and plans it is 1.05–1.15 and coverage .77 becomes .80.
 * @param errors projectionError of the stratum's past projections, uncalibrated
 */
export function projectionWidth(errors: readonly number[]): number {
  if (errors.length < ENOUGH_ERRORS) return 1;
  const ascending = Float64Array.from(errors).sort();
  const rank = Math.ceil(CALIBRATED_SHARE * (ascending.length + 1));
  return ascending[Math.min(rank, ascending.length) - 1]! / HALF_WIDTH;
}

export interface Projection extends Moments {
  p10: number;
  p50: number;
  p90: number;
}

/**
 * The period's end: what has come (C) plus what is to come.
 * @param width factor on the standard deviation of what is to come, calibrated by projectionWidth
 */
export function projectEnd(
  actual: number,
  belief: RatioBelief,
  remaining: number,
  spread: number,
  width = 1,
): Projection {
  const rest = widened(remainingDemand(belief, remaining, spread), width);
  const size = sizeOf(rest);
  const at = (p: number): number => actual + nbQuantile(p, size, rest.mean);
  return { mean: actual + rest.mean, variance: rest.variance, p10: at(0.1), p50: at(0.5), p90: at(0.9) };
}

/** P(|end − plan| > tolerance) with end = actual + demand to come; `width` as in projectEnd. */
export function gapProbability(
  actual: number,
  belief: RatioBelief,
  remaining: number,
  spread: number,
  plan: number,
  tolerance: number,
  width = 1,
): number {
  const rest = widened(remainingDemand(belief, remaining, spread), width);
  const size = sizeOf(rest);
  const below = nbCdf(Math.ceil(plan - tolerance - actual) - 1, size, rest.mean);
  const upTo = nbCdf(Math.floor(plan + tolerance - actual), size, rest.mean);
  return Math.min(1, Math.max(0, below + 1 - upTo));
}

export interface StockOut {
  /** P(stock has run out by the end of day i), nondecreasing. */
  probability: number[];
  /** First day (index) with P ≥ .1, .5, .9; undefined = beyond the horizon. `projected` is the .5 date. */
  earliest: number | undefined;
  projected: number | undefined;
  latest: number | undefined;
}

/**
 * P(T ≤ d) = max over e ≤ d of P(demand through e ≥ on hand + receipts through e), NB with the moments of
 * remainingDemand.
 * @param plan planned demand of each day; receipts[i] arrive before day i's demand
 */
export function stockOut(
  onHand: number,
  receipts: readonly number[],
  plan: readonly number[],
  belief: RatioBelief,
  spread: number,
): StockOut {
  const probability: number[] = [];
  let supply = Math.max(0, onHand);
  let planned = 0;
  let reached = 0;
  plan.forEach((day, i) => {
    supply += receipts[i] ?? 0;
    planned += day;
    const demand = remainingDemand(belief, planned, spread);
    reached = Math.max(reached, 1 - nbCdf(Math.ceil(supply) - 1, sizeOf(demand), demand.mean));
    probability.push(reached);
  });
  const first = (level: number): number | undefined => {
    const day = probability.findIndex((p) => p >= level);
    return day < 0 ? undefined : day;
  };
  return { probability, earliest: first(0.1), projected: first(0.5), latest: first(0.9) };
}
