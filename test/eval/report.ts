/** One promise of the evaluation: what was measured, what was promised, whether it was kept. */
export interface Target {
  name: string;
  value: number;
  /** As it reads in the table: "≤ 1", ".78–.86". */
  target: string;
  met: boolean;
}

/** A table to read: figures that explain the targets, the baselines to beat. */
export interface Table {
  title: string;
  columns: string[];
  rows: string[][];
  note?: string;
}

export interface Section {
  tables: Table[];
  targets: Target[];
}

export const atMost = (name: string, value: number, limit: number): Target => ({
  name,
  value: rounded(value),
  target: `≤ ${limit}`,
  met: value <= limit,
});

export const atLeast = (name: string, value: number, limit: number): Target => ({
  name,
  value: rounded(value),
  target: `≥ ${limit}`,
  met: value >= limit,
});

export const within = (name: string, value: number, low: number, high: number): Target => ({
  name,
  value: rounded(value),
  target: `${low}–${high}`,
  met: value >= low && value <= high,
});

const rounded = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(4)) : value);

export const number = (value: number, digits = 2): string =>
  Number.isFinite(value) ? String(Number(value.toFixed(digits))) : '–';

/** A table as text, columns aligned, numbers to the right. */
export function render(table: Table): string {
  const rows = [table.columns, ...table.rows];
  const widths = table.columns.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const line = (row: string[]): string =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  const [head, ...body] = rows.map(line);
  const rule = '─'.repeat(Math.min(120, head!.length));
  return [table.title, rule, head, rule, ...body, ...(table.note ? [rule, table.note] : [])].join('\n');
}

export function renderTargets(targets: readonly Target[]): string {
  const table = render({
    title: 'Targets',
    columns: ['', 'measured', 'target', ''],
    rows: targets.map(({ name, value, target, met }) => [name, number(value, 3), target, met ? 'met' : 'MISSED']),
  });
  const missed = targets.filter(({ met }) => !met);
  const verdict =
    missed.length === 0
      ? `All ${targets.length} targets are met.`
      : `${missed.length} of ${targets.length} targets are missed: ${missed.map(({ name }) => name).join('; ')}.`;
  return `${table}\n\n${verdict}`;
}

export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
