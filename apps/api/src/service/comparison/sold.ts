import type { PlanIndex } from '@plumbline/plan';
import type { ActualsBucket, ActualsQuery, Store } from '@plumbline/ports';
import { groupsOf, type Grid } from './grid.ts';
import type { Range } from './range.ts';
import type { Sums } from './sums.ts';

/** Sums of closed days are kept so long, milliseconds: a line that comes late shows no later than that. */
const LASTS_MS = 60_000;
/** Answers kept, and rows of all of them together (some 100 bytes each). */
const MOST_KEPT = 16;
const MOST_ROWS = 200_000;

interface Kept {
  at: number;
  rows: Promise<ActualsBucket[]>;
  size: number;
}

/**
 * Sales as the store has them, by cell. A page asks for the same range every few seconds, of which all but the present
 * and the last day hardly change: those are read once a minute.
 */
export class Sold {
  readonly #store: Pick<Store, 'actuals'>;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(store: Pick<Store, 'actuals'>, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Adds the sales of a grid's cells over a range. SKUs and locations that the plan does not know are in none. */
  async add(sums: Sums, plan: PlanIndex, grid: Grid, range: Range): Promise<void> {
    const zones = plan.zones.length;
    const bucket = range.byHour ? 'hour' : range.bucket;
    const query = { bucket, groups: groupsOf(plan, grid) } as const;
    const open = Math.min(range.toDay, Math.max(range.fromDay, Math.min(...range.spans.map(({ nowDay }) => nowDay)) - 1));
    const parts = await Promise.all([
      this.#closed({ ...query, fromDay: range.fromDay, toDay: open }, `${plan.version.hash} ${keyOf(grid)}`),
      this.#store.actuals({ ...query, fromDay: open, toDay: range.toDay }),
    ]);
    const { units, revenue, lines } = sums.of;
    for (const row of parts.flat()) {
      const [column, zone] = [Math.floor(row.locationGroup! / zones), row.locationGroup! % zones];
      const at = range.bucketOf(zone, row.day, row.hour);
      if (at === undefined) continue;
      const cell = row.skuGroup! * grid.columns.length + column;
      units[cell]! += row.units;
      revenue[cell]! += row.revenue;
      lines[cell]! += row.lines;
      sums.sold[cell * sums.buckets + at]! += row.units;
      sums.soldRevenue[cell * sums.buckets + at]! += row.revenue;
      sums.present[cell] = 1;
    }
  }

  async #closed(query: ActualsQuery, grid: string): Promise<ActualsBucket[]> {
    if (query.toDay <= query.fromDay) return [];
    const key = `${query.bucket} ${query.fromDay} ${query.toDay} ${grid}`;
    const known = this.#kept.get(key);
    if (known && this.#now() - known.at < LASTS_MS) return known.rows;
    const kept: Kept = { at: this.#now(), rows: this.#store.actuals(query), size: 0 };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    try {
      const rows = await kept.rows;
      kept.size = rows.length;
      this.#trim();
      return rows;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
  }

  #trim(): void {
    let rows = 0;
    for (const { size } of this.#kept.values()) rows += size;
    for (const [key, { size }] of this.#kept) {
      if (this.#kept.size <= MOST_KEPT && rows <= MOST_ROWS) break;
      this.#kept.delete(key);
      rows -= size;
    }
  }
}

/** What tells one grid of a plan from another: which SKUs and locations are in which row and column. */
const keyOf = ({ rowOfSku, columnOfLocation }: Grid): string => `${rowOfSku.join()} ${columnOfLocation.join()}`;
