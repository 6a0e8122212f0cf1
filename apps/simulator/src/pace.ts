import { MINUTE_MS, type Instant } from '@plumbline/kernel';
import type { AppendRecord } from '@plumbline/ports';
import type { Cause, InjectedCause } from './causes.ts';
import type { DemoFeed } from './feed.ts';

/** Real time between two batches. */
const BATCH_MS = 100;
/** A step of event time never spans more than this, so that a late wake-up stays a small batch. */
const LARGEST_STEP_MS = 30 * MINUTE_MS;

export interface DemoRunOptions {
  feed: DemoFeed;
  /** Appends to the event log; resolved when durable. The run waits for it: a slow log slows the demo down. */
  append(records: readonly AppendRecord[]): Promise<void>;
  /** Real time in milliseconds, from any origin, never going back. */
  now(): number;
  /** Resolves after real milliseconds, or at once when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Event seconds a real second. Default 600. */
  rate?: number;
}

export interface DemoStatus {
  /** Event time reached, milliseconds UTC. */
  at: Instant;
  rate: number;
  paused: boolean;
  lines: number;
  causes: InjectedCause[];
}

/** The running demo: paces a feed against real time. Rate and pause can be changed at any moment. */
export class DemoRun {
  readonly #options: DemoRunOptions;
  #rate: number;
  #paused = false;

  constructor(options: DemoRunOptions) {
    this.#options = options;
    this.#rate = options.rate ?? 600;
  }

  get status(): DemoStatus {
    const { feed } = this.#options;
    return { at: feed.at, rate: this.#rate, paused: this.#paused, lines: feed.counts.lines, causes: feed.injected() };
  }

  /** @throws RangeError unless 0 < rate ≤ 86 400 event seconds a second */
  setRate(rate: number): void {
    if (!(rate > 0 && rate <= 86_400))
      throw new RangeError(`rate must be above 0 and at most 86400 event seconds a second; found ${rate}`);
    this.#rate = rate;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  inject(cause: Cause): InjectedCause {
    return this.#options.feed.inject(cause);
  }

  /** Runs until the signal is aborted; what was handed to `append` is waited for. Rejects when `append` does. */
  async run(signal: AbortSignal): Promise<void> {
    const { feed, append, now, sleep } = this.#options;
    let last = now();
    // Fractions of a millisecond of event time are carried over, so that a low rate is kept exactly.
    let owed = 0;
    while (!signal.aborted) {
      await sleep(BATCH_MS, signal);
      const at = now();
      const elapsed = at - last;
      last = at;
      if (this.#paused || signal.aborted) continue;
      owed = Math.min(owed + elapsed * this.#rate, Math.max(LARGEST_STEP_MS, BATCH_MS * this.#rate));
      const step = Math.floor(owed);
      owed -= step;
      const records = feed.advance(feed.at + step);
      if (records.length > 0) await append(records);
    }
  }
}

/** Paces a feed until the signal is aborted; for callers that need no controls. */
export const runDemo = (options: DemoRunOptions & { signal: AbortSignal }): Promise<void> =>
  new DemoRun(options).run(options.signal);
