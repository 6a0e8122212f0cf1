import { decodeDelta, type TickDelta } from '@plumbline/contracts';
import { PlumblineError } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';
import type { Claim, RollUpCommit, Store, StoredDelta } from '@plumbline/ports';
import { plansOf, restore, Snapshots } from './snapshot.ts';
import { RollUp, type RollUpOptions } from './topology.ts';

export const ROLLUP_STREAM = 'rollup';
/** The roll-up's place among the store's claims. */
export const ROLLUP_PARTITION = -1;
/** Deltas of one commit; ticks are never split. More while there is much to catch up with and the deltas are small. */
const BATCH = { least: 512, most: 4096, bytes: 8 * 1024 * 1024 };
const WAIT_MS = 500;
/**
 * A replay brings many ticks a second. What a commit costs does not depend on how many it holds, so after one of more
 * ticks than live ones bring, the next is put off a little.
 */
const LIVE_TICKS = 8;
const PACE_MS = 150;
/** Ticks after which others in the process get their turn. */
const TURN = 64;

export interface RollUpRunnerOptions {
  store: Pick<Store, 'claim' | 'snapshot' | 'detectTicks' | 'deltas' | 'commitRollUp' | 'wait'>;
  partitions: number;
  /** Names this process in the claim. */
  owner: string;
  /** @throws PlumblineError when no plan version has this hash */
  loadPlan(hash: string): Promise<PlanIndex>;
  logger: RunnerLogger;
  signal: AbortSignal;
  options?: Partial<RollUpOptions>;
  /** Told after each commit, for the console and sockets of the same process. */
  committed?: (commit: Pick<RollUpCommit, 'tick' | 'exceptions' | 'transitions' | 'figures'>) => void;
}

export interface RunnerLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface RollUpTask {
  /** Resolves when the signal has stopped it or another owner has taken over; rejects when it cannot go on. */
  done: Promise<'stopped' | 'fenced'>;
  progress(): { tick: number; commits: number; open: number };
}

/** Starts the roll-up: it claims its place, takes up its snapshot and goes on with every tick that all partitions closed. */
export function startRollUp(options: RollUpRunnerOptions): RollUpTask {
  const runner = new Runner(options);
  return { done: runner.run(), progress: () => runner.progress() };
}

class Runner {
  readonly #options: RollUpRunnerOptions;
  #rollUp: RollUp;
  #snapshots = new Snapshots();
  #epoch = 0;
  #commits = 0;
  #limit = BATCH.least;

  constructor(options: RollUpRunnerOptions) {
    this.#options = options;
    this.#rollUp = new RollUp(options.options);
  }

  progress(): { tick: number; commits: number; open: number } {
    return { tick: this.#rollUp.tick, commits: this.#commits, open: this.#rollUp.book.live().length };
  }

  async run(): Promise<'stopped' | 'fenced'> {
    const { signal, logger } = this.#options;
    try {
      await this.#claim();
      while (!signal.aborted) if (!(await this.#step())) await this.#idle();
      return 'stopped';
    } catch (error) {
      if (signal.aborted && codeOf(error) === UNAVAILABLE) return 'stopped';
      if (codeOf(error) !== 'fenced') throw error;
      logger.warn({ epoch: this.#epoch }, 'another process has taken over the roll-up');
      return 'fenced';
    }
  }

  async #claim(): Promise<void> {
    const { store, owner, options = {}, logger } = this.#options;
    const claim: Claim = await this.#patiently(() => store.claim(ROLLUP_STREAM, ROLLUP_PARTITION, owner));
    this.#epoch = claim.epoch;
    if (claim.snapshot) {
      const { meta } = claim.snapshot;
      const pages = await this.#patiently(() => store.snapshot(ROLLUP_STREAM, ROLLUP_PARTITION));
      const plans = await Promise.all(plansOf(meta).map((hash) => this.#loadPlan(hash)));
      this.#rollUp = restore(meta, pages, options, (rollUp) => plans.forEach((plan) => rollUp.provide(plan)));
      this.#snapshots = Snapshots.after(meta);
    }
    logger.info({ epoch: claim.epoch, tick: this.#rollUp.tick }, 'roll-up claimed');
  }

  /** Handles what has arrived; false when there was nothing. */
  async #step(): Promise<boolean> {
    const { store, partitions } = this.#options;
    const through = Math.min(...(await this.#patiently(() => store.detectTicks(partitions))));
    const after = Math.max(this.#rollUp.tick, -1);
    if (!(through > after)) return false;
    const limit = Math.max(this.#limit, 2 * partitions);
    const stored = await this.#patiently(() => store.deltas(after, through, limit));
    const bytes = stored.reduce((sum, { payload }) => sum + payload.length, 0);
    const full = stored.length >= limit;
    if (bytes > BATCH.bytes) this.#limit = Math.max(BATCH.least, this.#limit / 2);
    else if (full) this.#limit = Math.min(BATCH.most, this.#limit * 2);
    const ticks = whole(stored, limit);
    if (ticks.length === 0) return false;
    await this.#handle(ticks);
    if (ticks.length > LIVE_TICKS && !full) await this.#sleep(PACE_MS);
    return true;
  }

  async #handle(ticks: readonly TickDelta[][]): Promise<void> {
    const rollUp = this.#rollUp;
    const exceptions = new Map<string, RollUpCommit['exceptions'][number]>();
    const transitions: RollUpCommit['transitions'] = [];
    const samples: NonNullable<RollUpCommit['samples']> = [];
    for (const [i, deltas] of ticks.entries()) {
      if (i % TURN === TURN - 1) await new Promise((resolve) => setImmediate(resolve));
      for (const { hash } of deltas.flatMap(({ plans }) => plans)) {
        if (!rollUp.has(hash)) rollUp.provide(await this.#loadPlan(hash));
      }
      const result = rollUp.apply(deltas[0]!.tick, deltas);
      for (const exception of result.exceptions) {
        exceptions.delete(exception.id);
        exceptions.set(exception.id, exception);
      }
      transitions.push(...result.transitions);
      if (result.sample) samples.push(result.sample);
      for (const refused of result.refused) this.#options.logger.info(refused, 'command refused');
    }
    const { tick } = rollUp;
    const results = { tick, exceptions: [...exceptions.values()], transitions, figures: rollUp.figures(), samples };
    // Pages are marked as written once they are taken: this very commit is repeated until it is in the store.
    const commit: RollUpCommit = { epoch: this.#epoch, ...results, feeds: rollUp.feedFacts(), snapshot: this.#snapshots.save(rollUp) };
    await this.#patiently(() => this.#options.store.commitRollUp(commit));
    this.#commits++;
    this.#options.committed?.(results);
  }

  /** Waits for news. What was committed since the last look is seen first, so that no notification is missed. */
  async #idle(): Promise<void> {
    const { store, signal } = this.#options;
    const news = store.wait('deltas', WAIT_MS, signal);
    news.catch(() => {});
    if (await this.#step()) return;
    await news.catch(async (error: unknown) => {
      if (signal.aborted) return;
      if (codeOf(error) !== UNAVAILABLE) throw error;
      await this.#sleep(WAIT_MS);
    });
  }

  #loadPlan(hash: string): Promise<PlanIndex> {
    return this.#patiently(() => this.#options.loadPlan(hash));
  }

  /** The store may be away for a while: the same again until it is back, or the signal says stop. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let wait = 50; ; wait = Math.min(2 * wait, 2000)) {
      try {
        return await work();
      } catch (error) {
        if (codeOf(error) !== UNAVAILABLE || this.#options.signal.aborted) throw error;
        this.#options.logger.warn({ error: (error as Error).message, wait }, 'store unavailable, will try again');
        await this.#sleep(wait);
      }
    }
  }

  /** Ends early when the signal says stop. */
  async #sleep(ms: number): Promise<void> {
    const { signal } = this.#options;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
    });
  }
}

const UNAVAILABLE = 'store-unavailable';

const codeOf = (error: unknown): string | undefined => (error instanceof PlumblineError ? error.code : undefined);

/** Deltas by tick. When the answer was cut off, its last tick may not be whole and is left for the next. */
function whole(stored: readonly StoredDelta[], limit: number): TickDelta[][] {
  const ticks: TickDelta[][] = [];
  for (const { tick, payload } of stored) {
    const delta = decodeDelta(payload);
    if (ticks.at(-1)?.[0]!.tick === tick) ticks.at(-1)!.push(delta);
    else ticks.push([delta]);
  }
  if (stored.length >= limit && ticks.length > 1) ticks.pop();
  return ticks;
}
