import { QUANTITY_SCALE, zoneOf, type BusinessDay, type Money, type Quantity, type Zone } from '@plumbline/kernel';
import { PlanBuckets } from './buckets.ts';
import { splitKey, toColumns, type PlanColumns, type PlanHead } from './columns.ts';
import { LeafWeights } from './leaf-weights.ts';
import type { Location, PlanIndex, PlanVersion, Product } from './types.ts';
import { decodeColumns } from './version.ts';

/**
 * Compiles a valid version (see validateVersion) into flat arrays. 30 bytes a leaf, plus 24 bytes a family × location
 * and the day weights of each distinct calendar.
 * @param hash SHA-256 of its encoding
 */
export function compilePlan(version: PlanVersion, hash: string): CompiledPlan {
  return new CompiledPlan(toColumns(version), hash);
}

/** The same straight from an encoded version, without an object per leaf on the way. */
export function compileEncoded(bytes: Uint8Array, hash: string): CompiledPlan {
  return new CompiledPlan(decodeColumns(bytes), hash);
}

/**
 * The exact split is cumulative rounding throughout: with weights in the order of leaves, leaf i of a family × region ×
 * month of U units gets ⌊U·S(i+1)/S⌋ − ⌊U·S(i)/S⌋, a day of the leaf's month the same over cumulative day weights, an
 * hour of that day over cumulative hour weights. So children add up to their parent at every level and bucket, and any
 * interval is a difference of two cumulative values. Revenue is split over units weight × plan price.
 */
export class CompiledPlan implements PlanIndex {
  readonly version: { id: string; name: string; hash: string; currency: string };
  readonly skus: readonly string[];
  readonly products: readonly Product[];
  readonly locations: readonly Location[];
  readonly zones: readonly Zone[];
  readonly families: readonly string[];
  readonly regions: readonly string[];
  readonly familyOfSku: Uint16Array;
  readonly regionOfLocation: Uint16Array;
  readonly zoneOfLocation: Uint16Array;
  readonly leaves: number;
  readonly leafSku: Uint32Array;
  readonly leafLocation: Uint16Array;
  readonly leavesOfSku: Uint32Array;
  readonly firstMonth: number;
  readonly endMonth: number;

  readonly #buckets: PlanBuckets;
  /** family × region → split, or −1. */
  readonly #splitOf: Int32Array;
  /** splits × months: units (not thousandths) and revenue per unit of leaf weight and of day weight. */
  readonly #unitScale: Float64Array;
  readonly #revenueScale: Float64Array;
  readonly #weights: LeafWeights;
  readonly #linesPerUnit: Float32Array;

  constructor(columns: PlanColumns, hash: string) {
    const { head } = columns;
    this.version = { id: head.id, name: head.name, hash, currency: head.currency };
    this.products = head.products;
    this.locations = head.locations;
    this.skus = head.products.map((product) => product.sku);
    this.families = distinct(head.products.map((product) => product.family));
    this.regions = distinct(head.locations.map((location) => location.region));
    const zoneIds = distinct(head.locations.map((location) => location.zone));
    this.zones = zoneIds.map(zoneOf);
    this.familyOfSku = positions(head.products, (product) => product.family, this.families);
    this.regionOfLocation = positions(head.locations, (location) => location.region, this.regions);
    this.zoneOfLocation = positions(head.locations, (location) => location.zone, zoneIds);
    this.leaves = columns.leafSku.length;
    this.leafSku = columns.leafSku;
    this.leafLocation = columns.leafLocation;
    this.leavesOfSku = new Uint32Array(this.skus.length + 1);
    for (const sku of this.leafSku) this.leavesOfSku[sku + 1]++;
    for (let sku = 0; sku < this.skus.length; sku++) this.leavesOfSku[sku + 1] += this.leavesOfSku[sku];
    this.#linesPerUnit = Float32Array.from(columns.linesPerUnit);

    this.#buckets = new PlanBuckets(head);
    this.firstMonth = this.#buckets.firstMonth;
    this.endMonth = this.#buckets.endMonth;
    this.#splitOf = numberSplits(head, this.families, this.regions);
    this.#weights = new LeafWeights(this, columns.weight, this.#linesPerUnit, this.#splitOf, head.splits.length);
    this.#unitScale = this.#buckets.scales(this.#buckets.units, this.#weights.total, QUANTITY_SCALE);
    this.#revenueScale = this.#buckets.scales(this.#buckets.revenue, this.#weights.valueTotal, 1);
  }

  leafOf(sku: number, location: number): number {
    let low = this.leavesOfSku[sku];
    let high = this.leavesOfSku[sku + 1] - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.leafLocation[middle];
      if (found === location) return middle;
      if (found < location) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  unitsOfLeaf(leaf: number, fromDay: BusinessDay, toDay: BusinessDay): Quantity {
    const split = this.#splitOfLeaf(leaf);
    const before = this.#weights.before[leaf];
    return this.#buckets.overDays(
      this.#buckets.units,
      split,
      before,
      before + this.#weights.weight[leaf],
      this.#weights.total[split],
      fromDay,
      toDay,
    );
  }

  revenueOfLeaf(leaf: number, fromDay: BusinessDay, toDay: BusinessDay): Money {
    const split = this.#splitOfLeaf(leaf);
    const before = this.#weights.valueBefore[leaf];
    const end = before + this.#weights.valueOf(leaf, split);
    return this.#buckets.overDays(
      this.#buckets.revenue,
      split,
      before,
      end,
      this.#weights.valueTotal[split],
      fromDay,
      toDay,
    );
  }

  unitsOfLeafHours(leaf: number, day: BusinessDay, fromHour: number, toHour: number): Quantity {
    return this.#buckets.overHours(this.unitsOfLeaf(leaf, day, day + 1), this.#splitOfLeaf(leaf), fromHour, toHour);
  }

  /** Exact planned revenue of a leaf over local hours [fromHour, toHour) of one day. O(1). */
  revenueOfLeafHours(leaf: number, day: BusinessDay, fromHour: number, toHour: number): Money {
    return this.#buckets.overHours(this.revenueOfLeaf(leaf, day, day + 1), this.#splitOfLeaf(leaf), fromHour, toHour);
  }

  linesOfLeaf(leaf: number, day: BusinessDay): number {
    return (
      this.#buckets.onDay(this.#unitScale, this.#splitOfLeaf(leaf), day) *
      this.#weights.weight[leaf] *
      this.#linesPerUnit[leaf]
    );
  }

  linesOfCell(family: number, location: number, day: BusinessDay): number {
    const split = this.#splitOfCell(family, location);
    return split < 0
      ? 0
      : this.#buckets.onDay(this.#unitScale, split, day) *
          this.#weights.cellLines[family * this.locations.length + location];
  }

  unitsOfCell(family: number, location: number, day: BusinessDay): number {
    const split = this.#splitOfCell(family, location);
    if (split < 0) return 0;
    return (
      this.#buckets.onDay(this.#unitScale, split, day) *
      this.#weights.cellWeight[family * this.locations.length + location] *
      QUANTITY_SCALE
    );
  }

  revenueOfCell(family: number, location: number, day: BusinessDay): number {
    const split = this.#splitOfCell(family, location);
    return split < 0
      ? 0
      : this.#buckets.onDay(this.#revenueScale, split, day) *
          this.#weights.cellValue[family * this.locations.length + location];
  }

  /** A family × region without a split profile passes its day evenly. */
  elapsed(family: number, location: number, minute: number): number {
    if (minute <= 0) return 0;
    if (minute >= 1440) return 1;
    const split = this.#splitOfCell(family, location);
    if (split < 0) return minute / 1440;
    return this.#buckets.elapsed(split, minute);
  }

  alphaOfLeaf(leaf: number): number {
    return this.#buckets.alpha[this.#splitOfLeaf(leaf)];
  }

  priceOfLeaf(leaf: number): Money {
    return this.products[this.leafSku[leaf]].price;
  }

  linesPerUnitOfLeaf(leaf: number): number {
    return this.#linesPerUnit[leaf];
  }

  #splitOfLeaf(leaf: number): number {
    return this.#splitOf[
      this.familyOfSku[this.leafSku[leaf]] * this.regions.length + this.regionOfLocation[this.leafLocation[leaf]]
    ];
  }

  #splitOfCell(family: number, location: number): number {
    return this.#splitOf[family * this.regions.length + this.regionOfLocation[location]];
  }
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)].sort();

function positions<T>(items: readonly T[], name: (item: T) => string, sorted: readonly string[]): Uint16Array {
  const at = new Map(sorted.map((one, i) => [one, i]));
  return Uint16Array.from(items, (item) => at.get(name(item)) ?? 0);
}

/** family × region → position of its split, or −1. */
function numberSplits(head: PlanHead, families: readonly string[], regions: readonly string[]): Int32Array {
  const numbers = new Map(head.splits.map((split, i) => [splitKey(split.family, split.region), i]));
  return Int32Array.from(
    families.flatMap((family) => regions.map((region) => numbers.get(splitKey(family, region)) ?? -1)),
  );
}
