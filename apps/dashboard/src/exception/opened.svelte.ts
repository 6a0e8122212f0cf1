import type { BacktestAnswer, Exception, ExceptionDetail, ExceptionTransition } from '@plumbline/contracts';
import { get, ProblemError } from '#live/api.ts';
import { live } from '#live/live.svelte.ts';
import { Paced } from './paced.ts';

/** History is read again this often at most, the series less often: it costs the tower more. */
const HISTORY_MS = 1500;
const SERIES_MS = 10_000;
const FOLLOW_MS = 15_000;
/** Stepping through the queue must not ask for the series of every exception passed. */
const SETTLE_MS = 150;

/** One exception as it is looked at: itself from the live state, its history and series from the API. */
export class Opened {
  readonly id: string;
  #fetched = $state.raw<ExceptionDetail | undefined>();
  transitions = $state.raw<readonly ExceptionTransition[]>([]);
  series = $state.raw<BacktestAnswer | undefined>();
  problem = $state.raw<ProblemError | undefined>();
  seriesProblem = $state.raw<ProblemError | undefined>();
  readonly #history: Paced;
  readonly #series: Paced;

  constructor(id: string) {
    this.id = id;
    this.#history = new Paced(HISTORY_MS, (signal) => this.#readHistory(signal));
    this.#series = new Paced(SERIES_MS, (signal) => this.#readSeries(signal));
    this.#history.ask();
    this.#series.ask(SETTLE_MS);
  }

  /** The newest state known; undefined while loading, and where there is none. */
  get exception(): Exception | undefined {
    const current = live.exceptions.get(this.id);
    if (!current) return this.#fetched;
    return this.#fetched && this.#fetched.change > current.change ? this.#fetched : current;
  }

  get missing(): boolean {
    return this.exception === undefined && this.problem?.problem.status === 404;
  }

  /** The exception changed: what hangs on it is read again, in its time. */
  refresh(): void {
    this.#history.ask();
    this.#series.ask();
  }

  /** Counts go on while the exception stands still. */
  follow(): () => void {
    const timer = setInterval(() => document.hidden || this.#series.ask(), FOLLOW_MS);
    return () => clearInterval(timer);
  }

  retry(): void {
    this.problem = undefined;
    this.seriesProblem = undefined;
    this.refresh();
  }

  close(): void {
    this.#history.stop();
    this.#series.stop();
  }

  async #readHistory(signal: AbortSignal): Promise<void> {
    try {
      const detail = await get<ExceptionDetail>(`/exceptions/${encodeURIComponent(this.id)}`, {}, signal);
      this.#fetched = detail;
      this.transitions = detail.transitions;
      this.problem = undefined;
    } catch (error) {
      if (!signal.aborted && error instanceof ProblemError) this.problem = error;
      else if (!signal.aborted) throw error;
    }
  }

  async #readSeries(signal: AbortSignal): Promise<void> {
    try {
      const answer = await get<BacktestAnswer>(`/exceptions/${encodeURIComponent(this.id)}/backtest`, {}, signal);
      this.series = answer;
      this.seriesProblem = undefined;
    } catch (error) {
      if (!signal.aborted && error instanceof ProblemError) this.seriesProblem = error;
      else if (!signal.aborted) throw error;
    }
  }
}
