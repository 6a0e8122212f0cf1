/**
 * Runs a task at once when asked, and then at most once in `every` milliseconds however often it is asked: the last
 * asking is never lost. A run still under way is waited for, not doubled.
 */
export class Paced {
  readonly #task: (signal: AbortSignal) => Promise<void>;
  readonly #every: number;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #wanted = false;
  #endedAt = -Infinity;

  constructor(every: number, task: (signal: AbortSignal) => Promise<void>) {
    this.#every = every;
    this.#task = task;
  }

  /** @param soonest milliseconds to wait even if nothing ran lately */
  ask(soonest = 0): void {
    if (this.#stop.signal.aborted || this.#timer !== undefined) return;
    if (this.#running) {
      this.#wanted = true;
      return;
    }
    const wait = Math.max(soonest, this.#endedAt + this.#every - performance.now());
    if (wait <= 0) void this.#run();
    else this.#timer = setTimeout(() => void this.#run(), wait);
  }

  stop(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#running = true;
    this.#wanted = false;
    try {
      await this.#task(this.#stop.signal);
    } finally {
      this.#running = false;
      this.#endedAt = performance.now();
      if (this.#wanted) this.ask();
    }
  }
}
