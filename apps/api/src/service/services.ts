import { Actuals } from './actuals.ts';
import { Backtest } from './backtest.ts';
import { Comparison } from './comparison.ts';
import { CompiledPlans } from './compiled-plans.ts';
import { DeadLetters } from './dead-letters.ts';
import { Events } from './events.ts';
import { Exceptions } from './exceptions.ts';
import { Feeds } from './feeds.ts';
import { TowerFigures } from './figures.ts';
import { Ingest, type IngestLimits, type IngestObserver } from './ingest.ts';
import { Plans } from './plans.ts';
import { Simulator, type DemoControls } from './simulator.ts';
import type { Now, Source } from './source.ts';
import { TowerStatus, type DetectProgress } from './status.ts';

export interface ServicesOptions {
  source: Source;
  version: string;
  /** Milliseconds UTC; default the wall clock. */
  now?: Now;
  demo?: DemoControls | undefined;
  progress?: (() => readonly DetectProgress[]) | undefined;
  limits?: Partial<IngestLimits> | undefined;
  observe?: IngestObserver | undefined;
}

/** All that can be asked of a tower; the API serves it, the CLI calls it in its own process. */
export interface Services {
  ingest: Ingest;
  exceptions: Exceptions;
  plans: Plans;
  deadLetters: DeadLetters;
  actuals: Actuals;
  backtest: Backtest;
  comparison: Comparison;
  events: Events;
  feeds: Feeds;
  figures: TowerFigures;
  simulator: Simulator;
  status: TowerStatus;
  /** Waits for what is under way; the log and the store stay open. */
  close(): Promise<void>;
}

export function openServices({ source, version, now = () => Date.now(), demo, progress, limits, observe }: ServicesOptions): Services {
  const plans = new Plans(source, now);
  const compiled = new CompiledPlans(source.store);
  const ingest = new Ingest(source, now, limits, observe);
  const exceptions = new Exceptions(source, now);
  const deadLetters = new DeadLetters(source, now);
  return {
    ingest,
    exceptions,
    plans,
    deadLetters,
    actuals: new Actuals(source, plans),
    backtest: new Backtest(source, compiled, now),
    comparison: new Comparison(source, plans, compiled, now),
    events: new Events(source, plans),
    feeds: new Feeds(source, plans),
    figures: new TowerFigures(source, now),
    simulator: new Simulator(demo, source, plans),
    status: new TowerStatus(source, plans, now, { version, progress }),
    async close() {
      await Promise.all([ingest.close(), exceptions.close(), deadLetters.close()]);
    },
  };
}
