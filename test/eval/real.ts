import { projectEnd, projectionError, projectionWidth, ratioBelief, remainingDemand } from '@plumbline/detection';
import { atLeast, number, within, type Section, type Target } from './report.ts';
import { readLines } from './real-lines.ts';
import { dayLines, inject, realWorlds, runReal, WATCHED, type RealAlarm, type RealWorld } from './real-world.ts';

/** Alerts a thousand series-weeks and direction to which the tower is tuned on the uninjected lines. */
const ALERTS = 10;
const FOUND_WITHIN = 28;
/** Causes are injected this often, on other days each time: one draw alone has a standard error of .02. */
const DRAWS = 4;
const CLASSES = [
  { name: '0.5–1', low: WATCHED, high: 1 },
  { name: '1–3', low: 1, high: 3 },
  { name: '3 and more', low: 3, high: Infinity },
];
/** Population of the target: series that really sell at least a line a day when the cause begins. */
const TARGET_FROM = 1;
const LN_GRID = [3, 5, 7, 9, 12, 16, 22];

type Direction = 'up' | 'down';

const directionOf = (alarm: RealAlarm): Direction => (alarm.kind === 'surge' ? 'up' : 'down');

/** Real lines, with a hindsight baseline and with plans frozen from the past; ×3 and ×0 injected into every series. */
export async function evaluateReal(
  path: string,
  mostSeries: number,
  progress: (step: string) => void,
): Promise<Section> {
  progress('reading the lines');
  const lines = await readLines(path);
  progress('deriving a plan for every month');
  const worlds = realWorlds(lines, mostSeries);
  const rows: string[][] = [];
  const targets: Target[] = [];
  for (const world of [worlds.hindsight, worlds.plan]) {
    progress(`${world.name}: tuning to ${ALERTS} alerts`);
    const ln = tune(world);
    for (const [factor, direction] of [
      [3, 'up'],
      [0, 'down'],
    ] as const) {
      progress(`${world.name}: ×${factor}`);
      const shares = foundShares(world, factor, direction, ln[direction]);
      rows.push([
        `${world.name}, ×${factor}`,
        number(ln[direction], 1),
        ...shares.classes.map((share) => number(share, 3)),
        number(shares.target, 3),
      ]);
      if (world === worlds.plan)
        targets.push(
          atLeast(
            `real plan, ×${factor} found within ${FOUND_WITHIN} days at ${ALERTS} alerts / 1,000 series-weeks`,
            shares.target,
            0.9,
          ),
        );
    }
  }
  const coverage = realCoverage(worlds.plan);
  targets.push(within('p10–p90 coverage of the projection, real lines and plan', coverage.total, 0.78, 0.86));
  const { series, days } = worlds.plan;
  return {
    tables: [
      {
        title: `Real lines, ${series.length} series over ${days} days: share of injected causes (${DRAWS} draws) found within ${FOUND_WITHIN} days at ${ALERTS} alerts per 1,000 series-weeks and direction`,
        columns: ['null and cause; lines a day', 'ln c', ...CLASSES.map(({ name }) => name), `≥ ${TARGET_FROM}`],
        rows,
        note: 'Alerts on the uninjected lines are not all false: real demand changes too. ln c = 8.9 is the promise of 1 per 1,000 series-weeks.',
      },
      {
        title: "Share of months whose end lies within p10–p90 of D2's projection, real lines and plan",
        columns: ['projected on trading day', ...coverage.days.map(String)],
        rows: [['all series', ...coverage.shares.map((share) => number(share, 3))]],
        note: 'Plan error cv and width of the interval are those of the volume class in the periods before.',
      },
    ],
    targets,
  };
}

/** ln c per direction at which the uninjected world raises ALERTS; log-linear between the runs of a grid. */
function tune(world: RealWorld): Record<Direction, number> {
  const weeks = watchedWeeks(world);
  const rates = LN_GRID.map((ln) => {
    const alarms = runReal(world, ln).filter((alarm) => isWatched(world, alarm.series, alarm.day));
    const up = alarms.filter((alarm) => directionOf(alarm) === 'up').length;
    return { up: (up / weeks) * 1000, down: ((alarms.length - up) / weeks) * 1000 };
  });
  const solve = (direction: Direction): number => {
    const i = rates.findIndex((rate) => rate[direction] <= ALERTS);
    if (i === 0) return LN_GRID[0]!;
    if (i < 0) return LN_GRID.at(-1)!;
    const [high, low] = [Math.log(rates[i - 1]![direction]), Math.log(Math.max(0.01, rates[i]![direction]))];
    return LN_GRID[i - 1]! + ((high - Math.log(ALERTS)) / (high - low)) * (LN_GRID[i]! - LN_GRID[i - 1]!);
  };
  return { up: solve('up'), down: solve('down') };
}

const isWatched = ({ expected, days }: RealWorld, series: number, day: number): boolean => {
  for (let d = Math.max(0, day); d >= Math.max(0, day - 7); d--)
    if (expected[series * days + d]! >= WATCHED) return true;
  return false;
};

function watchedWeeks(world: RealWorld): number {
  let watched = 0;
  for (let s = 0; s < world.series.length; s++)
    for (let day = 0; day < world.days; day++) if (isWatched(world, s, day)) watched++;
  return watched / 7;
}

function foundShares(
  world: RealWorld,
  factor: 0 | 3,
  direction: Direction,
  ln: number,
): { classes: number[]; target: number } {
  const causes = Array.from({ length: DRAWS }, (_, draw) =>
    causesOf(world, factor, direction, ln, 1000 * draw + 500 + factor),
  ).flat();
  const share = (low: number, high: number): number => {
    const own = causes.filter(({ rate }) => rate >= low && rate < high);
    return own.filter(({ found }) => found).length / own.length;
  };
  return { classes: CLASSES.map(({ low, high }) => share(low, high)), target: share(TARGET_FROM, Infinity) };
}

/** One draw: each series' cause, the lines a day it really sells then, and whether the cause was found. */
function causesOf(
  world: RealWorld,
  factor: 0 | 3,
  direction: Direction,
  ln: number,
  seed: number,
): { rate: number; found: boolean }[] {
  const { world: changed, from } = inject(world, factor, seed);
  const found = new Set<number>();
  for (const alarm of runReal(changed, ln)) {
    const delay = alarm.day - from[alarm.series]!;
    if (directionOf(alarm) === direction && delay >= 0 && delay < FOUND_WITHIN) found.add(alarm.series);
  }
  return [...from.keys()]
    .filter((s) => from[s]! >= 0)
    .map((s) => ({ rate: rateAt(world, s, from[s]!), found: found.has(s) }));
}

/** Lines a day that the series really sells over the four weeks of a change, closed days included. */
function rateAt({ actualRate, days }: RealWorld, series: number, from: number): number {
  let sum = 0;
  for (let day = from; day < from + FOUND_WITHIN; day++) sum += actualRate[series * days + day]!;
  return sum / FOUND_WITHIN;
}

const PERIOD = 28;
const PROJECTED_ON = [4, 10, 14, 20];

/** Prior cv and width of a stratum before it has any past: cv .6, uncalibrated. */
const UNKNOWN_CV = 0.6;
const LEAST_CV = 0.1;

/** D2 on four-week periods of real lines; cv and width of each volume class come from the periods before, by replay. */
function realCoverage(world: RealWorld): { days: number[]; shares: number[]; total: number } {
  const hits = PROJECTED_ON.map(() => 0);
  let tried = 0;
  const periods = Math.floor(world.days / PERIOD);
  for (const { low, high } of CLASSES) {
    const past: { excess: number[]; errors: number[] } = { excess: [], errors: [] };
    for (let period = 0; period < periods; period++) {
      const own = [...world.series.keys()]
        .map((s) => periodOf(world, s, period))
        .filter(({ planned }) => planned / PERIOD >= low && planned / PERIOD < high);
      const cv = past.excess.length > 20 ? Math.max(LEAST_CV, Math.sqrt(Math.max(0, mean(past.excess)))) : UNKNOWN_CV;
      const width = projectionWidth(past.errors);
      PROJECTED_ON.forEach((day, i) => {
        for (const one of own) {
          const { inside, error } = judge(one, day, cv, width);
          past.errors.push(error);
          if (period >= 2 && inside) hits[i]!++;
        }
      });
      if (period >= 2) tried += own.length;
      past.excess.push(...own.map(excessVariance));
    }
  }
  const shares = hits.map((hit) => hit / tried);
  return { days: [...PROJECTED_ON], shares, total: mean(shares) };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** A period projected on one of its days: was its end within p10–p90, and how far off was the uncalibrated mean? */
function judge(one: Period, day: number, cv: number, width: number): { inside: boolean; error: number } {
  const seen = one.seen[day]!;
  const belief = ratioBelief(cv, seen, one.expected[day]!, one.phi);
  const remaining = one.planned - one.expected[day]!;
  const { p10, p90 } = projectEnd(seen, belief, remaining, one.phi, width);
  const error = projectionError(one.lines - seen, remainingDemand(belief, remaining, one.phi));
  return { inside: one.lines >= p10 && one.lines <= p90, error };
}

interface Period {
  lines: number;
  planned: number;
  phi: number;
  /** Cumulative by calendar day. */
  seen: number[];
  expected: number[];
}

function periodOf(world: RealWorld, series: number, period: number): Period {
  const seen = [0];
  const expected = [0];
  for (let i = 0; i < PERIOD; i++) {
    const day = period * PERIOD + i;
    seen.push(seen[i]! + dayLines(world, series, day));
    expected.push(expected[i]! + world.expected[series * world.days + day]!);
  }
  const planned = expected[PERIOD]!;
  return { lines: seen[PERIOD]!, planned, phi: 1 + (world.alpha[series]! * planned) / PERIOD, seen, expected };
}

/** Squared relative error less what noise alone explains: an unbiased bit of cv². */
const excessVariance = ({ lines, planned, phi }: Period): number =>
  ((lines - planned) ** 2 - phi * planned) / planned ** 2;
