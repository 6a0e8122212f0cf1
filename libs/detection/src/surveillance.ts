import { nbLnPmf } from './negative-binomial.ts';

/**
 * The classical detectors, as in the R package surveillance (Höhle & Paul 2008): baselines of the evaluation, not used
 * live. Counts x against in-control means mu0; alpha is the dispersion.
 */

/** One step of the NB likelihood-ratio CUSUM against a ratio exp(lnRatio). */
export function nbCusumStep(s: number, x: number, mu0: number, alpha: number, lnRatio: number): number {
  const spread = Math.log((1 + alpha * Math.exp(lnRatio) * mu0) / (1 + alpha * mu0));
  return Math.max(0, s + x * lnRatio - (x + 1 / alpha) * spread);
}

export interface GlrChart {
  statistics: number[];
  /** Positions at which the statistic reached the threshold; the chart restarts after each. */
  alarms: number[];
}

/** Generalised likelihood ratio for an increased Poisson mean: max over windows of κ̂Σx + (1 − e^κ̂)Σμ, κ̂ = ln(Σx/Σμ)⁺. */
export function glrPoisson(x: readonly number[], mu0: readonly number[], threshold: number): GlrChart {
  return chart(x.length, threshold, (start, t) => {
    let best = 0;
    let count = 0;
    let mean = 0;
    for (let i = t; i >= start; i--) {
      count += x[i]!;
      mean += mu0[i]!;
      if (count > mean) best = Math.max(best, count * Math.log(count / mean) + mean - count);
    }
    return best;
  });
}

/** The same for the negative binomial; κ̂ has no closed form and is found by Newton's steps on the window's score. */
export function glrNegativeBinomial(
  x: readonly number[],
  mu0: readonly number[],
  alpha: number,
  threshold: number,
): GlrChart {
  return chart(x.length, threshold, (start, t) => {
    let best = 0;
    for (let from = t; from >= start; from--) best = Math.max(best, nbWindow(x, mu0, alpha, from, t));
    return best;
  });
}

/** Log-likelihood ratio of the window [from, to] at its κ̂ ≥ 0. */
function nbWindow(x: readonly number[], mu0: readonly number[], alpha: number, from: number, to: number): number {
  let kappa = 0.5;
  for (let round = 0; round < 200; round++) {
    let score = 0;
    let information = 0;
    for (let i = from; i <= to; i++) {
      const m = mu0[i]! * Math.exp(kappa);
      score += (x[i]! - m) / (1 + alpha * m);
      information += (m * (1 + alpha * x[i]!)) / (1 + alpha * m) ** 2;
    }
    const step = Math.max(-1, Math.min(1, score / information));
    kappa += step;
    if (kappa < -5) return 0;
    if (Math.abs(step) < 1e-12) break;
  }
  if (kappa <= 0) return 0;
  let ratio = 0;
  for (let i = from; i <= to; i++) {
    const spread = Math.log((1 + alpha * mu0[i]! * Math.exp(kappa)) / (1 + alpha * mu0[i]!));
    ratio += x[i]! * kappa - (x[i]! + 1 / alpha) * spread;
  }
  return ratio;
}

function chart(length: number, threshold: number, statistic: (start: number, t: number) => number): GlrChart {
  const statistics: number[] = [];
  const alarms: number[] = [];
  let start = 0;
  for (let t = 0; t < length; t++) {
    const value = statistic(start, t);
    statistics.push(value);
    if (value >= threshold) {
      alarms.push(t);
      start = t + 1;
    }
  }
  return { statistics, alarms };
}

/**
 * Average run length of the NB CUSUM by a Markov chain of g states, as LRCUSUM.runlength: one state for S = 0 and g − 1
 * equal ones up to h, transitions by Hawkins' Simpson rule.
 * @param mean the true mean, mu0 the in-control one, factor the ratio the chart is tuned to
 */
export function nbCusumRunLength(
  { mean, mu0, alpha, factor }: { mean: number; mu0: number; alpha: number; factor: number },
  h: number,
  g = 100,
): number {
  const cdf = scoreCdf(mean, mu0, alpha, factor);
  const width = h / (g - 1);
  const edge = (i: number): number => (i === 0 ? -Infinity : (i - 1) * width);
  const below = (b: number, from: number): number => {
    if (from === 0) return cdf(b);
    const [c, d] = [edge(from), edge(from + 1)];
    return (cdf(b - c) + 4 * cdf(b - (c + d) / 2) + cdf(b - d)) / 6;
  };
  const rows: number[][] = [];
  for (let from = 0; from < g; from++) {
    const row: number[] = [];
    for (let to = 0; to < g; to++) {
      const p = below(edge(to + 1), from) - below(edge(to), from);
      row.push((from === to ? 1 : 0) - p);
    }
    rows.push([...row, 1]);
  }
  return solve(rows)[0]!;
}

/** Step function of the log-likelihood ratio's distribution under the true mean. */
function scoreCdf(mean: number, mu0: number, alpha: number, factor: number): (score: number) => number {
  const scores: number[] = [];
  const sums: number[] = [];
  let sum = 0;
  for (let x = 0; sum < 1 - 1e-13 && x < 100_000; x++) {
    sum += Math.exp(nbLnPmf(x, 1 / alpha, mean));
    scores.push(nbLnPmf(x, 1 / alpha, factor * mu0) - nbLnPmf(x, 1 / alpha, mu0));
    sums.push(sum);
  }
  const slope = scores[1]! - scores[0]!;
  return (score) => {
    const i = Math.floor((score - scores[0]!) / slope + 1e-12);
    return i < 0 || Number.isNaN(i) ? 0 : sums[Math.min(i, sums.length - 1)]!;
  };
}

/** Gauss–Jordan with partial pivoting on an augmented matrix. */
function solve(rows: number[][]): number[] {
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let i = 0; i < n; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]! / rows[column]![column]!;
      if (factor === 0) continue;
      for (let j = column; j <= n; j++) rows[i]![j]! -= factor * rows[column]![j]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

/** Expectation-based Poisson scan statistic of a zone (Neill): relative risk max(1, C/B), score C·ln(C/B) + B − C. */
export function poissonScan(count: number, baseline: number): { relativeRisk: number; score: number } {
  if (!(count > baseline)) return { relativeRisk: 1, score: 0 };
  return { relativeRisk: count / baseline, score: count * Math.log(count / baseline) + baseline - count };
}
