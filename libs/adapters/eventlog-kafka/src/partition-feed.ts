import { setTimeout as sleep } from 'node:timers/promises';
import type { LogBatch, LogHandler } from '@plumbline/ports';
import type { Fetched } from './fetch.ts';
import type { LogLine } from './options.ts';
import { nextOffset, RecordSet } from './record-set.ts';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2000;

export interface FeedOptions {
  topic: string;
  maxBatch: number;
  /** Stop asking for more while this many bytes wait. */
  maxBytes: number;
}

/**
 * One partition of this member: what was fetched and waits, and the loop that hands it to the handler, one batch at a
 * time. Small fetches that pile up behind a slow handler are handed over as one batch.
 */
export class PartitionFeed {
  paused = false;
  /** Next offset to fetch; undefined until the start is known. */
  position: number | undefined;
  /** Next offset after the last acknowledged one; goes back only after a seek. */
  acknowledged: number | undefined;
  private acknowledgedTurn = 0;
  committed: number | undefined;
  private waiting: Fetched[] = [];
  private waitingBytes = 0;
  private from = 0;
  /** Counts seeks: what was fetched or delivered before one does not count after it. */
  private turn = 0;
  private ended = false;
  private wake: () => void = () => undefined;
  private readonly end = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    readonly partition: number,
    private readonly options: FeedOptions,
    private readonly handler: LogHandler,
    private readonly log: LogLine,
    private readonly wanting: () => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  start(offset: number): void {
    // A seek from within `assigned` was meant to win.
    this.from = this.position ??= offset;
    this.running = this.run().catch((error: unknown) => this.failed(error));
    this.wanting();
  }

  /** Ends the loop: the running handler finishes, what waits is dropped. */
  async stop(): Promise<void> {
    this.ended = true;
    this.end.abort();
    this.wake();
    await this.running;
  }

  get hungry(): boolean {
    return !this.ended && !this.paused && this.position !== undefined && this.waitingBytes < this.options.maxBytes;
  }

  get busy(): boolean {
    return !this.paused && this.waitingBytes >= this.options.maxBytes;
  }

  /** A mark that `take` compares: a fetch that was asked for before a seek is dropped. */
  get mark(): number {
    return this.turn;
  }

  take(fetched: Fetched, mark: number): void {
    if (this.ended || mark !== this.turn || fetched.bytes.length === 0) return;
    const next = nextOffset(fetched.bytes, this.position!);
    if (next === this.position) return;
    this.position = next;
    this.waiting.push(fetched);
    this.waitingBytes += fetched.bytes.length;
    this.wake();
  }

  seek(offset: number): void {
    this.turn++;
    this.waiting = [];
    this.waitingBytes = 0;
    this.position = offset;
    this.from = offset;
    this.wake();
    this.wanting();
  }

  setPaused(paused: boolean): void {
    this.paused = paused;
    this.wake();
    if (!paused) this.wanting();
  }

  private async run(): Promise<void> {
    while (!this.ended) {
      if (this.waiting.length === 0 || this.paused) {
        await new Promise<void>((resolve) => (this.wake = resolve));
        continue;
      }
      const { set, high } = this.collect();
      await this.hand(set, high);
    }
  }

  /** Everything that waits, as one set of records. */
  private collect(): { set: RecordSet; high: number } {
    const waiting = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    const bytes = waiting.length === 1 ? waiting[0]!.bytes : Buffer.concat(waiting.map((part) => part.bytes));
    const set = RecordSet.decode(
      bytes,
      this.from,
      waiting.flatMap((part) => part.aborted),
    );
    this.from = this.position!;
    this.wanting();
    // A broker notes its high watermark before it reads, so the answer may hold records beyond the one it names.
    return { set, high: Math.max(waiting.at(-1)!.high, this.from) };
  }

  private async hand(set: RecordSet, high: number): Promise<void> {
    const { turn } = this;
    for (let first = 0; first < set.length; first += this.options.maxBatch) {
      await this.resumed();
      const length = Math.min(this.options.maxBatch, set.length - first);
      await this.deliver(this.batch(set, first, length, high), turn);
      if (this.ended || turn !== this.turn) return;
    }
  }

  private async resumed(): Promise<void> {
    while (this.paused && !this.ended) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  /** Until the handler takes it, or the partition goes, or somebody seeks. */
  private async deliver(batch: LogBatch, turn: number): Promise<void> {
    for (let wait = FIRST_RETRY_MS; !this.ended && turn === this.turn; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
      try {
        await this.handler.batch(batch);
        return;
      } catch (error) {
        const { topic, partition } = batch;
        this.log('warn', 'a batch was refused and will be handed over again', {
          topic,
          partition,
          first: batch.offset(0),
          error: String(error),
        });
        await sleep(wait, undefined, { signal: this.end.signal }).catch(() => undefined);
      }
    }
  }

  private batch(set: RecordSet, first: number, length: number, high: number): LogBatch {
    const { turn } = this;
    return new FetchedBatch(this.options.topic, this.partition, set, first, length, high, (offset) => {
      if (turn === this.turn) this.done(offset + 1);
    });
  }

  private done(next: number): void {
    if (this.acknowledged !== undefined && this.acknowledgedTurn === this.turn && next <= this.acknowledged) return;
    this.acknowledged = next;
    this.acknowledgedTurn = this.turn;
  }
}

/** A stretch of a record set, as the port gives it to handlers. */
class FetchedBatch implements LogBatch {
  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly set: RecordSet,
    private readonly first: number,
    readonly length: number,
    readonly high: number,
    readonly acknowledge: (offset: number) => void,
  ) {}

  offset(i: number): number {
    return this.set.offsets[this.first + i]!;
  }

  value(i: number): Uint8Array {
    return this.set.value(this.first + i);
  }

  key(i: number): Uint8Array {
    return this.set.key(this.first + i);
  }

  header(i: number, name: string): string | undefined {
    return this.set.header(this.first + i, name);
  }

  timestamp(i: number): number {
    return this.set.timestamps[this.first + i]!;
  }
}
