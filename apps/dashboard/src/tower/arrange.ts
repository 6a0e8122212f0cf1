import type { Exception } from '@plumbline/contracts';
import { comparers, matcher, type Filters } from '#exception/filters.ts';

/** Rows as shown, and those that wait to be shown. */
export interface Arranged {
  rows: readonly Exception[];
  /** Ids that match and are not among the rows. */
  fresh: readonly string[];
  /** Ids of the rows: as long as they hold still, it is the same set. */
  placed: ReadonlySet<string>;
}
export const emptyQueue: Arranged = { rows: [], fresh: [], placed: new Set() };

/**
 * Puts everything in its place: all that match, in their order. What has left the view since it was shown (recovered,
 * snoozed, given to somebody) stays among them as long as `lingers` says so.
 * @param stays a row that somebody looks at, and that is not taken from under their eyes even when it is gone
 */
export function settle(
  before: Arranged,
  exceptions: ReadonlyMap<string, Exception>,
  filters: Filters,
  viewer: string | null,
  lingers: (id: string) => boolean = () => false,
  stays?: string,
): Arranged {
  const matches = matcher(filters, viewer);
  const rows: Exception[] = [];
  const placed = new Set<string>();
  // The former order first: what is nearly sorted already is sorted in a pass.
  for (const row of before.rows) {
    const { id } = row;
    const exception = exceptions.get(id) ?? (id === stays ? row : undefined);
    if (!exception || !(id === stays || matches(exception) || lingers(id))) continue;
    rows.push(exception);
    placed.add(id);
  }
  for (const exception of exceptions.values()) {
    if (placed.has(exception.id) || !matches(exception)) continue;
    rows.push(exception);
    placed.add(exception.id);
  }
  rows.sort(comparers[filters.sort]);
  return { rows, fresh: [], placed };
}

/**
 * Rows hold still: each shows its newest state in its old place, what is gone shows its last, what is new waits.
 */
export function hold(
  before: Arranged,
  exceptions: ReadonlyMap<string, Exception>,
  filters: Filters,
  viewer: string | null,
): Arranged {
  const matches = matcher(filters, viewer);
  const rows = before.rows.map((row) => exceptions.get(row.id) ?? row);
  const { placed } = before;
  const fresh: string[] = [];
  for (const exception of exceptions.values()) if (!placed.has(exception.id) && matches(exception)) fresh.push(exception.id);
  return { rows, fresh, placed };
}

/** Those that wait take their places; the other rows keep their order, also where it is no longer quite right. */
export function admit(held: Arranged, exceptions: ReadonlyMap<string, Exception>, filters: Filters): Arranged {
  const compare = comparers[filters.sort];
  const fresh = held.fresh.flatMap((id) => exceptions.get(id) ?? []).sort(compare);
  const rows: Exception[] = [];
  let next = 0;
  for (const row of held.rows) {
    while (next < fresh.length && compare(fresh[next]!, row) < 0) rows.push(fresh[next++]!);
    rows.push(row);
  }
  rows.push(...fresh.slice(next));
  return { rows, fresh: [], placed: new Set(rows.map(({ id }) => id)) };
}
