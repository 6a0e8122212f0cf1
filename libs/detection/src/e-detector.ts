import { fastExp, fastLog } from './fast-math.ts';

/**
 * D1, the mixture Shiryaev–Roberts e-detector (Shin, Ramdas & Rinaldo). Atom j assumes the ratio θ_j = θ0·RATIO_j,
 * where θ0 is the edge of the dead band, so with x = θ0·m its likelihood ratio against the edge is
 *   L_j = RATIO_j^N · ((k + x) / (k + RATIO_j·x))^(N + k),   m = expected lines, N = lines, k = 1/α.
 * Surge atoms are 0–4, drop atoms 5–9; each direction's mixture has equal weights.
 */
export const ATOMS = 5;
export const SURGE = 0;
export const DROP = ATOMS;
export const RATIOS = Float64Array.of(1.25, 1.5, 2, 3, 5, 0.8, 0.6, 0.4, 0.2, 0.02);
const LN_RATIOS = RATIOS.map((ratio) => Math.log(ratio));
/** Keeps M finite in float32 for a series that has no threshold. */
const M_LIMIT = 1e30;

/** The edge of the dead band δ in a direction (SURGE or DROP). */
export const edgeOf = (direction: number, deadBand: number): number =>
  direction === SURGE ? 1 + deadBand : 1 - deadBand;

/** Closes a day: M_j ← (1 + M_j)·L_j for one direction's atoms; returns S = Σ w_j M_j after it, the day's last statistic. */
export function closeAtoms(m: Float32Array, direction: number, x: number, lines: number, k: number): number {
  const edge = k + x;
  const power = lines + k;
  let sum = 0;
  for (let j = direction; j < direction + ATOMS; j++) {
    const likelihood = fastExp(lines * LN_RATIOS[j]! + power * fastLog(edge / (k + RATIOS[j]! * x)));
    const next = (1 + m[j]!) * likelihood;
    m[j] = next < M_LIMIT ? next : M_LIMIT;
    sum += next;
  }
  return sum / ATOMS;
}

/** S = Σ w_j (1 + M_j) L_j, the statistic at an instant of the open day. */
export function liveStatistic(m: Float32Array, direction: number, x: number, lines: number, k: number): number {
  const edge = k + x;
  const power = lines + k;
  let sum = 0;
  for (let j = direction; j < direction + ATOMS; j++) {
    sum += (1 + m[j]!) * fastExp(lines * LN_RATIOS[j]! + power * fastLog(edge / (k + RATIOS[j]! * x)));
  }
  return sum / ATOMS;
}

const slope = new Float64Array(ATOMS);
const height = new Float64Array(ATOMS);

/**
 * The smallest N whose surge statistic reaches c at x = θ0·m. S rises with N and falls with x, so what is found at one
 * hour is a lower bound for every later hour of the day.
 */
export function surgeBound(m: Float32Array, x: number, k: number, lnThreshold: number, largest: number): number {
  const edge = k + x;
  let low = Infinity;
  let high = Infinity;
  for (let j = 0; j < ATOMS; j++) {
    const step = fastLog(edge / (k + RATIOS[j]! * x));
    const g = LN_RATIOS[j]! + step;
    const h = k * step + fastLog((1 + m[j]!) / ATOMS);
    slope[j] = g;
    height[j] = h;
    const alone = (lnThreshold - h) / g;
    if (alone < high) high = alone;
    const shared = alone - LN_ATOMS / g;
    if (shared < low) low = shared;
  }
  if (!(low < largest)) return largest;
  let from = Math.max(0, Math.floor(low));
  let to = Math.min(largest, Math.ceil(high) + 1);
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    let sum = 0;
    for (let j = 0; j < ATOMS; j++) sum += fastExp(height[j]! - lnThreshold + middle * slope[j]!);
    if (sum >= 1) to = middle;
    else from = middle + 1;
  }
  return from;
}

const LN_ATOMS = Math.log(ATOMS);
