/**
 * The event log: topics of partitions, each an ordered, append-only sequence of records with ascending offsets.
 * Acknowledgement is part of the port: a batch is redelivered until its handler has acknowledged it, so delivery is at
 * least once; consumers that keep offsets with their results (Store.claim / commit) get exactly once on top.
 */
export interface EventLog {
  /** Creates a topic when it is missing. @throws PlumblineError 'topic-partitions' when it exists with another count */
  createTopic(topic: string, options: TopicOptions): Promise<void>;
  /** Number of partitions of a topic. @throws PlumblineError 'topic-unknown' */
  partitions(topic: string): Promise<number>;
  /** The first retained and the next offset of each partition, in partition order. */
  offsets(topic: string): Promise<PartitionOffsets[]>;
  producer(): Promise<LogProducer>;
  /** Joins a consumer group. Partitions are shared among the group's members; each is with one member at a time. */
  subscribe(options: SubscribeOptions, handler: LogHandler): Promise<LogConsumer>;
  /** Lag of a group: records behind the end, per partition, by what the group has acknowledged. */
  lag(topic: string, group: string): Promise<number[]>;
  /** Reads records of one partition without joining a group (drill-down, re-drive). `limit` counts records. */
  read(topic: string, partition: number, from: number, limit: number): Promise<StoredRecord[]>;
  /** True when the log can be reached; never throws. */
  healthy(): Promise<boolean>;
  close(): Promise<void>;
}

export interface TopicOptions {
  partitions: number;
  /** Records older than this may be dropped; absent = kept. */
  retentionMs?: number;
}

export interface PartitionOffsets {
  partition: number;
  /** First offset still retained. */
  low: number;
  /** Offset the next record will get. */
  high: number;
}

export interface AppendRecord {
  /** Decides the partition (kernel `partitionOf`) unless `partition` is given. */
  key: Uint8Array;
  value: Uint8Array;
  partition?: number;
  headers?: Record<string, string>;
}

export interface StoredRecord {
  offset: number;
  key: Uint8Array;
  value: Uint8Array;
  headers: Record<string, string> | undefined;
  /** When the log took it, milliseconds UTC. */
  timestamp: number;
}

export interface LogProducer {
  /**
   * Appends records; resolves when all are durable. Order within a partition is the order given, also across
   * successive calls of one producer, whether or not they are awaited. A failed call may be repeated (at least once).
   */
  append(topic: string, records: readonly AppendRecord[]): Promise<void>;
  /** Waits for what is under way, then ends. */
  close(): Promise<void>;
}

export interface SubscribeOptions {
  topic: string;
  group: string;
  /** Upper bound of records in one batch; adapters may give fewer. Default 10 000. */
  maxBatch?: number;
  /** A member that shows no life for this long loses its partitions. Default 10 000 ms. */
  sessionTimeoutMs?: number;
}

export interface LogHandler {
  /**
   * Partitions came to this member. Returns where to start each (the next offset to read), or undefined for a
   * partition to go on after the group's last acknowledged record (the first retained one when there is none).
   * No batch of a partition is delivered before this has resolved.
   */
  assigned(partitions: readonly number[]): Promise<ReadonlyMap<number, number | undefined>>;
  /**
   * Partitions left this member (rebalance, stop). Resolves before another member gets them, where the log can
   * promise it; after a lost session it cannot, and fencing in the store decides.
   */
  revoked(partitions: readonly number[]): Promise<void>;
  /** One batch at a time per partition; the next follows when this has resolved. A rejection redelivers the batch. */
  batch(batch: LogBatch): Promise<void>;
  /** The subscription failed for good (it retries what can be retried by itself). */
  failed?(error: Error): void;
}

/** Records of one partition in offset order. Offsets may have gaps. Valid only until the handler resolves. */
export interface LogBatch {
  readonly topic: string;
  readonly partition: number;
  readonly length: number;
  /** Next offset of the partition when the batch was fetched: `high − lastOffset − 1` records are behind it. */
  readonly high: number;
  offset(i: number): number;
  value(i: number): Uint8Array;
  key(i: number): Uint8Array;
  header(i: number, name: string): string | undefined;
  timestamp(i: number): number;
  /** All records up to and including this offset are done with. Cheap; the adapter makes it durable in its own time. */
  acknowledge(offset: number): void;
}

export interface LogConsumer {
  pause(partitions: readonly number[]): void;
  resume(partitions: readonly number[]): void;
  /** The next batch of the partition starts at this offset. */
  seek(partition: number, offset: number): void;
  assignment(): readonly number[];
  /** Leaves the group: running handlers finish, `revoked` is called, acknowledgements are made durable. */
  stop(): Promise<void>;
}
