export interface Part {
  label: string;
  /** Above (+) or below (−) plan. */
  variance: number;
  /** Of the whole deviation. */
  share: number;
}

export interface Bar extends Part {
  /** Shares of the track. */
  left: number;
  width: number;
  strength: number;
}

/**
 * Bars on one scale with a common zero, by size; beyond `most` the smaller ones are summed up as "12 more". Names are
 * made distinct, so that they can serve as keys.
 */
export function barsOf(parts: readonly Part[], most: number): Bar[] {
  const sorted = [...parts].sort((a, b) => Math.abs(b.variance) - Math.abs(a.variance) || (a.label < b.label ? -1 : 1));
  const shown = sorted.length > most ? sorted.slice(0, most - 1) : sorted;
  const rest = sorted.slice(shown.length);
  if (rest.length > 0) {
    const sum = (pick: (part: Part) => number): number => rest.reduce((total, part) => total + pick(part), 0);
    shown.push({ label: `${rest.length} more`, variance: sum((part) => part.variance), share: sum((part) => part.share) });
  }
  const under = Math.max(0, ...shown.map(({ variance }) => -variance));
  const over = Math.max(0, ...shown.map(({ variance }) => variance));
  // Where all of them go one way they grow from the left edge, whichever way that is.
  const both = under > 0 && over > 0;
  const span = both ? under + over : Math.max(under, over, Number.MIN_VALUE);
  const zero = both ? under / span : 0;
  const names = new Map<string, number>();
  return shown.map((part) => {
    const seen = names.get(part.label) ?? 0;
    names.set(part.label, seen + 1);
    const width = Math.abs(part.variance) / span;
    const strength = 0.45 + (0.55 * Math.abs(part.variance)) / Math.max(under, over, Number.MIN_VALUE);
    return { ...part, label: seen ? `${part.label} (${seen + 1})` : part.label, left: both && part.variance < 0 ? zero - width : zero, width, strength };
  });
}
