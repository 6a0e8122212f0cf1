import type { Exception } from '@plumbline/contracts';
import { inView, noFilters, toAddress as toTowerAddress } from '#exception/filters.ts';
import { grains, type View } from './view.ts';

/** Open exceptions by row and column of the grid; '' stands for the total. Keys by `countKey`. */
export type Counts = ReadonlyMap<string, number>;
export const countKey = (row: string, column: string): string => `${row}\0${column}`;

/** An exception counts in the cell its scope lies in, and in the totals of its row, of its column and of all. */
export function countsOf(exceptions: Iterable<Exception>, view: View): Counts {
  const { rows, columns } = grains(view);
  const counts = new Map<string, number>();
  const raise = (row: string, column: string): void => void counts.set(countKey(row, column), (counts.get(countKey(row, column)) ?? 0) + 1);
  for (const exception of exceptions) {
    const { scope } = exception;
    if (!inView(exception, 'open', null)) continue;
    if ((['family', 'sku', 'region', 'location'] as const).some((name) => view[name] !== undefined && scope[name] !== view[name])) continue;
    const row = scope[rows === 'sku' ? 'sku' : 'family'];
    const column = scope[columns === 'location' ? 'location' : 'region'];
    if (row !== undefined && column !== undefined) raise(row, column);
    if (row !== undefined) raise(row, '');
    if (column !== undefined) raise('', column);
    raise('', '');
  }
  return counts;
}

/** The queue narrowed to a cell. It has no filter by SKU, so that one is searched for. */
export function queueAddress(view: View, row: string, column: string): string {
  const { rows, columns } = grains(view);
  const family = rows === 'family' && row !== '' ? row : view.family;
  const sku = rows === 'sku' && row !== '' ? row : view.sku;
  const region = columns === 'region' && column !== '' ? column : view.region;
  const location = columns === 'location' && column !== '' ? column : view.location;
  const list = (one: string | undefined): string[] => (one === undefined ? [] : [one]);
  const query = toTowerAddress({ ...noFilters, family: list(family), region: list(region), location: list(location), text: sku ?? '' });
  return query.size > 0 ? `/?${query}` : '/';
}
