/** Largest value of a plan line, and largest sum of weights, that `proportion` divides exactly. */
export const EXACT_LIMIT = 2 ** 50;

/**
 * ⌊amount · part / whole⌋ exactly, for safe integers 0 ≤ part ≤ whole ≤ 2^50, 0 < whole, 0 ≤ amount ≤ 2^50.
 *
 * Up to 2^53 the product is exact and so is the floor of its rounded quotient (the quotient is at least 1/whole below the
 * next integer, more than half an ulp). Above it the quotient is off by at most one, and the remainder
 * amount·part − quotient·whole, taken from error-free products, says in which direction.
 */
export function proportion(amount: number, part: number, whole: number): number {
  const product = amount * part;
  const quotient = Math.floor(product / whole);
  if (product < 2 ** 53) return quotient;
  const back = quotient * whole;
  const remainder = product - back + (productError(amount, part, product) - productError(quotient, whole, back));
  if (remainder < 0) return quotient - 1;
  return remainder >= whole ? quotient + 1 : quotient;
}

/** a·b − fl(a·b), exactly (Dekker 1971, with Veltkamp's splitting). */
function productError(a: number, b: number, product: number): number {
  const aBig = a * SPLITTER;
  const aHigh = aBig - (aBig - a);
  const aLow = a - aHigh;
  const bBig = b * SPLITTER;
  const bHigh = bBig - (bBig - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

const SPLITTER = 2 ** 27 + 1;

/**
 * The part of an amount that falls to [from, to) of cumulative weights 0…whole. Adjacent intervals add up, and the
 * whole gives the amount, whatever the weights: the rounding is that of the cumulative value.
 */
export function between(amount: number, from: number, to: number, whole: number): number {
  if (amount === 0 || from === to) return 0;
  return proportion(amount, to, whole) - proportion(amount, from, whole);
}
