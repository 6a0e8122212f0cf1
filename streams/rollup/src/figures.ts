import { exceptionKinds, type CellFigures, type Figures, type PeriodFigures } from '@plumbline/contracts';
import { formatDay, formatInstant, formatMoney, formatQuantity, parseMoney, type BusinessDay, type Instant, type Money } from '@plumbline/kernel';
import type { FiguresSample } from '@plumbline/ports';
import type { Book } from './book.ts';
import type { Era } from './era.ts';
import type { Shown } from './held.ts';
import { SUM_PLANNED_REVENUE, SUM_PLANNED_UNITS, SUM_REVENUE, SUM_UNITS, SUMS } from './settled-days.ts';
import type { Sight } from './sight.ts';
import type { Attained, Tallied } from './tally.ts';

/** Tiles and cells of the tower as JSON, as contracts' `figuresSchema` has it. */
export function figuresOf(era: Era, book: Book, at: Instant): string {
  const sight = era.sight(at);
  const tallied = era.tally.take(sight);
  const figures: Figures = { ...tiles(era, book, tallied, at), feeds: feedsOf(era), cells: cellsOf(era, tallied, sight) };
  return JSON.stringify(figures);
}

/** What the tiles show, for their trend. */
export function sampleOf(era: Era, book: Book, at: Instant): FiguresSample {
  const { today, week, month } = era.tally.take(era.sight(at));
  return {
    at,
    today: attainment(today),
    week: attainment(week),
    month: attainment(month),
    valueAtRisk: atRisk(book),
    open: book.live().length,
    unowned: unowned(book),
    silent: era.places.all.reduce((count, location) => count + (era.feeds.silenceOf(location) ? 1 : 0), 0),
  };
}

function tiles(era: Era, book: Book, { today, week, month, from }: Tallied, at: Instant): Omit<Figures, 'cells' | 'feeds'> {
  const { id, name, hash, currency } = era.plan.version;
  const open = Object.fromEntries(exceptionKinds.map((kind) => [kind, 0])) as Figures['open'];
  for (const { kind } of book.live()) open[kind]++;
  return {
    tick: formatInstant(at),
    planVersion: { id, name, hash },
    currency,
    today: period(today, from.today),
    week: period(week, from.week),
    month: period(month, from.month),
    valueAtRisk: atRisk(book),
    open,
    unowned: unowned(book),
  };
}

const period = (sum: Attained, from: BusinessDay): PeriodFigures => ({
  units: formatQuantity(sum.units),
  plannedUnits: formatQuantity(sum.plannedUnits),
  revenue: formatMoney(sum.revenue),
  plannedRevenue: formatMoney(sum.plannedRevenue),
  metUnits: formatQuantity(sum.metUnits),
  metRevenue: formatMoney(sum.metRevenue),
  attainment: attainment(sum),
  revenueAttainment: shareOf(sum.metRevenue, sum.plannedRevenue),
  from: formatDay(from),
});

const atRisk = (book: Book): string => formatMoney(book.live().reduce((sum, { shown }) => sum + (shown ? riskOf(shown) : 0), 0));

/** Amounts as numbers; what an exception shows is replaced as a whole, never changed. */
const risks = new WeakMap<Shown, Money>();

function riskOf(shown: Shown): Money {
  let risk = risks.get(shown);
  if (risk === undefined) risks.set(shown, (risk = parseMoney(shown.valueAtRisk)));
  return risk;
}

const unowned = (book: Book): number => book.live().filter(({ life }) => life.owner === null).length;

const attainment = ({ metUnits, plannedUnits }: Attained): number | null => shareOf(metUnits, plannedUnits);

const shareOf = (met: number, planned: number): number | null => (planned > 0 ? Math.round((10_000 * met) / planned) / 10_000 : null);

function feedsOf(era: Era): Figures['feeds'] {
  const codes = era.plan.locations.map(({ code }) => code);
  const silent = codes.filter((_, location) => era.feeds.silenceOf(location) !== undefined);
  return { heard: codes.length - silent.length, expected: codes.length, silent: silent.sort() };
}

function cellsOf(era: Era, { cells }: Tallied, sight: Sight): CellFigures[] {
  const { families, regions } = era.plan;
  return families
    .flatMap((family, f) =>
      regions.map((region, r): CellFigures => {
        const at = SUMS * (f * regions.length + r);
        return {
          family,
          region,
          units: formatQuantity(cells[at + SUM_UNITS]!),
          plannedUnits: formatQuantity(cells[at + SUM_PLANNED_UNITS]!),
          revenue: formatMoney(cells[at + SUM_REVENUE]!),
          plannedRevenue: formatMoney(cells[at + SUM_PLANNED_REVENUE]!),
          evidence: evidence(era, f, r, sight),
        };
      }),
    )
    .sort((a, b) => order(a.family, b.family) || order(a.region, b.region));
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Signed root of the negative-binomial deviance of today's lines against what could be heard of the plan: how many
 * standard deviations of a usual day lie between them, at the dispersion the node is watched with.
 */
function evidence(era: Era, family: number, region: number, sight: Sight): number {
  const series = era.nodes.familyRegionNode(family, region);
  if (series < 0) return 0;
  const { lines, planned } = sight.current(era.watch.nodeOf[series]!, -Infinity);
  if (!(planned > 0)) return 0;
  const k = 1 / era.watch.alpha(series);
  const gain = (lines > 0 ? lines * Math.log(lines / planned) : 0) - (lines + k) * Math.log((lines + k) / (planned + k));
  const size = Math.sqrt(2 * Math.max(0, gain));
  return Math.round(100 * (lines < planned ? -size : size)) / 100;
}
