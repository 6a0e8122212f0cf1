import type { Altitude, Compared, ComparisonAnswer, ComparisonQuery } from '@plumbline/contracts';
import { deadBands } from '@plumbline/exceptions';
import { firstDayOfMonth, formatDay, formatInstant, HOUR_MS, PlumblineError, type Instant } from '@plumbline/kernel';
import type { CompiledPlan } from '@plumbline/plan';
import type { CompiledPlans } from './compiled-plans.ts';
import { gridOf, withoutColumns, withoutRows, withRows, type Grid } from './comparison/grid.ts';
import { Heard } from './comparison/heard.ts';
import { comparedOf, seriesOf, type Judgement } from './comparison/judged.ts';
import { addAmounts, addPlanned } from './comparison/planned.ts';
import { rangeOf, type Range } from './comparison/range.ts';
import { Sold } from './comparison/sold.ts';
import { gathered, Sums } from './comparison/sums.ts';
import type { Plans } from './plans.ts';
import { towerTime, type Now, type Source } from './source.ts';

/** Buckets of attainment where no spark line is asked for. */
const USUAL_BUCKETS = 48;
/** Rows of a CSV: all there are, of any plan that fits a spreadsheet. */
const EVERY_ROW = 1_000_000;
const LONGEST_MONTH = 31;

/** What is compared: fixed for all parts of one answer. */
interface Scene {
  plan: CompiledPlan;
  at: Instant;
  range: Range;
  query: ComparisonQuery;
}

/** Plan against actual, of any family or SKU in any region or location over any interval of the plan. */
export class Comparison {
  readonly #source: Source;
  readonly #plans: Plans;
  readonly #compiled: CompiledPlans;
  readonly #now: Now;
  readonly #heard: Heard;
  readonly #sold: Sold;

  constructor(source: Source, plans: Plans, compiled: CompiledPlans, now: Now) {
    this.#source = source;
    this.#plans = plans;
    this.#compiled = compiled;
    this.#now = now;
    this.#heard = new Heard(source.store, now);
    this.#sold = new Sold(source.store, now);
  }

  /** @throws PlumblineError 'no-plan', 'plan-unknown', 'range-invalid', 'scope-unknown', 'invalid-cursor' */
  async compare(query: ComparisonQuery): Promise<ComparisonAnswer> {
    const [plan, at, heard] = await Promise.all([this.#plan(query.version), this.#countedTo(), this.#heard.since()]);
    const range = rangeOf(plan, { from: query.from, to: query.to, most: query.trend || USUAL_BUCKETS, at, heard });
    const scene: Scene = { plan, at, range, query };
    const whole = gridOf(plan, query);
    const all = Array.from(whole.rows.keys());
    const order = query.sort === 'name' ? all : await this.#bySize(scene, whole, all);
    const first = offsetOf(query.cursor, order.length);
    const chosen = order.slice(first, first + (query.format === 'csv' ? EVERY_ROW : query.limit));
    const grid = withRows(whole, chosen);
    const sums = await this.#sums(scene, grid);
    const [rows, columns] = [grid.rows.length, grid.columns.length];
    const ofColumns = chosen.length === order.length ? gathered(sums, rows, columns, columns, (_row, column) => column) : await this.#sums(scene, withoutRows(whole));
    const next = first + chosen.length < order.length ? String(first + chosen.length) : null;
    return { ...frameOf(scene, grid), ...partsOf(scene, grid, sums, ofColumns), rowCount: order.length, next };
  }

  /** Up to where all sales are in the store: plan and actual end at the same instant, however fast the tower's time runs. */
  async #countedTo(): Promise<Instant> {
    const { store, partitions } = this.#source;
    const counted = Math.min(...(await store.countedTicks(partitions)));
    return Number.isFinite(counted) ? counted : towerTime(store, this.#now);
  }

  async #plan(version: string | undefined): Promise<CompiledPlan> {
    if (version !== undefined) return this.#compiled.of(version);
    const inForce = await this.#plans.inForce();
    if (!inForce) throw new PlumblineError('no-plan', 'No plan is in force.', { where: 'version', fix: 'Commit a plan, or name a version.' });
    return this.#compiled.of(inForce.hash);
  }

  async #sums({ plan, range }: Scene, grid: Grid, planned: typeof addPlanned = addPlanned): Promise<Sums> {
    const sums = new Sums(grid.rows.length * grid.columns.length, range.buckets.length);
    const sold = this.#sold.add(sums, plan, grid, range);
    planned(sums, plan, grid, range);
    await sold;
    return sums;
  }

  /** Rows with the largest variance first; of equal ones by name. */
  async #bySize(scene: Scene, grid: Grid, rows: number[]): Promise<number[]> {
    const { of } = await this.#sums(scene, withoutColumns(grid), addAmounts);
    const [actual, planned] = scene.query.sort === 'value' ? [of.revenue, of.revenueNow] : [of.units, of.unitsNow];
    return rows.toSorted((a, b) => Math.abs(actual[b]! - planned[b]!) - Math.abs(actual[a]! - planned[a]!) || a - b);
  }
}

/** A cursor is the number of rows already answered. @throws PlumblineError 'invalid-cursor' */
function offsetOf(cursor: string | undefined, rows: number): number {
  if (cursor === undefined) return 0;
  const offset = /^\d{1,9}$/.test(cursor) ? Number(cursor) : NaN;
  if (offset < rows) return offset;
  throw new PlumblineError('invalid-cursor', 'The cursor is none that this query has given.', { where: 'cursor', fix: 'Ask for the first page again.' });
}

function partsOf(scene: Scene, grid: Grid, sums: Sums, ofColumns: Sums): Pick<ComparisonAnswer, 'cells' | 'totals' | 'series'> {
  const [rows, columns] = [grid.rows.length, grid.columns.length];
  const { query } = scene;
  const cell = judgementOf(scene, altitudeOf(query, query.rows, query.columns));
  const ofRow = judgementOf(scene, altitudeOf(query, query.rows, 'none'));
  const ofColumn = judgementOf(scene, altitudeOf(query, 'none', query.columns));
  const grand = judgementOf(scene, altitudeOf(query, 'none', 'none'));
  const rowSums = gathered(sums, rows, columns, rows, (row) => row);
  const grandSums = gathered(ofColumns, 1, columns, 1, () => 0);
  const cells = grid.rows.flatMap((row, i) =>
    grid.columns.flatMap((column, j) => {
      const at = i * columns + j;
      return sums.present[at] ? [{ row: row.code, column: column.code, ...comparedOf(sums, at, cell) }] : [];
    }),
  );
  const each = (from: Sums, judgement: Judgement): Compared[] => Array.from({ length: from.cells }, (_, at) => comparedOf(from, at, judgement));
  const series = rows === 1 && columns === 1 ? seriesOf(sums, 0, grand.reached) : null;
  return { cells, series, totals: { rows: each(rowSums, ofRow), columns: each(ofColumns, ofColumn), grand: comparedOf(grandSums, 0, grand) } };
}

/** The altitude at which a cell would be watched: of grain and filter the finer one counts. */
function altitudeOf({ family, sku, region, location }: ComparisonQuery, rows: ComparisonQuery['rows'], columns: ComparisonQuery['columns']): Altitude {
  const product = rows === 'sku' || sku !== undefined ? 'sku' : rows === 'family' || family !== undefined ? 'family' : 'all';
  const place = columns === 'location' || location !== undefined ? 'location' : columns === 'region' || region !== undefined ? 'region' : 'all';
  const altitudes = {
    sku: { all: 'sku', region: 'sku-region', location: 'leaf' },
    family: { all: 'family', region: 'family-region', location: 'location' },
    all: { all: 'total', region: 'region', location: 'location' },
  } as const;
  return altitudes[product][place];
}

function judgementOf({ range, query }: Scene, altitude: Altitude): Judgement {
  const reached = range.buckets.map(() => false);
  for (const pieces of range.pieces) for (const piece of pieces) if (piece.now > piece.from) reached[piece.bucket] = true;
  return { altitude, tolerance: deadBands[altitude], begun: reached.includes(true), over: isOver(range), long: range.toDay - range.fromDay > LONGEST_MONTH, reached, trend: query.trend > 0 };
}

const isOver = ({ pieces }: Range): boolean => pieces.every((ofZone) => ofZone.every(({ now, to }) => now >= to));

type Frame = Omit<ComparisonAnswer, 'cells' | 'totals' | 'series' | 'rowCount' | 'next'>;

function frameOf({ plan, at, range, query }: Scene, grid: Grid): Frame {
  const zones = zonesOf(plan, grid);
  const { id, name, hash, currency } = plan.version;
  return {
    at: formatInstant(at),
    ...edgesOf(range, query),
    elapsedTo: elapsedTo(range, plan, zones, at),
    timezone: zones.length === 1 ? plan.zones[zones[0]!]!.id : null,
    planVersion: { id, name, hash },
    planFrom: formatDay(firstDayOfMonth(plan.firstMonth)),
    planTo: formatDay(firstDayOfMonth(plan.endMonth)),
    currency,
    tolerance: deadBands[altitudeOf(query, query.rows, query.columns)],
    bucket: range.bucket,
    buckets: range.buckets,
    rows: grid.rows,
    columns: grid.columns,
  };
}

const zonesOf = (plan: CompiledPlan, { columnOfLocation }: Grid): number[] => [
  ...new Set(Array.from(plan.zoneOfLocation).filter((_, location) => columnOfLocation[location]! >= 0)),
];

/** What is compared, where the plan or what the tower has heard begins later than asked, or the plan ends earlier. */
function edgesOf(range: Range, { from, to }: ComparisonQuery): { from: string; to: string } {
  if (range.byHour) return { from, to };
  return { from: formatDay(range.fromDay), to: formatDay(range.toDay) };
}

function elapsedTo({ spans }: Range, plan: CompiledPlan, zones: number[], at: Instant): string | null {
  const begin = Math.min(...zones.map((zone) => instantOf(plan, zone, spans[zone]!.begin)));
  const end = Math.max(...zones.map((zone) => instantOf(plan, zone, spans[zone]!.end)));
  return at <= begin ? null : formatInstant(Math.min(at, end));
}

const instantOf = (plan: CompiledPlan, zone: number, { day, hour }: { day: number; hour: number }): Instant => plan.zones[zone]!.startOf(day) + hour * HOUR_MS;
