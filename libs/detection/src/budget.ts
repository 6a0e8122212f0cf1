/** Atoms of a direction's mixture, equally weighted (e-detector.ts). */
const LN_ATOMS = Math.log(5);
const HORIZON_DAYS = 28;
/** Changes that must be seen in time for a series to be worth watching: a doubling or a stop. */
const MATERIAL = [2, 0.02];
const CLIP = 10;
const ROUNDS = 8;

/**
 * Information a day of a change to ratio θ against the null ratio θ0: the mean log-likelihood ratio of NB counts with
 * mean θμ, θμ·ln(θ/θ0) − (θμ + k)·ln((k + θμ)/(k + θ0·μ)).
 */
export function informationPerDay(lines: number, alpha: number, theta: number, theta0 = 1): number {
  const changed = theta * lines;
  const log = Math.log(theta / theta0);
  if (!(alpha > 0)) return changed * log - changed + theta0 * lines;
  const k = 1 / alpha;
  return changed * log - (changed + k) * Math.log((k + changed) / (k + theta0 * lines));
}

/** Expected days until a change to ratio θ is seen: (ln c − ln w)/I(θ). Infinity inside the dead band. */
export function detectionDelay(
  lines: number,
  alpha: number,
  deadBand: number,
  theta: number,
  lnThreshold: number,
): number {
  const theta0 = theta > 1 ? 1 + deadBand : 1 - deadBand;
  if (theta > 1 ? theta <= theta0 : theta >= theta0) return Infinity;
  return (lnThreshold + LN_ATOMS) / informationPerDay(lines, alpha, theta, theta0);
}

export interface BudgetRequest {
  /** Number of series: all the budget is meant for, whichever partition they are in. */
  series: number;
  /** Expected false alarms a day the tower may raise. */
  falseAlarmsPerDay: number;
  /** Directions that can each alarm falsely (surge and drop). Default 2. */
  directions?: number;
  /** Value at plan a day, in any currency; lines at plan a day; dispersion; dead band. */
  value(series: number): number;
  lines(series: number): number;
  alpha(series: number): number;
  deadBand(series: number): number;
  horizonDays?: number;
}

/**
 * Thresholds ln c of all series: 1/c_i = A·v_i/Σv with v_i = √(value a day), clipped to a tenth and ten times its mean.
 * A series that would need more than the horizon to see even a doubling or a stop gets Infinity (its parent watches)
 * and leaves its share to the others. Depends on the whole set, so give it the plan's, not a partition's.
 */
export function allocateBudget(request: BudgetRequest): Float64Array {
  const { series, falseAlarmsPerDay, directions = 2, horizonDays = HORIZON_DAYS } = request;
  const share = new Float64Array(series);
  let sum = 0;
  for (let i = 0; i < series; i++) sum += share[i] = Math.sqrt(Math.max(0, request.value(i)));
  const mean = sum / series;
  for (let i = 0; i < series; i++) share[i] = mean > 0 ? Math.min(CLIP, Math.max(1 / CLIP, share[i]! / mean)) : 1;
  for (let i = 0; i < series; i++) if (!(request.lines(i) > 0)) share[i] = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const lnTotal = lnOf(share, directions, falseAlarmsPerDay);
    let dropped = false;
    for (let i = 0; i < series; i++) {
      if (share[i] === 0 || visible(request, i, lnTotal - Math.log(share[i]!), horizonDays)) continue;
      share[i] = 0;
      dropped = true;
    }
    if (!dropped) break;
  }
  const lnTotal = lnOf(share, directions, falseAlarmsPerDay);
  return share.map((v) => (v > 0 ? Math.max(0, lnTotal - Math.log(v)) : Infinity));
}

const lnOf = (share: Float64Array, directions: number, budget: number): number =>
  Math.log((directions * share.reduce((a, b) => a + b, 0)) / budget);

function visible(request: BudgetRequest, i: number, lnThreshold: number, horizonDays: number): boolean {
  const [lines, alpha, band] = [request.lines(i), request.alpha(i), request.deadBand(i)];
  return MATERIAL.some((theta) => detectionDelay(lines, alpha, band, theta, lnThreshold) <= horizonDays);
}
