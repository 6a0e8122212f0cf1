/** R at which an open exception is taken to have recovered. */
export const CLEAR_AT = 50;

/** The ratio recovery is tested against: half-way between plan and the exception's own ratio θ̂. */
export const openRatio = (theta: number): number => (1 + theta) / 2;

/**
 * R ← (1 + R)·f(y; μ)/f(y; θ_open·μ), a Shiryaev–Roberts statistic for "back to expectation", NB of size k.
 * A day (or part of one) without expected lines says nothing: a closed shop or a silent feed never reads as recovered.
 * @param theta θ̂ of the exception, lines over expected since it began
 */
export function clearingStep(r: number, lines: number, expected: number, k: number, theta: number): number {
  if (!(expected > 0)) return r;
  const open = Math.max(openRatio(theta), 1e-6);
  const spread =
    k === Infinity ? (open - 1) * expected : (lines + k) * Math.log((k + open * expected) / (k + expected));
  return (1 + r) * Math.exp(spread - lines * Math.log(open));
}

export const cleared = (r: number): boolean => r >= CLEAR_AT;
