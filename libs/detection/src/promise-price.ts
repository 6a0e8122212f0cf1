/**
 * D5: promises and prices, each a Shiryaev–Roberts mixture of three atoms with equal weights, M_j ← (1 + M_j)·L_j.
 * The statistic returned is S = ΣM_j/3 after the step; alarm at S ≥ c, then M ← 0.
 */
export const PROMISE_PRICE_ATOMS = 3;

const LATE_RATIOS = [1.5, 2, 3];
const LATE_CAP = 0.95;
const PRICE_SLOPES = [0.5, 1, 2];
const PRICE_CLIP = 4;

/**
 * One due order line. A line is late when its promise passes, not when it arrives.
 * @param baseRate share of lines late in control; q0 = (1 + δ)·baseRate, q1 ∈ {1.5, 2, 3}·q0, capped at .95
 */
export function promiseStep(m: Float64Array, late: boolean, baseRate: number, deadBand: number): number {
  const q0 = Math.min(LATE_CAP, Math.max(1e-6, (1 + deadBand) * baseRate));
  return mixtureStep(m, (j) => {
    const q1 = Math.min(LATE_CAP, LATE_RATIOS[j]! * q0);
    return late ? q1 / q0 : (1 - q1) / (1 - q0);
  });
}

/**
 * One sale's price: x = ln(price/plan price)/σ clipped at ±4, L = exp(λx − λ²/2), λ ∈ {.5, 1, 2} times `direction`.
 * @param sigma spread of ln(price/plan price) in control
 * @param direction −1: prices below plan (discounts, a misplaced point); 1: above
 */
export function priceStep(
  m: Float64Array,
  price: number,
  planPrice: number,
  sigma: number,
  direction: 1 | -1 = -1,
): number {
  const raw = price > 0 ? Math.log(price / planPrice) / sigma : -Infinity;
  const x = Math.min(PRICE_CLIP, Math.max(-PRICE_CLIP, raw));
  return mixtureStep(m, (j) => {
    const slope = direction * PRICE_SLOPES[j]!;
    return Math.exp(slope * x - (slope * slope) / 2);
  });
}

function mixtureStep(m: Float64Array, likelihoodRatio: (j: number) => number): number {
  let sum = 0;
  for (let j = 0; j < PROMISE_PRICE_ATOMS; j++) sum += m[j] = (1 + m[j]!) * likelihoodRatio(j);
  return sum / PROMISE_PRICE_ATOMS;
}
