import { SeriesBank, type Expectation, type Firing } from '@plumbline/detection';
import { ELAPSED, OPEN_HOURS, OPENS, type World } from './leaf-world.ts';

/** An alarm of the tower's own bank of series, with the instant it was raised. */
export interface Alarm {
  series: number;
  kind: Firing['kind'];
  /** Day of the world on which it was raised, and trading hours since that day's opening. */
  day: number;
  hours: number;
}

/** The world's day 0 as a business day: any Monday, so that weekdays agree. */
const DAY_0 = 19_996;

export interface TowerOptions {
  deadBand: number;
  /** Alarm threshold c; 7000 promises one false alarm per 1,000 series-weeks. */
  c: number;
}

/**
 * Runs the product's SeriesBank over a world, ticking at every hour as the tower does. It is told the plan and the
 * class dispersion; everything else it learns.
 */
export function runTower(world: World, { deadBand, c }: TowerOptions): Alarm[] {
  const { series, days, alpha } = world.options;
  const lnThreshold = Math.log(c);
  const expectation: Expectation = {
    linesOfDay: (_, day) => world.plan(day - DAY_0),
    elapsed: (_, minute) => elapsedAt(minute),
    alpha: () => alpha,
    deadBand: () => deadBand,
    lnThreshold: () => lnThreshold,
  };
  const bank = new SeriesBank({ size: series, expectation, openDay: DAY_0 });
  const alarms: Alarm[] = [];
  const firings: Firing[] = [];
  const tick = (day: number, minute: number, raised: { day: number; hours: number }): void => {
    bank.tick(0, DAY_0 + day, minute, firings);
    for (const { series: s, kind } of firings) alarms.push({ series: s, kind, ...raised });
    firings.length = 0;
  };
  for (let day = 0; day < days; day++) {
    if (day > 0) tick(day, 0, { day: day - 1, hours: OPEN_HOURS });
    for (let hour = 0; hour < OPEN_HOURS; hour++) {
      for (let s = 0; s < series; s++) {
        const lines = world.hourly[(s * days + day) * OPEN_HOURS + hour]!;
        if (lines > 0) bank.count(s, DAY_0 + day, lines);
      }
      tick(day, (OPENS + hour + 1) * 60, { day, hours: hour + 1 });
    }
  }
  tick(days, 0, { day: days - 1, hours: OPEN_HOURS });
  return alarms;
}

function elapsedAt(minute: number): number {
  const hours = minute / 60 - OPENS;
  if (hours <= 0) return 0;
  if (hours >= OPEN_HOURS) return 1;
  const hour = Math.floor(hours);
  return ELAPSED[hour]! + (hours - hour) * (ELAPSED[hour + 1]! - ELAPSED[hour]!);
}
