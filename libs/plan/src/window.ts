import { weekdayOf, type BusinessDay } from '@plumbline/kernel';
import type { SalesHistory } from './history.ts';

/** Sales of the trailing weeks, renumbered and sorted by (SKU, location, day), so that nothing depends on the order of input. */
export interface SalesWindow {
  /** [fromDay, toDay). */
  fromDay: BusinessDay;
  toDay: BusinessDay;
  /** Sorted names; positions below refer to these. */
  skus: string[];
  locations: string[];
  families: string[];
  regions: string[];
  /** Table positions, by position here. */
  tableSku: Uint32Array;
  tableLocation: Uint32Array;
  familyOfSku: Uint16Array;
  regionOfLocation: Uint16Array;
  rows: number;
  sku: Uint32Array;
  location: Uint16Array;
  day: Int32Array;
  lines: Float64Array;
  units: Float64Array;
  revenue: Float64Array;
}

const sortedPositions = (names: readonly string[]): { order: Uint32Array; position: Uint32Array } => {
  const order = Uint32Array.from(names.keys());
  order.sort((a, b) => (names[a] < names[b] ? -1 : 1));
  const position = new Uint32Array(names.length);
  order.forEach((at, i) => (position[at] = i));
  return { order, position };
};

const distinct = (names: readonly string[]): string[] => [...new Set(names)].sort();

/** Rows with sales strictly before a day, at most `weeks` back. Rows without lines or units are left out. */
export function salesWindow(history: SalesHistory, before: BusinessDay, weeks: number): SalesWindow {
  const { tables, daily } = history;
  const skus = sortedPositions(tables.skus);
  const locations = sortedPositions(tables.locations);
  const families = distinct(tables.families);
  const regions = distinct(tables.regions);
  const familyAt = new Map(families.map((name, i) => [name, i]));
  const regionAt = new Map(regions.map((name, i) => [name, i]));
  const earliest = before - weeks * 7;
  const kept: number[] = [];
  let firstTrade = before;
  for (let row = 0; row < daily.day.length; row++) {
    const day = daily.day[row];
    if (day >= before || daily.lines[row] <= 0 || daily.units[row] <= 0) continue;
    if (day < firstTrade) firstTrade = day;
    if (day >= earliest) kept.push(row);
  }
  const place = locations.order.length;
  const key = (row: number): number => skus.position[daily.sku[row]] * place + locations.position[daily.location[row]];
  kept.sort((a, b) => key(a) - key(b) || daily.day[a] - daily.day[b]);
  return {
    fromDay: Math.max(earliest, firstTrade),
    toDay: before,
    skus: Array.from(skus.order, (at) => tables.skus[at]),
    locations: Array.from(locations.order, (at) => tables.locations[at]),
    families,
    regions,
    tableSku: skus.order,
    tableLocation: locations.order,
    familyOfSku: Uint16Array.from(skus.order, (at) => familyAt.get(tables.families[at]) ?? 0),
    regionOfLocation: Uint16Array.from(locations.order, (at) => regionAt.get(tables.regions[at]) ?? 0),
    rows: kept.length,
    sku: Uint32Array.from(kept, (row) => skus.position[daily.sku[row]]),
    location: Uint16Array.from(kept, (row) => locations.position[daily.location[row]]),
    day: Int32Array.from(kept, (row) => daily.day[row]),
    lines: Float64Array.from(kept, (row) => daily.lines[row]),
    units: Float64Array.from(kept, (row) => daily.units[row]),
    revenue: Float64Array.from(kept, (row) => Math.max(0, daily.revenue[row])),
  };
}

/** Which days of a window the business traded on, as far as its sales tell. */
export interface TradingDays {
  /** By day from `fromDay`: 1 = open. */
  open: Uint8Array;
  /** Weekdays without any trade in the window. */
  closedWeekdays: boolean[];
  /** The same by region (regions × 7), where the region's volume is enough to tell; otherwise as the total. */
  closedInRegion: boolean[][];
  /** Open days of each weekday. */
  openPerWeekday: number[];
}

/**
 * A weekday without a line is closed when the lines it would have had if it were like the others are at least `TELLING`;
 * a single day without a line the same. Regions are judged by weekday only: one quiet day of a region is no closure.
 */
export function tradingDays(window: SalesWindow): TradingDays {
  const days = window.toDay - window.fromDay;
  const byDay = new Float64Array(days);
  const byRegion = window.regions.map(() => new Float64Array(7));
  for (let row = 0; row < window.rows; row++) {
    byDay[window.day[row] - window.fromDay] += window.lines[row];
    byRegion[window.regionOfLocation[window.location[row]]][weekdayOf(window.day[row])] += window.lines[row];
  }
  const count = new Float64Array(7);
  const byWeekday = new Float64Array(7);
  byDay.forEach((lines, i) => {
    count[weekdayOf(window.fromDay + i)]++;
    byWeekday[weekdayOf(window.fromDay + i)] += lines;
  });
  const closedWeekdays = closedOf(byWeekday, count);
  const closedInRegion = byRegion.map((lines) =>
    closedOf(lines, count).map((closed, weekday) => closed || closedWeekdays[weekday]),
  );
  const total = byWeekday.reduce((sum, lines) => sum + lines, 0);
  const normal = total / Math.max(1, byDay.filter((lines) => lines > 0).length);
  const openPerWeekday = [0, 0, 0, 0, 0, 0, 0];
  const open = new Uint8Array(days);
  byDay.forEach((lines, i) => {
    const weekday = weekdayOf(window.fromDay + i);
    if (closedWeekdays[weekday] || (lines === 0 && normal >= TELLING)) return;
    open[i] = 1;
    openPerWeekday[weekday]++;
  });
  return { open, closedWeekdays, closedInRegion, openPerWeekday };
}

/** Orders come in clusters of lines; e^(−lines) would be too sure of a dozen. */
const TELLING = 30;

function closedOf(lines: Float64Array, count: Float64Array): boolean[] {
  const total = lines.reduce((sum, n) => sum + n, 0);
  const days = count.reduce((sum, n, weekday) => sum + (lines[weekday] > 0 ? n : 0), 0);
  return Array.from(lines, (n, weekday) => n === 0 && days > 0 && (total / days) * count[weekday] >= TELLING);
}
