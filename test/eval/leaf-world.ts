import { Random } from '@plumbline/kernel';

/** Relative demand Monday … Sunday; the mean is 1. */
const WEEKDAY = [0.85, 0.8, 0.85, 0.95, 1.2, 1.35, 1];
/** A shop open from 8 to 22: relative demand of each open hour. */
export const OPENS = 8;
const HOURS = [3, 5, 7, 8, 9, 8, 7, 7, 8, 10, 11, 9, 5, 3];
export const OPEN_HOURS = HOURS.length;
const HOURS_SUM = HOURS.reduce((a, b) => a + b, 0);

/** Share of the day's demand before an open hour, 0 … 1; OPEN_HOURS + 1 entries. */
export const ELAPSED = Float64Array.from(
  { length: OPEN_HOURS + 1 },
  (_, h) => HOURS.slice(0, h).reduce((a, b) => a + b, 0) / HOURS_SUM,
);

export interface WorldOptions {
  seed: number;
  series: number;
  days: number;
  /** Lines a day on average, as planned. */
  level: number;
  alpha: number;
  /** Actual rate / plan before the change; default 1. A plan bias of +20 % is 1/1.2. */
  ratio?: number;
  /** Actual rate / rate before, from `from(series)` on. */
  change?: { factor: number; from: (series: number) => number };
}

/** Simulated lines of independent series: negative binomial a day (gamma day frailty), spread over the open hours. */
export interface World {
  options: WorldOptions;
  /** [series][day]. */
  daily: Uint32Array;
  /** [series][day][open hour]. */
  hourly: Uint16Array;
  plan(day: number): number;
}

export function simulate(options: WorldOptions): World {
  const { seed, series, days, level, alpha, ratio = 1, change } = options;
  const daily = new Uint32Array(series * days);
  const hourly = new Uint16Array(series * days * OPEN_HOURS);
  const plan = (day: number): number => level * WEEKDAY[day % 7]!;
  for (let s = 0; s < series; s++) {
    const random = new Random(Math.imul(seed, 1_000_003) + s);
    const from = change?.from(s) ?? Infinity;
    for (let day = 0; day < days; day++) {
      const rate = plan(day) * ratio * (day >= from ? change!.factor : 1) * random.gamma(1 / alpha, alpha);
      const at = s * days + day;
      for (let hour = 0; hour < OPEN_HOURS; hour++) {
        const lines = rate > 0 ? random.poisson((rate * HOURS[hour]!) / HOURS_SUM) : 0;
        hourly[at * OPEN_HOURS + hour] = lines;
        daily[at] += lines;
      }
    }
  }
  return { options, daily, hourly, plan };
}
