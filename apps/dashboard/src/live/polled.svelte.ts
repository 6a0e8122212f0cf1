import { get, ProblemError } from './api.ts';

/** An answer of the API that is read again and again while its page is looked at; the last one stays until the next. */
export class Polled<T> {
  value = $state.raw<T | undefined>();
  problem = $state.raw<ProblemError | undefined>();
  #question: { path: string; parameters: Record<string, string | number | undefined> } | undefined;
  #stop = new AbortController();

  /** Another question: what was answered to the one before stays on screen until then. */
  async ask(path: string, parameters: Record<string, string | number | undefined> = {}): Promise<void> {
    this.#question = { path, parameters };
    await this.again();
  }

  async again(): Promise<void> {
    if (!this.#question) return;
    this.#stop.abort();
    const { signal } = (this.#stop = new AbortController());
    try {
      const value = await get<T>(this.#question.path, this.#question.parameters, signal);
      if (signal.aborted) return;
      this.value = value;
      this.problem = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ProblemError)) throw error;
      this.problem = error;
    }
  }

  /** Reads anew every so often, and when the page is looked at again, until the returned function is called. */
  follow(everyMs: number): () => void {
    const again = (): void => {
      if (!document.hidden) void this.again();
    };
    const timer = setInterval(again, everyMs);
    addEventListener('focus', again);
    return () => {
      clearInterval(timer);
      removeEventListener('focus', again);
      this.#stop.abort();
    };
  }
}
