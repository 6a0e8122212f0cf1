import type { SalesWindow } from './window.ts';

/** A leaf and what the window says of it. Units in thousandths, revenue in ten-thousandths, over the whole window. */
export interface LeafRate {
  sku: number;
  location: number;
  pool: number;
  firstRow: number;
  endRow: number;
  lines: number;
  units: number;
  /** Smoothed. */
  expectedLines: number;
  unitsPerLine: number;
}

export const poolOf = (leaf: LeafRate): number => leaf.pool;
export const unitsOf = (leaf: LeafRate): number => leaf.units;
const linesOf = (leaf: LeafRate): number => leaf.lines;
const skuOf = (leaf: LeafRate): number => leaf.sku;

/** Lines at which a leaf's own count weighs as much as its SKU's share at a location of that size. */
const SHARE_PRIOR = 2;
const UNITS_PRIOR = 5;

/**
 * Leaves in (SKU, location) order. Lines are a gamma-Poisson mixture of the leaf's count n and the m lines its SKU would
 * have here if every location took the same share of every SKU: m(n + 2)/(m + 2), scaled so that the family × region
 * keeps its lines; units per line are shrunk to the SKU's and that to the family's, scaled so that it keeps its units.
 */
export function leafRates(window: SalesWindow): LeafRate[] {
  const leaves = collectLeaves(window);
  const regions = window.regions.length;
  const pools = window.families.length * regions;
  const poolLines = sums(leaves, pools, poolOf, linesOf);
  const poolUnits = sums(leaves, pools, poolOf, unitsOf);
  const region = (leaf: LeafRate): number => window.regionOfLocation[leaf.location];
  const cell = (leaf: LeafRate): number => window.familyOfSku[leaf.sku] * window.locations.length + leaf.location;
  const cellLines = sums(leaves, window.families.length * window.locations.length, cell, linesOf);
  const skuInRegion = sums(leaves, window.skus.length * regions, (leaf) => leaf.sku * regions + region(leaf), linesOf);
  const skuLines = sums(leaves, window.skus.length, skuOf, linesOf);
  const skuUnits = sums(leaves, window.skus.length, skuOf, unitsOf);
  const family = (leaf: LeafRate): number => window.familyOfSku[leaf.sku];
  const familyLines = sums(leaves, window.families.length, family, linesOf);
  const familyUnits = sums(leaves, window.families.length, family, unitsOf);
  for (const leaf of leaves) {
    const share = cellLines[cell(leaf)] / poolLines[leaf.pool];
    const m = skuInRegion[leaf.sku * regions + region(leaf)] * share;
    leaf.expectedLines = (m * (leaf.lines + SHARE_PRIOR)) / (m + SHARE_PRIOR);
    const ofFamily = familyUnits[family(leaf)] / familyLines[family(leaf)];
    const ofSku = (skuUnits[leaf.sku] + UNITS_PRIOR * ofFamily) / (skuLines[leaf.sku] + UNITS_PRIOR);
    leaf.unitsPerLine = (leaf.units + UNITS_PRIOR * ofSku) / (leaf.lines + UNITS_PRIOR);
  }
  const smoothLines = sums(leaves, pools, poolOf, (leaf) => leaf.expectedLines);
  for (const leaf of leaves) leaf.expectedLines *= poolLines[leaf.pool] / smoothLines[leaf.pool];
  const smoothUnits = sums(leaves, pools, poolOf, (leaf) => leaf.expectedLines * leaf.unitsPerLine);
  for (const leaf of leaves) leaf.unitsPerLine *= poolUnits[leaf.pool] / smoothUnits[leaf.pool];
  return leaves;
}

function collectLeaves(window: SalesWindow): LeafRate[] {
  const leaves: LeafRate[] = [];
  let leaf: LeafRate | undefined;
  for (let row = 0; row < window.rows; row++) {
    const sku = window.sku[row];
    const location = window.location[row];
    if (leaf?.sku !== sku || leaf.location !== location) {
      const pool = window.familyOfSku[sku] * window.regions.length + window.regionOfLocation[location];
      leaf = { sku, location, pool, firstRow: row, endRow: row, lines: 0, units: 0, expectedLines: 0, unitsPerLine: 0 };
      leaves.push(leaf);
    }
    leaf.endRow = row + 1;
    leaf.lines += window.lines[row];
    leaf.units += window.units[row];
  }
  return leaves;
}

export function sums(
  leaves: readonly LeafRate[],
  groups: number,
  key: (leaf: LeafRate) => number,
  value: (leaf: LeafRate) => number,
): Float64Array {
  const totals = new Float64Array(groups);
  for (const leaf of leaves) totals[key(leaf)] += value(leaf);
  return totals;
}
