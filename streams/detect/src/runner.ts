import { PlumblineError } from '@plumbline/kernel';
import type { DetectCommit, EventLog, LogBatch, LogConsumer, Store } from '@plumbline/ports';
import { Sharing } from './sharing.ts';
import type { DetectOptions, PlanSource } from './partition.ts';
import { DetectPartition } from './topology.ts';

export const DETECT_STREAM = 'detect';

export interface DetectRunnerOptions {
  log: EventLog;
  store: Store;
  topic: string;
  group: string;
  /** Names this process in claims, so that an operator sees who holds a partition. */
  owner: string;
  plans: PlanSource;
  detect: Omit<DetectOptions, 'partition' | 'partitions' | 'plans'>;
  logger: RunnerLogger;
  /** Monotonic milliseconds, for pacing only: never for results. */
  now: () => number;
  /** Commit at the latest this long after the first uncommitted record (ticks commit at once). Default 1000 ms. */
  commitEveryMs?: number;
  /** Flush actuals and take a snapshot this often; also when the journal holds `journalLimit` entries. Default 10 s. */
  snapshotEveryMs?: number;
  journalLimit?: number;
  maxBatch?: number;
  /** Least time between two tellings of what was counted since the last tick, for live figures. Default 25 ms. */
  shareEveryMs?: number;
  /** Shows no sign of life for this long: its partitions go to others. Default: the log's. */
  sessionTimeoutMs?: number;
}

export interface RunnerLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What runs for one assigned partition. */
interface Task {
  partition: number;
  epoch: number;
  /** Commits of this claim so far: a repeated one is recognised by its number. */
  commits: number;
  state: DetectPartition;
  /** Results up to here were committed before this claim; what the replay yields below is thrown away. */
  committedOffset: number;
  handled: number;
  snapshotAt: number;
  batch: LogBatch | undefined;
  pendingSince: number | undefined;
  stopped: boolean;
}

/**
 * Runs the detect stream for the partitions its consumer group gives it. Handling is synchronous and pure; one commit
 * at a time carries the results and offsets of all partitions with something new. While a commit is under way the next
 * batches are handled; a partition waits when its uncommitted results grow past a bound.
 */
export class DetectRunner {
  readonly #options: DetectRunnerOptions;
  readonly #tasks = new Map<number, Task>();
  readonly #sharing: Sharing;
  #consumer: LogConsumer | undefined;
  #committing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #together: NodeJS.Timeout | undefined;
  #partitions = 0;
  #failure: Error | undefined;
  readonly metrics = { handled: 0, commits: 0, commitMs: 0, detectMs: 0, replayed: 0 };
  #fail: (error: Error) => void = () => {};
  /** Rejects when the stream cannot go on; never resolves otherwise. */
  readonly failed: Promise<never> = new Promise((_, reject) => (this.#fail = reject));

  constructor(options: DetectRunnerOptions) {
    this.#options = options;
    this.#sharing = new Sharing({ store: options.store, now: options.now, everyMs: options.shareEveryMs });
    this.failed.catch(() => {});
  }

  async start(): Promise<void> {
    const { log, topic, group, maxBatch, sessionTimeoutMs } = this.#options;
    this.#partitions = await log.partitions(topic);
    this.#consumer = await log.subscribe(
      { topic, group, maxBatch: maxBatch ?? 10_000, ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }) },
      {
        assigned: (partitions) => this.#assigned(partitions),
        revoked: (partitions) => this.#revoked(partitions),
        batch: (batch) => this.#batch(batch),
        failed: (error) => this.#broken(error),
      },
    );
  }

  /** Finishes what is under way, commits it with a snapshot, and leaves the group. */
  async stop(): Promise<void> {
    await this.#consumer?.stop();
    await this.#sharing.stop();
    clearTimeout(this.#timer);
    clearTimeout(this.#together);
    await this.#committing?.catch(() => {});
  }

  /** Partitions this process works on now, with the tick each has reached. */
  progress(): { partition: number; tick: number; offset: number }[] {
    return [...this.#tasks.values()].map((task) => ({ partition: task.partition, tick: task.state.tick, offset: task.handled }));
  }

  async #assigned(partitions: readonly number[]): Promise<Map<number, number | undefined>> {
    const starts = new Map<number, number | undefined>();
    for (const partition of partitions) {
      const task = await this.#open(partition).catch((error: Error) => {
        // The log asks again, which mends a store that is away, but not a damaged snapshot or a plan that is missing.
        if (!isAway(error)) this.#broken(error);
        throw error;
      });
      this.#tasks.set(partition, task);
      starts.set(partition, task.handled);
    }
    return starts;
  }

  async #open(partition: number): Promise<Task> {
    const { store, owner, detect, plans, logger, now, snapshotEveryMs = SNAPSHOT_MS } = this.#options;
    const claim = await store.claim(DETECT_STREAM, partition, owner);
    const options = { ...detect, plans, partition, partitions: this.#partitions };
    let state: DetectPartition;
    if (claim.snapshot) {
      const pages = await store.snapshot(DETECT_STREAM, partition);
      state = await DetectPartition.restore(options, claim.snapshot.meta, pages);
    } else state = new DetectPartition(options);
    const from = claim.snapshot?.offset ?? 0;
    const committedOffset = claim.offset ?? 0;
    logger.info({ partition, epoch: claim.epoch, from, committedOffset }, 'partition claimed');
    return {
      partition,
      epoch: claim.epoch,
      commits: 0,
      state,
      committedOffset,
      handled: from,
      // Partitions take their snapshots in turn: one commit with all of them would keep ticks waiting.
      snapshotAt: now() - (snapshotEveryMs * partition) / this.#partitions,
      batch: undefined,
      pendingSince: undefined,
      stopped: false,
    };
  }

  async #revoked(partitions: readonly number[]): Promise<void> {
    const leaving = partitions.map((partition) => this.#tasks.get(partition)).filter((task) => task !== undefined);
    for (const task of leaving) task.stopped = true;
    await this.#committing?.catch(() => {});
    try {
      await this.#commit(leaving.filter((task) => task.handled >= task.committedOffset), true);
    } catch (error) {
      // The next owner replays from the last commit: nothing is lost, some work is repeated.
      this.#options.logger.warn({ error, partitions }, 'last commit of revoked partitions failed');
    }
    for (const task of leaving) this.#tasks.delete(task.partition);
  }

  async #batch(batch: LogBatch): Promise<void> {
    const task = this.#tasks.get(batch.partition);
    if (!task || task.stopped) throw new PlumblineError('partition-gone', `Partition ${batch.partition} left this process.`);
    if (this.#failure) throw this.#failure;
    const { sales } = task.state;
    try {
      await this.#handle(task, batch);
    } catch (error) {
      // Redelivery would go on from a state that took half a record: a fresh one must replay instead.
      this.#broken(error as Error);
      throw error;
    }
    if (task.handled > task.committedOffset) this.#share(task, batch, sales);
    task.batch = batch;
    task.pendingSince ??= this.#options.now();
    if (task.state.outputSize > OUTPUT_BOUND) await this.#commitSoon(true);
    else this.#schedule(task.state.hasTicks);
  }

  /** Tells live figures of a batch; `sales` were counted before it. */
  #share(task: Task, batch: LogBatch, sales: number): void {
    if (batch.length > 0) this.#sharing.handled(task, task.state.sales > sales ? [batch.timestamp(0), batch.timestamp(batch.length - 1)] : undefined);
  }

  async #handle(task: Task, batch: LogBatch): Promise<void> {
    const began = this.#options.now();
    let i = 0;
    while (i < batch.length) {
      if (batch.offset(i) < task.handled) {
        i++;
        continue;
      }
      if (task.state.wantsPlan) await this.#patiently(() => task.state.loadPlan());
      const end = task.handled < task.committedOffset ? upTo(batch, i, task.committedOffset) : batch.length;
      // A plan that takes effect is loaded before the tick at which it does: handling stops there and goes on after.
      i = task.state.handle(batch, i, end);
      task.handled = i < batch.length ? batch.offset(i) : batch.offset(batch.length - 1) + 1;
      if (task.handled <= task.committedOffset) {
        task.state.discardOutput();
        this.metrics.replayed += 1;
      }
    }
    this.metrics.handled += batch.length;
    this.metrics.detectMs += this.#options.now() - began;
  }

  /** @param soon there are ticks: they wait a moment for those of the other partitions, which come with them */
  #schedule(soon: boolean): void {
    if (this.#committing) return;
    if (soon && [...this.#tasks.values()].every((task) => task.state.hasTicks)) void this.#commitSoon(false);
    else if (soon) this.#together ??= setTimeout(() => void this.#commitSoon(false), TOGETHER_MS);
    else this.#timer ??= setTimeout(() => void this.#commitSoon(false), this.#options.commitEveryMs ?? 1000);
  }

  /** Starts a commit of everything pending, or joins the one under way (and, if asked, waits for one that starts now). */
  async #commitSoon(fresh: boolean): Promise<void> {
    if (this.#committing) {
      await this.#committing.catch(() => {});
      if (!fresh) return;
    }
    if (this.#committing) return this.#committing;
    clearTimeout(this.#timer);
    clearTimeout(this.#together);
    this.#timer = this.#together = undefined;
    const tasks = [...this.#tasks.values()].filter((task) => !task.stopped && task.pendingSince !== undefined && task.handled >= task.committedOffset);
    if (tasks.length === 0) return;
    this.#committing = this.#commit(tasks, false)
      .catch((error: Error) => this.#broken(error))
      .finally(() => {
        this.#committing = undefined;
        const waiting = [...this.#tasks.values()].filter((task) => task.pendingSince !== undefined && !task.stopped);
        if (waiting.length > 0 && !this.#failure) this.#schedule(waiting.some((task) => task.state.hasTicks));
      });
    await this.#committing;
  }

  async #commit(tasks: readonly Task[], last: boolean): Promise<void> {
    if (tasks.length === 0) return;
    const { now, snapshotEveryMs = SNAPSHOT_MS, journalLimit = 400_000 } = this.#options;
    const began = now();
    const batches: (LogBatch | undefined)[] = [];
    const commits = tasks.map((task): DetectCommit => {
      const snapshot = last || began - task.snapshotAt >= snapshotEveryMs || task.state.journalSize >= journalLimit;
      if (snapshot) task.snapshotAt = began;
      batches.push(task.batch);
      task.batch = undefined;
      task.pendingSince = undefined;
      return { partition: task.partition, epoch: task.epoch, number: ++task.commits, offset: task.handled, ...task.state.takeOutput(snapshot) };
    });
    const written = await this.#write(commits);
    commits.forEach((commit, i) => {
      if (!written.has(commit.partition)) return;
      tasks[i]!.committedOffset = commit.offset;
      if (commit.offset > 0) batches[i]?.acknowledge(commit.offset - 1);
    });
    this.metrics.commits++;
    this.metrics.commitMs += now() - began;
  }

  /** @returns the partitions written: those that were not have another owner now, and are dropped here */
  async #write(commits: readonly DetectCommit[]): Promise<Set<number>> {
    if (await this.#writeOnce(commits)) return new Set(commits.map(({ partition }) => partition));
    const written = new Set<number>();
    for (const commit of commits) {
      if (commits.length > 1 && (await this.#writeOnce([commit]))) written.add(commit.partition);
      else this.#drop(commit.partition);
    }
    return written;
  }

  /**
   * A commit whose outcome is unknown is repeated as it is: the store knows its number.
   * @returns false when a partition of these was fenced; then nothing was written
   */
  async #writeOnce(commits: readonly DetectCommit[]): Promise<boolean> {
    try {
      await this.#patiently(() => this.#options.store.commitDetect(commits));
      return true;
    } catch (error) {
      if (error instanceof PlumblineError && error.code === 'fenced') return false;
      throw error;
    }
  }

  /** The store may be away for a while; what waits for it goes on when it is back. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
      try {
        return await ask();
      } catch (error) {
        if (!isAway(error) || this.#failure) throw error;
        this.#options.logger.warn({ error: error.message, wait }, 'store unavailable, will try again');
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  #drop(partition: number): void {
    const task = this.#tasks.get(partition);
    if (!task) return;
    task.stopped = true;
    this.#tasks.delete(partition);
    this.#options.logger.warn({ partition }, 'partition has another owner; dropped');
  }

  #broken(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#options.logger.error({ error: error.message }, 'detect stopped');
    this.#fail(error);
  }
}

const isAway = (error: unknown): error is PlumblineError => error instanceof PlumblineError && error.code === 'store-unavailable';

/** Uncommitted results of a partition, in rough bytes, past which its next batch waits for the commit. */
const OUTPUT_BOUND = 32 * 1024 * 1024;

const SNAPSHOT_MS = 10_000;
/** Ticks of several partitions are fetched one after the other. */
const TOGETHER_MS = 10;

/** First index whose offset is not below `offset`. */
function upTo(batch: LogBatch, from: number, offset: number): number {
  let low = from;
  let high = batch.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (batch.offset(middle) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
