import { figuresSchema, type FiguresAnswer, type FiguresHistory, type FiguresHistoryQuery } from '@plumbline/contracts';
import { DAY_MS, formatInstant, parseInstant, PlumblineError } from '@plumbline/kernel';
import type { FiguresSample } from '@plumbline/ports';
import type { Now, Source } from './source.ts';

/** The tower's tiles and cells: as of the roll-up's last tick, and the tiles' past. */
export class TowerFigures {
  readonly #source: Source;
  readonly #now: Now;

  constructor(source: Source, now: Now) {
    this.#source = source;
    this.#now = now;
  }

  async present(): Promise<FiguresAnswer> {
    const stored = await this.#source.store.figures();
    const figures = stored && figuresSchema.safeParse(JSON.parse(stored.body));
    return { figures: figures?.success ? figures.data : null };
  }

  /** @throws PlumblineError 'range-invalid' */
  async history({ from, to, points }: FiguresHistoryQuery): Promise<FiguresHistory> {
    const { store } = this.#source;
    const { figures } = await this.present();
    const end = to === undefined ? 1 + (figures ? parseInstant(figures.tick) : this.#now()) : parseInstant(to);
    const begin = from === undefined ? end - DAY_MS : parseInstant(from);
    if (begin >= end) throw new PlumblineError('range-invalid', 'The time asked for ends before it begins.', { where: 'query, from and to', fix: 'Give a `from` before `to`.' });
    const samples = await store.figuresSamples(begin, end);
    const items = thinned(samples, begin, end, points).map(({ at, ...rest }) => ({ at: formatInstant(at), ...rest }));
    return { from: formatInstant(begin), to: formatInstant(end), currency: figures?.currency ?? null, items };
  }
}

/** Of each of so many equal parts of the time the last sample. */
function thinned(samples: readonly FiguresSample[], from: number, to: number, points: number): FiguresSample[] {
  if (samples.length <= points) return [...samples];
  const last = new Map<number, FiguresSample>();
  for (const sample of samples) last.set(Math.floor(((sample.at - from) * points) / (to - from)), sample);
  return [...last.values()];
}
