import { encodeDelta, type Exception, type ExceptionTransition, type TickDelta } from '@plumbline/contracts';
import { canonicalJson, HOUR_MS, parseInstant, PlumblineError } from '@plumbline/kernel';
import type { RollUpCommit, SnapshotPage, StoredDelta } from '@plumbline/ports';
import { describe, expect, it } from 'vitest';
import { startRollUp, type RollUpRunnerOptions } from './runner.ts';
import { DetectDriver, drawDay, retailPlan } from './test-driver.ts';

const START = parseInstant('2026-11-02T05:00:00Z');
const plan = retailPlan({ families: 2, skusPerFamily: 3, regions: 2, locationsPerRegion: 2, dailyLines: 10 });
const PARTITIONS = 3;

/** Keeps what a store keeps of the roll-up, with its fence; deltas become visible as the test releases them. */
class MemoryStore {
  deltasStored: StoredDelta[] = [];
  exceptionsStored = new Map<string, Exception>();
  history: ExceptionTransition[] = [];
  pages = new Map<number, SnapshotPage>();
  meta: Uint8Array | undefined;
  tick = -Infinity;
  epoch = 0;
  commits = 0;
  failAt = Infinity;
  /** Each call fails this often before it gets through; a commit every second time after it was written. */
  away = 0;
  #fails = 0;

  /** @throws as the store does when its database cannot be reached */
  #reach(): void {
    if (this.#fails < this.away) {
      this.#fails++;
      throw new PlumblineError('store-unavailable', 'no connection');
    }
    this.#fails = 0;
  }

  async claim() {
    this.#reach();
    return { epoch: ++this.epoch, offset: undefined, tick: this.tick, snapshot: this.meta && { offset: 0, meta: this.meta } };
  }
  async snapshot(): Promise<SnapshotPage[]> {
    this.#reach();
    return [...this.pages.values()].sort((a, b) => a.page - b.page);
  }
  async detectTicks(partitions: number): Promise<number[]> {
    return Array.from({ length: partitions }, (_, partition) =>
      this.deltasStored.reduce((last, delta) => (delta.partition === partition ? delta.tick : last), this.tick),
    );
  }
  async deltas(after: number, through: number, limit: number): Promise<StoredDelta[]> {
    this.#reach();
    return this.deltasStored.filter(({ tick }) => tick > after && tick <= through).slice(0, limit);
  }
  async commitRollUp(commit: RollUpCommit): Promise<void> {
    if (commit.epoch !== this.epoch) throw new PlumblineError('fenced', 'another owner');
    if (++this.commits === this.failAt) throw new Error('the connection broke');
    if (this.away > 0 && this.commits % 2 === 0) this.#reach();
    this.tick = commit.tick;
    this.deltasStored = this.deltasStored.filter(({ tick }) => tick > commit.tick);
    for (const exception of commit.exceptions) this.exceptionsStored.set(exception.id, exception);
    for (const one of commit.transitions) {
      const known = this.history.some(({ exceptionId, sequence }) => exceptionId === one.exceptionId && sequence === one.sequence);
      if (!known) this.history.push(one);
    }
    this.meta = commit.snapshot.meta;
    for (const page of commit.snapshot.pages) this.pages.set(page.page, page);
    for (const page of this.pages.keys()) if (page >= commit.snapshot.pageCount) this.pages.delete(page);
    if (this.away > 0) this.#reach();
  }
  async wait(_: string, _timeout: number, signal?: AbortSignal): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, signal?.aborted ? 0 : 2));
  }

  get result(): string {
    return canonicalJson({ exceptions: [...this.exceptionsStored.values()].sort((a, b) => a.change - b.change), history: this.history });
  }
}

function story(): TickDelta[][] {
  const detect = new DetectDriver(plan, PARTITIONS, 2, START);
  const ticks = [detect.tick(START, [], [], [{ id: 'P-1', hash: plan.version.hash, effectiveAt: START }])];
  const first = plan.zones[0]!.dayOf(START);
  for (let hour = 1; hour <= 5 * 24; hour++) {
    const tick = START + hour * HOUR_MS;
    const zone = plan.zones[0]!;
    const day = zone.dayOf(tick - HOUR_MS);
    const heard = new Set<string>();
    for (let leaf = 0; leaf < plan.leaves; leaf++) {
      const lines = drawDay(plan, leaf, day, 1, day > first + 1 && plan.leafLocation[leaf] === 2 ? 3 : 1)[zone.hourOf(tick - HOUR_MS)]!;
      if (lines === 0) continue;
      detect.sell(leaf, day, lines, 1000);
      heard.add(plan.locations[plan.leafLocation[leaf]!]!.code);
    }
    ticks.push(detect.tick(tick, [...heard].sort()));
  }
  return ticks;
}

const stored = (ticks: readonly TickDelta[][]): StoredDelta[] =>
  ticks.flat().map((delta) => ({ partition: delta.partition, tick: delta.tick, payload: encodeDelta(delta) }));

function start(store: MemoryStore, stop: AbortController) {
  const options: RollUpRunnerOptions = {
    store,
    partitions: PARTITIONS,
    owner: 'test',
    loadPlan: async () => plan,
    logger: { info: () => {}, warn: () => {} },
    signal: stop.signal,
    options: { budget: 2 },
  };
  return startRollUp(options);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

const ticks = story();
const last = ticks.at(-1)![0]!.tick;

async function undisturbed(): Promise<string> {
  const store = new MemoryStore();
  store.deltasStored = stored(ticks);
  const stop = new AbortController();
  const task = start(store, stop);
  await until(() => store.tick === last);
  stop.abort();
  expect(await task.done).toBe('stopped');
  return store.result;
}

describe('the roll-up’s loop', () => {
  it('gives the same when deltas trickle in, commits fail and it starts again and again', async () => {
    const expected = await undisturbed();
    expect(expected).toContain('X-1');
    const store = new MemoryStore();
    let given = 0;
    for (let round = 0; store.tick < last; round++) {
      const stop = new AbortController();
      store.failAt = store.commits + 4;
      const task = start(store, stop);
      const outcome = task.done.then(
        () => 'stopped',
        () => 'broken',
      );
      let over = false;
      void outcome.then(() => (over = true));
      for (let i = 0; i < 12 && given < ticks.length && !over; i++) {
        store.deltasStored.push(...stored([ticks[given++]!]));
        const goal = ticks[given - 1]![0]!.tick;
        await until(() => over || store.tick >= goal);
      }
      if (given === ticks.length) await until(() => over || store.tick === last);
      stop.abort();
      await outcome;
    }
    expect(store.result).toBe(expected);
    expect(store.deltasStored).toEqual([]);
  });

  it('goes on when the store was away, also when a commit was written and its answer lost', async () => {
    const expected = await undisturbed();
    const store = new MemoryStore();
    store.away = 1;
    for (let given = 0; given < ticks.length; given += 30) {
      const stop = new AbortController();
      const task = start(store, stop);
      store.deltasStored.push(...stored(ticks.slice(given, given + 30)));
      const goal = ticks[Math.min(given + 30, ticks.length) - 1]![0]!.tick;
      await until(() => store.tick >= goal);
      stop.abort();
      expect(await task.done).toBe('stopped');
    }
    expect(store.result).toBe(expected);
  });

  it('waits for the slowest partition', async () => {
    const store = new MemoryStore();
    store.deltasStored = stored(ticks.slice(0, 20)).filter(({ partition, tick }) => partition !== 1 || tick <= ticks[9]![0]!.tick);
    const stop = new AbortController();
    const task = start(store, stop);
    await until(() => store.tick === ticks[9]![0]!.tick);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(store.tick).toBe(ticks[9]![0]!.tick);
    stop.abort();
    await task.done;
  });

  it('steps aside when another process has taken over', async () => {
    const store = new MemoryStore();
    const stop = new AbortController();
    const task = start(store, stop);
    await until(() => store.epoch === 1);
    await store.claim();
    store.deltasStored = stored(ticks.slice(0, 3));
    expect(await task.done).toBe('fenced');
    expect(store.commits).toBe(0);
  });
});
