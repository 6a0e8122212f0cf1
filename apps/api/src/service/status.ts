import { exceptionKinds, type Exception, type ExceptionKind, type Health, type Status } from '@plumbline/contracts';
import { formatInstant, type Instant } from '@plumbline/kernel';
import type { PartitionOffsets } from '@plumbline/ports';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plans } from './plans.ts';
import type { Now, Source } from './source.ts';

/** How far the detect stream of this process is. */
export interface DetectProgress {
  partition: number;
  tick: Instant;
  /** Next offset to handle. */
  offset: number;
}

export interface PartitionStatus {
  partition: number;
  /** Last closed tick; −Infinity when none. */
  tick: Instant;
  /** Records of the log not handled yet. */
  lag: number;
}

/** Figures that the metrics and the status share. */
export interface Standing {
  partitions: PartitionStatus[];
  rollUpTick: Instant;
  open: { open: number; byKind: Record<ExceptionKind, number> };
}

export interface StatusOptions {
  version: string;
  /** Streams running in this process, if they do; otherwise the store and the group's acknowledgements tell. */
  progress: (() => readonly DetectProgress[]) | undefined;
}

const DETECT_GROUP = 'plumbline-detect';
const LIVE = ['open', 'acknowledged', 'in-progress'];
const PAGE = 500;
/** A stream that has work and has not moved for so long is stuck. */
const STUCK_MS = 30_000;
const HEALTH_MS = 3000;

/** An answer that takes too long is none. */
async function soon(answer: Promise<boolean>): Promise<boolean> {
  const late = new AbortController();
  const expired = sleep(HEALTH_MS, false, { signal: late.signal }).catch(() => false);
  const healthy = await Promise.race([answer, expired]);
  late.abort();
  return healthy;
}

/** What runs, how far it is, and whether it can be relied on. */
export class TowerStatus {
  readonly #source: Source;
  readonly #plans: Plans;
  readonly #now: Now;
  readonly #options: StatusOptions;
  readonly #startedAt: Instant;
  /** Where detect (its slowest partition) and roll-up were seen last, and since when they stand there. */
  readonly #seen = { detect: { tick: NaN, since: 0 }, rollUp: { tick: NaN, since: 0 } };

  constructor(source: Source, plans: Plans, now: Now, options: StatusOptions) {
    this.#source = source;
    this.#plans = plans;
    this.#now = now;
    this.#options = options;
    this.#startedAt = now();
  }

  async status(): Promise<Status> {
    const { log, store, config, partitions } = this.#source;
    const [standing, counters, info, storeHealthy, logHealthy, plan] = await Promise.all([
      this.standing(),
      store.counters(),
      store.info(),
      soon(store.healthy()),
      soon(log.healthy()),
      this.#plans.inForce(),
    ]);
    return {
      version: this.#options.version,
      node: process.version,
      startedAt: formatInstant(this.#startedAt),
      log: { kind: config.log, topic: config.topic, partitions, healthy: logHealthy },
      store: { server: info.server, timescale: info.timescale ?? null, migrations: info.migrations, healthy: storeHealthy },
      partitions: standing.partitions.map(({ partition, tick, lag }) => ({ partition, tick: Number.isFinite(tick) ? formatInstant(tick) : null, lag })),
      counters,
      exceptions: standing.open,
      plan: plan ?? null,
    };
  }

  async standing(): Promise<Standing> {
    const [partitions, rollUpTick, open] = await Promise.all([this.#partitions(), this.#source.store.rollUpTick(), this.#open()]);
    return { partitions, rollUpTick, open };
  }

  /** Store and log answer, and what has work to do moves. Never throws. */
  async readiness(): Promise<Health> {
    const [store, log] = await Promise.all([soon(this.#source.store.healthy()), soon(this.#source.log.healthy())]);
    const checks: Health['checks'] = [
      store ? { name: 'store', ok: true } : { name: 'store', ok: false, detail: 'the database does not answer' },
      log ? { name: 'log', ok: true } : { name: 'log', ok: false, detail: 'the event log cannot be reached' },
    ];
    if (store && log) checks.push(...(await this.#moving().catch((error: Error) => [{ name: 'streams', ok: false, detail: error.message }])));
    return { status: checks.every(({ ok }) => ok) ? 'ok' : 'failing', checks };
  }

  async #moving(): Promise<Health['checks']> {
    const [partitions, rollUp] = await Promise.all([this.#partitions(), this.#source.store.rollUpTick()]);
    const detect = partitions.reduce((least, { tick }) => Math.min(least, tick), Infinity);
    const lag = partitions.reduce((sum, partition) => sum + partition.lag, 0);
    return [
      this.#check('detect', this.#seen.detect, detect, lag > 0, `${lag} events wait and time has not moved`),
      this.#check('roll-up', this.#seen.rollUp, rollUp, detect > rollUp, 'ticks of detect wait and the roll-up has not moved'),
    ];
  }

  #check(name: string, seen: { tick: number; since: Instant }, tick: number, hasWork: boolean, detail: string): Health['checks'][number] {
    const now = this.#now();
    if (!Object.is(seen.tick, tick) || !hasWork) Object.assign(seen, { tick, since: now });
    const stuck = now - seen.since;
    return stuck < STUCK_MS ? { name, ok: true } : { name, ok: false, detail: `${detail} for ${Math.round(stuck / 1000)} s` };
  }

  async #partitions(): Promise<PartitionStatus[]> {
    const { log, store, config, partitions } = this.#source;
    // A log that is away says nothing of its lag; that it is away is told beside it.
    const [ticks, lags, offsets] = await Promise.all([
      store.detectTicks(partitions),
      log.lag(config.topic, DETECT_GROUP).catch((): number[] => []),
      log.offsets(config.topic).catch((): PartitionOffsets[] => []),
    ]);
    const here = new Map(this.#options.progress?.().map((progress) => [progress.partition, progress]));
    return ticks.map((tick, partition) => {
      const own = here.get(partition);
      const high = offsets[partition]?.high;
      const lag = own && high !== undefined ? Math.max(0, high - own.offset) : (lags[partition] ?? 0);
      return { partition, tick: own && own.tick > tick ? own.tick : tick, lag };
    });
  }

  async #open(): Promise<Standing['open']> {
    const byKind = Object.fromEntries(exceptionKinds.map((kind) => [kind, 0])) as Record<ExceptionKind, number>;
    let open = 0;
    let cursor: string | undefined;
    do {
      const page: { items: Exception[]; next: string | undefined } = await this.#source.store.exceptions({ status: LIVE, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      for (const { kind } of page.items) byKind[kind]++;
      open += page.items.length;
      cursor = page.next;
    } while (cursor !== undefined);
    return { open, byKind };
  }
}
