import type { LogConsumer, LogHandler, SubscribeOptions } from '@plumbline/ports';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, LogLogger } from './connection.ts';
import { Feed } from './feed.ts';
import { attend, isFinal, type AttendRow, type Mark } from './membership.ts';
import { Signal } from './signal.ts';
import type { Topic, Topics } from './topics.ts';

/** Shared among the partitions a member holds, for what is fetched and not yet handed over. */
const AHEAD_BYTES = 32 << 20;
const POLL_MS = 1_000;

/** A partition this member was given; `epoch` tells this time from another. */
interface Holding {
  partition: number;
  epoch: number;
  acknowledged: number | undefined;
  /** Resolves when `assigned` has answered (then there is a feed) or was given up. */
  started: Promise<void>;
  feed: Feed | undefined;
  leaving: boolean;
}

export interface ConsumerOptions extends SubscribeOptions {
  connection: Connection;
  topics: Topics;
  topicRow: Topic;
  member: string;
  logger: LogLogger;
}

/**
 * A member of a group. A loop of its own attends (heartbeat, acknowledgements, releases; see schema.ts) whatever the
 * handlers do, and steers towards what the group decided: takes what is new, gives up what is wanted elsewhere.
 */
export class GroupConsumer implements LogConsumer {
  readonly #options: ConsumerOptions;
  readonly #handler: LogHandler;
  readonly #gone: () => void;
  readonly #sessionMs: number;
  readonly #holdings = new Map<number, Holding>();
  /** Partitions on their way out. */
  readonly #partings = new Set<Promise<void>>();
  readonly #paused = new Set<number>();
  readonly #signal = new Signal();
  #released: Mark[] = [];
  /** Acknowledgements not stored yet, by partition. */
  #done = new Map<number, Mark & { next: number }>();
  #attendedAt = 0;
  #polledAt = 0;
  #stopping: Promise<void> | undefined;
  #left = false;
  #abandoned = false;
  #loop: Promise<void> = Promise.resolve();
  /** Calls of `assigned` and `revoked` follow one another. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param gone called once the member has left */
  constructor(options: ConsumerOptions, handler: LogHandler, gone: () => void) {
    this.#options = options;
    this.#gone = gone;
    this.#handler = handler;
    this.#sessionMs = options.sessionTimeoutMs ?? 10_000;
  }

  /** Joins the group; the handler hears of its partitions afterwards. */
  async join(): Promise<void> {
    const rows = await this.#attend(false);
    this.#loop = sleep(0).then(() => this.#run(rows));
  }

  get topicId(): number {
    return this.#options.topicRow.id;
  }

  get group(): string {
    return this.#options.group;
  }

  /** The group may have changed, or anything may have happened: look at once. */
  poke(everything: boolean): void {
    if (everything) this.#polledAt = -Infinity;
    this.#signal.raise();
  }

  know(partition: number, high: number): void {
    this.#holdings.get(partition)?.feed?.know(high);
  }

  pause(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.#paused.add(partition);
      this.#holdings.get(partition)?.feed?.pause();
    }
  }

  resume(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.#paused.delete(partition);
      this.#holdings.get(partition)?.feed?.resume();
    }
  }

  seek(partition: number, offset: number): void {
    this.#holdings.get(partition)?.feed?.seek(offset);
  }

  assignment(): readonly number[] {
    return [...this.#holdings.values()]
      .filter((h) => h.feed && !h.leaving)
      .map((h) => h.partition)
      .sort((a, b) => a - b);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Without waiting for handlers or telling the group: for a log that is closed under its consumers. */
  abandon(): void {
    this.#left = true;
    this.#abandoned = true;
    for (const holding of this.#holdings.values()) holding.feed?.end();
    this.#signal.raise();
  }

  async #stop(): Promise<void> {
    this.#giveUp(
      [...this.#holdings.values()].filter((h) => !h.leaving),
      false,
    );
    while (this.#partings.size > 0) await Promise.all(this.#partings);
    this.#left = true;
    this.#signal.raise();
    await this.#loop;
    this.#gone();
  }

  async #run(first: AttendRow[]): Promise<void> {
    this.#steer(first);
    const rest = Math.min(500, this.#sessionMs / 4);
    let away = 0;
    while (!this.#left) {
      try {
        if (performance.now() - this.#polledAt > POLL_MS) await this.#poll();
        await this.#signal.wait(rest);
        if (this.#left) break;
        const rows = await this.#attend(false);
        for (const holding of this.#holdings.values()) holding.feed?.nudge();
        this.#steer(rows);
        away = 0;
      } catch (error) {
        if (isFinal(error)) return this.#fail(error);
        if (away++ === 0)
          this.#options.logger.warn(
            { group: this.group, error: String(error) },
            'log: lost touch with the group, trying again',
          );
        await sleep(Math.min(50 * 2 ** away, 1_000));
      }
    }
    await this.#leave();
  }

  #fail(error: Error): void {
    this.abandon();
    this.#gone();
    this.#handler.failed?.(error);
  }

  async #poll(): Promise<void> {
    const offsets = await this.#options.topics.offsets(this.#options.topicRow);
    for (const { partition, high, low } of offsets) this.#holdings.get(partition)?.feed?.know(high, low);
    this.#polledAt = performance.now();
  }

  /** Tells the group that we are here, or leave, with all that is to be stored on the way. */
  async #attend(leave: boolean): Promise<AttendRow[]> {
    const { connection, topicRow, member } = this.#options;
    const released = this.#released;
    const done = this.#done;
    this.#released = [];
    this.#done = new Map();
    const at = performance.now();
    try {
      const rows = await attend(connection, {
        topicId: topicRow.id,
        group: this.group,
        member,
        sessionMs: this.#sessionMs,
        leave,
        released,
        done: [...done.values()],
      });
      this.#attendedAt = at;
      return rows;
    } catch (error) {
      this.#released.push(...released);
      for (const [partition, mark] of done) if (!this.#done.has(partition)) this.#done.set(partition, mark);
      throw error;
    }
  }

  /** The last heartbeat takes the last acknowledgements along; without an answer the session lapses by itself. */
  async #leave(): Promise<void> {
    if (this.#abandoned) return;
    for (const wait of [50, 200, 750, 1_500, 0]) {
      try {
        await this.#attend(true);
        return;
      } catch (error) {
        if (wait === 0)
          this.#options.logger.warn(
            { group: this.group, error: String(error) },
            'log: could not say goodbye; the last acknowledgements may come again',
          );
        else await sleep(wait);
      }
    }
  }

  /** Compares what is held with what the group says is ours. */
  #steer(rows: readonly AttendRow[]): void {
    const ours = new Map(rows.map((row) => [row.partition, row]));
    const held = [...this.#holdings.values()].filter((h) => !h.leaving);
    this.#giveUp(
      held.filter((h) => ours.get(h.partition)?.epoch === h.epoch && !ours.get(h.partition)!.keep),
      true,
    );
    this.#giveUp(
      held.filter((h) => ours.get(h.partition)?.epoch !== h.epoch),
      false,
    );
    if (this.#stopping) return;
    const fresh = rows.filter((row) => !this.#holdings.has(row.partition));
    for (const row of fresh) if (!row.keep) this.#release(row);
    const taken = fresh
      .filter((row) => row.keep)
      .map((row): Holding => ({ ...row, started: Promise.resolve(), feed: undefined, leaving: false }));
    if (taken.length === 0) return;
    const started = this.#inTurn(() => this.#start(taken));
    for (const holding of taken) {
      holding.started = started;
      this.#holdings.set(holding.partition, holding);
    }
  }

  /** Asks the handler where to start and starts; asks again when it failed. */
  async #start(holdings: readonly Holding[]): Promise<void> {
    for (let wait = 50; ; wait = Math.min(wait * 2, 5_000)) {
      const wanted = holdings.filter((h) => !h.leaving);
      if (wanted.length === 0 || this.#abandoned) return;
      try {
        const offsets = await this.#options.topics.offsets(this.#options.topicRow);
        const starts = await this.#handler.assigned(wanted.map((h) => h.partition));
        for (const holding of wanted) this.#feed(holding, starts.get(holding.partition), offsets[holding.partition]!);
        return;
      } catch (error) {
        this.#options.logger.warn(
          { group: this.group, error: String(error) },
          `log: partitions could not be taken, once more in ${wait} ms`,
        );
        await sleep(wait);
      }
    }
  }

  #feed(holding: Holding, start: number | undefined, { low, high }: { low: number; high: number }): void {
    const { partition, epoch } = holding;
    const { connection, topicRow: topic, maxBatch = 10_000, logger } = this.#options;
    const feed = new Feed({
      connection,
      topic,
      partition,
      group: this.group,
      start: start ?? holding.acknowledged ?? low,
      maxBatch,
      handler: this.#handler,
      logger,
      fetchBytes: () => Math.min(4 << 20, Math.max(1 << 18, AHEAD_BYTES / 2 / this.#holdings.size)),
      leased: () => performance.now() - this.#attendedAt < this.#sessionMs,
      acknowledged: (next) => this.#done.set(partition, { partition, epoch, next }),
    });
    if (this.#paused.has(partition)) feed.pause();
    feed.know(high, low);
    if (holding.leaving || this.#abandoned) feed.end();
    holding.feed = feed;
  }

  /**
   * Gives partitions up: their handlers finish, `revoked` is told, and then, if they are ours to release, others may
   * have them. Errors of the handler are its own: the partitions go all the same.
   */
  #giveUp(holdings: readonly Holding[], release: boolean): void {
    if (holdings.length === 0) return;
    for (const holding of holdings) {
      holding.leaving = true;
      holding.feed?.end();
    }
    const parting: Promise<void> = this.#part(holdings, release).finally(() => this.#partings.delete(parting));
    this.#partings.add(parting);
  }

  async #part(holdings: readonly Holding[], release: boolean): Promise<void> {
    await Promise.all(holdings.map((holding) => holding.started.then(() => holding.feed?.done)));
    const told = holdings.filter((holding) => holding.feed).map((holding) => holding.partition);
    try {
      if (told.length > 0) await this.#inTurn(() => this.#handler.revoked(told));
    } catch (error) {
      this.#options.logger.warn(
        { group: this.group, error: String(error) },
        'log: the handler failed while giving partitions up',
      );
    }
    for (const holding of holdings) {
      this.#holdings.delete(holding.partition);
      this.#paused.delete(holding.partition);
      if (release) this.#release(holding);
    }
    this.#signal.raise();
  }

  #release({ partition, epoch }: Mark): void {
    this.#released.push({ partition, epoch });
    this.#signal.raise();
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
