import type { Attribution, Scope } from '@plumbline/contracts';
import { compareText } from '@plumbline/kernel';
import { rounded } from './value.ts';

/** A part of an exception's scope: a location of a family-region, a family of a location, a store of a SKU. */
export interface Part {
  scope: Scope;
  label: string;
  lines: number;
  expected: number;
}

const SHOWN = 8;

/**
 * What moved it: each part's variance and its share of the whole variance, largest share first; beyond eight the rest
 * in one line. Shares add up to 1; a part that went the other way has a negative share.
 */
export function attribute(parts: readonly Part[], scope: Scope): Attribution[] {
  let whole = 0;
  for (const part of parts) whole += part.lines - part.expected;
  if (whole === 0) return [];
  const moved = parts
    .map((part) => ({ part, variance: part.lines - part.expected }))
    .filter(({ part, variance }) => variance !== 0 || part.lines > 0)
    .sort((a, b) => (b.variance - a.variance) * Math.sign(whole) || compareText(a.part.label, b.part.label));
  const row = (label: string, of: Scope, variance: number): Attribution => ({
    scope: of,
    label,
    variance: rounded(variance, 2),
    share: rounded(variance / whole, 4),
  });
  const shown = moved.slice(0, SHOWN).map(({ part, variance }) => row(part.label, part.scope, variance));
  const rest = moved.slice(SHOWN);
  if (rest.length > 0) {
    shown.push(row(`${rest.length} more`, scope, rest.reduce((sum, { variance }) => sum + variance, 0)));
  }
  return shown;
}
