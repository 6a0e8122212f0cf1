/** Lines of one leaf spread by its profile over the open days of each weekday, and the days on which it sold. */
export interface LeafDays {
  /** Class (family × region) the leaf is pooled in. */
  pool: number;
  /** Lines in all, and what an open day of each weekday would have of them. */
  total: number;
  mean: ArrayLike<number>;
  openPerWeekday: ArrayLike<number>;
  /** Days with sales: parallel columns. */
  weekday: readonly number[];
  lines: readonly number[];
}

const CLIP = 4;
/** At μ ≪ 1 a single line lies beyond 4σ; clipping it would make every slow seller look less than Poisson. */
const LEAST_CLIP = 3;
const ROUNDS = 4;
const SHRINK = 30;
const LEAST = 0.01;
const MOST = 10;

/**
 * Dispersion of daily lines pooled over leaves (detection.md, Dispersion, μθ̂ the leaf's own mean):
 * α̂ = Σw((y − μθ̂)² − μθ̂) / Σw(μθ̂)² over all open days of all leaves, residuals clipped at 4σ of the previous round's α.
 * w = 1/n of the leaf: on the retail data α falls with volume (.43 below 20 lines in eight weeks, .12 at 50, .04 above
 * 100), and the class value is for leaves that have not yet shown their own; w = 1 would give them that of the largest.
 * The mean is fitted to the same D days, so residuals are raised by D/(D − 1) and (μθ̂)² lowered by 1 − Var(n)/n²; a leaf
 * with one line then says nothing, as it should. Shrunk to the pool of all with n/(n + 30), n = days with sales beyond
 * each leaf's first. Within 0.01…10.
 */
export function dispersion(leaves: readonly LeafDays[], pools: number): Float64Array {
  let alpha = new Float64Array(pools).fill(0.5);
  for (let round = 0; round < ROUNDS; round++) alpha = estimate(leaves, alpha);
  return alpha;
}

function estimate(leaves: readonly LeafDays[], before: Float64Array): Float64Array<ArrayBuffer> {
  const pools = before.length;
  const excess = new Float64Array(pools);
  const square = new Float64Array(pools);
  const days = new Float64Array(pools);
  for (const leaf of leaves) {
    const { pool } = leaf;
    const sums = momentsOf(leaf, before[pool]);
    excess[pool] += sums.excess;
    square[pool] += sums.square;
    days[pool] += leaf.lines.length - 1;
  }
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  const all = ratio(sum(excess), sum(square), 0.1);
  return excess.map((value, pool) => {
    const trust = days[pool] / (days[pool] + SHRINK);
    return trust * ratio(value, square[pool], all) + (1 - trust) * all;
  });
}

function momentsOf(leaf: LeafDays, alpha: number): { excess: number; square: number } {
  let open = 0;
  let residuals = 0;
  let square = 0;
  for (let weekday = 0; weekday < 7; weekday++) {
    const mean = leaf.mean[weekday];
    const quiet = Math.min(mean, clipOf(mean, alpha));
    open += leaf.openPerWeekday[weekday];
    residuals += leaf.openPerWeekday[weekday] * quiet * quiet;
    square += leaf.openPerWeekday[weekday] * mean * mean;
  }
  for (let i = 0; i < leaf.lines.length; i++) {
    const mean = leaf.mean[leaf.weekday[i]];
    const clip = clipOf(mean, alpha);
    const quiet = Math.min(mean, clip);
    const residual = Math.min(Math.abs(leaf.lines[i] - mean), clip);
    residuals += residual * residual - quiet * quiet;
  }
  const n = leaf.total;
  if (open < 2 || n <= 0) return { excess: 0, square: 0 };
  const variance = n + alpha * square;
  return { excess: ((residuals * open) / (open - 1) - n) / n, square: (square * (1 - variance / n ** 2)) / n };
}

const clipOf = (mean: number, alpha: number): number =>
  Math.max(LEAST_CLIP, CLIP * Math.sqrt(mean + alpha * mean * mean));
const ratio = (excess: number, square: number, otherwise: number): number =>
  square > 0 ? Math.min(MOST, Math.max(LEAST, excess / square)) : otherwise;
