import type { ComparisonAnswer, Status } from '@plumbline/contracts';
import { viewerZone } from '#format/times.ts';
import { address, get, ProblemError } from '#live/api.ts';
import { live } from '#live/live.svelte.ts';
import { places } from '#live/places.svelte.ts';
import { asked, mainZone } from './range.ts';
import { grains, toAddress, type View } from './view.ts';

/** Answers are read anew so often while the page is looked at, milliseconds; large ones less often, the past seldom. */
const EVERY = 10_000;
const EVERY_LARGE = 30_000;
const EVERY_PAST = 60_000;
const LARGE = 300;

/** What the tower says of a view, read again and again; the last answer stays until the next one is there. */
export class Comparing {
  answer = $state.raw<ComparisonAnswer | undefined>();
  /** The view that `answer` is of. */
  answered = $state.raw<View | undefined>();
  problem = $state.raw<ProblemError | undefined>();
  loading = $state(false);
  /** Rows asked for; more of them on demand. */
  limit = $state(100);
  #stop = new AbortController();
  #readAt = 0;

  /** The same question by the address of its CSV. */
  csv = $state('');

  async read(view: View): Promise<void> {
    this.#stop.abort();
    const stop = (this.#stop = new AbortController());
    this.loading = true;
    try {
      const parameters = await this.#parameters(view, stop.signal);
      const answer = await get<ComparisonAnswer>('/comparison', { ...parameters, limit: this.limit }, stop.signal);
      if (stop.signal.aborted) return;
      this.answer = answer;
      this.answered = view;
      this.problem = undefined;
      this.csv = address('/comparison', { ...parameters, format: 'csv' });
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!(error instanceof ProblemError)) throw error;
      this.problem = error;
      // What was on screen stays for a view that could be read before; another view's figures must not.
      if (this.answered === undefined || toAddress(this.answered) !== toAddress(view)) this.answer = undefined;
    } finally {
      if (!stop.signal.aborted) {
        this.loading = false;
        this.#readAt = Date.now();
      }
    }
  }

  /** Whether the answer is old enough to be read anew; one that failed is tried again. @param now viewer's clock */
  isDue(now: number): boolean {
    if (this.loading) return false;
    const { answer } = this;
    if (!answer || this.problem) return now - this.#readAt >= EVERY;
    const past = answer.elapsedTo !== null && answer.elapsedTo !== answer.at;
    return now - this.#readAt >= (past ? EVERY_PAST : answer.cells.length > LARGE ? EVERY_LARGE : EVERY);
  }

  close(): void {
    this.#stop.abort();
  }

  async #parameters(view: View, signal: AbortSignal): Promise<Record<string, string | number | undefined>> {
    await places.known();
    const inView = [...places.byCode].filter(([code, { region }]) => (view.region === undefined || region === view.region) && (view.location === undefined || code === view.location));
    const zone = mainZone(inView.map(([, place]) => place.zone), viewerZone);
    const { from, to } = asked(view.range, await towerNow(signal), zone);
    const { rows, columns } = grains(view);
    const { family, sku, region, location } = view;
    const sort = view.sort === 'name' ? undefined : view.measure === 'revenue' ? 'value' : 'variance';
    return { from, to, rows, columns, family, sku, region, location, sort };
  }
}

/** Event time: in a demo or a replay it is not the viewer's. */
async function towerNow(signal: AbortSignal): Promise<number> {
  if (live.now !== undefined) return live.now;
  const { partitions } = await get<Status>('/status', {}, signal);
  const ticks = partitions.map(({ tick }) => (tick === null ? NaN : Date.parse(tick))).filter(Number.isFinite);
  return ticks.length > 0 ? Math.min(...ticks) : Date.now();
}
