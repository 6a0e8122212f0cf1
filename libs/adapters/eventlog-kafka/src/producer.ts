import { setTimeout as sleep } from 'node:timers/promises';
import { partitionOf, PlumblineError } from '@plumbline/kernel';
import type { AppendRecord, LogProducer } from '@plumbline/ports';
import type { Settings } from './options.ts';
import { produceTo, type EncodedBatch } from './produce.ts';
import { encodeRecords, roomFor, stamp, type ProducerIdentity } from './record-batch.ts';
import { retryLevel, type Wire } from './wire.ts';

/** A batch stays below the broker's usual limit of a message set (message.max.bytes, 1 MiB). */
const MOST_BYTES_A_BATCH = 900 * 1024;
const MOST_BYTES_A_REQUEST = 16 * 1024 * 1024;
const RETRY_MS = 100;
const LONGEST_RETRY_MS = 1000;
const DUPLICATE_SEQUENCE = 46;
const TOO_LARGE = new Set([10, 18]);
/** Leader moved, replicas missing, timed out, storage busy: the same batch later may succeed. */
const RETRIABLE = new Set([2, 3, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 56, 74, 75]);
/** The broker no longer knows our numbering: begin anew as another producer. */
const IDENTITY_LOST = new Set([45, 47, 59, 90]);

/** Settles one `append` when all its records are through, or at the first that is not. */
interface Delivery {
  open: number;
  resolve(): void;
  reject(error: Error): void;
}

interface Queued {
  record: AppendRecord;
  delivery: Delivery;
}

/** One partition's records, in the order given, and the batch that is under way: it is repeated as it is. */
interface Lane {
  topic: string;
  partition: number;
  queue: Queued[];
  sequence: number;
  batch: { bytes: Buffer; records: Queued[]; since: number } | undefined;
}

/**
 * Idempotent producer: each batch carries the producer's id and a running number a partition, and is repeated
 * unchanged until the cluster confirms it, so a lost answer makes no duplicate and order holds. Calls that come while
 * a request is under way are sent together in the next one.
 */
export class KafkaProducer implements LogProducer {
  private readonly lanes = new Map<string, Lane>();
  private readonly counts = new Map<string, Promise<number>>();
  private identity: ProducerIdentity | undefined;
  private sending: Promise<void> | undefined;
  private entering: Promise<void> = Promise.resolve();
  private closed = false;
  private failures = 0;

  constructor(
    private readonly wire: Wire,
    private readonly settings: Settings,
    private readonly ended: () => void = () => undefined,
  ) {}

  append(topic: string, records: readonly AppendRecord[]): Promise<void> {
    if (this.closed)
      return Promise.reject(new PlumblineError('log-closed', 'the producer is closed', { where: topic }));
    if (records.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const delivery: Delivery = { open: records.length, resolve, reject };
      // In turn, because the first call for a topic has to ask how many partitions it has.
      this.entering = this.entering.then(() => this.enqueue(topic, records, delivery)).catch(reject);
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.entering;
    while (this.sending) await this.sending;
    await this.wire.close();
    this.ended();
  }

  private async enqueue(topic: string, records: readonly AppendRecord[], delivery: Delivery): Promise<void> {
    const count = await this.partitionCount(topic);
    const partitions = records.map((record) => record.partition ?? partitionOf(record.key, count));
    for (const partition of partitions) {
      if (!(partition >= 0 && partition < count)) {
        throw new PlumblineError('partition-unknown', `topic ${topic} has no partition ${partition}`, {
          where: topic,
          fix: `use 0 to ${count - 1}`,
        });
      }
    }
    const lanes = Array.from({ length: count }, (_, partition) => this.lane(topic, partition));
    for (let i = 0; i < records.length; i++) lanes[partitions[i]!]!.queue.push({ record: records[i]!, delivery });
    this.sending ??= this.send();
  }

  private lane(topic: string, partition: number): Lane {
    const name = `${topic}/${partition}`;
    let lane = this.lanes.get(name);
    if (!lane) this.lanes.set(name, (lane = { topic, partition, queue: [], sequence: 0, batch: undefined }));
    return lane;
  }

  /** Asked once a topic: a topic keeps its number of partitions, or keys would change their place. */
  private partitionCount(topic: string): Promise<number> {
    let count = this.counts.get(topic);
    if (!count) {
      count = this.untilKnown(topic);
      this.counts.set(topic, count);
      count.catch(() => this.counts.delete(topic));
    }
    return count;
  }

  private async untilKnown(topic: string): Promise<number> {
    const deadline = Date.now() + this.settings.deliveryTimeoutMs;
    for (;;) {
      try {
        return (await this.wire.partitions(topic)).length;
      } catch (error) {
        if (error instanceof PlumblineError) throw error;
        if (Date.now() > deadline) throw unavailable(topic, error);
        this.wire.reset();
        await sleep(LONGEST_RETRY_MS / 2);
      }
    }
  }

  private async send(): Promise<void> {
    // A moment for the calls of this turn to come together.
    await Promise.resolve();
    for (;;) {
      const lanes = this.ready();
      if (lanes.length === 0) {
        // In the same turn as the look at the queues, or a call in between would find nobody sending.
        this.sending = undefined;
        return;
      }
      try {
        await this.round(lanes);
      } catch (error) {
        await this.failed(lanes, error);
      }
    }
  }

  /** Lanes with something to send, each with its batch made, up to the size of a request. */
  private ready(): Lane[] {
    const ready: Lane[] = [];
    let bytes = 0;
    for (const [name, lane] of this.lanes) {
      if (!lane.batch && lane.queue.length === 0) continue;
      lane.batch ??= nextBatch(lane);
      ready.push(lane);
      bytes += lane.batch.bytes.length;
      if (bytes < MOST_BYTES_A_REQUEST) continue;
      // The next round begins with the others.
      this.lanes.delete(name);
      this.lanes.set(name, lane);
      break;
    }
    return ready;
  }

  private async round(lanes: Lane[]): Promise<void> {
    const identity = await this.identify();
    const leaders = new Map<number, Lane[]>();
    for (const lane of lanes) {
      const found = (await this.wire.partitions(lane.topic))[lane.partition]?.leader ?? -1;
      const list = leaders.get(found);
      if (list) list.push(lane);
      else leaders.set(found, [lane]);
      stamp(lane.batch!.bytes, identity, lane.sequence);
    }
    const sent = [...leaders].map(([node, led]) => this.sendTo(node, led));
    const outcomes = await Promise.allSettled(sent);
    const broken = outcomes.find((outcome) => outcome.status === 'rejected');
    if (broken) throw broken.reason;
  }

  private async sendTo(node: number, lanes: Lane[]): Promise<void> {
    const broker = await this.wire.broker(node);
    const batches: EncodedBatch[] = lanes.map((lane) => ({
      topic: lane.topic,
      partition: lane.partition,
      bytes: lane.batch!.bytes,
    }));
    let retry: number | undefined;
    for (const { topic, partition, errorCode } of await produceTo(broker, batches, this.settings.deliveryTimeoutMs)) {
      const lane = this.lane(topic, partition);
      if (errorCode === 0 || errorCode === DUPLICATE_SEQUENCE) this.through(lane);
      else if (RETRIABLE.has(errorCode)) retry = errorCode;
      else this.refused(lane, errorCode);
    }
    if (retry !== undefined)
      throw new PlumblineError('log-not-ready', `a partition cannot be written now (Kafka error ${retry})`);
    this.failures = 0;
  }

  private through(lane: Lane): void {
    const { records } = lane.batch!;
    lane.batch = undefined;
    lane.sequence = (lane.sequence + records.length) % 0x8000_0000;
    for (const { delivery } of records) if (--delivery.open === 0) delivery.resolve();
  }

  private refused(lane: Lane, errorCode: number): void {
    if (IDENTITY_LOST.has(errorCode)) {
      this.settings.logger('warn', 'the cluster forgot this producer; a repeated batch may be there twice', {
        topic: lane.topic,
        partition: lane.partition,
      });
      this.renew();
      return;
    }
    const { records } = lane.batch!;
    lane.batch = undefined;
    const error = TOO_LARGE.has(errorCode)
      ? new PlumblineError(
          'record-too-large',
          `a record of ${records[0]!.record.value.length} bytes is more than topic ${lane.topic} takes`,
          {
            where: `${lane.topic}/${lane.partition}`,
            fix: 'send smaller records, or raise max.message.bytes of the topic',
          },
        )
      : new PlumblineError('log-refused', `the cluster refused records (Kafka error ${errorCode})`, {
          where: `${lane.topic}/${lane.partition}`,
        });
    for (const { delivery } of records) delivery.reject(error);
  }

  private async failed(lanes: Lane[], error: unknown): Promise<void> {
    this.settings.logger(retryLevel(error, this.failures++), 'records could not be written; trying again', {
      error: String(error),
    });
    if (!(error instanceof PlumblineError)) this.wire.reset();
    const expired = Date.now() - this.settings.deliveryTimeoutMs;
    for (const lane of lanes) {
      if (!lane.batch || lane.batch.since > expired) continue;
      const { records } = lane.batch;
      lane.batch = undefined;
      // Whether it was written is unknown, so the numbering is too.
      this.identity = undefined;
      for (const { delivery } of records) delivery.reject(unavailable(lane.topic, error));
    }
    if (!this.identity) this.renew();
    await sleep(Math.min(RETRY_MS * 2 ** Math.min(this.failures, 4), LONGEST_RETRY_MS));
    const topics = new Set(lanes.map((lane) => lane.topic));
    for (const topic of topics) await this.wire.partitions(topic, true).catch(() => undefined);
  }

  private renew(): void {
    this.identity = undefined;
    for (const lane of this.lanes.values()) lane.sequence = 0;
  }

  private async identify(): Promise<ProducerIdentity> {
    if (this.identity) return this.identity;
    const cluster = await this.wire.cluster();
    const broker = await this.wire.broker(Number(cluster.getNodeIds()[0]));
    const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 60_000 });
    this.identity = { producerId: BigInt(producerId), epoch: producerEpoch };
    return this.identity;
  }
}

function nextBatch(lane: Lane): NonNullable<Lane['batch']> {
  let bytes = 0;
  let count = 0;
  while (count < lane.queue.length) {
    bytes += roomFor(lane.queue[count]!.record);
    if (count > 0 && bytes > MOST_BYTES_A_BATCH) break;
    count++;
  }
  const records = lane.queue.splice(0, count);
  return {
    bytes: encodeRecords(
      records.map((queued) => queued.record),
      Date.now(),
    ),
    records,
    since: Date.now(),
  };
}

function unavailable(topic: string, cause: unknown): PlumblineError {
  return new PlumblineError('log-unavailable', `the log did not confirm records for ${topic} in time`, {
    where: topic,
    fix: 'check that the brokers are up and enough replicas in sync; the records may or may not be there, send them again',
    cause,
  });
}
