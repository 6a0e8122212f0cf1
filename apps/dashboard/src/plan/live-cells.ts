import type { Compared, ComparisonAnswer, Figures } from '@plumbline/contracts';

const amounts = ['units', 'plannedUnits', 'revenue', 'plannedRevenue'] as const;
type Difference = Record<(typeof amounts)[number], number>;

/**
 * Today's families × regions as the live figures have them, where these are newer than the answer; totals change by what
 * their cells changed. Attainment, evidence and trends stay those of the answer until the next one.
 */
export function withFigures(answer: ComparisonAnswer, figures: Figures | null): ComparisonAnswer {
  if (!figures || figures.planVersion.hash !== answer.planVersion.hash || Date.parse(figures.tick) <= Date.parse(answer.at)) return answer;
  const live = new Map(figures.cells.map((cell) => [key(cell.family, cell.region), cell]));
  if (live.size === 0) return answer;
  const rows = answer.rows.map(nothing);
  const columns = answer.columns.map(nothing);
  const grand = nothing();
  const rowAt = new Map(answer.rows.map(({ code }, at) => [code, at]));
  const columnAt = new Map(answer.columns.map(({ code }, at) => [code, at]));
  const cells = answer.cells.map((cell) => {
    const now = live.get(key(cell.row, cell.column));
    if (!now || cell.units === null) return cell;
    const step = difference(cell, now);
    for (const sum of [rows[rowAt.get(cell.row)!]!, columns[columnAt.get(cell.column)!]!, grand]) add(sum, step);
    return changed(cell, step);
  });
  const { totals } = answer;
  return {
    ...answer,
    at: figures.tick,
    elapsedTo: answer.elapsedTo === answer.at ? figures.tick : answer.elapsedTo,
    cells,
    totals: {
      rows: totals.rows.map((total, at) => changed(total, rows[at]!)),
      columns: totals.columns.map((total, at) => changed(total, columns[at]!)),
      grand: changed(totals.grand, grand),
    },
  };
}

const key = (family: string, region: string): string => `${family}\0${region}`;
const nothing = (): Difference => ({ units: 0, plannedUnits: 0, revenue: 0, plannedRevenue: 0 });

function difference(cell: Compared, now: Record<(typeof amounts)[number], string>): Difference {
  const step = nothing();
  for (const amount of amounts) step[amount] = Number(now[amount]) - Number(cell[amount] ?? 0);
  return step;
}

function add(sum: Difference, step: Difference): void {
  for (const amount of amounts) sum[amount] += step[amount];
}

function changed<T extends Compared>(cell: T, step: Difference): T {
  if (cell.units === null) return cell;
  const next = { ...cell };
  for (const amount of amounts) next[amount] = (Math.round((Number(cell[amount] ?? 0) + step[amount]) * 10_000) / 10_000).toString();
  next.percent = share(next.units, next.plannedUnits);
  next.revenuePercent = share(next.revenue, next.plannedRevenue);
  return next;
}

const share = (actual: string | null, planned: string): number | null =>
  actual !== null && Number(planned) > 0 ? (100 * Number(actual)) / Number(planned) : null;
