import type { Increment } from '@plumbline/contracts';
import type { PlanIndex } from '@plumbline/plan';
import type { Cells } from './cells.ts';

/** Sums what was counted since the last tick by family × region, numbered as the cells of the live figures are. */
export class SinceTick {
  readonly plan: PlanIndex;
  /** Position of a family's first cell, and of a region among them. */
  readonly #family: number[];
  readonly #region: number[];
  readonly #units: Float64Array;
  readonly #revenue: Float64Array;
  readonly #touched: number[] = [];

  constructor(plan: PlanIndex) {
    this.plan = plan;
    const { families, regions } = plan;
    this.#family = ranks(families).map((rank) => rank * regions.length);
    this.#region = ranks(regions);
    this.#units = new Float64Array(families.length * regions.length);
    this.#revenue = new Float64Array(families.length * regions.length);
  }

  of(cells: Cells): Increment['cells'] {
    const { regionOfLocation } = this.plan;
    cells.visit((family, location, units, revenue) => {
      const cell = this.#family[family]! + this.#region[regionOfLocation[location]!]!;
      if (this.#units[cell] === 0 && this.#revenue[cell] === 0) this.#touched.push(cell);
      this.#units[cell]! += units;
      this.#revenue[cell]! += revenue;
    });
    const sums: number[] = [];
    for (const cell of this.#touched.sort((a, b) => a - b)) {
      sums.push(cell, this.#units[cell]!, this.#revenue[cell]!);
      this.#units[cell] = this.#revenue[cell] = 0;
    }
    this.#touched.length = 0;
    return sums;
  }
}

/** Place of each name among the sorted ones. */
function ranks(names: readonly string[]): number[] {
  const sorted = [...names].sort();
  return names.map((name) => sorted.indexOf(name));
}
