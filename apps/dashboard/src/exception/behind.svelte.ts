import type { ArchivedEventPage, Exception } from '@plumbline/contracts';
import { get, ProblemError } from '#live/api.ts';
import { readBack, widthFor, type Stretch, type Window } from './backwards.ts';
import { saleOf, type SaleRow } from './sales.ts';

const PAGE = 50;
/** What one answer of the API holds at most. */
const MOST = 1000;

/** Whose events: what an exception says of its series, or what a page says of one. */
export type Subject = Pick<Exception, 'scope' | 'since' | 'actual'>;

/** Events behind a number, newest first, a page at a time. Read when asked for: they are many. */
export class Behind {
  rows = $state.raw<readonly SaleRow[]>([]);
  loading = $state(false);
  /** Nothing older is left. */
  ended = $state(false);
  problem = $state.raw<ProblemError | undefined>();
  #window: Window = { edge: 0, width: 0 };
  #stop = new AbortController();

  /** Starts anew with what there is up to `to`, event time. */
  async first(subject: Subject, to: number): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    const lasted = Math.max(1, to - Date.parse(subject.since));
    this.#window = { edge: to, width: widthFor(PAGE, Number(subject.actual ?? 0), lasted) };
    this.ended = false;
    await this.#read(subject, []);
  }

  async more(subject: Subject): Promise<void> {
    if (!this.loading && !this.ended) await this.#read(subject, this.rows);
  }

  close(): void {
    this.#stop.abort();
  }

  async #read({ scope, since }: Subject, before: readonly SaleRow[]): Promise<void> {
    const { signal } = this.#stop;
    const begin = Date.parse(since);
    this.loading = true;
    this.problem = undefined;
    try {
      const stretch = async (from: number, to: number): Promise<Stretch<SaleRow>> => {
        const range = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
        const page = await get<ArchivedEventPage>('/events', { ...scope, ...range, limit: MOST }, signal);
        return { items: page.items.map(saleOf), whole: page.next === null };
      };
      const { items, window } = await readBack(this.#window, begin, PAGE, stretch, ({ time }) => time);
      this.#window = window;
      this.rows = [...before, ...items];
      this.ended = window.edge <= begin;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ProblemError)) throw error;
      this.problem = error;
    } finally {
      if (!signal.aborted) this.loading = false;
    }
  }
}
