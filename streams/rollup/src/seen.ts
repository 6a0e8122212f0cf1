/** One business day of a node: seen; expected by the rate sensed before; planned. Only what could be heard, up to now. */
export interface Seen {
  lines: number;
  units: number;
  expected: number;
  planned: number;
  plannedUnits: number;
}

export const nothingSeen = (): Seen => ({ lines: 0, units: 0, expected: 0, planned: 0, plannedUnits: 0 });

/** Adds in place. */
export function add(into: Seen, seen: Seen): void {
  into.lines += seen.lines;
  into.units += seen.units;
  into.expected += seen.expected;
  into.planned += seen.planned;
  into.plannedUnits += seen.plannedUnits;
}
