/** A change seen in the kept days: when it began, and lines against expected lines since. */
export interface Change {
  since: number;
  lines: number;
  expected: number;
}

/** A day's lines, its (sensed) expected lines and k = 1/α; nothing expected = a day without business. */
export interface EvidenceDay {
  day: number;
  lines: number;
  expected: number;
  k: number;
}

/**
 * When a change began: of the windows that end with the last of `days`, the one with the largest negative-binomial
 * log-likelihood ratio of its own ratio θ = Σlines/Σexpected against 1, among those on the side of `direction`.
 * @param days ascending
 */
export function changeUpTo(days: readonly EvidenceDay[], direction: 1 | -1): Change {
  const last = days[days.length - 1]!;
  let best: Change = { since: last.day, lines: last.lines, expected: last.expected };
  let bestGain = -Infinity;
  let lines = 0;
  let expected = 0;
  for (let first = days.length - 1; first >= 0; first--) {
    const day = days[first]!;
    if (!(day.expected > 0)) continue;
    lines += day.lines;
    expected += day.expected;
    if ((lines - expected) * direction < 0) continue;
    const gain = windowGain(days, first, lines / expected);
    if (gain > bestGain) {
      bestGain = gain;
      best = { since: day.day, lines, expected };
    }
  }
  return best;
}

function windowGain(days: readonly EvidenceDay[], first: number, theta: number): number {
  const lnTheta = Math.log(Math.max(theta, 1e-9));
  let gain = 0;
  for (let i = first; i < days.length; i++) {
    const { lines, expected, k } = days[i]!;
    if (expected > 0) gain += lines * lnTheta + (lines + k) * Math.log((k + expected) / (k + theta * expected));
  }
  return gain;
}
