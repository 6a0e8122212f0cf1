import type { LogHandler } from '@plumbline/ports';
import type { Connection, LogLogger } from './connection.ts';
import { fetchSegments, SegmentBatch, type Segment } from './reader.ts';
import { Signal } from './signal.ts';
import type { Topic } from './topics.ts';

/** A batch is cut off at this many bytes, so that what a handler has in hand stays small. */
const BATCH_BYTES = 4 << 20;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 5_000;

export interface FeedOptions {
  connection: Connection;
  topic: Topic;
  partition: number;
  group: string;
  /** Next offset to read. */
  start: number;
  maxBatch: number;
  handler: LogHandler;
  logger: LogLogger;
  /** Bytes to fetch at once; twice this much is held at most. */
  fetchBytes(): number;
  /** False while the member cannot be sure that it still holds its partitions. */
  leased(): boolean;
  /** The next offset to read is this one, as far as the handler is concerned. */
  acknowledged(next: number): void;
}

/** Delivers one partition to the handler, a batch at a time, fetching ahead while the handler runs. */
export class Feed {
  readonly partition: number;
  /** Resolves when no handler runs any more and none will. */
  readonly done: Promise<void>;
  #lastAcknowledged = -1;
  readonly #options: FeedOptions;
  readonly #signal = new Signal();
  #position: number;
  #high: number;
  #low = 0;
  /** Fetched, not yet delivered; the first may lie partly before the position. */
  #segments: Segment[] = [];
  #fetching: Promise<void> | undefined;
  /** Raised by seek: what was fetched or delivered before no longer counts. */
  #course = 0;
  #paused = false;
  #ended = false;
  /** A fetch found nothing or failed: the next one waits for a signal. */
  #dry = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.partition = options.partition;
    this.#position = options.start;
    this.#high = options.start;
    this.done = Promise.resolve().then(() => this.#run());
  }

  /** What is known of the partition's ends. */
  know(high: number, low?: number): void {
    if (low !== undefined) this.#low = Math.max(this.#low, low);
    if (high > this.#high || low !== undefined) this.#dry = false;
    this.#high = Math.max(this.#high, high);
    this.#signal.raise();
  }

  nudge(): void {
    this.#signal.raise();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#signal.raise();
  }

  seek(offset: number): void {
    this.#course++;
    this.#position = offset;
    this.#segments = [];
    this.#dry = false;
    this.#lastAcknowledged = -1;
    this.#signal.raise();
  }

  end(): void {
    this.#ended = true;
    this.#signal.raise();
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      if (this.#paused || !this.#options.leased()) await this.#signal.wait();
      else if (this.#segments.length > 0) await this.#deliver();
      else if (this.#fetching) await this.#fetching;
      else if (this.#dry || this.#position >= this.#high) await this.#idle();
      else await this.#fetch();
    }
    await this.#fetching;
  }

  async #idle(): Promise<void> {
    if (this.#position < this.#low) this.#skipTo(this.#low);
    else await this.#signal.wait();
  }

  async #deliver(): Promise<void> {
    const course = this.#course;
    const batch = this.#cut();
    const end = batch.offset(batch.length - 1) + 1;
    this.#fetchAhead(end);
    if (!(await this.#hand(batch, course)) || course !== this.#course) return;
    this.#position = end;
    while (this.#segments.length > 0 && this.#segments[0]!.end <= end) this.#segments.shift();
  }

  /** Hands a batch over until the handler takes it. @returns false when it was given up: ended, or sought elsewhere */
  async #hand(batch: SegmentBatch, course: number): Promise<boolean> {
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, LAST_RETRY_MS)) {
      try {
        await this.#options.handler.batch(batch);
        return true;
      } catch (error) {
        const { topic, group, logger } = this.#options;
        const where = {
          topic: topic.name,
          group,
          partition: this.partition,
          offset: batch.offset(0),
          error: String(error),
        };
        logger.warn(where, `log: a batch was rejected, once more in ${wait} ms`);
      }
      const until = performance.now() + wait;
      while (!this.#ended && course === this.#course) {
        const left = until - performance.now();
        const held = this.#paused || !this.#options.leased();
        if (left <= 0 && !held) break;
        await this.#signal.wait(held ? undefined : left);
      }
      if (this.#ended || course !== this.#course) return false;
    }
  }

  #cut(): SegmentBatch {
    const { topic, maxBatch } = this.#options;
    const taken: Segment[] = [];
    let bytes = 0;
    let records = 0;
    for (const segment of this.#segments) {
      if (taken.length > 0 && (bytes + segment.size > BATCH_BYTES || records >= maxBatch)) break;
      taken.push(segment);
      bytes += segment.size;
      records += segment.end - Math.max(segment.base, this.#position);
    }
    const high = Math.max(this.#high, taken.at(-1)!.end);
    const course = this.#course;
    return new SegmentBatch(topic.name, this.partition, high, taken, this.#position, maxBatch, (offset) => {
      if (course === this.#course) this.#acknowledge(offset);
    });
  }

  #acknowledge(offset: number): void {
    if (offset <= this.#lastAcknowledged) return;
    this.#lastAcknowledged = offset;
    this.#options.acknowledged(offset + 1);
  }

  /** Starts fetching what follows, if what is at hand after the batch is not enough already. */
  #fetchAhead(end: number): void {
    let ready = 0;
    for (const segment of this.#segments) if (segment.base >= end) ready += segment.size;
    const next = this.#segments.at(-1)!.end;
    if (!this.#fetching && !this.#ended && next < this.#high && ready < this.#options.fetchBytes()) void this.#fetch();
  }

  #fetch(): Promise<void> {
    const course = this.#course;
    const from = this.#segments.at(-1)?.end ?? this.#position;
    const { connection, topic, logger } = this.#options;
    const fetched = fetchSegments(connection, topic, this.partition, from, this.#options.fetchBytes()).then(
      (segments) => course === this.#course && this.#store(segments),
      (error: unknown) => {
        this.#dry = course === this.#course;
        logger.debug({ topic: topic.name, partition: this.partition, error: String(error) }, 'log: could not fetch');
      },
    );
    this.#fetching = fetched.then(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  #store(segments: Segment[]): void {
    this.#dry = segments.length === 0;
    if (this.#dry) return;
    this.#segments.push(...segments);
    this.#high = Math.max(this.#high, segments.at(-1)!.end);
    const first = this.#segments[0]!.base;
    if (first > this.#position) this.#skipTo(first);
  }

  #skipTo(low: number): void {
    const { topic, group, logger } = this.#options;
    const where = { topic: topic.name, group, partition: this.partition, from: this.#position, low };
    logger.warn(
      where,
      `log: ${low - this.#position} records are past their retention, going on at the first retained one`,
    );
    this.#position = low;
  }
}
