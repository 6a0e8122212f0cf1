import type { Compared } from '@plumbline/contracts';
import type { Measure } from './view.ts';

/** A cell as it is drawn: one measure, as numbers. */
export interface Shown {
  actual: number | null;
  planned: number;
  whole: number;
  variance: number | null;
  /** Actual as percent of plan elapsed. */
  percent: number | null;
  attainment: number | null;
  evidence: number;
  projection: { p10: number; p50: number; p90: number } | null;
}

export function shownOf(cell: Compared, measure: Measure): Shown {
  const [actual, planned, whole, percent] =
    measure === 'units'
      ? [cell.units, cell.plannedUnits, cell.plannedUnitsWhole, cell.percent]
      : [cell.revenue, cell.plannedRevenue, cell.plannedRevenueWhole, cell.revenuePercent];
  const ends = cell.projection?.[measure];
  return {
    actual: actual === null ? null : Number(actual),
    planned: Number(planned),
    whole: Number(whole),
    variance: actual === null ? null : Number(actual) - Number(planned),
    percent,
    attainment: cell.attainment,
    evidence: cell.evidence ?? 0,
    projection: ends ? { p10: Number(ends.p10), p50: Number(ends.p50), p90: Number(ends.p90) } : null,
  };
}

/** So little of the plan is due that a comparison says nothing: less than one part in fifty. The plan itself is shown. */
export function isAhead(total: Compared): boolean {
  const { actual, planned, whole } = shownOf(total, 'units');
  return actual === null || (whole > 0 && planned < whole / 50);
}

export type Level = 0 | 1 | 2 | 3;

/** From which evidence (a signed z beyond the tolerance) a cell is tinted: by chance 1 in 160, 1 in 16,000, never. */
const LEVELS = [2.5, 4, 6] as const;

/** How strongly a cell is tinted. 0: within what chance and the tolerance explain. */
export const levelOf = (evidence: number): Level => LEVELS.filter((least) => Math.abs(evidence) >= least).length as Level;

export const directionOf = (evidence: number): 'above' | 'below' | 'even' =>
  levelOf(evidence) === 0 ? 'even' : evidence > 0 ? 'above' : 'below';

/** What a spark line shows: units above or below plan added up over the range, as a share of all planned so far. */
export function sparkValues({ units, planned }: Compared['trend']): (number | null)[] {
  const due = planned.reduce((sum, value, at) => sum + (units[at] === null ? 0 : value), 0);
  if (due <= 0) return [];
  let running = 0;
  return units.map((value, at) => {
    if (value === null) return null;
    running += value - planned[at]!;
    return running / due;
  });
}
/** The scale of a spark line reaches at least so far, so that a quiet cell looks quiet. */
export const SPARK_REACH = 0.15;

/** "likely", "nearly certain" of an evidence level, for those who see no tint. */
export const levelWords: Record<Level, string> = {
  0: 'within tolerance and chance',
  1: 'hardly chance',
  2: 'not chance',
  3: 'certainly not chance',
};
