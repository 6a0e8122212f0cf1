import { SeriesBank, type Expectation, type Firing } from '@plumbline/detection';
import { firstDayOfMonth, monthOf, Random, weekdayOf } from '@plumbline/kernel';
import { compilePlan, derivePlan, type PlanIndex } from '@plumbline/plan';
import type { RealLines } from './real-lines.ts';

/** What real series were expected to do: by hindsight (noise only) or by plans frozen from the past (real plan error). */
export interface RealWorld {
  name: string;
  /** First business day and number of days watched. */
  firstDay: number;
  days: number;
  /** Series watched: positions in RealLines.leaves. */
  series: Int32Array;
  /** [series][day]: expected lines, and the rate as it turned out (expected by hindsight). */
  expected: Float64Array;
  actualRate: Float64Array;
  /** Dispersion of each series. */
  alpha: Float64Array;
  /** [series][day][hour]: lines that really came. */
  lines: Uint16Array;
  /** Share of a day elapsed at the beginning of each hour, 25 entries. */
  elapsed: Float64Array;
}

/** Trailing history before the first plan. */
const FIRST_MONTH_OFFSET = 3;
/** Series are watched on days on which at least this many lines are expected. */
export const WATCHED = 0.5;

/** The two worlds of one file over the same series and days. `most` bounds the number of series (every nth is taken). */
export function realWorlds(lines: RealLines, most: number): { plan: RealWorld; hindsight: RealWorld } {
  const firstMonth = monthOf(lines.firstDay) + FIRST_MONTH_OFFSET;
  const firstDay = firstDayOfMonth(firstMonth);
  const days = lines.lastDay - firstDay + 1;
  const plans = Array.from({ length: monthOf(lines.lastDay) - firstMonth + 1 }, (_, i) =>
    planOf(lines, firstMonth + i),
  );
  const { planned, alpha } = plannedLines(lines, plans, firstDay, days);
  const candidates = [...lines.leaves.keys()].filter((leaf) => planned.get(leaf)?.some((mean) => mean >= WATCHED));
  const step = Math.max(1, candidates.length / most);
  const series = Int32Array.from(
    { length: Math.min(most, candidates.length) },
    (_, i) => candidates[Math.floor(i * step)]!,
  );
  const counted = hourly(lines, series, firstDay, days);
  const shared = {
    firstDay,
    days,
    series,
    lines: counted,
    elapsed: elapsedOf(lines),
    alpha: Float64Array.from(series, (leaf) => alpha.get(leaf)!),
  };
  const expected = new Float64Array(series.length * days);
  series.forEach((leaf, s) => expected.set(planned.get(leaf)!, s * days));
  const actualRate = hindsight(shared, expected);
  return {
    plan: { name: 'plan frozen from the past', ...shared, expected, actualRate },
    hindsight: { name: 'hindsight', ...shared, expected: actualRate, actualRate },
  };
}

/** The plan of one month, derived from what was sold before it. */
function planOf(lines: RealLines, month: number): PlanIndex {
  const before = firstDayOfMonth(month);
  const { version } = derivePlan(lines.history, {
    id: `real-${month}`,
    name: 'Derived',
    currency: 'GBP',
    createdAt: before * 86_400_000,
    before,
  });
  return compilePlan(version, `real-${month}`);
}

function plannedLines(
  lines: RealLines,
  plans: readonly PlanIndex[],
  firstDay: number,
  days: number,
): { planned: Map<number, Float64Array>; alpha: Map<number, number> } {
  const position = new Map(lines.leaves.map(({ sku, location }, i) => [`${sku}|${location}`, i]));
  const planned = new Map<number, Float64Array>();
  const alpha = new Map<number, number>();
  for (const plan of plans) {
    const from = firstDayOfMonth(plan.firstMonth);
    const to = Math.min(firstDayOfMonth(plan.endMonth), firstDay + days);
    for (let leaf = 0; leaf < plan.leaves; leaf++) {
      const key = `${plan.skus[plan.leafSku[leaf]!]}|${plan.locations[plan.leafLocation[leaf]!]!.code}`;
      const own = position.get(key)!;
      let row = planned.get(own);
      if (!row) planned.set(own, (row = new Float64Array(days)));
      for (let day = from; day < to; day++) row[day - firstDay] = plan.linesOfLeaf(leaf, day);
      alpha.set(own, plan.alphaOfLeaf(leaf));
    }
  }
  return { planned, alpha };
}

function hourly(lines: RealLines, series: Int32Array, firstDay: number, days: number): Uint16Array {
  const at = new Map([...series].map((leaf, s) => [leaf, s]));
  const counts = new Uint16Array(series.length * days * 24);
  for (let i = 0; i < lines.leaf.length; i++) {
    const s = at.get(lines.leaf[i]!);
    const day = lines.day[i]! - firstDay;
    if (s !== undefined && day >= 0) counts[(s * days + day) * 24 + lines.hour[i]!]!++;
  }
  return counts;
}

function elapsedOf(lines: RealLines): Float64Array {
  const hours = new Float64Array(24);
  for (const hour of lines.hour) hours[hour]!++;
  const elapsed = new Float64Array(25);
  for (let hour = 0; hour < 24; hour++) elapsed[hour + 1] = elapsed[hour]! + hours[hour]! / lines.hour.length;
  elapsed[24] = 1;
  return elapsed;
}

/** Half-width of the hindsight window, and days around the judged one that are left out of it. */
const AROUND = 28;
const LEFT_OUT = 3;

/** The rate as it turned out: the series' mean over four weeks either side by the plan's weekday shape. */
function hindsight(world: Omit<RealWorld, 'name' | 'expected' | 'actualRate'>, planned: Float64Array): Float64Array {
  const { days, series } = world;
  const weekdays = weekdayShape(world);
  const expected = new Float64Array(planned.length);
  for (let s = 0; s < series.length; s++) {
    const daily = Float64Array.from({ length: days }, (_, day) => dayLines(world, s, day));
    for (let day = 0; day < days; day++) {
      if (planned[s * days + day]! <= 0) continue;
      let lines = 0;
      let weight = 0;
      for (let d = Math.max(0, day - AROUND); d <= Math.min(days - 1, day + AROUND); d++) {
        if (Math.abs(d - day) <= LEFT_OUT) continue;
        lines += daily[d]!;
        weight += weekdays[d]!;
      }
      expected[s * days + day] = weight > 0 ? (lines / weight) * weekdays[day]! : 0;
    }
  }
  return expected;
}

/** Weight of each day: its weekday's share over all series, 0 on days without any sale (holidays). */
function weekdayShape(world: Omit<RealWorld, 'name' | 'expected' | 'actualRate'>): Float64Array {
  const { days, series, firstDay } = world;
  const totals = new Float64Array(days);
  for (let s = 0; s < series.length; s++) for (let day = 0; day < days; day++) totals[day]! += dayLines(world, s, day);
  const byWeekday = Array.from({ length: 7 }, (_, weekday) => {
    const own = [...totals.keys()].filter((day) => weekdayOf(firstDay + day) === weekday && totals[day]! > 0);
    return own.reduce((sum, day) => sum + totals[day]!, 0) / Math.max(1, own.length);
  });
  return totals.map((total, day) => (total > 0 ? byWeekday[weekdayOf(firstDay + day)]! : 0));
}

export function dayLines(world: Pick<RealWorld, 'lines' | 'days'>, series: number, day: number): number {
  let sum = 0;
  const at = (series * world.days + day) * 24;
  for (let hour = 0; hour < 24; hour++) sum += world.lines[at + hour]!;
  return sum;
}

export interface RealAlarm {
  series: number;
  kind: Firing['kind'];
  day: number;
}

/** Runs the product's bank over a world with one threshold, ticking at each trading hour. */
export function runReal(world: RealWorld, lnThreshold: number): RealAlarm[] {
  const { firstDay, days, series, expected, alpha, lines, elapsed } = world;
  const size = series.length;
  const expectation: Expectation = {
    linesOfDay: (s, day) => (day < firstDay ? 0 : (expected[s * days + day - firstDay] ?? 0)),
    elapsed: (_, minute) => elapsed[Math.min(24, Math.floor(minute / 60))]!,
    alpha: (s) => alpha[s]!,
    deadBand: () => 0.25,
    lnThreshold: () => lnThreshold,
  };
  const bank = new SeriesBank({ size, expectation, openDay: firstDay });
  const alarms: RealAlarm[] = [];
  const firings: Firing[] = [];
  const take = (day: number): void => {
    for (const { series: s, kind } of firings) alarms.push({ series: s, kind, day });
    firings.length = 0;
  };
  for (let day = 0; day < days; day++) {
    bank.tick(0, firstDay + day, 0, firings);
    take(day - 1);
    for (let hour = 6; hour < 21; hour++) {
      for (let s = 0; s < size; s++) {
        const count = lines[(s * days + day) * 24 + hour]!;
        if (count > 0) bank.count(s, firstDay + day, count);
      }
      bank.tick(0, firstDay + day, (hour + 1) * 60, firings);
    }
    take(day);
  }
  return alarms;
}

/** Each series changed from a day of its own; −1 = not changed. */
export interface Injection {
  world: RealWorld;
  from: Int32Array;
}

/**
 * Injects a cause of 28 days into every series, from a random trading day on which it is watched and sells. ×0 takes its lines
 * away; ×3 adds the lines of two other days of the same weekday within four weeks, so that the noise is real too.
 */
export function inject(world: RealWorld, factor: 0 | 3, seed: number): Injection {
  const { days, series, expected, actualRate } = world;
  const lines = world.lines.slice();
  const random = new Random(seed);
  const from = Int32Array.from(series, (_, s) => {
    const suits: number[] = [];
    for (let day = 28; day < days - 28; day++)
      if (expected[s * days + day]! >= WATCHED && actualRate[s * days + day]! >= WATCHED) suits.push(day);
    return suits.length < 20 ? -1 : suits[random.below(suits.length)]!;
  });
  from.forEach((start, s) => {
    if (start < 0) return;
    for (let day = start; day < start + 28; day++) {
      const at = (s * days + day) * 24;
      if (factor === 0) lines.fill(0, at, at + 24);
      else
        for (const donor of [donorDay(random, day, days), donorDay(random, day, days)])
          addDay(world.lines, (s * days + donor) * 24, lines, at);
    }
  });
  return { world: { ...world, lines }, from };
}

function donorDay(random: Random, day: number, days: number): number {
  for (;;) {
    const donor = day + 7 * (random.below(9) - 4);
    if (donor !== day && donor >= 0 && donor < days) return donor;
  }
}

function addDay(source: Uint16Array, from: number, into: Uint16Array, at: number): void {
  for (let hour = 0; hour < 24; hour++) into[at + hour]! += source[from + hour]!;
}
