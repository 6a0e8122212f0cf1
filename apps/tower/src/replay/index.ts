import { DAY_MS, firstDayOfMonth, formatInstant, formatMonth, parseInstant, PlumblineError, zoneOf, type Instant } from '@plumbline/kernel';
import { derivePlan, encodePlan, hashPlan, summarise, type SalesHistory } from '@plumbline/plan';
import { openPlatform, type Phase, type Platform } from '@plumbline/platform';
import type { Digest, StreamCounters } from '@plumbline/ports';
import { processLogger, readConfig, type Config } from '@plumbline/runtime';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlumblineEvent } from '@plumbline/contracts';
import { DETECT_GROUP, startStreams, type Streams } from '../streams.ts';
import { FileFeeder } from './feeder.ts';
import { inspect, type SalesFile } from './file.ts';
import { mapped, onlineRetail, type ColumnMap, type SalesFormat } from './formats.ts';
import { throwAwayKafka } from './kafka.ts';

export interface ReplayOptions {
  format?: 'online-retail';
  map?: ColumnMap;
  timezone?: string;
  /** Event time per real time; 'max' = as fast as it goes. */
  speed: number | 'max';
  /** 'rolling' derives and commits a plan at each month boundary from the past only; an id uses that version. */
  plan: 'rolling' | 'none' | (string & {});
  isolated: boolean;
  log?: 'embedded' | 'kafka';
  currency?: string;
  partitions?: number;
  /** The program's own file, for the roll-up's thread; absent: no thread. */
  thread?: string;
  onPhase: Phase;
  onProgress(progress: ReplayProgress): void;
  signal: AbortSignal;
}

export interface ReplayProgress {
  /** 0…1 of the file; 1 while the streams catch up. */
  share: number;
  lines: number;
  /** Event time reached. */
  at: Instant;
  secondsLeft: number | undefined;
}

export interface ReplaySummary {
  linesRead: number;
  accepted: number;
  rejected: Record<string, number>;
  duplicates: number;
  returns: number;
  late: number;
  unplanned: number;
  exceptions: { raised: number; cleared: number; open: number };
  seconds: number;
  eventsPerSecond: number;
  peakMemoryBytes: number;
  digest: Digest;
}

/** `plumbline replay`: a file of sales through the same log and streams as live events. @throws PlumblineError */
export async function runReplay(path: string, options: ReplayOptions): Promise<ReplaySummary> {
  const file = await inspect(path);
  const zone = zoneOf(options.timezone ?? (options.map ? 'UTC' : 'Europe/London'));
  const format = formatOf(file, options, path);
  const place = await placeFor(options, zone.id);
  try {
    const platform = await openPlatform({
      config: place.config,
      logger: processLogger(place.config.logLevel, 'replay'),
      mode: options.isolated ? 'own' : 'join',
      phase: options.onPhase,
      ...(options.isolated ? { durability: 'fast' as const } : {}),
    });
    try {
      return await replayInto(platform, file, format, options);
    } finally {
      await platform.close();
    }
  } finally {
    await place.remove();
  }
}

/** Where the replay runs: the configured instance, or one that is thrown away. */
async function placeFor(options: ReplayOptions, zone: string): Promise<{ config: Config; remove(): Promise<void> }> {
  const env: Record<string, string | undefined> = { ...process.env, PLUMBLINE_ZONE: process.env['PLUMBLINE_ZONE'] ?? zone };
  if (options.log) env['PLUMBLINE_LOG'] = options.log;
  if (options.partitions) env['PLUMBLINE_PARTITIONS'] = String(options.partitions);
  if (!options.isolated) return { config: readConfig(env), remove: () => Promise.resolve() };
  const data = await mkdtemp(join(tmpdir(), 'plumbline-replay-'));
  env['PLUMBLINE_DATA'] = data;
  env['PLUMBLINE_STORE_URL'] = '';
  env['PLUMBLINE_TOPIC'] = `plumbline.replay.${process.pid}.${Math.round(performance.timeOrigin)}`;
  const removers = [() => rm(data, { recursive: true, force: true })];
  if (env['PLUMBLINE_LOG'] === 'kafka' && !env['KAFKA_BROKERS']) {
    options.onPhase('kafka', 'a throw-away broker');
    const kafka = await throwAwayKafka();
    env['KAFKA_BROKERS'] = kafka.brokers;
    removers.push(() => kafka.stop());
  }
  return {
    config: readConfig(env),
    async remove() {
      for (const remover of removers.reverse()) await remover();
    },
  };
}

function formatOf(file: SalesFile, options: ReplayOptions, path: string): SalesFormat {
  const zone = zoneOf(options.timezone ?? (options.map ? 'UTC' : 'Europe/London'));
  if (options.map) return mapped(file.header, options.map, zone, options.currency ?? 'EUR', file.delimiter === ';', path);
  return onlineRetail(file.header, zone, path);
}

async function replayInto(platform: Platform, file: SalesFile, format: SalesFormat, options: ReplayOptions): Promise<ReplaySummary> {
  const { store, log, config } = platform;
  const streams = (await othersAreRunning(platform, options)) ? undefined : await startStreams(platform, options.thread);
  const producer = await log.producer();
  const before = { counters: await store.counters(), exceptions: await countExceptions(platform) };
  const began = performance.now();
  const aborted = failing(streams, options.signal);
  try {
    const version = options.plan === 'rolling' || options.plan === 'none' ? undefined : await committedVersion(platform, options.plan, file);
    const feeder = new FileFeeder({
      file,
      format,
      zone: zoneOf(config.zone),
      topic: config.topic,
      partitions: platform.partitions,
      producer,
      firstPlan: version && ((at) => versionFrom(platform, version, at, file)),
      planFor: options.plan === 'rolling' ? (history, month, at) => rollingPlan(platform, file, format, history, month, at) : undefined,
      speed: options.speed === 'max' ? Infinity : options.speed,
      signal: aborted.signal,
      onProgress: ({ share, lines, at }) => {
        const elapsed = (performance.now() - began) / 1000;
        options.onProgress({ share, lines, at, secondsLeft: share > 0.02 ? (elapsed / share) * (1 - share) : undefined });
      },
    });
    const { linesRead } = await Promise.race([feeder.run(), aborted.failed]);
    if (options.signal.aborted) throw new PlumblineError('stopped', `Stopped after ${linesRead} lines.`, { fix: 'Run the same command again: what was sent is recognised.' });
    options.onPhase('streams', 'catching up');
    await Promise.race([reach(platform, options.signal), aborted.failed]);
    const seconds = (performance.now() - began) / 1000;
    await streams?.stop();
    return await summary(platform, linesRead, before, seconds);
  } finally {
    await producer.close();
    await streams?.stop();
  }
}

/** One signal for "asked to stop" and "a stream broke", so that the feeder ends in either case. */
function failing(streams: Streams | undefined, signal: AbortSignal): { signal: AbortSignal; failed: Promise<never> } {
  const broken = new AbortController();
  const failed = streams?.failed ?? new Promise<never>(() => {});
  failed.catch(() => broken.abort());
  return { signal: AbortSignal.any([signal, broken.signal]), failed };
}

/** A tower on the same data runs the streams already. */
const othersAreRunning = (platform: Platform, options: ReplayOptions): Promise<boolean> =>
  Promise.resolve(!options.isolated && platform.database === 'joined' && platform.config.storeUrl === '');

/** Its event goes in order with the file's lines, so that it is in every partition before the tick that applies it. */
async function rollingPlan(platform: Platform, file: SalesFile, format: SalesFormat, history: SalesHistory, month: number, at: Instant): Promise<PlumblineEvent> {
  const name = formatMonth(month);
  const { version } = derivePlan(history, {
    // Of this file: another file of the same months has plans of its own.
    id: `rolling-${name}-${file.hash.slice(0, 6)}`,
    name: `Rolling plan of ${name}`,
    currency: format.currency,
    createdAt: at,
    before: firstDayOfMonth(month),
    months: 2,
  });
  const body = encodePlan(version);
  const hash = hashPlan(body);
  await platform.store.savePlan({ body, summary: summarise(version, { hash, status: 'committed', committedAt: at, effectiveAt: at }) });
  return planCommitted(version.id, hash, at);
}

interface Committed {
  id: string;
  hash: string;
  effectiveAt: Instant;
}

/** A version to compare the file with. @throws PlumblineError 'plan-unknown', 'plan-transition' */
async function committedVersion(platform: Platform, id: string, file: SalesFile): Promise<Committed> {
  const summary = (await platform.store.plan(id))?.summary;
  if (!summary) {
    throw new PlumblineError('plan-unknown', `There is no plan version ${id}.`, { where: file.path, fix: 'plumbline plan list shows the versions; --plan rolling derives one a month.' });
  }
  if (summary.status !== 'committed' || summary.effectiveAt === null) {
    throw new PlumblineError('plan-transition', `Plan version ${summary.id} is ${summary.status === 'draft' ? 'a draft' : summary.status}; a replay compares with a committed one.`, {
      where: summary.id,
      fix: summary.status === 'superseded' ? 'plumbline plan list shows the version in force.' : `plumbline plan commit ${summary.id} --at DATE, with the day of the file's first line or before it.`,
    });
  }
  return { id: summary.id, hash: summary.hash, effectiveAt: parseInstant(summary.effectiveAt) };
}

/**
 * Tells the streams of a version once more: to those that heard of it, it is the same event. A version that takes
 * effect long after the file begins would leave its lines uncompared, and they could not be sent a second time.
 */
async function versionFrom({ store }: Platform, { id, hash, effectiveAt }: Committed, at: Instant, file: SalesFile): Promise<PlumblineEvent> {
  const reached = Math.max(at, await store.rollUpTick());
  if (effectiveAt > reached + DAY_MS) {
    throw new PlumblineError('plan-transition', `Plan version ${id} takes effect at ${formatInstant(effectiveAt)}, but the file begins at ${formatInstant(at)}. Nothing was sent.`, {
      where: file.path,
      fix: `Import or derive it again under another --name, and commit that with --at ${formatInstant(at).slice(0, 10)}T00:00:00Z or before.`,
    });
  }
  return planCommitted(id, hash, effectiveAt);
}

const planCommitted = (id: string, hash: string, effectiveAt: Instant): PlumblineEvent => ({
  specversion: '1.0',
  id: `${hash.slice(0, 16)}-${effectiveAt}`,
  source: 'urn:plumbline:plan',
  type: 'plan.committed',
  time: formatInstant(effectiveAt),
  datacontenttype: 'application/json',
  data: { id, hash, effectiveAt: formatInstant(effectiveAt) },
});

/** Waits until detect has committed everything that is in the log now, and the roll-up what detect said of it. */
async function reach({ store, log, config, partitions }: Platform, signal: AbortSignal): Promise<void> {
  const ends = (await log.offsets(config.topic)).map(({ high }) => high);
  while (!signal.aborted) {
    const [offsets, lag] = [await log.offsets(config.topic), await log.lag(config.topic, DETECT_GROUP)];
    const detect = Math.min(...(await store.detectTicks(partitions)));
    const handled = ends.every((end, partition) => offsets[partition]!.high - lag[partition]! >= end);
    if (handled && (await store.rollUpTick()) >= detect) return;
    await store.wait('changes', 100, signal);
  }
}

async function countExceptions({ store }: Platform): Promise<{ raised: number; cleared: number; open: number }> {
  const counts = { raised: 0, cleared: 0, open: 0 };
  let change = 0;
  for (;;) {
    const page = await store.changes(change, 1000);
    if (page.length === 0) return counts;
    for (const exception of page) {
      counts.raised++;
      if (exception.status === 'cleared') counts.cleared++;
      else if (exception.status !== 'resolved' && exception.status !== 'dismissed') counts.open++;
    }
    change = page.at(-1)!.change;
  }
}

async function summary(
  platform: Platform,
  linesRead: number,
  before: { counters: StreamCounters; exceptions: { raised: number; cleared: number; open: number } },
  seconds: number,
): Promise<ReplaySummary> {
  const counters = await platform.store.counters();
  const exceptions = await countExceptions(platform);
  const rejected: Record<string, number> = {};
  for (const [reason, count] of Object.entries(counters.rejected)) {
    const more = count - (before.counters.rejected[reason] ?? 0);
    if (more > 0) rejected[reason] = more;
  }
  return {
    linesRead,
    accepted: counters.accepted - before.counters.accepted,
    rejected,
    duplicates: counters.duplicates - before.counters.duplicates,
    returns: counters.returns - before.counters.returns,
    late: counters.late - before.counters.late,
    unplanned: counters.unplanned - before.counters.unplanned,
    exceptions: { raised: exceptions.raised - before.exceptions.raised, cleared: exceptions.cleared - before.exceptions.cleared, open: exceptions.open },
    seconds: Math.round(seconds * 100) / 100,
    eventsPerSecond: Math.round(linesRead / seconds),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    digest: await platform.store.digest(),
  };
}
