import type { Node, Places } from './nodes.ts';

/** Lowest ratio an explanation may set: a product that stopped keeps a sliver, so that a stray sale is no wonder. */
export const LEAST_RATIO = 0.02;

/**
 * Lines seen against lines expected by cell (family × location) and by reported SKU, for the last days. Column `age`
 * 0 is the latest business day anywhere; a location whose day has not begun yet simply expects nothing there. A search
 * for causes changes the expectation as it explains, never the lines.
 */
export class Picture {
  readonly places: Places;
  readonly days: number;
  /** [age][family × locations + location]. */
  readonly lines: Float64Array;
  readonly expected: Float64Array;
  readonly skus: ReadonlyMap<number, SkuPicture>;
  readonly cells: number;
  #undo: Undo | undefined;

  constructor(places: Places, days: number, lines: Float64Array, expected: Float64Array, skus: ReadonlyMap<number, SkuPicture>) {
    this.places = places;
    this.days = days;
    this.cells = places.plan.families.length * places.plan.locations.length;
    this.lines = lines;
    this.expected = expected;
    this.skus = skus;
  }

  /** A copy whose expectation can be changed on its own. */
  copy(): Picture {
    const skus = new Map<number, SkuPicture>();
    for (const [sku, picture] of this.skus) skus.set(sku, { lines: picture.lines, expected: picture.expected.slice() });
    return new Picture(this.places, this.days, this.lines, this.expected.slice(), skus);
  }

  /** What `look` finds with a change of expectation made; afterwards the picture is bit for bit as it was. */
  trying<T>(change: () => void, look: () => T): T {
    const outer = this.#undo;
    const undo: Undo = { of: [], at: [], was: [] };
    this.#undo = undo;
    try {
      change();
      return look();
    } finally {
      for (let i = undo.at.length - 1; i >= 0; i--) undo.of[i]![undo.at[i]!] = undo.was[i]!;
      this.#undo = outer;
    }
  }

  #set(column: Float64Array, at: number, value: number): void {
    if (this.#undo) {
      this.#undo.of.push(column);
      this.#undo.at.push(at);
      this.#undo.was.push(column[at]!);
    }
    column[at] = value;
  }

  /** Lines and expectation of a node by age. A SKU that is not reported has none. */
  daily(node: Node): Daily {
    const daily = { lines: new Float64Array(this.days), expected: new Float64Array(this.days) };
    const width = this.places.plan.locations.length;
    if (node.sku >= 0) {
      const picture = this.skus.get(node.sku);
      const locations = picture ? this.places.sellers(node.sku, node) : [];
      if (picture) for (let age = 0; age < this.days; age++) addUp(picture, age, age * width, locations, daily);
      return daily;
    }
    const { lines, expected } = this;
    const cells = this.places.cells(node);
    for (let age = 0; age < this.days; age++) {
      const row = age * this.cells;
      let some = 0;
      let wanted = 0;
      for (let i = 0; i < cells.length; i++) {
        some += lines[row + cells[i]!]!;
        wanted += expected[row + cells[i]!]!;
      }
      daily.lines[age] = some;
      daily.expected[age] = wanted;
    }
    return daily;
  }

  /** Multiplies the expectation of a node's leaves by a factor per age; what holds them changes with it. */
  explain(node: Node, factors: Float64Array): void {
    const { plan } = this.places;
    const width = plan.locations.length;
    for (const [sku, picture] of this.skus) {
      if (node.sku >= 0 ? node.sku !== sku : node.family >= 0 && node.family !== plan.familyOfSku[sku]) continue;
      const locations = this.places.sellers(sku, node);
      for (let age = 0; age < factors.length && locations.length > 0; age++) {
        for (const location of locations) {
          const before = picture.expected[age * width + location]!;
          if (before === 0) continue;
          this.#set(picture.expected, age * width + location, before * factors[age]!);
          if (node.sku < 0) continue;
          const cell = age * this.cells + node.family * width + location;
          this.#set(this.expected, cell, Math.max(0, this.expected[cell]! + before * (factors[age]! - 1)));
        }
      }
    }
    if (node.sku >= 0) return;
    const { expected } = this;
    const cells = this.places.cells(node);
    for (let age = 0; age < factors.length; age++) {
      const factor = factors[age]!;
      if (factor === 1) continue;
      for (const inRow of cells) {
        const cell = age * this.cells + inRow;
        const before = expected[cell]!;
        if (before === 0) continue;
        if (this.#undo) this.#set(expected, cell, before * factor);
        else expected[cell] = before * factor;
      }
    }
  }
}

/** [age][location] of one SKU. Days that are not known have no lines and expect none. */
export interface SkuPicture {
  lines: Float64Array;
  expected: Float64Array;
}

/** What was overwritten, in order. */
interface Undo {
  of: Float64Array[];
  at: number[];
  was: number[];
}

export interface Daily {
  lines: Float64Array;
  expected: Float64Array;
}

function addUp(
  source: { lines: Float64Array; expected: Float64Array },
  age: number,
  row: number,
  locations: readonly number[],
  into: Daily,
): void {
  let lines = 0;
  let expected = 0;
  for (const location of locations) {
    lines += source.lines[row + location]!;
    expected += source.expected[row + location]!;
  }
  into.lines[age] = into.lines[age]! + lines;
  into.expected[age] = into.expected[age]! + expected;
}
