import { widthOf } from './terminal.ts';

export interface Column<Row> {
  head: string;
  cell: (row: Row) => string;
  /** Numbers stand to the right, so that they compare down the column. */
  align?: 'left' | 'right';
  /** Longest text that is shown whole; absent: all of it. */
  most?: number;
}

const GAP = '  ';

/** Rows under their heads, aligned; a column whose cells are all empty is left out. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const filled = columns
    .map((column) => ({ column, cells: rows.map((row) => shortened(column.cell(row), column.most)) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
    .map(({ column, cells }) => ({ column, cells, width: Math.max(widthOf(column.head), ...cells.map(widthOf)) }));
  const line = (text: (part: (typeof filled)[number]) => string): string =>
    filled
      .map((part) => padded(text(part), part.width, part.column.align))
      .join(GAP)
      .trimEnd();
  return [line(({ column }) => column.head), ...rows.map((_, i) => line(({ cells }) => cells[i]!))];
}

/** "name   value" lines; a value of several lines continues under itself. */
export function pairs(entries: readonly (readonly [name: string, value: string | readonly string[]])[]): string[] {
  const width = Math.max(...entries.map(([name]) => widthOf(name)));
  return entries.flatMap(([name, value]) => {
    const lines = typeof value === 'string' ? [value] : value;
    return lines.map((line, i) => `${padded(i === 0 ? name : '', width)}${GAP}${line}`.trimEnd());
  });
}

export function padded(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? space + text : text + space;
}

function shortened(text: string, most: number | undefined): string {
  if (most === undefined || widthOf(text) <= most) return text;
  return `${[...text].slice(0, most - 1).join('')}…`;
}
