import {
  formatDay,
  monthOf,
  parseDay,
  PlumblineError,
  QUANTITY_SCALE,
  weekdayOf,
  type BusinessDay,
} from '@plumbline/kernel';
import { monthDays, openWeight } from './calendar.ts';
import { dispersion, type LeafDays } from './dispersion.ts';
import type { SalesHistory } from './history.ts';
import { leafRates, poolOf, sums, unitsOf, type LeafRate } from './leaf-rates.ts';
import { profiles, type Profiles } from './profile.ts';
import type { PlanLine, PlanVersion, Product, SplitProfile } from './types.ts';
import { salesWindow, tradingDays, type SalesWindow, type TradingDays } from './window.ts';

export interface DeriveOptions {
  id: string;
  name: string;
  currency: string;
  /** Milliseconds UTC. */
  createdAt: number;
  /** Only sales strictly before this business day are looked at; the plan begins with its month. */
  before: BusinessDay;
  /** Trailing weeks (default 8); fewer where the history is shorter. */
  weeks?: number;
  /** Months planned (default 1). */
  months?: number;
  /** Calendar dates known to be closed ("2011-12-25"), all regions. */
  closed?: readonly string[];
}

/** The plan, and what it rests on. */
export interface DerivedPlan {
  version: PlanVersion;
  basis: {
    /** First and last day looked at. */
    from: string;
    to: string;
    openDays: number;
    /** ISO weekdays without trade, 0 = Monday. */
    closedWeekdays: number[];
    /** Rows (SKU, location, day), and those whose units were cut down as a giant order. */
    rows: number;
    cutRows: number;
  };
}

/**
 * A plan that says "as in the trailing weeks": per family × region the mean units per open day, carried to the open days
 * of the months; split by smoothed shares, weekday and hour profiles. Pure, the same for the same sales in any order.
 * @throws PlumblineError 'no-history' when nothing was sold before the day
 */
export function derivePlan(history: SalesHistory, options: DeriveOptions): DerivedPlan {
  const window = salesWindow(history, options.before, options.weeks ?? 8);
  if (window.rows === 0) {
    throw new PlumblineError('no-history', `there are no sales in the weeks before ${formatDay(options.before)}`, {
      fix: 'Choose a later date, more weeks, or load the sales first.',
    });
  }
  const trading = tradingDays(window);
  const shape = profiles(history, window, trading);
  const cutRows = cutGiantOrders(window);
  const leaves = leafRates(window);
  const exposure = shape.weekday.map((weights) => exposureOf(weights, trading));
  const alpha = dispersion(leafDays(window, trading, shape, leaves, exposure), exposure.length);
  return {
    version: assemble(history, options, { window, shape, leaves, exposure, alpha }),
    basis: {
      from: formatDay(window.fromDay),
      to: formatDay(window.toDay - 1),
      openDays: trading.open.reduce((sum, open) => sum + open, 0),
      closedWeekdays: trading.closedWeekdays.flatMap((closed, weekday) => (closed ? [weekday] : [])),
      rows: window.rows,
      cutRows,
    },
  };
}

/** Units per line beyond this multiple of the SKU's usual are one giant order, not a rate. */
const GIANT = 20;
/** Rows a SKU needs for a usual line of its own; below, it may lie up to four times its family's. */
const ROWS_OF_ITS_OWN = 5;

/** Cuts the units (and with them the revenue) of rows whose units per line are giant. Returns how many. */
function cutGiantOrders(window: SalesWindow): number {
  const bySku = groupRows(window, (row) => window.sku[row], window.skus.length);
  const byFamily = groupRows(window, (row) => window.familyOfSku[window.sku[row]], window.families.length);
  const familyUsual = byFamily.map((rows) => usualUnits(window, rows));
  let cut = 0;
  bySku.forEach((rows, sku) => {
    const own = usualUnits(window, rows);
    const usual = rows.length >= ROWS_OF_ITS_OWN ? own : Math.min(own, 4 * familyUsual[window.familyOfSku[sku]]);
    for (const row of rows) {
      const most = GIANT * usual * window.lines[row];
      if (window.units[row] <= most) continue;
      window.revenue[row] *= most / window.units[row];
      window.units[row] = most;
      cut++;
    }
  });
  return cut;
}

function groupRows(window: SalesWindow, key: (row: number) => number, groups: number): number[][] {
  const rows: number[][] = Array.from({ length: groups }, () => []);
  for (let row = 0; row < window.rows; row++) rows[key(row)].push(row);
  return rows;
}

/** Median units per line, by lines. */
function usualUnits(window: SalesWindow, rows: readonly number[]): number {
  const sorted = rows.map((row) => ({ units: window.units[row] / window.lines[row], lines: window.lines[row] }));
  sorted.sort((a, b) => a.units - b.units);
  let half = sorted.reduce((sum, row) => sum + row.lines, 0) / 2;
  for (const row of sorted) if ((half -= row.lines) <= 0) return row.units;
  return 0;
}

/** Weekday weights summed over the window's open days: what the window's sales are spread over. */
const exposureOf = (weights: readonly number[], trading: TradingDays): number =>
  weights.reduce((sum, weight, weekday) => sum + weight * trading.openPerWeekday[weekday], 0);

function leafDays(
  window: SalesWindow,
  trading: TradingDays,
  shape: Profiles,
  leaves: readonly LeafRate[],
  exposure: readonly number[],
): LeafDays[] {
  return leaves.map((leaf) => {
    const rows = Array.from({ length: leaf.endRow - leaf.firstRow }, (_, i) => leaf.firstRow + i);
    return {
      pool: leaf.pool,
      total: leaf.lines,
      mean: shape.weekday[leaf.pool].map((weight) => (leaf.lines * weight) / exposure[leaf.pool]),
      openPerWeekday: trading.openPerWeekday,
      weekday: rows.map((row) => weekdayOf(window.day[row])),
      lines: rows.map((row) => window.lines[row]),
    };
  });
}

/** What has been found out about a window, by pool (family · regions + region) and by leaf. */
interface Findings {
  window: SalesWindow;
  shape: Profiles;
  leaves: readonly LeafRate[];
  exposure: readonly number[];
  alpha: Float64Array;
}

function assemble(history: SalesHistory, options: DeriveOptions, found: Findings): PlanVersion {
  const { id, name, currency, createdAt } = options;
  return {
    id,
    name,
    currency,
    createdAt,
    products: products(history, found.window, found.leaves),
    locations: places(history, found.window, found.leaves),
    lines: planLines(options, found),
    splits: splitProfiles(options, found),
  };
}

/** The window's units and revenue of each pool, carried from its open days to those of the months. */
function planLines(options: DeriveOptions, { window, shape, leaves, exposure }: Findings): PlanLine[] {
  const regions = window.regions.length;
  const units = sums(leaves, exposure.length, poolOf, unitsOf);
  const revenue = new Float64Array(exposure.length);
  for (let row = 0; row < window.rows; row++) {
    const region = window.regionOfLocation[window.location[row]];
    revenue[window.familyOfSku[window.sku[row]] * regions + region] += window.revenue[row];
  }
  const shut = new Set((options.closed ?? []).map(parseDay));
  const first = monthOf(options.before);
  const months = monthDays(first, first + (options.months ?? 1));
  const lines: PlanLine[] = [];
  for (let pool = 0; pool < exposure.length; pool++) {
    if (units[pool] === 0) continue;
    const family = window.families[Math.floor(pool / regions)];
    const region = window.regions[pool % regions];
    for (const days of months) {
      const share = openWeight(days, shape.weekday[pool], shut) / exposure[pool];
      const [monthUnits, monthRevenue] = [Math.round(units[pool] * share), Math.round(revenue[pool] * share)];
      lines.push({ family, region, month: days.month, units: monthUnits, revenue: monthRevenue });
    }
  }
  return lines;
}

function splitProfiles(options: DeriveOptions, { window, shape, leaves, exposure, alpha }: Findings): SplitProfile[] {
  const regions = window.regions.length;
  const weights = leafWeights(leaves, exposure.length);
  const splits = new Map<number, SplitProfile>();
  leaves.forEach((leaf, i) => {
    const { pool } = leaf;
    let split = splits.get(pool);
    if (!split) {
      split = {
        family: window.families[Math.floor(pool / regions)],
        region: window.regions[pool % regions],
        weekday: shape.weekday[pool],
        hour: shape.hour[pool],
        closed: [...(options.closed ?? [])],
        alpha: rounded(alpha[pool]),
        leaves: [],
      };
      splits.set(pool, split);
    }
    split.leaves.push({
      sku: window.skus[leaf.sku],
      location: window.locations[leaf.location],
      weight: weights[i],
      linesPerUnit: rounded(QUANTITY_SCALE / leaf.unitsPerLine),
    });
  });
  return [...splits].sort(([a], [b]) => a - b).map(([, split]) => split);
}

/** Nine significant digits: the last bits of a sum are nothing to hash. */
const rounded = (value: number): number => Number(value.toPrecision(9));

/** Weights are the window's smoothed units, in integers of at most 2^31 and at least 1. */
function leafWeights(leaves: readonly LeafRate[], pools: number): number[] {
  const most = new Float64Array(pools);
  const units = leaves.map((leaf) => leaf.expectedLines * leaf.unitsPerLine);
  leaves.forEach((leaf, i) => (most[leaf.pool] = Math.max(most[leaf.pool], units[i])));
  return leaves.map((leaf, i) => Math.max(1, Math.round(units[i] * Math.min(1, 2 ** 31 / most[leaf.pool]))));
}

/** Products with a leaf; the price is what a unit brought in the window, giant orders cut down. */
function products(history: SalesHistory, window: SalesWindow, leaves: readonly LeafRate[]): Product[] {
  const units = sums(leaves, window.skus.length, (leaf) => leaf.sku, unitsOf);
  const revenue = new Float64Array(window.skus.length);
  for (let row = 0; row < window.rows; row++) revenue[window.sku[row]] += window.revenue[row];
  const { tables } = history;
  return window.skus.flatMap((sku, i) => {
    if (units[i] === 0) return [];
    const at = window.tableSku[i];
    return [
      {
        sku,
        family: tables.families[at],
        name: tables.names[at],
        unit: tables.units[at],
        price: Math.round((revenue[i] / units[i]) * QUANTITY_SCALE),
      },
    ];
  });
}

function places(history: SalesHistory, window: SalesWindow, leaves: readonly LeafRate[]): PlanVersion['locations'] {
  const used = new Set(leaves.map((leaf) => leaf.location));
  const { tables } = history;
  return window.locations.flatMap((code, i) => {
    const at = window.tableLocation[i];
    return used.has(i)
      ? [{ code, region: tables.regions[at], name: tables.locationNames[at], zone: tables.zones[at] }]
      : [];
  });
}
