import { setTimeout as sleep } from 'node:timers/promises';
import { PlumblineError } from '@plumbline/kernel';
import type { LogConsumer, LogHandler, SubscribeOptions } from '@plumbline/ports';
import { Fetcher } from './fetcher.ts';
import { Membership } from './membership.ts';
import type { Settings } from './options.ts';
import { PartitionFeed } from './partition-feed.ts';
import { EARLIEST, errorType, retryLevel, type Wire } from './wire.ts';

const RETRY_MS = 200;
const LONGEST_RETRY_MS = 2000;
const LAST_COMMIT_TRIES = 5;
/** What no repetition mends. */
const FATAL = new Set([
  'GROUP_AUTHORIZATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
  'INVALID_SESSION_TIMEOUT',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
]);

/** A partition of ours: its feed, and the start that is being asked of the handler. */
interface Holding {
  feed: PartitionFeed;
  taking: Promise<void>;
  leaving: boolean;
}

/**
 * One member of a group. The loop joins, gives up what went to others, takes up what came, and waits for the next
 * change; partitions that stay are worked on meanwhile. `revoked` has resolved before a partition is handed on, as
 * long as this member kept its session; after a lost session (no sign of life reached the group in time) the
 * partition may be elsewhere already, and fencing in the store decides.
 */
export class Subscription implements LogConsumer {
  private readonly holdings = new Map<number, Holding>();
  private readonly membership: Membership;
  private readonly fetcher: Fetcher;
  private readonly end = new AbortController();
  private committer: NodeJS.Timeout | undefined;
  private committing: Promise<void> = Promise.resolve();
  private running: Promise<void> = Promise.resolve();
  private stopping: Promise<void> | undefined;
  private wasMember = false;
  private readonly joined: Promise<void>;
  private hasJoined: () => void = () => undefined;
  private hasFailed: (error: unknown) => void = () => undefined;

  constructor(
    private readonly wire: Wire,
    private readonly options: SubscribeOptions,
    private readonly handler: LogHandler,
    private readonly settings: Settings,
    private readonly ended: () => void = () => undefined,
  ) {
    const { topic, group, sessionTimeoutMs = 10_000 } = options;
    const { logger, rebalanceTimeoutMs } = settings;
    this.membership = new Membership(wire, { topic, group, sessionTimeoutMs, rebalanceTimeoutMs }, logger);
    this.fetcher = new Fetcher(wire, topic, settings, logger, (error) => this.fail(error));
    this.joined = new Promise((resolve, reject) => {
      this.hasJoined = resolve;
      this.hasFailed = reject;
    });
  }

  /** Resolves when the group has taken this member. @throws PlumblineError when it never will */
  start(): Promise<void> {
    this.running = this.run();
    this.committer = setInterval(() => this.commitSoon(), this.settings.commitIntervalMs);
    return this.joined;
  }

  pause(partitions: readonly number[]): void {
    for (const p of partitions) this.holdings.get(p)?.feed.setPaused(true);
  }

  resume(partitions: readonly number[]): void {
    for (const p of partitions) this.holdings.get(p)?.feed.setPaused(false);
  }

  seek(partition: number, offset: number): void {
    const holding = this.holdings.get(partition);
    if (!holding) {
      throw new PlumblineError('partition-not-assigned', `partition ${partition} is not with this consumer`, {
        where: this.options.topic,
      });
    }
    holding.feed.seek(offset);
  }

  assignment(): readonly number[] {
    return [...this.holdings.keys()].sort((a, b) => a - b);
  }

  stop(): Promise<void> {
    this.stopping ??= this.leave();
    return this.stopping;
  }

  private async leave(): Promise<void> {
    this.end.abort();
    this.membership.interrupt();
    clearInterval(this.committer);
    await this.running;
    await this.release([...this.holdings.keys()]);
    await this.membership.leave();
    await this.fetcher.stop();
    await this.wire.close();
    this.ended();
  }

  private get ending(): boolean {
    return this.end.signal.aborted;
  }

  private async run(): Promise<void> {
    for (let failures = 0; !this.ending;) {
      try {
        await this.round();
        failures = 0;
        this.wasMember = true;
        this.hasJoined();
      } catch (error) {
        if (hopeless(error, this.wasMember)) {
          this.fail(error);
          return;
        }
        await this.repair(error, failures++);
      }
      if (!this.ending) await this.membership.settled();
    }
  }

  /** One rebalance: join, give up what is gone (and join again), take up what came. */
  private async round(): Promise<void> {
    for (;;) {
      if (this.membership.standing === 'lost') await this.release([...this.holdings.keys()]);
      const mine = new Set(await this.membership.join(this.assignment()));
      const gone = this.assignment().filter((p) => !mine.has(p));
      if (gone.length === 0) {
        this.takeUp([...mine].filter((p) => !this.holdings.has(p)));
        if (this.holdings.size > 0) await this.fetcher.supply();
        return;
      }
      await this.release(gone);
      if (this.ending) return;
    }
  }

  private async repair(error: unknown, failures: number): Promise<void> {
    if (this.membership.isLost(error)) {
      this.membership.forget();
      return;
    }
    this.membership.rejoin();
    const { topic, group } = this.options;
    if (errorType(error) === undefined) this.wire.reset();
    this.settings.logger(retryLevel(error, failures), 'joining the group failed; trying again', {
      topic,
      group,
      error: String(error),
    });
    await sleep(Math.min(RETRY_MS * 2 ** Math.min(failures, 5), LONGEST_RETRY_MS), undefined, {
      signal: this.end.signal,
    }).catch(() => undefined);
  }

  private fail(error: unknown): void {
    this.hasFailed(error);
    const known = error instanceof PlumblineError;
    const { topic, group } = this.options;
    const failure = known
      ? error
      : new PlumblineError('log-subscription', `the subscription to ${topic} ended: ${String(error)}`, {
          where: `group ${group}`,
          fix: 'check access rights and the session timeout the cluster allows (group.min/max.session.timeout.ms)',
          cause: error,
        });
    this.settings.logger('error', failure.message, { topic, group, code: failure.code });
    this.handler.failed?.(failure);
  }

  private takeUp(partitions: readonly number[]): void {
    if (partitions.length === 0) return;
    const { topic, maxBatch = 10_000 } = this.options;
    const { logger, maxBytesPerPartition } = this.settings;
    const came = partitions.map((partition) => {
      const options = { topic, maxBatch, maxBytes: maxBytesPerPartition };
      const feed = new PartitionFeed(
        partition,
        options,
        this.handler,
        logger,
        () => this.fetcher.wake(),
        (error) => this.fail(error),
      );
      return { feed, taking: Promise.resolve(), leaving: false };
    });
    const taking = this.begin(came);
    for (const holding of came) {
      holding.taking = taking;
      this.holdings.set(holding.feed.partition, holding);
      this.fetcher.feeds.set(holding.feed.partition, holding.feed);
    }
  }

  /** Asks the handler where to start, again and again if it must be, while the partitions are still ours. */
  private async begin(came: readonly Holding[]): Promise<void> {
    await Promise.resolve();
    for (let failures = 0; ; failures++) {
      const partitions = came.filter((holding) => !holding.leaving).map((holding) => holding.feed.partition);
      if (partitions.length === 0 || this.ending) return;
      try {
        const starts = await this.handler.assigned(partitions);
        const offsets = await this.startOffsets(partitions, starts);
        for (const { feed, leaving } of came) {
          const offset = offsets.get(feed.partition);
          if (!leaving && offset !== undefined) feed.start(offset);
        }
        return;
      } catch (error) {
        this.settings.logger('warn', 'the start of partitions is not known yet; asking again', {
          partitions,
          error: String(error),
        });
        await sleep(Math.min(RETRY_MS * 2 ** Math.min(failures, 5), LONGEST_RETRY_MS), undefined, {
          signal: this.end.signal,
        }).catch(() => undefined);
      }
    }
  }

  private async startOffsets(
    partitions: readonly number[],
    starts: ReadonlyMap<number, number | undefined>,
  ): Promise<Map<number, number>> {
    const { topic, group } = this.options;
    const offsets = new Map<number, number>();
    for (const p of partitions) if (starts.get(p) !== undefined) offsets.set(p, starts.get(p)!);
    const open = partitions.filter((p) => !offsets.has(p));
    if (open.length === 0) return offsets;
    for (const [p, offset] of await this.wire.committed(topic, group, open)) offsets.set(p, offset);
    const fresh = open.filter((p) => !offsets.has(p));
    if (fresh.length > 0)
      for (const [p, offset] of await this.wire.edges(topic, fresh, EARLIEST)) offsets.set(p, offset);
    return offsets;
  }

  /** Lets partitions go: running handlers finish, `revoked` is heard, acknowledgements are durable. */
  private async release(partitions: readonly number[]): Promise<void> {
    if (partitions.length === 0) return;
    const leaving = partitions.map((p) => this.holdings.get(p)!);
    for (const holding of leaving) holding.leaving = true;
    await Promise.all(leaving.map(({ feed, taking }) => Promise.all([feed.stop(), taking])));
    try {
      await this.handler.revoked(partitions);
    } catch (error) {
      this.settings.logger('error', 'giving up partitions was refused; they go all the same', {
        partitions,
        error: String(error),
      });
    }
    await this.committing;
    await this.commitLast(leaving.map((holding) => holding.feed));
    for (const p of partitions) {
      this.holdings.delete(p);
      this.fetcher.feeds.delete(p);
    }
  }

  private commitSoon(): void {
    this.committing = this.committing
      .then(() => this.commit([...this.holdings.values()].map((holding) => holding.feed)))
      .catch((error: unknown) => {
        this.settings.logger('debug', 'acknowledgements are not durable yet', {
          group: this.options.group,
          error: String(error),
        });
      });
  }

  private async commit(feeds: readonly PartitionFeed[]): Promise<void> {
    if (this.membership.standing === 'lost') return;
    const next = new Map<number, number>();
    for (const { partition, acknowledged, committed } of feeds)
      if (acknowledged !== undefined && acknowledged !== committed) next.set(partition, acknowledged);
    await this.membership.commit(next);
    for (const feed of feeds) feed.committed = next.get(feed.partition) ?? feed.committed;
  }

  /** Tries a few times; what stays undone is delivered again to the next owner, which is at least once as promised. */
  private async commitLast(feeds: readonly PartitionFeed[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.commit(feeds);
        return;
      } catch (error) {
        const { topic, group } = this.options;
        if (tries >= LAST_COMMIT_TRIES || this.membership.isLost(error)) {
          const partitions = feeds.map((feed) => feed.partition);
          this.settings.logger('warn', 'acknowledgements could not be made durable', {
            topic,
            group,
            partitions,
            error: String(error),
          });
          return;
        }
        await sleep(RETRY_MS);
      }
    }
  }
}

/** A topic that is missing from the start is a mistake; one that goes missing later may be on its way back. */
function hopeless(error: unknown, wasMember: boolean): boolean {
  if (FATAL.has(errorType(error) ?? '')) return true;
  if (error instanceof PlumblineError) return error.code === 'topic-unknown' && !wasMember;
  return error instanceof Error && error.name === 'KafkaJSSASLAuthenticationError';
}
