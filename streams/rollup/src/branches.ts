import {
  familyNode,
  familyRegionNode,
  horizonEnd,
  leafNode,
  locationNode,
  regionNode,
  scopeOf,
  skuRegionNode,
  totalNode,
  type Node,
  type Part,
  type Places,
} from '@plumbline/exceptions';
import type { BusinessDay, Money } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';
import type { NodeSums } from './node-sums.ts';
import type { Sight } from './sight.ts';

/** Parts beyond this many are not split further: a SKU in 300 stores is split by region. */
const MOST_PARTS = 60;

export interface Ahead {
  /** Units planned from now to the horizon. */
  remaining: number;
  /** Units, revenue and lines planned over the whole days up to the horizon, a week at least: their ratios are the plan's price and line size. */
  units: number;
  revenue: Money;
  lines: number;
}

/** What is worked out of the plan once a day for a node: its plan ahead, and the children its variance is divided among. */
export class Branches {
  readonly #places: Places;
  readonly #children = new WeakMap<Node, { node: Node; label: string }[]>();
  readonly #ahead = new WeakMap<Node, { days: number; ahead: Ahead }>();

  constructor(places: Places) {
    this.#places = places;
  }

  ahead(node: Node, sight: Sight): Ahead {
    let days = 0;
    for (const location of this.#places.locations(node)) days += sight.today(location);
    let known = this.#ahead.get(node);
    if (known?.days !== days) {
      known = { days, ahead: planAhead(node, sight) };
      this.#ahead.set(node, known);
    }
    return { ...known.ahead, remaining: known.ahead.remaining - elapsedUnits(node, sight) };
  }

  /** The children among which a node's variance is divided: by place below a product, by family below a place. */
  parts(node: Node, sight: Sight, sums: NodeSums, from: BusinessDay): Part[] {
    let children = this.#children.get(node);
    if (!children) this.#children.set(node, (children = childrenOf(node, this.#places)));
    return children.map(({ node: child, label }) => {
      const { lines, planned } = sums.since(sight, child, from);
      return { scope: scopeOf(this.#places.plan, child), label, lines, expected: planned };
    });
  }
}

/** From this morning on. */
function planAhead(node: Node, sight: Sight): Ahead {
  const { plan } = sight.places;
  const sum: Ahead = { remaining: 0, units: 0, revenue: 0, lines: 0 };
  const add = (location: number, of: (day: BusinessDay) => Omit<Ahead, 'remaining'>): void => {
    const today = sight.today(location);
    const end = horizonEnd(today);
    for (let day = today; day < Math.max(end, today + 7); day++) {
      const { units, revenue, lines } = of(day);
      if (day < end) sum.remaining += units;
      sum.units += units;
      sum.revenue += revenue;
      sum.lines += lines;
    }
  };
  if (node.sku >= 0) {
    for (const leaf of leavesOf(node, plan)) {
      add(plan.leafLocation[leaf]!, (day) => ({
        units: plan.unitsOfLeaf(leaf, day, day + 1),
        revenue: plan.revenueOfLeaf(leaf, day, day + 1),
        lines: plan.linesOfLeaf(leaf, day),
      }));
    }
    return sum;
  }
  for (const cell of sight.places.cells(node)) {
    const location = cell % plan.locations.length;
    const family = (cell - location) / plan.locations.length;
    add(location, (day) => ({
      units: plan.unitsOfCell(family, location, day),
      revenue: plan.revenueOfCell(family, location, day),
      lines: plan.linesOfCell(family, location, day),
    }));
  }
  return sum;
}

function leavesOf(node: Node, plan: PlanIndex): number[] {
  const leaves: number[] = [];
  for (let leaf = plan.leavesOfSku[node.sku]!; leaf < plan.leavesOfSku[node.sku + 1]!; leaf++) {
    const location = plan.leafLocation[leaf]!;
    if (node.location >= 0 ? node.location === location : node.region < 0 || node.region === plan.regionOfLocation[location]) leaves.push(leaf);
  }
  return leaves;
}

/** Units planned for today that should have been sold by now. */
function elapsedUnits(node: Node, sight: Sight): number {
  const { plan } = sight.places;
  let units = 0;
  if (node.sku >= 0) {
    for (const leaf of leavesOf(node, plan)) {
      const location = plan.leafLocation[leaf]!;
      const today = sight.today(location);
      units += plan.unitsOfLeaf(leaf, today, today + 1) * sight.elapsed(plan.familyOfSku[node.sku]!, location, today);
    }
    return units;
  }
  for (const cell of sight.places.cells(node)) {
    const location = cell % plan.locations.length;
    const family = (cell - location) / plan.locations.length;
    const today = sight.today(location);
    units += plan.unitsOfCell(family, location, today) * sight.elapsed(family, location, today);
  }
  return units;
}

function childrenOf(node: Node, places: Places): { node: Node; label: string }[] {
  const { plan } = places;
  const byRegion = (make: (region: number) => Node) => plan.regions.map((label, region) => ({ node: make(region), label }));
  const byLocation = (make: (location: number) => Node) =>
    places.locations(node).map((location) => ({ node: make(location), label: plan.locations[location]!.name }));
  switch (node.altitude) {
    case 'leaf':
      return [];
    case 'total':
      return plan.regions.length > 1 ? byRegion(regionNode) : plan.families.map((label, family) => ({ node: familyNode(family), label }));
    case 'region':
      return byLocation((location) => locationNode(plan, location));
    case 'location':
      return plan.families.map((label, family) => ({ node: { ...node, altitude: 'family-region', family } as Node, label }));
    case 'family':
      return plan.regions.length > 1
        ? byRegion((region) => familyRegionNode(node.family, region))
        : byLocation((location) => ({ ...totalNode, altitude: 'family-region', family: node.family, region: plan.regionOfLocation[location]!, location }));
    case 'family-region':
      return byLocation((location) => ({ ...node, location }));
    case 'sku':
    case 'sku-region': {
      const locations = places.locations(node).filter((location) => plan.leafOf(node.sku, location) >= 0);
      if (locations.length > MOST_PARTS) return byRegion((region) => skuRegionNode(plan, node.sku, region));
      return locations.map((location) => ({ node: leafNode(plan, node.sku, location), label: plan.locations[location]!.name }));
    }
  }
}
