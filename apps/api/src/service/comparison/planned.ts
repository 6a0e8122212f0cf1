import { firstDayOfMonth, QUANTITY_SCALE } from '@plumbline/kernel';
import type { CompiledPlan } from '@plumbline/plan';
import type { Grid } from './grid.ts';
import type { LocalHour, Piece, Range, Span } from './range.ts';
import type { Sums } from './sums.ts';

/**
 * Adds the plan to the sums. Amounts of cells are exact, leaf by leaf, so that they add up to the plan line; what a
 * spark line or a judgement needs (buckets, sales lines and their variance) is smooth and taken from whole
 * family × locations wherever no SKU is told apart.
 */
export function addPlanned(sums: Sums, plan: CompiledPlan, grid: Grid, range: Range): void {
  addAmounts(sums, plan, grid, range);
  if (tellsSkusApart(plan, grid)) addLeafBuckets(sums, plan, grid, range);
  else addCellBuckets(sums, plan, grid, range);
}

/** Of those sums only the exact amounts, where nothing else is looked at. */
export function addAmounts(sums: Sums, plan: CompiledPlan, grid: Grid, range: Range): void {
  const { unitsNow, unitsWhole, revenueNow, revenueWhole } = sums.of;
  eachLeaf(plan, grid, (leaf, cell, zone) => {
    const span = range.spans[zone]!;
    if (span.end.day < span.begin.day) return;
    sums.present[cell] = 1;
    unitsWhole[cell]! += over(plan, 'units', leaf, span.begin, span.end);
    revenueWhole[cell]! += over(plan, 'revenue', leaf, span.begin, span.end);
    unitsNow[cell]! += upToNow(plan, 'units', leaf, span);
    revenueNow[cell]! += upToNow(plan, 'revenue', leaf, span);
  });
}

function eachLeaf(plan: CompiledPlan, { rowOfSku, columnOfLocation, columns }: Grid, visit: (leaf: number, cell: number, zone: number) => void): void {
  for (let sku = 0; sku < plan.skus.length; sku++) {
    const row = rowOfSku[sku]!;
    if (row < 0) continue;
    for (let leaf = plan.leavesOfSku[sku]!; leaf < plan.leavesOfSku[sku + 1]!; leaf++) {
      const location = plan.leafLocation[leaf]!;
      const column = columnOfLocation[location]!;
      if (column >= 0) visit(leaf, row * columns.length + column, plan.zoneOfLocation[location]!);
    }
  }
}

type Measure = 'units' | 'revenue';

const ofDays = (plan: CompiledPlan, measure: Measure, leaf: number, from: number, to: number): number =>
  from >= to ? 0 : measure === 'units' ? plan.unitsOfLeaf(leaf, from, to) : plan.revenueOfLeaf(leaf, from, to);

const ofHours = (plan: CompiledPlan, measure: Measure, leaf: number, day: number, from: number, to: number): number =>
  from >= to ? 0 : measure === 'units' ? plan.unitsOfLeafHours(leaf, day, from, to) : plan.revenueOfLeafHours(leaf, day, from, to);

/** Exact planned amount of a leaf from one local hour to another. */
function over(plan: CompiledPlan, measure: Measure, leaf: number, begin: LocalHour, end: LocalHour): number {
  if (begin.day === end.day) return ofHours(plan, measure, leaf, begin.day, begin.hour, end.hour);
  const first = begin.hour === 0 ? begin.day : begin.day + 1;
  return (
    ofDays(plan, measure, leaf, first, end.day) +
    (begin.hour === 0 ? 0 : ofHours(plan, measure, leaf, begin.day, begin.hour, 24)) +
    (end.hour === 0 ? 0 : ofHours(plan, measure, leaf, end.day, 0, end.hour))
  );
}

/** The same up to now, of the present hour by its minutes, rounded to the smallest unit. */
function upToNow(plan: CompiledPlan, measure: Measure, leaf: number, { begin, nowDay, nowMinute }: Span): number {
  const hour = Math.floor(nowMinute / 60);
  const share = nowMinute / 60 - hour;
  const full = over(plan, measure, leaf, begin, { day: nowDay, hour });
  return share === 0 ? full : full + Math.round(share * ofHours(plan, measure, leaf, nowDay, hour, hour + 1));
}

/** Whether some row holds a part of a family only. */
function tellsSkusApart(plan: CompiledPlan, { rowOfSku }: Grid): boolean {
  const rowOfFamily = new Int32Array(plan.families.length).fill(-2);
  return rowOfSku.some((row, sku) => {
    const family = plan.familyOfSku[sku]!;
    const known = rowOfFamily[family];
    rowOfFamily[family] = row;
    return known !== -2 && known !== row;
  });
}

/** What a business day of a series comes to in whole. */
interface PlannedDay {
  lines: number;
  units: number;
  /** Σ α·μ² over its leaves: what its variance is above its mean. */
  excess: number;
}

/** @param elapsed share of the day passed at a local minute; @param dayOf undefined for a day without business */
function addPieces(sums: Sums, cell: number, pieces: readonly Piece[], elapsed: (minute: number) => number, dayOf: (day: number) => PlannedDay | undefined): void {
  const { linesNow, linesWhole, varianceNow, varianceWhole } = sums.of;
  let [day, planned, sharedNow, sharedWhole]: [number, PlannedDay | undefined, number, number] = [NaN, undefined, 0, 0];
  for (const piece of pieces) {
    if (piece.day !== day) [day, planned, sharedNow, sharedWhole] = [piece.day, dayOf(piece.day), 0, 0];
    if (!planned) continue;
    const before = elapsed(piece.from);
    const whole = elapsed(piece.to) - before;
    const now = elapsed(piece.now) - before;
    const at = cell * sums.buckets + piece.bucket;
    sums.whole[at]! += planned.units * whole;
    sums.planned[at]! += planned.units * now;
    sums.spread[at]! += planned.lines * whole + planned.excess * whole * whole;
    linesWhole[cell]! += planned.lines * whole;
    linesNow[cell]! += planned.lines * now;
    // A day is busy or quiet as a whole: its excess is that of the share of it so far, squared, however it is cut.
    varianceWhole[cell]! += planned.lines * whole + planned.excess * whole * (2 * sharedWhole + whole);
    varianceNow[cell]! += planned.lines * now + planned.excess * now * (2 * sharedNow + now);
    sharedWhole += whole;
    sharedNow += now;
  }
}

function addLeafBuckets(sums: Sums, plan: CompiledPlan, grid: Grid, range: Range): void {
  eachLeaf(plan, grid, (leaf, cell, zone) => {
    const [family, location] = [plan.familyOfSku[plan.leafSku[leaf]!]!, plan.leafLocation[leaf]!];
    const [alpha, perUnit] = [plan.alphaOfLeaf(leaf), plan.linesPerUnitOfLeaf(leaf)];
    const elapsed = (minute: number): number => plan.elapsed(family, location, minute);
    addPieces(sums, cell, range.pieces[zone]!, elapsed, (day) => {
      const lines = plan.linesOfLeaf(leaf, day);
      // Smooth as those of a cell, so that a total is the same whether its SKUs are told apart or not.
      const units = perUnit > 0 ? (lines / perUnit) * QUANTITY_SCALE : plan.unitsOfLeaf(leaf, day, day + 1);
      return lines === 0 && units === 0 ? undefined : { lines, units, excess: alpha * lines * lines };
    });
  });
}

function addCellBuckets(sums: Sums, plan: CompiledPlan, grid: Grid, range: Range): void {
  const rowOfFamily = new Int32Array(plan.families.length).fill(-1);
  grid.rowOfSku.forEach((row, sku) => (rowOfFamily[plan.familyOfSku[sku]!] = row));
  const excess = excessOf(plan);
  for (let family = 0; family < plan.families.length; family++) {
    for (let location = 0; location < plan.locations.length; location++) {
      const [row, column] = [rowOfFamily[family]!, grid.columnOfLocation[location]!];
      if (row < 0 || column < 0) continue;
      const factor = excess[family * plan.locations.length + location]!;
      const elapsed = (minute: number): number => plan.elapsed(family, location, minute);
      addPieces(sums, row * grid.columns.length + column, range.pieces[plan.zoneOfLocation[location]!]!, elapsed, (day) => {
        const lines = plan.linesOfCell(family, location, day);
        const units = plan.unitsOfCell(family, location, day);
        return lines === 0 && units === 0 ? undefined : { lines, units, excess: factor * lines * lines };
      });
    }
  }
}

const known = new WeakMap<CompiledPlan, Float64Array>();

/**
 * By cell (family × location): Σ α·p² over its leaves, p being a leaf's share of the cell's lines. The same on every day,
 * since all leaves of a cell follow one calendar: a cell of μ lines has variance μ + excess·μ².
 */
function excessOf(plan: CompiledPlan): Float64Array {
  const there = known.get(plan);
  if (there) return there;
  const places = plan.locations.length;
  const [lines, squares] = [new Float64Array(plan.families.length * places), new Float64Array(plan.families.length * places)];
  const days = busyDays(plan);
  for (let leaf = 0; leaf < plan.leaves; leaf++) {
    const family = plan.familyOfSku[plan.leafSku[leaf]!]!;
    const location = plan.leafLocation[leaf]!;
    const cell = family * places + location;
    const day = days[cell]!;
    const of = plan.linesOfLeaf(leaf, day);
    lines[cell]! += of;
    squares[cell]! += plan.alphaOfLeaf(leaf) * of * of;
  }
  const excess = lines.map((sum, cell) => (sum > 0 ? squares[cell]! / (sum * sum) : 0));
  known.set(plan, excess);
  return excess;
}

/** A day on which each cell has lines, as far as one of the plan's first six weeks is such a day. */
function busyDays(plan: CompiledPlan): Int32Array {
  const first = firstDayOfMonth(plan.firstMonth);
  const places = plan.locations.length;
  return Int32Array.from({ length: plan.families.length * places }, (_, cell) => {
    const [family, location] = [Math.floor(cell / places), cell % places];
    for (let day = first; day < first + 42; day++) if (plan.linesOfCell(family, location, day) > 0) return day;
    return first;
  });
}
