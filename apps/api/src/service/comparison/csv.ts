import type { Compared, ComparisonAnswer, ComparisonHead } from '@plumbline/contracts';
import { formatDay, formatMoney, formatQuantity, parseDay, parseMoney, parseQuantity } from '@plumbline/kernel';

const HEADER = [
  'row',
  'row_name',
  'column',
  'column_name',
  'from',
  'to_exclusive',
  'plan_version',
  'units',
  'planned_units',
  'units_variance',
  'units_percent_of_plan',
  'planned_units_whole_range',
  'revenue',
  'planned_revenue',
  'revenue_variance',
  'revenue_percent_of_plan',
  'planned_revenue_whole_range',
  'currency',
];

/** A comparison as RFC 4180 text: its cells row by row, then the totals of rows, of columns, and the grand total. */
export function csvOf(answer: ComparisonAnswer): string {
  const rows = new Map(answer.rows.map((head) => [head.code, head]));
  const columns = new Map(answer.columns.map((head) => [head.code, head]));
  const { totals } = answer;
  const all: ComparisonHead = { code: '', name: 'All' };
  const lines = [
    HEADER,
    ...answer.cells.map((cell) => lineOf(answer, rows.get(cell.row)!, columns.get(cell.column)!, cell)),
    ...(answer.columns.length > 1 ? totals.rows.map((total, i) => lineOf(answer, answer.rows[i]!, all, total)) : []),
    ...(answer.rows.length > 1 ? totals.columns.map((total, i) => lineOf(answer, all, answer.columns[i]!, total)) : []),
    ...(answer.columns.length > 1 && answer.rows.length > 1 ? [lineOf(answer, all, all, totals.grand)] : []),
  ];
  return lines.map((fields) => `${fields.map(quoted).join(',')}\r\n`).join('');
}

function lineOf(answer: ComparisonAnswer, row: ComparisonHead, column: ComparisonHead, cell: Compared): string[] {
  const { units, plannedUnits, revenue, plannedRevenue } = cell;
  return [
    text(row.code),
    text(row.name),
    text(column.code),
    text(column.name),
    answer.from,
    answer.to,
    text(answer.planVersion.name),
    units ?? '',
    plannedUnits,
    units === null ? '' : formatQuantity(parseQuantity(units) - parseQuantity(plannedUnits)),
    cell.percent?.toString() ?? '',
    cell.plannedUnitsWhole,
    revenue ?? '',
    plannedRevenue,
    revenue === null ? '' : formatMoney(parseMoney(revenue) - parseMoney(plannedRevenue)),
    cell.revenuePercent?.toString() ?? '',
    cell.plannedRevenueWhole,
    answer.currency,
  ];
}

/** A code or name that a spreadsheet would take for a formula is marked as text. */
const text = (value: string): string => (/^[=@+\-\t\r]/.test(value) ? `'${value}` : value);

const quoted = (field: string): string => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);

/** plan-and-actual-2026-11-01-to-2026-11-24.csv, the last day being one of them */
export function csvNameOf({ from, to }: ComparisonAnswer): string {
  const last = to.includes('T') ? to : formatDay(parseDay(to) - 1);
  return `plan-and-actual-${from}-to-${last}.csv`.replaceAll(':', '');
}
