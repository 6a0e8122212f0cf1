import { DAY_MS, monthOf, parseDay, type Instant } from '@plumbline/kernel';
import type { PlanVersion } from '@plumbline/plan';
import type { AppendRecord } from '@plumbline/ports';
import { DemoFeed } from './feed.ts';
import { demoPlan } from './plan.ts';
import { makeRetailer, type Retailer } from './retailer.ts';

export interface BenchOptions {
  /** Leaf series; a multiple of 40 locations. Default 20 000. */
  series?: number;
  /** Lines wanted, within noise; default 5 000 000. */
  events?: number;
  /** Business days; default 14. */
  days?: number;
  /** Shares of lines; default 0.005 each. */
  duplicates?: number;
  late?: number;
  partitions?: number;
  /** Event time between ticks; default 15. */
  tickMinutes?: number;
  seed?: number;
}

export interface BenchWorkload {
  retailer: Retailer;
  plan: PlanVersion;
  from: Instant;
  to: Instant;
  /** A new pass over the records in order of sending, in batches of about `stepMinutes` of event time. */
  batches(stepMinutes?: number): Generator<AppendRecord[]>;
}

/** A Monday; the workload lies within one plan month. */
const FIRST_DAY = parseDay('2026-11-02');

/** The benchmarks' workload: the demo's profile over SKUs × 40 locations, scaled to a number of lines. */
export function benchWorkload(options: BenchOptions = {}): BenchWorkload {
  const {
    series = 20_000,
    events = 5_000_000,
    days = 14,
    partitions = 1,
    tickMinutes = 15,
    seed = 20_261_102,
  } = options;
  const skus = Math.round(series / 40);
  const retailer = makeRetailer({ seed, skus, volume: events / expectedLines(makeRetailer({ seed, skus }), days) });
  const plan = demoPlan(retailer, monthOf(FIRST_DAY), 1 + monthOf(FIRST_DAY + days) - monthOf(FIRST_DAY));
  const from = FIRST_DAY * DAY_MS;
  const to = from + days * DAY_MS;
  const dirt = { duplicates: options.duplicates ?? 0.005, late: options.late ?? 0.005 };
  return {
    retailer,
    plan,
    from,
    to,
    *batches(stepMinutes = 30) {
      const feed = new DemoFeed({ retailer, partitions, from, tickSeconds: tickMinutes * 60, dirt });
      while (feed.at < to) yield feed.advance(Math.min(to, feed.at + stepMinutes * 60_000));
    },
  };
}

function expectedLines(retailer: Retailer, days: number): number {
  let lines = 0;
  for (let leaf = 0; leaf < retailer.weeklyUnits.length; leaf++) {
    if (retailer.weeklyUnits[leaf] === 0) continue;
    for (let day = FIRST_DAY; day < FIRST_DAY + days; day++) lines += retailer.meanLines(leaf, day);
  }
  return lines;
}
