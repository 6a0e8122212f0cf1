import type { IngestLine } from '@plumbline/contracts';
import { exceptionKinds } from '@plumbline/contracts';
import type { Store } from '@plumbline/ports';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { LiveMetrics } from '../live/live-metrics.ts';
import type { TowerStatus } from '../service/status.ts';

/** Work of the detect stream in this process, cumulative. */
export interface DetectWork {
  handled: number;
  commits: number;
  commitMs: number;
  detectMs: number;
}

export interface MetricsOptions {
  store: Store;
  now: () => number;
  work: (() => DetectWork) | undefined;
}

/** Figures for Prometheus: what the streams counted is read from the store when it is asked for. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #options: MetricsOptions;
  readonly #ingested: Counter;
  readonly #requests: Histogram;
  readonly live: LiveMetrics;

  constructor(options: MetricsOptions) {
    this.#options = options;
    collectDefaultMetrics({ register: this.#registry });
    const registers = [this.#registry];
    this.live = new LiveMetrics(this.#registry);
    this.#ingested = new Counter({ name: 'plumbline_ingest_events_total', help: 'Events received over HTTP, by outcome and reason', labelNames: ['outcome', 'reason'], registers });
    this.#requests = new Histogram({
      name: 'plumbline_http_request_seconds',
      help: 'Time to answer a request',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  ingested = ({ status, reason = '' }: IngestLine): void => this.#ingested.inc({ outcome: status, reason });

  requested(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status: String(status) }, seconds);
  }

  /** The exposition text. Figures of the store are left out while it cannot be reached. */
  async text(status: TowerStatus): Promise<string> {
    const own = await this.#registry.metrics();
    const streams = await this.#streams(status).catch(() => 'plumbline_store_up 0\n');
    return `${own.trimEnd()}\n${streams}`;
  }

  close(): void {
    this.#registry.clear();
  }

  async #streams(status: TowerStatus): Promise<string> {
    const { store, now, work } = this.#options;
    const [counters, standing, letters] = await Promise.all([store.counters(), status.standing(), store.deadLetterCounts()]);
    const registry = new Registry();
    const gauge = (name: string, help: string, values: Sample[]): void => sampled(registry, Gauge, name, help, values);
    const counter = (name: string, help: string, values: Sample[]): void => sampled(registry, Counter, name, help, values);
    gauge('plumbline_store_up', '1 when the store answered', [{ value: 1 }]);
    counter('plumbline_events_accepted_total', 'Events the streams took', [
      { labels: { kind: 'sale' }, value: counters.sales },
      { labels: { kind: 'return' }, value: counters.returns },
      { labels: { kind: 'other' }, value: counters.other },
    ]);
    counter('plumbline_events_rejected_total', 'Events the streams could not understand', Object.entries(counters.rejected).map(([reason, value]) => ({ labels: { reason }, value })));
    counter('plumbline_events_duplicate_total', 'Events recognised as duplicates', [{ value: counters.duplicates }]);
    counter('plumbline_events_outside_window_total', 'Events behind the duplicate window', [{ value: counters.outsideWindow }]);
    counter('plumbline_events_late_total', 'Events of a closed day', [{ value: counters.late }]);
    counter('plumbline_events_unplanned_total', 'Sales the plan does not know', [{ value: counters.unplanned }]);
    const at = (partition: number): Record<string, string> => ({ partition: String(partition) });
    gauge('plumbline_lag_events', 'Records of the log not handled yet', standing.partitions.map(({ partition, lag }) => ({ labels: at(partition), value: lag })));
    const ages = standing.partitions.filter(({ tick }) => Number.isFinite(tick)).map(({ partition, tick }) => ({ labels: at(partition), value: (now() - tick) / 1000 }));
    gauge('plumbline_tick_age_seconds', 'Wall clock less the last closed tick; negative in a demo that runs ahead', ages);
    const detectTick = standing.partitions.reduce((least, { tick }) => Math.min(least, tick), Infinity);
    const behind = Number.isFinite(detectTick) && Number.isFinite(standing.rollUpTick) ? [{ value: Math.max(0, detectTick - standing.rollUpTick) / 1000 }] : [];
    gauge('plumbline_roll_up_behind_seconds', 'Event time between detect’s last tick and the roll-up’s', behind);
    gauge('plumbline_exceptions_open', 'Exceptions that are open, acknowledged or in progress', exceptionKinds.map((kind) => ({ labels: { kind }, value: standing.open.byKind[kind] })));
    gauge('plumbline_dead_letters_open', 'Dead letters not sent again', letters.map(({ reason, open }) => ({ labels: { reason }, value: open })));
    if (work) detectWork(work(), counter);
    return registry.metrics();
  }
}

interface Sample {
  labels?: Record<string, string>;
  value: number;
}

function detectWork({ handled, commits, commitMs, detectMs }: DetectWork, counter: (name: string, help: string, values: Sample[]) => void): void {
  counter('plumbline_detect_events_total', 'Records handled by detect in this process', [{ value: handled }]);
  counter('plumbline_detect_seconds_total', 'Time spent in detect', [{ value: detectMs / 1000 }]);
  counter('plumbline_commits_total', 'Transactions that committed results', [{ value: commits }]);
  counter('plumbline_commit_seconds_total', 'Time spent in those', [{ value: commitMs / 1000 }]);
}

function sampled(registry: Registry, Kind: typeof Gauge | typeof Counter, name: string, help: string, samples: readonly Sample[]): void {
  const metric = new Kind({ name, help, labelNames: Object.keys(samples[0]?.labels ?? {}), registers: [registry] });
  for (const { labels, value } of samples) metric.inc(labels ?? {}, value);
}
