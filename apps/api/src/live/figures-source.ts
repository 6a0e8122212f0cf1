import { figuresSchema, type Figures } from '@plumbline/contracts';
import type { Store } from '@plumbline/ports';
import { ProvisionalFigures } from './provisional-figures.ts';

/** @param accepted when the log took the first event that these figures count and none before did, milliseconds UTC */
export type FiguresListener = (figures: Figures, accepted?: number) => void;

/** Whoever knows the tower's newest figures. */
export interface FiguresSource {
  /** Calls the listener with the present figures, if there are any, and with each newer ones. @returns ends that */
  subscribe(listener: FiguresListener): () => void;
}

export interface StoredFiguresOptions {
  store: Pick<Store, 'figures' | 'wait' | 'listen'>;
  logger: { warn(details: object, message: string): void };
}

const WAIT_MS = 1000;
const RETRY_MS = 500;

/** Figures as each commit of the roll-up leaves them in the store, and what detect tells of since. */
export function storedFigures({ store, logger }: StoredFiguresOptions): FiguresSource {
  return {
    subscribe(listener) {
      const stop = new AbortController();
      const telling = new Telling(listener);
      const deaf = store.listen('increments', (text) => telling.add(text));
      void follow(store, (figures) => telling.set(figures), logger, stop.signal);
      return () => {
        deaf();
        stop.abort();
        telling.stop();
      };
    },
  };
}

/** Tells one listener, once for all that comes together. */
class Telling {
  readonly #figures = new ProvisionalFigures();
  readonly #listener: FiguresListener;
  #soon: NodeJS.Immediate | undefined;
  #accepted: number | undefined;

  constructor(listener: FiguresListener) {
    this.#listener = listener;
  }

  set(figures: Figures): void {
    this.#figures.set(figures);
    this.#tell();
  }

  add(text: string): void {
    const accepted = this.#figures.add(text);
    if (accepted !== undefined) this.#accepted = Math.min(this.#accepted ?? Infinity, accepted);
    this.#tell();
  }

  stop(): void {
    clearImmediate(this.#soon);
  }

  #tell(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      const figures = this.#figures.now();
      if (!figures) return;
      this.#listener(figures, this.#accepted);
      this.#accepted = undefined;
    });
  }
}

async function follow(store: Pick<Store, 'figures' | 'wait'>, set: (figures: Figures) => void, logger: StoredFiguresOptions['logger'], signal: AbortSignal): Promise<void> {
  let last = '';
  while (!signal.aborted) {
    // The wait begins before the read: what is committed between the two ends it.
    const news = store.wait('changes', WAIT_MS, signal);
    try {
      const stored = await store.figures();
      if (stored && stored.body !== last && !signal.aborted) {
        last = stored.body;
        const figures = figuresSchema.safeParse(JSON.parse(stored.body));
        if (figures.success) set(figures.data);
        else logger.warn({ issue: figures.error.issues[0] }, 'stored figures are of another version and are not shown');
      }
    } catch (error) {
      if (!signal.aborted) logger.warn({ error: String(error) }, 'live figures cannot be read; trying again');
      await pause(RETRY_MS, signal);
    }
    await news.catch(() => pause(RETRY_MS, signal));
  }
}

/** Ends early when the signal says stop. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
