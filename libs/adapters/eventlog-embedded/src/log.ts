import { PlumblineError } from '@plumbline/kernel';
import type {
  EventLog,
  LogConsumer,
  LogHandler,
  LogProducer,
  PartitionOffsets,
  StoredRecord,
  SubscribeOptions,
  TopicOptions,
} from '@plumbline/ports';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Appender } from './appender.ts';
import { Connection, silent, type LogLogger } from './connection.ts';
import { GroupConsumer } from './consumer.ts';
import { endSessions } from './membership.ts';
import { readRecords } from './reader.ts';
import { applyRetention } from './retention.ts';
import { Topics } from './topics.ts';

export interface EmbeddedLogOptions {
  /** Of the PostgreSQL database; its schema `log` is created when missing. */
  url: string;
  logger?: LogLogger;
  /** Names this process among a group's members. Default: host and process id. */
  owner?: string;
  /** How long `close` waits for running handlers. Default 5 000 ms. */
  graceMs?: number;
  /** How often topics' retention is applied. Default 60 000 ms. */
  retentionEveryMs?: number;
  /** The database has just been started for us: sessions of before are of processes that are gone. */
  newlyStarted?: boolean;
}

/**
 * The event log in a PostgreSQL database, for one machine.
 * @throws PlumblineError 'log-unreachable' | 'log-newer'
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const log = new EmbeddedLog(options);
  await log.open();
  return log;
}

export class EmbeddedLog implements EventLog {
  readonly #connection: Connection;
  readonly #topics: Topics;
  readonly #appender: Appender;
  readonly #consumers = new Set<GroupConsumer>();
  readonly #producers = new Set<LogProducer>();
  readonly #logger: LogLogger;
  readonly #owner: string;
  readonly #graceMs: number;
  readonly #retentionEveryMs: number;
  readonly #newlyStarted: boolean;
  #retention: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: EmbeddedLogOptions) {
    this.#logger = options.logger ?? silent;
    this.#owner = options.owner ?? `${hostname()}-${process.pid}`;
    this.#graceMs = options.graceMs ?? 5_000;
    this.#retentionEveryMs = options.retentionEveryMs ?? 60_000;
    this.#newlyStarted = options.newlyStarted ?? false;
    this.#connection = new Connection(options.url, this.#logger, (message) => this.#heard(message));
    this.#topics = new Topics(this.#connection);
    this.#appender = new Appender(this.#connection, this.#topics);
  }

  async open(): Promise<void> {
    await this.#connection.open();
    if (this.#newlyStarted) await endSessions(this.#connection);
    this.#retention = setInterval(() => {
      this.enforceRetention().catch((error: unknown) =>
        this.#logger.warn({ error: String(error) }, 'log: retention was not applied, trying later'),
      );
    }, this.#retentionEveryMs);
    this.#retention.unref();
  }

  createTopic(topic: string, options: TopicOptions): Promise<void> {
    return this.#topics.create(topic, options);
  }

  async partitions(topic: string): Promise<number> {
    return (await this.#topics.get(topic)).partitions;
  }

  async offsets(topic: string): Promise<PartitionOffsets[]> {
    return this.#topics.offsets(await this.#topics.get(topic));
  }

  async lag(topic: string, group: string): Promise<number[]> {
    return this.#topics.lag(await this.#topics.get(topic), group);
  }

  producer(): Promise<LogProducer> {
    if (this.#closing) return Promise.reject(closed());
    const producer = this.#appender.producer();
    this.#producers.add(producer);
    const close = async () => {
      await producer.close();
      this.#producers.delete(producer);
    };
    return Promise.resolve({ append: producer.append, close });
  }

  async subscribe(options: SubscribeOptions, handler: LogHandler): Promise<LogConsumer> {
    if (this.#closing) throw closed();
    const topicRow = await this.#topics.get(options.topic);
    const member = `${this.#owner}-${randomUUID()}`;
    const shared = { connection: this.#connection, topics: this.#topics, topicRow, member, logger: this.#logger };
    const consumer = new GroupConsumer({ ...options, ...shared }, handler, () => this.#consumers.delete(consumer));
    await consumer.join();
    this.#consumers.add(consumer);
    return consumer;
  }

  async read(topic: string, partition: number, from: number, limit: number): Promise<StoredRecord[]> {
    const row = await this.#topics.get(topic);
    Topics.check(row, partition);
    return readRecords(this.#connection, row, partition, from, limit);
  }

  healthy(): Promise<boolean> {
    return this.#connection.healthy();
  }

  /** Drops blocks past their topic's retention now, of one topic or of all. @returns how many blocks went */
  enforceRetention(topic?: string): Promise<number> {
    return applyRetention(this.#connection, Date.now(), topic);
  }

  /** Stops consumers, waits for appends under way, disconnects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#retention);
    const orderly = Promise.allSettled([
      ...[...this.#consumers].map((c) => c.stop()),
      ...[...this.#producers].map((p) => p.close()),
    ]);
    const late = new AbortController();
    const expired = sleep(this.#graceMs, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([orderly, expired]);
    late.abort();
    for (const consumer of this.#consumers) consumer.abandon();
    await this.#connection.close();
  }

  /** See CHANNEL for the messages. */
  #heard(message: string | undefined): void {
    if (message === undefined) {
      for (const consumer of this.#consumers) consumer.poke(true);
      return;
    }
    const [first, second, ...rest] = message.split(':');
    for (const consumer of this.#consumers) {
      if (first !== 'group') {
        if (consumer.topicId === Number(first)) consumer.know(Number(second), Number(rest[0]));
      } else if (consumer.topicId === Number(second) && consumer.group === rest.join(':')) consumer.poke(false);
    }
  }
}

function closed(): PlumblineError {
  return new PlumblineError('log-closed', 'the event log is closed', {
    where: 'embedded event log',
    fix: 'open it again',
  });
}
