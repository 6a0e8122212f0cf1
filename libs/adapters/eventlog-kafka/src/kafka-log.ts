import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
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
import { fetchFrom, OFFSET_OUT_OF_RANGE, type Fetched } from './fetch.ts';
import { withDefaults, type KafkaLogOptions, type Settings } from './options.ts';
import { KafkaProducer } from './producer.ts';
import { nextOffset, RecordSet } from './record-set.ts';
import { Subscription } from './subscription.ts';
import { EARLIEST, errorType, kafkaClient, LATEST, Wire } from './wire.ts';

const HEALTH_TIMEOUT_MS = 3000;
const ATTEMPTS = 5;
const RETRY_MS = 200;
const SEGMENTS_A_RETENTION = 10;
const SHORTEST_SEGMENT_MS = 1000;
/** Room for a single large record; Kafka's default of 1 MiB is just too small for a value of 1 MiB. */
const LARGEST_BATCH_BYTES = 8 * 1024 * 1024;

/**
 * The event log on Kafka (4.x tested, 2.3 and later by protocol). Does not connect before it is used.
 * @throws PlumblineError 'log-brokers' when no broker is named
 */
export function openKafkaLog(options: KafkaLogOptions): EventLog {
  if (options.brokers.length === 0) {
    throw new PlumblineError('log-brokers', 'no Kafka broker is named', {
      where: 'brokers',
      fix: 'give host:port of at least one broker',
    });
  }
  const settings = withDefaults(options);
  return new KafkaLog(settings, kafkaClient(settings));
}

class KafkaLog implements EventLog {
  private readonly wire: Wire;
  private readonly users = new Set<{ end(): Promise<void> }>();

  constructor(
    private readonly settings: Settings,
    private readonly kafka: Kafka,
  ) {
    this.wire = new Wire(kafka, settings.logger);
  }

  async createTopic(topic: string, options: TopicOptions): Promise<void> {
    const admin = this.kafka.admin({ retry: { retries: 5 } });
    try {
      await admin.connect();
      await admin.createTopics({
        waitForLeaders: true,
        topics: [
          {
            topic,
            numPartitions: options.partitions,
            replicationFactor: this.settings.replicationFactor,
            configEntries: topicConfig(options),
          },
        ],
      });
    } catch (error) {
      throw creationError(topic, error);
    } finally {
      await admin.disconnect();
    }
    const found = (await this.retrying(() => this.wire.partitions(topic, true))).length;
    if (found !== options.partitions) {
      throw new PlumblineError(
        'topic-partitions',
        `topic ${topic} has ${found} partitions, not ${options.partitions}`,
        {
          where: topic,
          fix: 'use the number it has: another would send keys to other partitions',
        },
      );
    }
  }

  async partitions(topic: string): Promise<number> {
    return (await this.retrying(() => this.wire.partitions(topic, true))).length;
  }

  async offsets(topic: string): Promise<PartitionOffsets[]> {
    return this.retrying(async () => {
      const all = (await this.wire.partitions(topic)).map((partition) => partition.partitionId);
      const low = await this.wire.edges(topic, all, EARLIEST);
      const high = await this.wire.edges(topic, all, LATEST);
      return all.map((partition) => ({ partition, low: low.get(partition) ?? 0, high: high.get(partition) ?? 0 }));
    });
  }

  async producer(): Promise<LogProducer> {
    const user = { end: () => producer.close() };
    const producer = new KafkaProducer(new Wire(this.kafka, this.settings.logger), this.settings, () =>
      this.users.delete(user),
    );
    this.users.add(user);
    return Promise.resolve(producer);
  }

  async subscribe(options: SubscribeOptions, handler: LogHandler): Promise<LogConsumer> {
    const user = { end: () => consumer.stop() };
    const wire = new Wire(this.kafka, this.settings.logger);
    const consumer = new Subscription(wire, options, handler, this.settings, () => this.users.delete(user));
    this.users.add(user);
    try {
      await consumer.start();
    } catch (error) {
      await consumer.stop();
      throw error;
    }
    return consumer;
  }

  async lag(topic: string, group: string): Promise<number[]> {
    const offsets = await this.offsets(topic);
    const all = offsets.map((each) => each.partition);
    const committed = await this.retrying(() => this.wire.committed(topic, group, all));
    return offsets.map(({ partition, low, high }) =>
      Math.max(0, high - Math.max(committed.get(partition) ?? low, low)),
    );
  }

  async read(topic: string, partition: number, from: number, limit: number): Promise<StoredRecord[]> {
    const found: StoredRecord[] = [];
    let next = from;
    while (found.length < limit) {
      const fetched = await this.retrying(() => this.fetchOne(topic, partition, next));
      if (fetched.errorCode === OFFSET_OUT_OF_RANGE) {
        const low = (await this.retrying(() => this.wire.edges(topic, [partition], EARLIEST))).get(partition) ?? 0;
        if (next >= low) break;
        this.settings.logger('warn', 'records asked for are no longer retained', {
          topic,
          partition,
          asked: next,
          low,
          skipped: low - next,
        });
        next = low;
        continue;
      }
      const after = nextOffset(fetched.bytes, next);
      const set = RecordSet.decode(fetched.bytes, next, fetched.aborted);
      for (let i = 0; i < set.length && found.length < limit; i++) found.push(stored(set, i));
      if (after === next) break;
      next = after;
      if (next >= fetched.high) break;
    }
    return found;
  }

  async healthy(): Promise<boolean> {
    const wire = new Wire(this.kafka, this.settings.logger);
    const asked = wire.cluster().then(
      () => true,
      () => false,
    );
    const late = new AbortController();
    const timeout = sleep(HEALTH_TIMEOUT_MS, false, { signal: late.signal }).catch(() => false);
    const answer = await Promise.race([asked, timeout]);
    late.abort();
    void wire.close();
    return answer;
  }

  async close(): Promise<void> {
    await Promise.all([...this.users].map((user) => user.end()));
    await this.wire.close();
  }

  private async fetchOne(topic: string, partition: number, from: number): Promise<Fetched> {
    const broker = await this.wire.leader(topic, partition);
    const { maxBytesPerPartition } = this.settings;
    const noWait = { maxWaitMs: 0, maxBytes: maxBytesPerPartition };
    const [answer] = await fetchFrom(broker, topic, [{ partition, from, maxBytes: maxBytesPerPartition }], noWait);
    if (answer && (answer.errorCode === 0 || answer.errorCode === OFFSET_OUT_OF_RANGE)) return answer;
    await this.wire.partitions(topic, true);
    throw new PlumblineError(
      'log-not-ready',
      `partition ${partition} of ${topic} cannot be read now (Kafka error ${answer?.errorCode})`,
      { where: topic },
    );
  }

  /** Short questions are repeated a few times with new connections, so that a broker's restart does not show. */
  private async retrying<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        const ours = error instanceof PlumblineError && error.code !== 'log-not-ready';
        if (ours) throw error;
        if (attempt >= ATTEMPTS) throw unreachable(this.settings, error);
        if (errorType(error) === undefined) this.wire.reset();
        await sleep(RETRY_MS * attempt);
      }
    }
  }
}

function stored(set: RecordSet, i: number): StoredRecord {
  return {
    offset: set.offsets[i]!,
    key: Uint8Array.from(set.key(i)),
    value: Uint8Array.from(set.value(i)),
    headers: set.headers(i),
    timestamp: set.timestamps[i]!,
  };
}

/** The log's own time on every record; segments short enough that retention drops what is due, not much later. */
function topicConfig(options: TopicOptions): { name: string; value: string }[] {
  const { retentionMs } = options;
  const config: Record<string, string> = {
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': String(LARGEST_BATCH_BYTES),
    'retention.ms': String(retentionMs ?? -1),
  };
  if (retentionMs !== undefined)
    config['segment.ms'] = String(Math.max(SHORTEST_SEGMENT_MS, Math.floor(retentionMs / SEGMENTS_A_RETENTION)));
  return Object.entries(config).map(([name, value]) => ({ name, value }));
}

function creationError(topic: string, error: unknown): PlumblineError {
  return new PlumblineError('topic-create', `topic ${topic} could not be created: ${errorMessage(error)}`, {
    where: topic,
    fix: 'check the name, the rights to create topics, the replication factor, and that the brokers are up',
    cause: error,
  });
}

function errorMessage(error: unknown): string {
  const causes = (error as { errors?: unknown[] }).errors;
  const first = Array.isArray(causes) ? causes[0] : error;
  return first instanceof Error ? first.message : String(first);
}

function unreachable(settings: Settings, cause: unknown): PlumblineError {
  return new PlumblineError('log-unavailable', `Kafka does not answer: ${errorMessage(cause)}`, {
    where: settings.brokers.join(','),
    fix: 'check that the brokers are up and can be reached, and TLS and SASL settings',
    cause,
  });
}
