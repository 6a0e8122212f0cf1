export interface RangeDrawing {
  low: number;
  value: number;
  high: number;
  one: number;
}

/** Places of a ratio's range, its middle and of 1 along a track from 0 to 1, by logarithm, with 1 always in sight. */
export function rangeOf(low: number, value: number, high: number): RangeDrawing {
  const log = (ratio: number): number => Math.log2(Math.max(ratio, 1 / 64));
  const reach = Math.max(1, Math.abs(log(low)), Math.abs(log(high)), Math.abs(log(value))) * 1.1;
  const place = (ratio: number): number => Math.max(0, Math.min(1, (log(ratio) + reach) / (2 * reach)));
  return { low: place(low), value: place(value), high: place(high), one: 0.5 };
}
