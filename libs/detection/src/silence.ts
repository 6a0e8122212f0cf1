/** D4: −ln P(no line | Λ expected) of a negative binomial of size k, k·ln(1 + Λ/k). */
export function silenceStatistic(k: number, expected: number): number {
  return k === Infinity ? expected : k * Math.log1p(expected / k);
}
