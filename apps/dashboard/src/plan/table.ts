import type { ComparisonAnswer } from '@plumbline/contracts';
import { shownOf, type Shown } from './figures.ts';
import type { Measure } from './view.ts';

export interface TableRow extends Shown {
  key: string;
  row: string;
  column: string;
  rowName: string;
  columnName: string;
}

export const orders = ['product', 'place', 'actual', 'planned', 'variance', 'percent', 'attainment', 'whole', 'evidence'] as const;
export type Order = (typeof orders)[number];
export interface Sorting {
  by: Order;
  /** Largest (or Z) first. */
  down: boolean;
}

/** Cells of a comparison as rows, in its own order. */
export function tableRows(answer: ComparisonAnswer, measure: Measure): TableRow[] {
  const rows = new Map(answer.rows.map(({ code, name }) => [code, name]));
  const columns = new Map(answer.columns.map(({ code, name }) => [code, name]));
  return answer.cells.map((cell) => ({
    ...shownOf(cell, measure),
    key: `${cell.row}\0${cell.column}`,
    row: cell.row,
    column: cell.column,
    rowName: rows.get(cell.row) ?? cell.row,
    columnName: columns.get(cell.column) ?? cell.column,
  }));
}

/** Sorted anew; equal rows keep their order, and what has no value comes last either way. */
export function sorted(rows: readonly TableRow[], { by, down }: Sorting): TableRow[] {
  const sign = down ? -1 : 1;
  return rows.toSorted((a, b) => {
    if (by === 'product') return sign * compare(a.rowName, b.rowName);
    if (by === 'place') return sign * compare(a.columnName, b.columnName);
    const [x, y] = [a[by], b[by]];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
