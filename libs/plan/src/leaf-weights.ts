import type { PlanIndex } from './types.ts';

type LeafPlaces = Pick<
  PlanIndex,
  | 'leaves'
  | 'leafSku'
  | 'leafLocation'
  | 'familyOfSku'
  | 'regionOfLocation'
  | 'products'
  | 'locations'
  | 'families'
  | 'regions'
>;

/** Weights of leaves within their split, cumulative in the order of leaves, and summed by cell (family × location). */
export class LeafWeights {
  /** Per leaf: its weight, and the weights of the split's leaves before it. 20 bytes a leaf. */
  readonly weight: Uint32Array;
  readonly before: Float64Array;
  /** The same of the value weights, by which revenue is split: weight × plan price, divided down where need be. */
  readonly valueBefore: Float64Array;
  /** Per split: sums of both. */
  readonly total: Float64Array;
  readonly valueTotal: Float64Array;
  /** Per cell: sums of weight × lines per unit, of weight, and of value weight. */
  readonly cellLines: Float64Array;
  readonly cellWeight: Float64Array;
  readonly cellValue: Float64Array;
  readonly #places: LeafPlaces;
  /** What divides weight × price in each split; 0: its products have no price. */
  readonly #divisor: Float64Array;

  constructor(
    places: LeafPlaces,
    weight: Uint32Array,
    linesPerUnit: Float32Array,
    splitOf: Int32Array,
    splits: number,
  ) {
    this.#places = places;
    this.weight = weight;
    this.before = new Float64Array(places.leaves);
    this.valueBefore = new Float64Array(places.leaves);
    this.total = new Float64Array(splits);
    this.valueTotal = new Float64Array(splits);
    const cells = places.families.length * places.locations.length;
    this.cellLines = new Float64Array(cells);
    this.cellWeight = new Float64Array(cells);
    this.cellValue = new Float64Array(cells);
    this.#divisor = this.#divisors(splitOf, splits);
    for (let leaf = 0; leaf < places.leaves; leaf++) {
      const split = this.#splitOf(leaf, splitOf);
      const value = this.valueOf(leaf, split);
      this.before[leaf] = this.total[split];
      this.valueBefore[leaf] = this.valueTotal[split];
      this.total[split] += weight[leaf];
      this.valueTotal[split] += value;
      const cell = places.familyOfSku[places.leafSku[leaf]] * places.locations.length + places.leafLocation[leaf];
      this.cellLines[cell] += weight[leaf] * linesPerUnit[leaf];
      this.cellWeight[cell] += weight[leaf];
      this.cellValue[cell] += value;
    }
  }

  valueOf(leaf: number, split: number): number {
    const divisor = this.#divisor[split];
    return divisor === 0 ? this.weight[leaf] : Math.floor(this.#worth(leaf) / divisor);
  }

  #worth(leaf: number): number {
    return this.weight[leaf] * this.#places.products[this.#places.leafSku[leaf]].price;
  }

  #splitOf(leaf: number, splitOf: Int32Array): number {
    const { familyOfSku, regionOfLocation, regions, leafSku, leafLocation } = this.#places;
    return splitOf[familyOfSku[leafSku[leaf]] * regions.length + regionOfLocation[leafLocation[leaf]]];
  }

  /**
   * Weight × price must add up to less than 2^50 in a split; a power of two divides it down where it would not. A split
   * whose products all have no price shares its revenue as it shares its units.
   */
  #divisors(splitOf: Int32Array, splits: number): Float64Array {
    const total = new Float64Array(splits);
    for (let leaf = 0; leaf < this.#places.leaves; leaf++) total[this.#splitOf(leaf, splitOf)] += this.#worth(leaf);
    return total.map((value) => {
      if (value === 0) return 0;
      let divisor = 1;
      while (value / divisor > 2 ** 49) divisor *= 2;
      return divisor;
    });
  }
}
