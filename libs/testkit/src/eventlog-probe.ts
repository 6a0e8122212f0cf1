import type { EventLog, LogBatch, LogConsumer, LogHandler, SubscribeOptions } from '@plumbline/ports';

/** What a conformance suite needs of an event log under test. Every call of `open` gives a client of the same log. */
export interface EventLogHarness {
  log: EventLog;
  /** The log becomes unreachable for this client (broker gone, connections cut). */
  breakConnection?(): Promise<void>;
  /** It comes back. */
  restore?(): Promise<void>;
  /** This client vanishes without a goodbye, like a process ended by kill -9; only `close` is called on it afterwards. */
  crash?(): Promise<void>;
  /** Makes the log apply a topic's retention now, where it otherwise would only after a while. */
  enforceRetention?(topic: string): Promise<void>;
  /** Releases everything; called once, after a crash too. */
  close(): Promise<void>;
}

/** What the parts of the suite share: a client for the test at hand, and how to get more of them. */
export interface SuiteContext {
  /** The client shared by the tests that break nothing. */
  log(): EventLog;
  /** A client of its own, closed when the test file ends if the test has not. */
  open(): Promise<EventLogHarness>;
  sessionTimeoutMs: number;
}

/** Rebalances of a Kafka group take seconds, a lost session up to its time-out more. */
export const SLOW = { timeout: 120_000 };

/** Creates a topic for one test. */
export async function topicOf(log: EventLog, partitions: number, retentionMs?: number): Promise<string> {
  const topic = unique('conformance');
  await log.createTopic(topic, retentionMs === undefined ? { partitions } : { partitions, retentionMs });
  return topic;
}

export interface Received {
  offset: number;
  key: string;
  value: string;
}

/** Waits for a condition by polling. @throws Error naming what was waited for, with `state()` for the reader */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  state?: () => unknown,
  timeoutMs = 60_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end)
      throw new Error(`waited ${timeoutMs} ms for: ${what}${state ? `; have ${JSON.stringify(state())}` : ''}`);
    await sleep(20);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array): string => new TextDecoder().decode(value);

let serial = 0;
/** A name no other test uses, also across runs against a log that is kept. */
export function unique(prefix: string): string {
  return `${prefix}-${Date.now().toString(36)}-${process.pid.toString(36)}-${(serial++).toString(36)}`;
}

/** One line of a group's history: who took or gave up which partitions. Shared by the members under test. */
export interface JournalEntry {
  member: string;
  what: 'assigned' | 'revoked';
  partition: number;
}

export interface ProbeOptions {
  name?: string;
  journal?: JournalEntry[];
  /** Where to start; default: undefined for every partition. */
  start?: (partition: number) => number | undefined;
  /** Runs for each batch before it counts as received; may reject. Default acknowledges everything. */
  onBatch?: (batch: LogBatch, probe: Probe) => Promise<void> | void;
  /** How long giving up partitions takes. */
  revokeMs?: number;
}

/**
 * A member of a consumer group that writes down all it is given, and any breach of the delivery contract it can see
 * for itself: two batches of a partition at once, a batch before `assigned` resolved, offsets that do not ascend.
 */
export class Probe implements LogHandler {
  readonly name: string;
  readonly received = new Map<number, Received[]>();
  /** First offset of each delivered batch, rejected ones included. */
  readonly deliveries: { partition: number; first: number; length: number }[] = [];
  readonly breaches: string[] = [];
  readonly held = new Set<number>();
  readonly running = new Set<number>();
  failure: Error | undefined;
  consumer: LogConsumer | undefined;
  readonly #options: ProbeOptions;

  constructor(options: ProbeOptions = {}) {
    this.#options = options;
    this.name = options.name ?? 'probe';
  }

  async assigned(partitions: readonly number[]): Promise<ReadonlyMap<number, number | undefined>> {
    const from = new Map<number, number | undefined>();
    for (const partition of partitions) {
      this.#options.journal?.push({ member: this.name, what: 'assigned', partition });
      if (this.held.has(partition)) this.breaches.push(`partition ${partition} assigned twice to ${this.name}`);
      from.set(partition, this.#options.start?.(partition));
    }
    await sleep(10);
    for (const partition of partitions) this.held.add(partition);
    return from;
  }

  async revoked(partitions: readonly number[]): Promise<void> {
    for (const p of partitions)
      if (this.running.has(p)) this.breaches.push(`partition ${p} revoked while its batch runs`);
    await sleep(this.#options.revokeMs ?? 0);
    for (const partition of partitions) {
      this.held.delete(partition);
      this.#options.journal?.push({ member: this.name, what: 'revoked', partition });
    }
  }

  async batch(batch: LogBatch): Promise<void> {
    const partition = batch.partition;
    if (this.running.has(partition)) this.breaches.push(`two batches of partition ${partition} at once`);
    if (!this.held.has(partition))
      this.breaches.push(`batch of partition ${partition} which ${this.name} does not hold`);
    this.running.add(partition);
    try {
      await this.#take(batch);
    } finally {
      this.running.delete(partition);
    }
  }

  failed(error: Error): void {
    this.failure = error;
  }

  /** Values received so far of one partition, or of all partitions in partition order. */
  values(partition?: number): string[] {
    const lists =
      partition === undefined
        ? [...this.received].sort((a, b) => a[0] - b[0]).map(([, l]) => l)
        : [this.received.get(partition) ?? []];
    return lists.flat().map((r) => r.value);
  }

  offsets(partition: number): number[] {
    return (this.received.get(partition) ?? []).map((r) => r.offset);
  }

  async #take(batch: LogBatch): Promise<void> {
    const records: Received[] = [];
    if (batch.length === 0) this.breaches.push('empty batch');
    for (let i = 0; i < batch.length; i++) {
      records.push({ offset: batch.offset(i), key: text(batch.key(i)), value: text(batch.value(i)) });
      if (i > 0 && batch.offset(i) <= batch.offset(i - 1))
        this.breaches.push(`offset ${batch.offset(i)} after ${batch.offset(i - 1)}`);
    }
    if (batch.high <= batch.offset(batch.length - 1))
      this.breaches.push(`high ${batch.high} not above the last offset`);
    this.deliveries.push({ partition: batch.partition, first: batch.offset(0), length: batch.length });
    if (this.#options.onBatch) await this.#options.onBatch(batch, this);
    else acknowledgeAll(batch);
    const list = this.received.get(batch.partition);
    if (list) list.push(...records);
    else this.received.set(batch.partition, records);
  }
}

export function acknowledgeAll(batch: LogBatch): void {
  batch.acknowledge(batch.offset(batch.length - 1));
}

/** Subscribes a new probe and waits until it holds as many partitions as said. */
export async function join(log: EventLog, options: SubscribeOptions, probe: Probe, partitions: number): Promise<Probe> {
  probe.consumer = await log.subscribe(options, probe);
  await until(
    `${probe.name} to hold ${partitions} partitions`,
    () => probe.held.size === partitions,
    () => [...probe.held],
  );
  return probe;
}

/** Appends `count` numbered records to one partition, all in one call; values `prefix0`, `prefix1`, … */
export async function fill(
  log: EventLog,
  topic: string,
  partition: number,
  count: number,
  prefix = '',
): Promise<string[]> {
  const producer = await log.producer();
  const values = Array.from({ length: count }, (_, i) => `${prefix}${i}`);
  await producer.append(
    topic,
    values.map((value) => ({ key: bytes(value), value: bytes(value), partition })),
  );
  await producer.close();
  return values;
}
