import { baselines, countAlarms, alarmDays, tuneLimit, type Baseline } from './baselines.ts';
import { OPEN_HOURS, simulate, type World } from './leaf-world.ts';
import { atMost, median, number, type Section, type Table, type Target } from './report.ts';
import { runTower, type Alarm } from './tower-leaf.ts';

/** Lines a day of the four classes of series. */
const LEVELS = [0.5, 3, 15, 80] as const;
/** Dispersion of daily lines: the one at which ±20 % month-to-date raises the prototype's 469 alarms at 80 lines a day. */
const ALPHA = 0.08;
const C = 7000;
/** The bank watches with a wider band in its first 14 days; they are left out of the counts. */
const COLD = 14;
/** A change that is not seen in this many days counts as one day more. */
const HORIZON = 56;
const CHANGE_AT = 56;

export interface Size {
  series: number;
  days: number;
  changed: number;
}

export const FULL: Size = { series: 600, days: 364, changed: 400 };
export const QUICK: Size = { series: 200, days: 273, changed: 100 };

const weeksOf = ({ series, days }: Size): number => (series * (days - COLD)) / 7;

/** False alarms, then delays, of the tower and of the baselines on simulated series without and with changes. */
export function evaluateLeaves(size: Size, progress: (step: string) => void): Section {
  const alarms = falseAlarms(size, progress);
  const delays = delaysOf(size, alarms.worlds, progress);
  return {
    tables: [...alarms.section.tables, ...delays.tables],
    targets: [...alarms.section.targets, ...delays.targets],
  };
}

function falseAlarms(size: Size, progress: (step: string) => void): { section: Section; worlds: World[] } {
  const weeks = weeksOf(size);
  const perThousand = (alarms: Alarm[]): number => (alarms.filter(({ day }) => day >= COLD).length / weeks) * 1000;
  const worlds: World[] = [];
  const targets: Target[] = [];
  const towers: string[][] = [];
  const others = new Map<string, string[]>(baselines.map(({ name }) => [name, []]));
  for (const [i, level] of LEVELS.entries()) {
    progress(`false alarms at ${level} lines a day`);
    const world = simulate({ seed: 100 + i, level, alpha: ALPHA, ...size });
    worlds.push(world);
    const rates = [
      perThousand(runTower(world, { deadBand: 0, c: C })),
      perThousand(runTower(world, { deadBand: 0.25, c: C })),
      ...[1.2, 0.8].map((ratio, j) =>
        perThousand(
          runTower(simulate({ seed: 200 + 10 * j + i, level, alpha: ALPHA, ratio, ...size }), { deadBand: 0.25, c: C }),
        ),
      ),
    ];
    towers.push(rates.map((rate) => number(rate)));
    targets.push(
      atMost(`false alarms / 1,000 series-weeks, ${level} lines a day, δ = 0`, rates[0]!, 1),
      atMost(
        `false alarms / 1,000 series-weeks, ${level} lines a day, plan ±20 % off, δ = .25`,
        Math.max(rates[2]!, rates[3]!),
        1,
      ),
    );
    for (const baseline of baselines) others.get(baseline.name)!.push(number(usualAlarms(world, baseline, size), 0));
  }
  const byLevel = (index: number): string[] => towers.map((rates) => rates[index]!);
  const rows = [
    ['D1, δ = 0', ...byLevel(0)],
    ['D1, δ = .25', ...byLevel(1)],
    ['D1, δ = .25, actual 20 % above plan', ...byLevel(2)],
    ['D1, δ = .25, actual 20 % below plan', ...byLevel(3)],
    ...[...others].map(([name, rates]) => [name, ...rates]),
  ];
  const table: Table = {
    title: `False alarms per 1,000 series-weeks, nothing having happened (c = ${C}, α = ${ALPHA}, ${Math.round(weeks).toLocaleString('en')} series-weeks a figure)`,
    columns: ['lines a day', ...LEVELS.map(String)],
    rows,
    note: 'D1: surges, drops and zero runs together, untuned. Baselines: days beyond the usual limit, both directions, as a suite would list them.',
  };
  return { section: { tables: [table], targets }, worlds };
}

function usualAlarms(world: World, baseline: Baseline, size: Size): number {
  const both =
    countAlarms(world, baseline, 1, baseline.usual, false) + countAlarms(world, baseline, -1, baseline.usual, false);
  return (both / ((size.series * size.days) / 7)) * 1000;
}

const CHANGES = [
  { name: '×2', factor: 2, direction: 1, deadBand: 0, limits: [undefined, 18, 8, 4] },
  { name: '×3', factor: 3, direction: 1, deadBand: 0, limits: [undefined, 7, 3, 2] },
  { name: '×0', factor: 0, direction: -1, deadBand: 0, limits: [undefined, 6, 2, 1] },
] as const;

function delaysOf(size: Size, quiet: readonly World[], progress: (step: string) => void): Section {
  const targets: Target[] = [];
  const names = ['D1', 'D1 at δ = .25', ...baselines.map(({ name }) => name)];
  const cells = names.map(() => [] as string[]);
  const limits = tuneAll(quiet, size, progress);
  for (const change of CHANGES) {
    for (const [i, level] of LEVELS.entries()) {
      progress(`delay of ${change.name} at ${level} lines a day`);
      const world = changedWorld(300 + i, level, change.factor, size.changed);
      const alarms = runTower(world, { deadBand: change.deadBand, c: C });
      const days = median(towerDelays(world, alarms, change.direction));
      cells[0]!.push(number(days, 1));
      cells[1]!.push(
        number(median(towerDelays(world, runTower(world, { deadBand: 0.25, c: C }), change.direction)), 1),
      );
      baselines.forEach((baseline, b) => {
        const limit = limits[i]![b]![change.direction > 0 ? 'up' : 'down'];
        cells[b + 2]!.push(number(median(baselineDelays(world, baseline, change.direction, limit)), 1));
      });
      const limit = change.limits[i];
      if (limit !== undefined)
        targets.push(atMost(`days to detect ${change.name}, ${level} lines a day (median)`, days, limit));
      if (change.factor === 0 && level === 80)
        targets.push(
          atMost('trading hours to detect ×0, 80 lines a day (median)', median(towerHours(world, alarms)), 6),
        );
    }
  }
  const table: Table = {
    title:
      'Median days to detect a change (its own day counts as 1, 57 = not within 56); baselines tuned to the same promise of 1 false alarm per 1,000 series-weeks and direction',
    columns: ['change, lines a day', ...CHANGES.flatMap(({ name }) => LEVELS.map((level) => `${name} ${level}`))],
    rows: names.map((name, n) => [name, ...cells[n]!]),
    note: `α = ${ALPHA} is a choice, the specification names none. It matters: at α = .2 D1 needs 17 / 12 / 10 days for ×2 and 6 / 4 / 3 for ×3 at 3 / 15 / 80 lines, and the baselines, which are told α and plan exactly, less.`,
  };
  return { tables: [table], targets };
}

function tuneAll(
  quiet: readonly World[],
  size: Size,
  progress: (step: string) => void,
): { up: number; down: number }[][] {
  const allowed = (size.series * size.days) / 7 / 1000;
  return quiet.map((world, i) => {
    progress(`tuning the baselines at ${LEVELS[i]} lines a day`);
    return baselines.map((baseline) => ({
      up: tuneLimit(world, baseline, 1, allowed),
      down: tuneLimit(world, baseline, -1, allowed),
    }));
  });
}

/** Every series changes once, on a day of its own so that all weekdays and days of the month take part. */
function changedWorld(seed: number, level: number, factor: number, series: number): World {
  return simulate({
    seed,
    level,
    alpha: ALPHA,
    series,
    days: CHANGE_AT + 30 + HORIZON,
    change: { factor, from: changeDay },
  });
}

const changeDay = (series: number): number => CHANGE_AT + ((series * 11) % 30);

const inDirection = (kind: Alarm['kind'], direction: number): boolean =>
  direction > 0 ? kind === 'surge' : kind !== 'surge';

function towerDelays(world: World, alarms: readonly Alarm[], direction: number): Float64Array {
  const delays = new Float64Array(world.options.series).fill(HORIZON + 1);
  for (const { series, kind, day } of alarms) {
    const delay = day - changeDay(series) + 1;
    if (delay > 0 && inDirection(kind, direction)) delays[series] = Math.min(delays[series]!, delay);
  }
  return delays;
}

function towerHours(world: World, alarms: readonly Alarm[]): Float64Array {
  const hours = new Float64Array(world.options.series).fill(Infinity);
  for (const { series, kind, day, hours: open } of alarms) {
    const after = (day - changeDay(series)) * OPEN_HOURS + open;
    if (after > 0 && kind !== 'surge') hours[series] = Math.min(hours[series]!, after);
  }
  return hours;
}

function baselineDelays(world: World, baseline: Baseline, direction: 1 | -1, limit: number): Float64Array {
  return Float64Array.from({ length: world.options.series }, (_, series) => {
    const day = alarmDays(world, series, baseline, direction, limit, true).find((d) => d >= changeDay(series));
    return day === undefined ? HORIZON + 1 : Math.min(HORIZON + 1, day - changeDay(series) + 1);
  });
}
