/**
 * exp and ln for the day recursion, which takes twenty of each per series and day: tables of 128 steps and a short
 * polynomial. Relative error of exp and absolute error of ln below 3e-15; only IEEE +, −, × and table
 * look-ups, so every machine gets the same bits.
 */
const STEPS = 128;
const exp2 = Float64Array.from({ length: STEPS }, (_, i) => 2 ** (i / STEPS));
const powerOfTwo = Float64Array.from({ length: 2200 }, (_, i) => 2 ** (i - 1100));
const inverse = Float64Array.from({ length: STEPS }, (_, i) => 1 / (1 + (i + 0.5) / STEPS));
const logarithm = Float64Array.from(inverse, (value) => -Math.log(value));
const PER_STEP = STEPS / Math.LN2;
/** ln 2 / 128 in two parts: the first of 24 bits, so that n·HIGH is exact; the second with what LN2 itself leaves out. */
const HIGH = Math.fround(Math.LN2 / STEPS);
const LOW = Math.LN2 / STEPS - HIGH + 2.3190468138462996e-17 / STEPS;
/** Adding and taking away 1.5·2⁵² rounds to the nearest integer. */
const ROUND = 6755399441055744;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** e^x; 0 below −700, e^700 above 700. */
export function fastExp(x: number): number {
  if (x < -700) return 0;
  if (x > 700) x = 700;
  const n = x * PER_STEP + ROUND - ROUND;
  const r = x - n * HIGH - n * LOW;
  const i = n | 0;
  const series = 1 + r * (1 + r * (0.5 + r * (1 / 6 + r * (1 / 24))));
  return exp2[i & (STEPS - 1)]! * series * powerOfTwo[(i >> 7) + 1100]!;
}

/** Natural logarithm of a positive normal number. */
export function fastLog(x: number): number {
  float[0] = x;
  const high = words[1]!;
  const exponent = (high >>> 20) - 1023;
  const i = (high >>> 13) & (STEPS - 1);
  const z = x * powerOfTwo[1100 - exponent]! * inverse[i]! - 1;
  const series = z * (1 + z * (-0.5 + z * (1 / 3 + z * (-0.25 + z * 0.2))));
  return exponent * Math.LN2 + (logarithm[i]! + series);
}
