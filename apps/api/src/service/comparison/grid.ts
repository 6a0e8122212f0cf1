import type { ComparisonHead, ComparisonQuery } from '@plumbline/contracts';
import { PlumblineError } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';
import type { ActualsGroups } from '@plumbline/ports';

/** Rows and columns of a comparison, and which of the plan's SKUs and locations belong to each. */
export interface Grid {
  rows: ComparisonHead[];
  columns: ComparisonHead[];
  /** By SKU of the plan: its row, or −1. */
  rowOfSku: Int32Array;
  /** By location of the plan: its column, or −1. */
  columnOfLocation: Int32Array;
}

type Asked = Pick<ComparisonQuery, 'rows' | 'columns' | 'family' | 'sku' | 'region' | 'location'>;

/** @throws PlumblineError 'scope-unknown' when the plan has no such family, SKU, region or location */
export function gridOf(plan: PlanIndex, asked: Asked): Grid {
  const family = place(plan.families, asked.family, 'family');
  const sku = place(plan.skus, asked.sku, 'sku');
  const region = place(plan.regions, asked.region, 'region');
  const location = place(plan.locations.map(({ code }) => code), asked.location, 'location');
  const skus = group(plan.skus.length, (at) => {
    if ((family !== undefined && plan.familyOfSku[at] !== family) || (sku !== undefined && at !== sku)) return undefined;
    return { family: plan.familyOfSku[at]!, sku: at, none: 0 }[asked.rows];
  });
  const places = group(plan.locations.length, (at) => {
    if ((region !== undefined && plan.regionOfLocation[at] !== region) || (location !== undefined && at !== location)) return undefined;
    return { region: plan.regionOfLocation[at]!, location: at, none: 0 }[asked.columns];
  });
  return {
    rows: skus.keys.map((key) => ({ family: () => named(plan.families[key]!), sku: () => ({ code: plan.skus[key]!, name: plan.products[key]!.name || plan.skus[key]! }), none: () => all })[asked.rows]()),
    columns: places.keys.map((key) => ({ region: () => named(plan.regions[key]!), location: () => ({ code: plan.locations[key]!.code, name: plan.locations[key]!.name || plan.locations[key]!.code }), none: () => all })[asked.columns]()),
    rowOfSku: skus.of,
    columnOfLocation: places.of,
  };
}

const all: ComparisonHead = { code: '', name: 'All' };
const named = (name: string): ComparisonHead => ({ code: name, name });

function place(codes: readonly string[], code: string | undefined, where: string): number | undefined {
  if (code === undefined) return undefined;
  const at = codes.indexOf(code);
  if (at >= 0) return at;
  throw new PlumblineError('scope-unknown', `The plan has no ${where} ${code}.`, { where, fix: 'Take the codes from the plan version compared with.' });
}

/** Numbers the keys that occur, ascending; an item without one belongs nowhere. */
function group(count: number, keyOf: (at: number) => number | undefined): { keys: number[]; of: Int32Array } {
  const given = Array.from({ length: count }, (_, at) => keyOf(at));
  const keys = [...new Set(given.filter((key) => key !== undefined))].sort((a, b) => a - b);
  const numbers = new Map(keys.map((key, i) => [key, i]));
  return { keys, of: Int32Array.from(given, (key) => (key === undefined ? -1 : numbers.get(key)!)) };
}

/** The grid with some of its rows, in the order given. */
export function withRows(grid: Grid, chosen: readonly number[]): Grid {
  const numbers = new Map(chosen.map((row, i) => [row, i]));
  return { ...grid, rows: chosen.map((row) => grid.rows[row]!), rowOfSku: grid.rowOfSku.map((row) => numbers.get(row) ?? -1) };
}

/** The grid with all its rows as one, or all its columns. */
export const withoutRows = (grid: Grid): Grid => ({ ...grid, rows: [all], rowOfSku: grid.rowOfSku.map((row) => Math.min(row, 0)) });
export const withoutColumns = (grid: Grid): Grid => ({ ...grid, columns: [all], columnOfLocation: grid.columnOfLocation.map((column) => Math.min(column, 0)) });

/** As the store groups: a location's group tells its column and its zone, since its hours are those of its zone. */
export function groupsOf(plan: PlanIndex, grid: Grid): { skus: ActualsGroups; locations: ActualsGroups } {
  return {
    skus: groups(plan.skus, (at) => grid.rowOfSku[at]!),
    locations: groups(plan.locations.map(({ code }) => code), (at) => {
      const column = grid.columnOfLocation[at]!;
      return column < 0 ? -1 : column * plan.zones.length + plan.zoneOfLocation[at]!;
    }),
  };
}

function groups(codes: readonly string[], of: (at: number) => number): ActualsGroups {
  const kept = codes.map((code, at) => ({ code, group: of(at) })).filter(({ group }) => group >= 0);
  return { codes: kept.map(({ code }) => code), group: kept.map(({ group }) => group) };
}
