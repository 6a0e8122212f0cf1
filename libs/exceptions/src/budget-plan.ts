import type { Altitude } from '@plumbline/contracts';
import { allocateBudget } from '@plumbline/detection';
import { firstDayOfMonth, MONEY_SCALE, QUANTITY_SCALE } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';
import { familyNode, familyRegionNode, locationNode, Places, regionNode, skuNode, totalNode, type Node } from './nodes.ts';

/** Altitudes whose nodes the roll-up watches itself. */
export const watchedAltitudes = ['total', 'region', 'location', 'family', 'family-region'] as const;
export type WatchedAltitude = (typeof watchedAltitudes)[number];

/** ln c of every series of a plan; Infinity = not watched at its own level. */
export interface Thresholds {
  leaf(leaf: number): number;
  sku(sku: number): number;
  node(altitude: WatchedAltitude, index: number): number;
}

/** What may alarm falsely at each series: D1's surge, its drop, and D3's zero run on top of them. */
const DETECTORS = 3;

/** Dead bands δ of detection.md by altitude. */
export const deadBands: Record<Altitude, number> = {
  leaf: 0.25,
  sku: 0.15,
  'sku-region': 0.15,
  location: 0.15,
  'family-region': 0.1,
  family: 0.08,
  region: 0.08,
  total: 0.05,
};

/**
 * Shares out a budget of false alarms a day over all series of a plan (detection.md, D1): leaves, SKUs and the nodes
 * above them. A function of the plan and the budget alone, so that every partition and the roll-up agree. Of two nodes
 * with the same leaves one is watched (Places.distinct); a series too small to show a material change within four weeks
 * is left to its parent.
 * @param budget false alarms a day, tower-wide, > 0
 */
export function thresholds(plan: PlanIndex, budget: number): Thresholds {
  const places = new Places(plan);
  const series = seriesOf(places);
  const lnC = allocateBudget({
    series: series.lines.length,
    falseAlarmsPerDay: budget,
    directions: DETECTORS,
    value: (i) => series.value[i]!,
    lines: (i) => series.lines[i]!,
    alpha: (i) => series.alpha[i]!,
    deadBand: (i) => deadBands[i < plan.leaves ? 'leaf' : i < plan.leaves + plan.skus.length ? 'sku' : 'region'],
  });
  const firstNode = plan.leaves + plan.skus.length;
  const offsets = nodeOffsets(places, firstNode);
  return {
    leaf: (leaf) => lnC[leaf]!,
    sku: (sku) => lnC[plan.leaves + sku]!,
    node: (altitude, index) => lnC[offsets[altitude] + index]!,
  };
}

/** The watched aggregates of one altitude, by index. */
export function nodesOf(places: Places, altitude: WatchedAltitude): Node[] {
  const { plan } = places;
  switch (altitude) {
    case 'total':
      return [totalNode];
    case 'region':
      return plan.regions.map((_, region) => regionNode(region));
    case 'location':
      return plan.locations.map((_, location) => locationNode(plan, location));
    case 'family':
      return plan.families.map((_, family) => familyNode(family));
    case 'family-region':
      return plan.families.flatMap((_, family) => plan.regions.map((_, region) => familyRegionNode(family, region)));
  }
}

function nodeOffsets(places: Places, from: number): Record<WatchedAltitude, number> {
  const offsets = {} as Record<WatchedAltitude, number>;
  let at = from;
  for (const altitude of watchedAltitudes) {
    offsets[altitude] = at;
    at += places.size(altitude);
  }
  return offsets;
}

/** Columns over leaves, then SKUs, then nodes in the order of `watchedAltitudes`. */
interface Series {
  /** Currency a day and lines a day, means over the plan's months; dispersion of daily lines. */
  value: Float64Array;
  /** 0 = not to be watched. */
  lines: Float64Array;
  alpha: Float64Array;
}

function seriesOf(places: Places): Series {
  const { plan } = places;
  const nodes = watchedAltitudes.flatMap((altitude) => nodesOf(places, altitude));
  const size = plan.leaves + plan.skus.length + nodes.length;
  const series = columns(size);
  const cells = columns(plan.families.length * plan.locations.length);
  const fromDay = firstDayOfMonth(plan.firstMonth);
  const toDay = firstDayOfMonth(plan.endMonth);
  const days = Math.max(1, toDay - fromDay);
  for (let leaf = 0; leaf < plan.leaves; leaf++) {
    const sku = plan.leafSku[leaf]!;
    const value = plan.revenueOfLeaf(leaf, fromDay, toDay) / MONEY_SCALE / days;
    const lines = (plan.unitsOfLeaf(leaf, fromDay, toDay) / QUANTITY_SCALE / days) * plan.linesPerUnitOfLeaf(leaf);
    const one = { value, lines, alpha: plan.alphaOfLeaf(leaf) };
    addUp(series, leaf, one);
    addUp(series, plan.leaves + sku, one);
    addUp(cells, plan.familyOfSku[sku]! * plan.locations.length + plan.leafLocation[leaf]!, one);
  }
  nodes.forEach((node, i) => {
    for (const cell of cellsOf(places, node)) {
      const [value, lines] = [cells.value[cell]!, cells.lines[cell]!];
      addUp(series, plan.leaves + plan.skus.length + i, { value, lines, alpha: lines > 0 ? cells.alpha[cell]! / lines : 0 });
    }
  });
  for (let i = 0; i < size; i++) if (series.lines[i]! > 0) series.alpha[i]! /= series.lines[i]!;
  const twice = (i: number, node: Node): void => {
    if (!places.distinct(node)) series.lines[i] = 0;
  };
  plan.skus.forEach((_, sku) => twice(plan.leaves + sku, skuNode(plan, sku)));
  nodes.forEach((node, i) => twice(plan.leaves + plan.skus.length + i, node));
  return series;
}

const columns = (size: number): Series => ({
  value: new Float64Array(size),
  lines: new Float64Array(size),
  alpha: new Float64Array(size),
});

/** Adds a part; alpha is summed times lines until all parts are in. */
function addUp(into: Series, i: number, part: { value: number; lines: number; alpha: number }): void {
  into.value[i]! += part.value;
  into.lines[i]! += part.lines;
  into.alpha[i]! += part.alpha * part.lines;
}

function cellsOf(places: Places, node: Node): number[] {
  const { families, locations } = places.plan;
  const within = node.family < 0 ? families.map((_, family) => family) : [node.family];
  return within.flatMap((family) => places.locations(node).map((location) => family * locations.length + location));
}
