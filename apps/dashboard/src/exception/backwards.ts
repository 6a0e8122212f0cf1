/** Items of a stretch of time [from, to) in any order; `whole` is false where there are more than one answer holds. */
export interface Stretch<T> {
  items: T[];
  whole: boolean;
}

export interface Window {
  /** Everything from here on has been read. */
  edge: number;
  /** How far back the next stretch reaches, milliseconds. */
  width: number;
}

const NARROWEST = 1_000;
const WIDEST = 7 * 24 * 3_600_000;

/** A first width in which about `wanted` items lie, at so many in so long. */
export const widthFor = (wanted: number, count: number, ms: number): number =>
  Math.max(60_000, Math.min(WIDEST, count > 0 ? (wanted * ms) / count : WIDEST));

/**
 * Reads backwards in time from a source that answers forwards: stretch by stretch, narrower where one holds too much,
 * wider where it holds little, until at least `wanted` items are found or `from` is reached.
 */
export async function readBack<T>(
  { edge, width }: Window,
  from: number,
  wanted: number,
  read: (from: number, to: number) => Promise<Stretch<T>>,
  timeOf: (item: T) => number,
): Promise<{ items: T[]; window: Window }> {
  const items: T[] = [];
  while (items.length < wanted && edge > from) {
    const low = Math.max(from, edge - width);
    const stretch = await read(low, edge);
    if (!stretch.whole && edge - low > NARROWEST) {
      width = Math.max(NARROWEST, Math.floor((edge - low) / 4));
      continue;
    }
    items.push(...stretch.items.sort((a, b) => timeOf(b) - timeOf(a)));
    edge = low;
    if (stretch.items.length < wanted / 4) width = Math.min(WIDEST, width * 4);
  }
  return { items, window: { edge, width } };
}
