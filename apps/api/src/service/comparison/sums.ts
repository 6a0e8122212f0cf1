/** Amounts kept of each cell. Units are thousandths, revenue ten-thousandths; "now" is up to the tick, "whole" the range. */
export const amounts = [
  'units',
  'revenue',
  'lines',
  'unitsNow',
  'unitsWhole',
  'revenueNow',
  'revenueWhole',
  'linesNow',
  'linesWhole',
  'varianceNow',
  'varianceWhole',
] as const;
export type Amount = (typeof amounts)[number];

/** Columns of a grid's cells, row by row, and of their buckets. Everything in it adds up. */
export class Sums {
  readonly cells: number;
  readonly buckets: number;
  readonly of: Readonly<Record<Amount, Float64Array>>;
  /** cells × buckets: sold, planned up to now, planned in whole, in units (thousandths); revenue sold; variance of planned lines. */
  readonly sold: Float64Array;
  readonly soldRevenue: Float64Array;
  readonly spread: Float64Array;
  readonly planned: Float64Array;
  readonly whole: Float64Array;
  /** 1 where there is a plan or a sale. */
  readonly present: Uint8Array;

  constructor(cells: number, buckets: number) {
    this.cells = cells;
    this.buckets = buckets;
    this.of = Object.fromEntries(amounts.map((amount) => [amount, new Float64Array(cells)])) as Record<Amount, Float64Array>;
    this.sold = new Float64Array(cells * buckets);
    this.soldRevenue = new Float64Array(cells * buckets);
    this.spread = new Float64Array(cells * buckets);
    this.planned = new Float64Array(cells * buckets);
    this.whole = new Float64Array(cells * buckets);
    this.present = new Uint8Array(cells);
  }

  /** Adds a cell of others (of as many buckets) to a cell of these. */
  add(cell: number, from: Sums, at: number): void {
    for (const amount of amounts) this.of[amount][cell]! += from.of[amount][at]!;
    for (let bucket = 0; bucket < this.buckets; bucket++) {
      const [into, out] = [cell * this.buckets + bucket, at * this.buckets + bucket];
      this.sold[into]! += from.sold[out]!;
      this.soldRevenue[into]! += from.soldRevenue[out]!;
      this.spread[into]! += from.spread[out]!;
      this.planned[into]! += from.planned[out]!;
      this.whole[into]! += from.whole[out]!;
    }
    this.present[cell]! |= from.present[at]!;
  }
}

/** The cells of a grid added up by `target` of their row and column. */
export function gathered(sums: Sums, rows: number, columns: number, cells: number, target: (row: number, column: number) => number): Sums {
  const into = new Sums(cells, sums.buckets);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) into.add(target(row, column), sums, row * columns + column);
  }
  return into;
}
