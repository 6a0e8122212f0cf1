/**
 * D2, the projection of a period's end, as detection.md states it. The engine does not have it yet; what is evaluated
 * here is the formula, so that its promise of coverage is known before anyone builds on it.
 */
export interface Projection {
  p10: number;
  p50: number;
  p90: number;
}

/**
 * θ ~ Gamma(a0, a0); posterior a = a0 + C/φ, b = a0 + E/φ; with remaining plan R the rest of the period has mean
 * (a/b)R and variance φ·mean + R²a/b², and is taken as negative binomial with these moments.
 * @param cv coefficient of variation of past plan error
 * @param seen, expected, remaining lines so far, planned so far, and planned for the rest
 * @param phi 1 + α·μ of a day
 */
export function project(cv: number, seen: number, expected: number, remaining: number, phi: number): Projection {
  const a0 = 1 / (cv * cv);
  const a = a0 + seen / phi;
  const b = a0 + expected / phi;
  const mean = (a / b) * remaining;
  const variance = phi * mean + (remaining * remaining * a) / (b * b);
  const [p10, p50, p90] = quantiles(mean, variance, [0.1, 0.5, 0.9]);
  return { p10: seen + p10!, p50: seen + p50!, p90: seen + p90! };
}

/** Quantiles (levels ascending) of a negative binomial by its moments: the smallest n with P(N ≤ n) ≥ level. */
export function quantiles(mean: number, variance: number, levels: readonly number[]): number[] {
  if (!(mean > 0)) return levels.map(() => 0);
  const size = (mean * mean) / Math.max(variance - mean, mean * 1e-9);
  const p = mean / (mean + size);
  // In logarithms: P(0) of a large mean is below the smallest double.
  let log = -size * Math.log1p(mean / size);
  let below = Math.exp(log);
  let n = 0;
  return levels.map((level) => {
    while (below < level && n < mean + 60 * Math.sqrt(variance) + 60) {
      n++;
      log += Math.log(((size + n - 1) / n) * p);
      below += Math.exp(log);
    }
    return n;
  });
}
