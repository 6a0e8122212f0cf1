import { Random } from '@plumbline/kernel';
import { SeriesBank } from './bank.ts';
import type { Expectation, Firing } from './types.ts';

export interface CoreBenchOptions {
  series: number;
  events: number;
  days: number;
  /** A clock in milliseconds (performance.now): the library itself has none. */
  now: () => number;
  seed?: number;
}

export interface CoreBenchResult {
  eventsPerSecond: number;
  /** Milliseconds: all counts, the hourly ticks, and the ticks that close a day. */
  countMs: number;
  hourTicksMs: number;
  dayClosesMs: number;
  bytesPerSeries: number;
  firings: number;
  late: number;
}

const FIRST_DAY = 20_000;
/** A shop open from 9 to 21: share of the day's lines by hour. */
const HOURS = [0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 6, 8, 10, 9, 7, 7, 8, 10, 12, 10, 9, 0, 0, 0];
const LATE_SHARE = 0.01;

/** Elapsed share of the shop's day by minute, linear within the hour. */
export function shopProfile(): Float64Array {
  const total = HOURS.reduce((a, b) => a + b);
  const elapsed = new Float64Array(1441);
  for (let minute = 1; minute <= 1440; minute++) {
    elapsed[minute] = Math.min(1, elapsed[minute - 1]! + HOURS[Math.floor((minute - 1) / 60)]! / 60 / total);
  }
  elapsed[1440] = 1;
  return elapsed;
}

/** A plan of one shop profile for all series: lines a day by series, weekday factors. */
export class ShopExpectation implements Expectation {
  readonly #elapsed = shopProfile();
  readonly #weekday = Float64Array.of(0.85, 0.8, 0.85, 0.95, 1.2, 1.35, 1.0);
  readonly lines: Float64Array;
  readonly #alpha: number;
  readonly #ln: number;

  constructor(lines: Float64Array, alpha = 0.2, c = 7000) {
    this.lines = lines;
    this.#alpha = alpha;
    this.#ln = Math.log(c);
  }

  linesOfDay(series: number, day: number): number {
    return this.lines[series]! * this.#weekday[day % 7]!;
  }

  elapsed(_series: number, minute: number): number {
    return this.#elapsed[minute]!;
  }

  alpha(): number {
    return this.#alpha;
  }

  deadBand(): number {
    return 0.25;
  }

  lnThreshold(): number {
    return this.#ln;
  }
}

/** Log-normal volumes with the given total a day, as a shop's assortment has them. */
export function shopVolumes(series: number, total: number, random: Random): Float64Array {
  const lines = Float64Array.from({ length: series }, () => Math.exp(1.2 * random.normal()));
  const sum = lines.reduce((a, b) => a + b);
  return lines.map((value) => (value * total) / sum);
}

/** Weekday factors of the days before `day`, summed. */
function plannedUntil(plan: ShopExpectation, day: number): number {
  let sum = 0;
  for (let d = 0; d < day; d++) sum += plan.linesOfDay(0, FIRST_DAY + d);
  return sum;
}

/** Events of each hour in order: series index, and days of delay in `delays`; `hourEnds[h]` is the end of hour h. */
function workload(plan: ShopExpectation, events: number, days: number, random: Random) {
  const series = new Uint32Array(events);
  const delays = new Uint8Array(events);
  const hourEnds = new Uint32Array(days * 24);
  const elapsed = shopProfile();
  let filled = 0;
  for (let day = 0; day < days; day++) {
    const start = filled;
    const until = Math.round((events * plannedUntil(plan, day + 1)) / plannedUntil(plan, days));
    const drawn: number[] = [];
    for (let s = 0; s < plan.lines.length; s++) {
      const n = random.negativeBinomial(plan.linesOfDay(s, FIRST_DAY + day), 0.2);
      for (let i = 0; i < n; i++) drawn.push(s);
    }
    for (let i = drawn.length; i < until - start; i++) drawn.push(random.below(plan.lines.length));
    for (let i = drawn.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [drawn[i], drawn[j]] = [drawn[j]!, drawn[i]!];
    }
    for (let hour = 0; hour < 24; hour++) {
      const end = start + Math.round((until - start) * elapsed[(hour + 1) * 60]!);
      for (; filled < end; filled++) {
        series[filled] = drawn[filled - start]!;
        if (day > 0 && random.uniform() < LATE_SHARE) delays[filled] = 1 + random.below(Math.min(3, day));
      }
      hourEnds[day * 24 + hour] = end;
    }
  }
  return { series, delays, hourEnds };
}

/** Counts with hourly ticks and day closes, nothing else: no decoding, no duplicates, no store. */
export function benchCore(options: CoreBenchOptions): CoreBenchResult {
  const { series, events, days, now } = options;
  const random = new Random(options.seed ?? 7);
  const expectation = new ShopExpectation(shopVolumes(series, events / days, random));
  const work = workload(expectation, events, days, random);
  const bank = new SeriesBank({ size: series, expectation, openDay: FIRST_DAY });
  const firings: Firing[] = [];
  let [countMs, hourTicksMs, dayClosesMs, late, event] = [0, 0, 0, 0, 0];
  const begin = now();
  for (let hour = 0; hour < days * 24; hour++) {
    const day = FIRST_DAY + Math.floor(hour / 24);
    const end = work.hourEnds[hour]!;
    const from = now();
    for (; event < end; event++) {
      const delay = work.delays[event]!;
      if (delay > 0) late++;
      bank.count(work.series[event]!, day - delay, 1);
    }
    const counted = now();
    const closing = hour % 24 === 23;
    if (closing) bank.tick(0, day + 1, 0, firings);
    else bank.tick(0, day, ((hour % 24) + 1) * 60, firings);
    const ticked = now();
    countMs += counted - from;
    if (closing) dayClosesMs += ticked - counted;
    else hourTicksMs += ticked - counted;
  }
  const eventsPerSecond = events / ((now() - begin) / 1000);
  return {
    eventsPerSecond,
    countMs,
    hourTicksMs,
    dayClosesMs,
    bytesPerSeries: bank.bytesPerSeries,
    firings: firings.length,
    late,
  };
}
