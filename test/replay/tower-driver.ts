import type { Exception, ExceptionTransition } from '@plumbline/contracts';
import { canonicalJson, type Instant } from '@plumbline/kernel';
import { compileEncoded, type PlanIndex } from '@plumbline/plan';
import type { AppendRecord, SnapshotPage, StoredPlan } from '@plumbline/ports';
import { plansOf, restore, RollUp, Snapshots } from '@plumbline/stream-rollup';
import { DetectDriver } from './detect-driver.ts';

export interface Shelf {
  plan(hash: string): Promise<StoredPlan | undefined>;
}

/** The whole tower in memory: detect partitions and the roll-up, every cut the test's. */
export class TowerDriver {
  readonly detect: DetectDriver;
  readonly #shelf: Shelf;
  readonly #budget: number;
  readonly #plans = new Map<string, PlanIndex>();
  #rollUp: RollUp;
  #snapshots = new Snapshots();
  #meta: Uint8Array | undefined;
  readonly #pages = new Map<number, SnapshotPage>();
  /** Exceptions in their last state, by id, in order of raising. */
  readonly exceptions = new Map<string, Exception>();
  readonly transitions: ExceptionTransition[] = [];
  readonly refused: string[] = [];
  /** Each exception as it was when it was raised. */
  readonly raised: { at: Instant; exception: Exception }[] = [];
  /** All that was published at each tick, as canonical JSON. */
  readonly published: string[] = [];
  ticks = 0;

  constructor(partitions: number, shelf: Shelf, budget = 5) {
    this.detect = new DetectDriver(partitions, shelf, budget);
    this.#shelf = shelf;
    this.#budget = budget;
    this.#rollUp = new RollUp({ budget });
  }

  append(records: readonly AppendRecord[]): void {
    this.detect.append(records);
  }

  get figures(): string | undefined {
    return this.#rollUp.figures();
  }

  /** Ticks that every partition has committed and the roll-up has not handled. */
  get waiting(): number {
    return Math.min(...this.detect.deltas.map((deltas) => deltas.length));
  }

  /** Handles at most `limit` waiting ticks, and takes a snapshot as the runner does with each commit. */
  async rollUp(limit = Infinity): Promise<void> {
    const count = Math.min(limit, this.waiting);
    const taken = this.detect.deltas.map((deltas) => deltas.splice(0, count));
    for (let i = 0; i < count; i++) {
      const deltas = taken.map((of) => of[i]!);
      for (const { plans } of deltas) for (const { hash } of plans) await this.#provide(hash);
      this.#handle(deltas);
    }
    const { meta, pages } = this.#snapshots.save(this.#rollUp);
    this.#meta = meta;
    for (const page of pages) this.#pages.set(page.page, page);
  }

  /** Throws the roll-up's state away and takes it up from its snapshot, as a new process would. */
  async restartRollUp(): Promise<void> {
    if (!this.#meta) return;
    this.#plans.clear();
    for (const hash of plansOf(this.#meta)) await this.#load(hash);
    const provide = (fresh: RollUp): void => this.#plans.forEach((plan) => fresh.provide(plan));
    this.#rollUp = restore(this.#meta, [...this.#pages.values()], { budget: this.#budget }, provide);
    this.#snapshots = Snapshots.after(this.#meta);
  }

  #handle(deltas: Parameters<RollUp['apply']>[1]): void {
    const { tick } = deltas[0]!;
    const { exceptions, transitions, refused } = this.#rollUp.apply(tick, deltas);
    this.ticks++;
    if (exceptions.length + transitions.length + refused.length > 0) this.published.push(canonicalJson({ tick, exceptions, transitions, refused }));
    for (const exception of exceptions) this.exceptions.set(exception.id, exception);
    for (const { action, exceptionId } of transitions) {
      if (action === 'raised') this.raised.push({ at: tick, exception: this.exceptions.get(exceptionId)! });
    }
    this.transitions.push(...transitions);
    this.refused.push(...refused.map(({ commandId }) => commandId));
  }

  async #provide(hash: string): Promise<void> {
    if (!this.#rollUp.has(hash)) this.#rollUp.provide(await this.#load(hash));
  }

  async #load(hash: string): Promise<PlanIndex> {
    const known = this.#plans.get(hash);
    if (known) return known;
    const stored = await this.#shelf.plan(hash);
    const plan = compileEncoded(stored!.body, hash);
    this.#plans.set(hash, plan);
    return plan;
  }
}
