import { encodeIncrements, type Increment } from '@plumbline/contracts';
import type { Store } from '@plumbline/ports';
import type { Counted } from './topology.ts';

export interface SharingOptions {
  store: Pick<Store, 'share' | 'listened'>;
  /** Monotonic milliseconds. */
  now: () => number;
  /** Least time between two tellings. Default 25 ms. */
  everyMs?: number | undefined;
}

/** A partition whose counts can be told. */
export interface Countable {
  partition: number;
  epoch: number;
  stopped: boolean;
  state: { takeCounted(): Counted[] };
}

/** What Store.share carries. */
const SHARED_BYTES = 7500;
/** After one that failed. */
const REST_MS = 1000;

/**
 * Tells whoever shows live figures what was counted since the last tick: at once after a rest, else at a steady pace, all
 * partitions of this process together. One telling follows another, so that they arrive in order; what is lost is told
 * again by the next, or by the roll-up's figures of the next tick.
 */
export class Sharing {
  readonly #options: SharingOptions;
  readonly #news = new Map<Countable, Increment['accepted']>();
  #timer: NodeJS.Timeout | undefined;
  #telling: Promise<void> | undefined;
  #notBefore = -Infinity;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  /** A partition has handled records; `accepted`: when the log took the first and the last of them, if any was counted. */
  handled(partition: Countable, accepted: Increment['accepted']): void {
    if (!this.#options.store.listened('increments')) {
      this.#news.clear();
      return;
    }
    const known = this.#news.get(partition);
    this.#news.set(partition, known && accepted ? [Math.min(known[0], accepted[0]), Math.max(known[1], accepted[1])] : (accepted ?? known));
    this.#schedule();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#news.clear();
    await this.#telling;
  }

  #schedule(): void {
    if (this.#telling || this.#timer || this.#news.size === 0) return;
    const early = this.#notBefore - this.#options.now();
    if (early <= 0) return this.#tell();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tell();
    }, early);
  }

  #tell(): void {
    const { now, everyMs = 25 } = this.#options;
    this.#notBefore = now() + everyMs;
    const increments: Increment[] = [];
    for (const [task, accepted] of this.#news) {
      if (task.stopped) continue;
      const counted = task.state.takeCounted();
      counted.forEach((one, i) => {
        const last = i === counted.length - 1;
        increments.push({ partition: task.partition, epoch: task.epoch, ...one, ...(last && accepted ? { accepted } : {}) });
      });
    }
    this.#news.clear();
    this.#telling = this.#shareAll(encodeIncrements(increments, SHARED_BYTES))
      .catch(() => void (this.#notBefore = now() + REST_MS))
      .then(() => {
        this.#telling = undefined;
        this.#schedule();
      });
  }

  async #shareAll(texts: readonly string[]): Promise<void> {
    for (const text of texts) await this.#options.store.share('increments', text);
  }
}
