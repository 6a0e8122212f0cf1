import { setTimeout as sleep } from 'node:timers/promises';
import { PlumblineError } from '@plumbline/kernel';
import { fetchFrom, OFFSET_OUT_OF_RANGE, type Fetched, type FetchRange } from './fetch.ts';
import type { LogLine, Settings } from './options.ts';
import type { PartitionFeed } from './partition-feed.ts';
import { Signal } from './signal.ts';
import { EARLIEST, LATEST, type Wire } from './wire.ts';

const MOST_BYTES_A_FETCH = 32 * 1024 * 1024;
/** While some partitions have enough to do, a fetch for the others waits only this long: they soon want more. */
const SHORT_WAIT_MS = 20;
const RETRY_MS = 200;
const LONGEST_RETRY_MS = 2000;

/**
 * Keeps the partitions of one member supplied: one long-polling fetch at a time to each broker that leads any of them.
 * A broker that goes away is asked again for good.
 */
export class Fetcher {
  readonly feeds = new Map<number, PartitionFeed>();
  private readonly loops = new Map<number, { signal: Signal; ended: Promise<void> }>();
  private leaders = new Map<number, number>();
  private stopped = false;
  private failures = 0;
  private readonly end = new AbortController();

  constructor(
    private readonly wire: Wire,
    private readonly topic: string,
    private readonly settings: Settings,
    private readonly log: LogLine,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** A partition came or wants records. */
  wake(): void {
    for (const loop of this.loops.values()) loop.signal.raise();
  }

  /** Finds out who leads the partitions and fetches from each. Rejects when no broker answers. */
  async supply(refresh = false): Promise<void> {
    const metadata = await this.wire.partitions(this.topic, refresh);
    this.leaders = new Map(metadata.map((partition) => [partition.partitionId, partition.leader]));
    const nodes = new Set([...this.feeds.keys()].map((partition) => this.leaders.get(partition)));
    for (const node of nodes) {
      if (node === undefined || this.loops.has(node) || this.stopped) continue;
      const signal = new Signal();
      this.loops.set(node, { signal, ended: Promise.resolve().then(() => this.loop(node, signal)) });
    }
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.end.abort();
    this.wake();
    await Promise.all([...this.loops.values()].map((loop) => loop.ended));
  }

  private async loop(node: number, signal: Signal): Promise<void> {
    while (!this.stopped) {
      const mine = [...this.feeds.values()].filter((feed) => this.leaders.get(feed.partition) === node);
      if (mine.length === 0 && this.feeds.size > 0) break;
      const wanting = mine.filter((feed) => feed.hungry);
      if (wanting.length === 0) {
        await signal.wait();
        continue;
      }
      try {
        await this.fetch(
          node,
          wanting,
          mine.some((feed) => feed.busy),
        );
        this.failures = 0;
      } catch (error) {
        await this.recover(error);
      }
    }
    this.loops.delete(node);
  }

  private async fetch(node: number, wanting: PartitionFeed[], othersBusy: boolean): Promise<void> {
    const { maxBytesPerPartition, maxWaitMs } = this.settings;
    const broker = await this.wire.broker(node);
    const marks = new Map(wanting.map((feed) => [feed.partition, feed.mark]));
    const start = Math.floor(this.failures + performance.now()) % wanting.length;
    const ordered = [...wanting.slice(start), ...wanting.slice(0, start)];
    const ranges: FetchRange[] = ordered.map(({ partition, position }) => ({
      partition,
      from: position!,
      maxBytes: maxBytesPerPartition,
    }));
    const fetched = await fetchFrom(broker, this.topic, ranges, {
      maxWaitMs: othersBusy ? Math.min(SHORT_WAIT_MS, maxWaitMs) : maxWaitMs,
      maxBytes: Math.min(MOST_BYTES_A_FETCH, maxBytesPerPartition * wanting.length),
    });
    const refused: number[] = [];
    for (const answer of fetched) {
      const feed = this.feeds.get(answer.partition);
      const mark = marks.get(answer.partition)!;
      if (!feed || feed.mark !== mark) continue;
      if (answer.errorCode === OFFSET_OUT_OF_RANGE) await this.reposition(feed);
      else if (answer.errorCode !== 0) refused.push(answer.errorCode);
      else this.hand(feed, answer, mark);
    }
    if (refused.length > 0) {
      // The leader moved, or its log is not ready: metadata tells where it is now.
      throw new PlumblineError(
        'log-not-ready',
        `partitions cannot be read at this broker now (Kafka errors ${refused.join(', ')})`,
      );
    }
  }

  private hand(feed: PartitionFeed, answer: Fetched, mark: number): void {
    try {
      feed.take(answer, mark);
    } catch (error) {
      feed.setPaused(true);
      this.failed(error);
    }
  }

  /** What was asked for is retained no more: goes on at the first retained record, and says how many were lost. */
  private async reposition(feed: PartitionFeed): Promise<void> {
    const { partition } = feed;
    const asked = feed.position!;
    const low = (await this.wire.edges(this.topic, [partition], EARLIEST)).get(partition) ?? 0;
    const high = (await this.wire.edges(this.topic, [partition], LATEST)).get(partition) ?? 0;
    const where = { topic: this.topic, partition, asked, low, high };
    if (asked > high) {
      this.failed(
        new PlumblineError(
          'log-truncated',
          `partition ${partition} ends at offset ${high}, before ${asked} where reading is to go on`,
          {
            where: this.topic,
            fix: 'the topic was created anew or has lost records: start from results that fit this log, or restore it',
          },
        ),
      );
      feed.setPaused(true);
      return;
    }
    if (asked >= low) return;
    this.log('warn', 'records were dropped by retention before they were read', { ...where, skipped: low - asked });
    feed.seek(low);
  }

  private async recover(error: unknown): Promise<void> {
    if (this.stopped) return;
    const level = this.failures++ === 0 ? 'warn' : 'debug';
    this.log(level, 'the log cannot be read; trying again', { topic: this.topic, error: String(error) });
    if (!(error instanceof PlumblineError)) this.wire.reset();
    const wait = Math.min(RETRY_MS * 2 ** Math.min(this.failures, 5), LONGEST_RETRY_MS);
    try {
      await sleep(wait, undefined, { signal: this.end.signal });
      await this.supply(true);
    } catch (again) {
      this.log('debug', 'no broker leads the topic yet', { topic: this.topic, error: String(again) });
    }
  }
}
