import { incompleteGamma, lnGamma, normalQuantile } from './special-functions.ts';

/** The gamma distribution by shape a and rate b: mean a/b, variance a/b². */

export function gammaCdf(x: number, shape: number, rate: number): number {
  return incompleteGamma(shape, x * rate);
}

/** Quantile: Wilson–Hilferty to begin with, then Newton's steps held inside a bracket. */
export function gammaQuantile(p: number, shape: number, rate: number): number {
  if (!(p > 0)) return 0;
  if (p >= 1) return Infinity;
  const cube = 1 - 1 / (9 * shape) + normalQuantile(p) / (3 * Math.sqrt(shape));
  let x = shape > 0.5 && cube > 0 ? shape * cube ** 3 : Math.exp((Math.log(p) + lnGamma(shape + 1)) / shape);
  let low = 0;
  let high = Infinity;
  for (let i = 0; i < 200; i++) {
    const error = incompleteGamma(shape, x) - p;
    if (error > 0) high = x;
    else low = x;
    const density = Math.exp((shape - 1) * Math.log(x) - x - lnGamma(shape));
    let next = x - error / density;
    if (!(next > low && next < high)) next = high === Infinity ? 2 * x + 1e-300 : (low + high) / 2;
    if (Math.abs(next - x) <= 1e-14 * next) return next / rate;
    x = next;
  }
  return x / rate;
}
