import { incompleteBeta, incompleteGamma, lnGamma, normalQuantile } from './special-functions.ts';

/**
 * Counts: the negative binomial with size k and mean m (variance m + m²/k, so k = 1/α), and the Poisson, its limit for
 * k → ∞ (k = Infinity is accepted everywhere). Parametrised as R's `*nbinom(size, mu)`.
 */

export function poissonLnPmf(x: number, mean: number): number {
  if (x < 0) return -Infinity;
  if (mean === 0) return x === 0 ? 0 : -Infinity;
  return x * Math.log(mean) - mean - lnGamma(x + 1);
}

/** P(X ≤ x). */
export function poissonCdf(x: number, mean: number): number {
  if (x < 0) return 0;
  return 1 - incompleteGamma(Math.floor(x) + 1, mean);
}

/** The smallest x with P(X ≤ x) ≥ p. */
export function poissonQuantile(p: number, mean: number): number {
  return quantile(p, mean, Math.sqrt(mean), (x) => poissonCdf(x, mean));
}

export function nbLnPmf(x: number, k: number, mean: number): number {
  if (k === Infinity) return poissonLnPmf(x, mean);
  if (x < 0) return -Infinity;
  if (mean === 0) return x === 0 ? 0 : -Infinity;
  const coefficient = lnGamma(x + k) - lnGamma(k) - lnGamma(x + 1);
  return coefficient - k * Math.log1p(mean / k) + x * Math.log(mean / (k + mean));
}

/** P(X ≤ x). */
export function nbCdf(x: number, k: number, mean: number): number {
  if (k === Infinity) return poissonCdf(x, mean);
  if (x < 0) return 0;
  return incompleteBeta(k / (k + mean), k, Math.floor(x) + 1);
}

/** The smallest x with P(X ≤ x) ≥ p. */
export function nbQuantile(p: number, k: number, mean: number): number {
  return quantile(p, mean, Math.sqrt(mean + (mean * mean) / k), (x) => nbCdf(x, k, mean));
}

/** Search from the normal approximation outwards. R's fuzz of 64 ulp keeps p = cdf(x) at x. */
function quantile(p: number, mean: number, sd: number, cdf: (x: number) => number): number {
  if (!(p > 0) || mean === 0) return 0;
  if (p >= 1) return Infinity;
  const target = p * (1 - 64 * Number.EPSILON);
  let step = Math.max(1, Math.floor(sd / 4));
  let high = Math.max(0, Math.floor(mean + sd * normalQuantile(p)));
  while (cdf(high) < target) high += step *= 2;
  step = Math.max(1, Math.floor(sd / 4));
  let low = high - step;
  while (low >= 0 && cdf(low) >= target) low -= step *= 2;
  low = Math.max(-1, low);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (cdf(middle) >= target) high = middle;
    else low = middle;
  }
  return high;
}

/** The newsvendor's loss functions at stock x: expected shortage n(x) = E(D − x)⁺ and expected surplus n̄(x) = E(x − D)⁺. */
export interface Loss {
  shortage: number;
  surplus: number;
}

/** E(D; D > x) = λ·P(D > x − 1) for the Poisson. x is a whole number (fractions are interpolated, n being piecewise linear). */
export function poissonLoss(x: number, mean: number): Loss {
  return loss(x, mean, (y) => mean * (1 - poissonCdf(y - 1, mean)) - y * (1 - poissonCdf(y, mean)));
}

/** E(D; D > x) = m·P(D′ > x − 1) with D′ of size k + 1 and the same success probability. */
export function nbLoss(x: number, k: number, mean: number): Loss {
  if (k === Infinity) return poissonLoss(x, mean);
  const shifted = (mean / k) * (k + 1);
  return loss(x, mean, (y) => mean * (1 - nbCdf(y - 1, k + 1, shifted)) - y * (1 - nbCdf(y, k, mean)));
}

function loss(x: number, mean: number, shortageAt: (y: number) => number): Loss {
  if (x <= 0) return { shortage: mean - x, surplus: 0 };
  const below = Math.floor(x);
  let shortage = Math.max(0, shortageAt(below));
  if (x > below) shortage += (x - below) * (Math.max(0, shortageAt(below + 1)) - shortage);
  return { shortage, surplus: x - mean + shortage };
}
