import type { Altitude, Scope } from '@plumbline/contracts';
import type { PlanIndex } from '@plumbline/plan';

/**
 * A node of product × place by plan indices; −1 = all of them. A SKU carries its family and a location its region,
 * so that two nodes can be compared member by member.
 */
export interface Node {
  readonly altitude: Altitude;
  readonly sku: number;
  readonly family: number;
  readonly region: number;
  readonly location: number;
}

export const totalNode: Node = { altitude: 'total', sku: -1, family: -1, region: -1, location: -1 };

export const regionNode = (region: number): Node => ({ ...totalNode, altitude: 'region', region });

export const familyNode = (family: number): Node => ({ ...totalNode, altitude: 'family', family });

export const familyRegionNode = (family: number, region: number): Node => ({
  ...totalNode,
  altitude: 'family-region',
  family,
  region,
});

export const locationNode = (plan: PlanIndex, location: number): Node => ({
  ...totalNode,
  altitude: 'location',
  region: plan.regionOfLocation[location]!,
  location,
});

export const skuNode = (plan: PlanIndex, sku: number): Node => ({
  ...totalNode,
  altitude: 'sku',
  sku,
  family: plan.familyOfSku[sku]!,
});

export const skuRegionNode = (plan: PlanIndex, sku: number, region: number): Node => ({
  ...skuNode(plan, sku),
  altitude: 'sku-region',
  region,
});

export const leafNode = (plan: PlanIndex, sku: number, location: number): Node => ({
  ...locationNode(plan, location),
  altitude: 'leaf',
  sku,
  family: plan.familyOfSku[sku]!,
});

const meets = (a: number, b: number): boolean => a < 0 || b < 0 || a === b;

/** Whether two nodes may share a leaf. */
export const overlaps = (a: Node, b: Node): boolean =>
  meets(a.sku, b.sku) && meets(a.family, b.family) && meets(a.region, b.region) && meets(a.location, b.location);

const within = (inner: number, outer: number): boolean => outer < 0 || inner === outer;

/** Whether every leaf of `inner` lies in `outer`. */
export const contains = (outer: Node, inner: Node): boolean =>
  within(inner.sku, outer.sku) &&
  within(inner.family, outer.family) &&
  within(inner.region, outer.region) &&
  within(inner.location, outer.location);

/** A node's name by codes: the same before and after a change of plan, which renumbers. */
export function nodeKey(plan: PlanIndex, node: Node): string {
  const { sku, family, region, location } = scopeOf(plan, node);
  return [node.altitude, sku ?? '', family ?? '', region ?? '', location ?? ''].join('|');
}

/** The scope as it is written in an exception: every member that the node fixes, its family and region included. */
export function scopeOf(plan: PlanIndex, node: Node): Scope {
  const scope: Scope = {};
  if (node.sku >= 0) scope.sku = plan.skus[node.sku]!;
  if (node.family >= 0) scope.family = plan.families[node.family]!;
  if (node.location >= 0) scope.location = plan.locations[node.location]!.code;
  if (node.region >= 0) scope.region = plan.regions[node.region]!;
  return scope;
}

/** The node of a scope in a plan; undefined when the plan does not know one of its members. */
export function nodeOf(places: Places, altitude: Altitude, scope: Scope): Node | undefined {
  const { plan } = places;
  const sku = scope.sku === undefined ? -1 : (places.skuIndex.get(scope.sku) ?? -2);
  const location = scope.location === undefined ? -1 : (places.locationIndex.get(scope.location) ?? -2);
  if (sku === -2 || location === -2) return undefined;
  const family = sku >= 0 ? plan.familyOfSku[sku]! : scope.family === undefined ? -1 : plan.families.indexOf(scope.family);
  const region =
    location >= 0 ? plan.regionOfLocation[location]! : scope.region === undefined ? -1 : plan.regions.indexOf(scope.region);
  if ((scope.family !== undefined && family < 0) || (scope.region !== undefined && region < 0)) return undefined;
  return { altitude, sku, family, region, location };
}

/** Look-ups over a plan that the roll-up needs again and again. */
export class Places {
  readonly plan: PlanIndex;
  readonly skuIndex: ReadonlyMap<string, number>;
  readonly locationIndex: ReadonlyMap<string, number>;
  /** Locations of each region, ascending. */
  readonly ofRegion: readonly (readonly number[])[];
  readonly all: readonly number[];
  /** SKUs a family. */
  readonly skusOfFamily: Uint32Array;
  /** 1 = the cell (family × locations + location) has a leaf; of the others nothing is ever expected or counted. */
  readonly #planned: Uint8Array;
  readonly #cells = new Map<number, Uint32Array>();
  readonly #sellers = new Map<number, readonly number[]>();
  readonly #one: readonly (readonly number[])[];

  constructor(plan: PlanIndex) {
    this.plan = plan;
    this.skuIndex = new Map(plan.skus.map((sku, i) => [sku, i]));
    this.locationIndex = new Map(plan.locations.map((location, i) => [location.code, i]));
    this.all = plan.locations.map((_, i) => i);
    this.ofRegion = plan.regions.map((_, region) => this.all.filter((i) => plan.regionOfLocation[i] === region));
    this.#one = this.all.map((i) => [i]);
    this.#planned = new Uint8Array(plan.families.length * plan.locations.length);
    for (let leaf = 0; leaf < plan.leaves; leaf++) {
      this.#planned[plan.familyOfSku[plan.leafSku[leaf]!]! * plan.locations.length + plan.leafLocation[leaf]!] = 1;
    }
    this.skusOfFamily = new Uint32Array(plan.families.length);
    for (const family of plan.familyOfSku) this.skusOfFamily[family]!++;
  }

  /** Locations in a node's scope, ascending. */
  locations(node: Node): readonly number[] {
    if (node.location >= 0) return this.#one[node.location]!;
    return node.region >= 0 ? this.ofRegion[node.region]! : this.all;
  }

  /** The cells with a leaf in a node above the SKU, ascending. */
  cells({ family, region, location }: Node): Uint32Array {
    const { families, regions, locations } = this.plan;
    const key = ((family + 1) * (regions.length + 1) + region + 1) * (locations.length + 1) + location + 1;
    const known = this.#cells.get(key);
    if (known) return known;
    const found: number[] = [];
    const places = location >= 0 ? this.#one[location]! : region >= 0 ? this.ofRegion[region]! : this.all;
    for (let f = Math.max(family, 0); f < (family < 0 ? families.length : family + 1); f++) {
      for (const place of places) if (this.#planned[f * locations.length + place]) found.push(f * locations.length + place);
    }
    const cells = Uint32Array.from(found);
    this.#cells.set(key, cells);
    return cells;
  }

  /** Locations in a node's scope that sell a SKU, ascending. */
  sellers(sku: number, { region, location }: Node): readonly number[] {
    let known = this.#sellers.get(sku);
    if (!known) this.#sellers.set(sku, (known = [...this.plan.leafLocation.subarray(this.plan.leavesOfSku[sku]!, this.plan.leavesOfSku[sku + 1]!)]));
    if (location >= 0) return known.includes(location) ? this.#one[location]! : [];
    return region < 0 ? known : known.filter((place) => this.plan.regionOfLocation[place] === region);
  }

  /** How many nodes an altitude has. */
  size(altitude: Altitude): number {
    const { plan } = this;
    switch (altitude) {
      case 'total':
        return 1;
      case 'region':
        return plan.regions.length;
      case 'location':
        return plan.locations.length;
      case 'family':
        return plan.families.length;
      case 'family-region':
        return plan.families.length * plan.regions.length;
      case 'sku':
        return plan.skus.length;
      case 'sku-region':
        return plan.skus.length * plan.regions.length;
      case 'leaf':
        return plan.leaves;
    }
  }

  /**
   * Whether a node stands for leaves that no other watched node has. Of two nodes with the same leaves one watches:
   * the location for a region of one location, the total for the only region or family, the leaf for a SKU sold in
   * one place, the SKU for a family of one SKU.
   */
  distinct(node: Node): boolean {
    const { plan } = this;
    switch (node.altitude) {
      case 'total':
        return true;
      case 'region':
        return plan.regions.length > 1 && this.ofRegion[node.region]!.length > 1;
      case 'location':
        return plan.locations.length > 1;
      case 'family':
        return plan.families.length > 1 && this.skusOfFamily[node.family]! > 1;
      case 'family-region':
        return (
          plan.regions.length > 1 &&
          plan.families.length > 1 &&
          this.skusOfFamily[node.family]! > 1 &&
          this.ofRegion[node.region]!.length > 0
        );
      case 'sku':
        return this.#leaves(node) > 1;
      case 'sku-region': {
        const leaves = this.#leaves(node);
        return leaves > 1 && leaves < this.#leaves(skuNode(plan, node.sku));
      }
      case 'leaf':
        return true;
    }
  }

  #leaves(node: Node): number {
    const { plan } = this;
    const from = plan.leavesOfSku[node.sku]!;
    const to = plan.leavesOfSku[node.sku + 1]!;
    if (node.region < 0) return to - from;
    let count = 0;
    for (let leaf = from; leaf < to; leaf++) if (plan.regionOfLocation[plan.leafLocation[leaf]!] === node.region) count++;
    return count;
  }
}
