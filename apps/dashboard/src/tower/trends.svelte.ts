import type { FiguresHistory } from '@plumbline/contracts';
import { get } from '#live/api.ts';
import { live } from '#live/live.svelte.ts';

/** How the tiles moved over the last day. A quarter of an hour is the finest there is, so that asking seldom is enough. */
const EVERY = 30_000;

class Trends {
  today = $state.raw<readonly (number | null)[]>([]);
  week = $state.raw<readonly (number | null)[]>([]);
  month = $state.raw<readonly (number | null)[]>([]);
  risk = $state.raw<readonly (number | null)[]>([]);
  silent = $state.raw<readonly number[]>([]);

  /** Keeps them up to date until the returned function is called. Without an answer the tiles stand without a trend. */
  follow(): () => void {
    const ask = (): void => {
      if (document.hidden) return;
      get<FiguresHistory>('/figures/history', { points: 48 }).then(
        (history) => this.#take(history),
        () => undefined,
      );
    };
    void live.drawn.then(ask);
    const timer = setInterval(ask, EVERY);
    return () => clearInterval(timer);
  }

  #take({ items }: FiguresHistory): void {
    const percents = (member: 'today' | 'week' | 'month'): (number | null)[] =>
      items.map(({ [member]: share }) => (share === null ? null : share * 100));
    this.today = percents('today');
    this.week = percents('week');
    this.month = percents('month');
    this.silent = items.map(({ silent }) => silent);
    this.risk = items.map(({ valueAtRisk }) => Number(valueAtRisk));
  }
}

export const trends = new Trends();
