import type { ActualRows } from '@plumbline/ports';

/** Rows of two flushes one after the other; rows of the same series and day stay apart, their sum is the truth. */
export function mergeRows(first: ActualRows | undefined, second: ActualRows | undefined): ActualRows | undefined {
  if (!first || !second) return first ?? second;
  return {
    sku: first.sku.concat(second.sku),
    location: first.location.concat(second.location),
    day: first.day.concat(second.day),
    hours: first.hours.concat(second.hours),
    lines: first.lines.concat(second.lines),
    units: first.units.concat(second.units),
    revenue: first.revenue.concat(second.revenue),
  };
}
