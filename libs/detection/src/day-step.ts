import { closeAtoms, DROP, edgeOf, SURGE } from './e-detector.ts';
import { fastExp, fastLog } from './fast-math.ts';

/** Slots of a series' statistics; 0–9 are the atoms M_j of D1. Kept as float32, rounded at every step. */
export const C = 10;
export const E = 11;
export const ZERO_RUN = 12;
export const ALPHA_SUM = 13;
export const ALPHA_WEIGHT = 14;
export const STATISTICS = 15;

/**
 * Weight n0 of the plan in the sensed rate, in lines; 20 in the specification. A smaller one absorbs the change it should
 * report: real plan, 10 alerts per 1,000 series-weeks, ×3 found at n0 = 20 / 30 / 40 / 60: .88 / .89 / .905 / .91 (eight
 * draws), false alarms at 0.5 lines a day, δ = 0: .70 / .77 / .90 / 1.03. 40 is the one that keeps both promises.
 */
export const PRIOR_LINES = 40;
export const HALF_LIFE_DAYS = 28;
const KEEP = 2 ** (-1 / HALF_LIFE_DAYS);
/** Dispersion is steadier than demand: half a business year. */
const KEEP_ALPHA = 2 ** (-1 / 182);
const THETA_MIN = 0.4;
const THETA_MAX = 2.5;
const ALPHA_PRIOR_DAYS = 30;
const ALPHA_REFERENCE_MOST = 2;
/** Factor on α of the pool, and on α learnt from the series alone. */
const ALPHA_SAFETY = 1.3;
const ALPHA_SAFETY_LEARNT = 1.1;
const ALPHA_MIN = 1e-4;
const CLIP_SIGMAS = 4;
const ZERO_RUN_LIMIT = 1e30;

export const COLD_DAYS = 14;
export const COLD_DEAD_BAND = 0.5;
/** Hazard a day of going off the shelf, D3. */
export const ZERO_RUN_HAZARD = 0.003;

/** Sensed ratio θ̂ = clamp((n0 + C) / (n0 + E), .4, 2.5), n0 = PRIOR_LINES. */
export function sensedRatio(s: Float32Array): number {
  const ratio = (PRIOR_LINES + s[C]!) / (PRIOR_LINES + s[E]!);
  return ratio < THETA_MIN ? THETA_MIN : ratio > THETA_MAX ? THETA_MAX : ratio;
}

/**
 * The dispersion the detectors use: the series' own moment estimate, shrunk to its class pool with n/(n + 30), × 1.3
 * while nothing is known, falling to × 1.1 as the same n grows.
 * n counts days in units of information about α (a day of many lines counts 1, a day of few tells next to nothing and
 * counts near 0): ALPHA_WEIGHT = Σ m⁴/Var((y − m)²), and 2α² of it is one fully informative day, at an α between once
 * and twice the pool's. Judged at the series' own α instead, a burst vouches for itself: own α reached 38 on real lines
 * and hid what came after (real plan: ×3 found .83, with this bound .88; ×0 .91 → .99). The price: with a true α of
 * 3 × pool, 2.3 → 3.3 false alarms per 1,000 series-weeks at 3 lines a day. The falling factor finds ×2 at 80 lines a
 * day in 4 days for 5; false alarms there .20 → .25, at 15 lines .23 → .40.
 */
export function usedAlpha(s: Float32Array, pool: number, cold: boolean): number {
  let alpha = pool;
  let known = 0;
  const weight = s[ALPHA_WEIGHT]!;
  if (!cold && weight > 0) {
    const own = s[ALPHA_SUM]! > 0 ? s[ALPHA_SUM]! / weight : 0;
    const most = ALPHA_REFERENCE_MOST * pool;
    const reference = own > most ? most : own > pool ? own : pool;
    const n = 2 * reference * reference * weight;
    known = n / (n + ALPHA_PRIOR_DAYS);
    alpha = pool + known * (own - pool);
  }
  alpha *= ALPHA_SAFETY + known * (ALPHA_SAFETY_LEARNT - ALPHA_SAFETY);
  return alpha > ALPHA_MIN ? alpha : ALPHA_MIN;
}

/**
 * One series' statistics and the recursion that closes a day. A bank loads a series into it, closes kept days in
 * order, and reads or saves what is there then. Every value is rounded to float32 after every day, so the result does
 * not depend on which day the loading started from.
 */
export class DayStep {
  readonly s = new Float32Array(STATISTICS);
  /** Of the day last closed: expected lines (sensed; 0 = a day without business, passed over), and k. */
  expected = 0;
  k = 1;
  /** Statistics of the day last closed, before any reset: S of both directions and M0; 0 on a day passed over. */
  surge = 0;
  drop = 0;
  zeroRun = 0;

  /**
   * Closes a day of `lines` against `planned` lines (already times the share of the day that was observed).
   * @param learnAlpha false while an exception is open, so that the exception does not become the norm
   */
  close(lines: number, planned: number, pool: number, deadBand: number, cold: boolean, learnAlpha: boolean): void {
    const s = this.s;
    this.surge = this.drop = this.zeroRun = 0;
    if (!(planned > 0)) {
      this.expected = 0;
      return;
    }
    const alpha = usedAlpha(s, pool, cold);
    const k = 1 / alpha;
    const m = planned * sensedRatio(s);
    this.expected = m;
    this.k = k;
    const band = cold ? COLD_DEAD_BAND : deadBand;
    this.surge = closeAtoms(s, SURGE, edgeOf(SURGE, band) * m, lines, k);
    this.drop = closeAtoms(s, DROP, edgeOf(DROP, band) * m, lines, k);
    // At the edge of the dead band, as D1's drops: at m itself a plan 20 % high raised 1.3 false alarms per 1,000
    // series-weeks at 0.5 lines a day, at (1 − δ)·m 0.2; ×0 is seen as soon (medians 4 / 2 / 1 days at 3 / 15 / 80).
    const run = lines > 0 ? 0 : (1 + s[ZERO_RUN]!) * fastExp(k * fastLog(1 + edgeOf(DROP, band) * m * alpha));
    s[ZERO_RUN] = run < ZERO_RUN_LIMIT ? run : ZERO_RUN_LIMIT;
    this.zeroRun = s[ZERO_RUN]!;
    const spread = 1 + alpha * m;
    s[C] = KEEP * s[C]! + lines / spread;
    s[E] = KEEP * s[E]! + planned / spread;
    if (learnAlpha) this.#learnAlpha(lines, m, m * spread);
  }

  /** α̂ = Σw((y − m)² − m)/Σw·m², w = m²/(σ² + 2σ⁴), which is least squares of (y − m)² − m on m²; y − m clipped at 4σ. */
  #learnAlpha(lines: number, m: number, variance: number): void {
    const s = this.s;
    const clip = CLIP_SIGMAS * Math.sqrt(variance);
    const residual = Math.min(clip, Math.max(-clip, lines - m));
    const weight = (m * m) / (variance + 2 * variance * variance);
    s[ALPHA_SUM] = KEEP_ALPHA * s[ALPHA_SUM]! + weight * (residual * residual - m);
    s[ALPHA_WEIGHT] = KEEP_ALPHA * s[ALPHA_WEIGHT]! + weight * m * m;
  }
}
