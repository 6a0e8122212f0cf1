import type { Exception, ExceptionStatus } from '@plumbline/contracts';
import type { Store } from '@plumbline/ports';
import { ChangeRing } from './change-ring.ts';
import { pause } from './figures-source.ts';

export type StateStore = Pick<Store, 'changes' | 'exceptions' | 'lastChange' | 'wait'>;

export interface LiveStateOptions {
  store: StateStore;
  logger: { warn(details: object, message: string): void };
  /** Monotonic milliseconds. */
  now: () => number;
  /** Changes kept at least. */
  ring: number;
  /** Something was read. */
  changed: () => void;
  /** The store is another one, or an earlier one: numbers given out before mean nothing. */
  restored: () => void;
}

const LIVE: ExceptionStatus[] = ['open', 'acknowledged', 'in-progress'];
const isLive = ({ status }: Exception): boolean => LIVE.includes(status);
const PAGE = 1000;
/** A commit is told of at once; this is for a store that cannot tell. */
const WAIT_MS = 1000;
const RETRY_MS = 500;
/** How often a store that says nothing new is asked whether it is still the same. */
const CHECK_MS = 1000;

/**
 * The live exceptions and the latest changes, following the store. Reading "changes after n" skips nothing: one roll-up
 * writes them, ascending, and its epoch's lock keeps an earlier owner's commit from landing after a later one's. So
 * when change n can be seen, all below n can.
 */
export class LiveState {
  readonly #options: LiveStateOptions;
  readonly ring: ChangeRing;
  readonly live = new Map<string, Exception>();
  ready = false;
  /** Identity of the store. */
  store = '';
  /** Number of the last change read. */
  change = 0;
  /** When the store last answered. */
  readAt = -Infinity;
  #checkedAt = -Infinity;
  readonly #stop = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(options: LiveStateOptions) {
    this.#options = options;
    this.ring = new ChangeRing(options.ring);
  }

  start(): void {
    this.#done = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #follow(): Promise<void> {
    const { store, logger } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // The wait begins before the read: what is committed between the two ends it.
      const news = store.wait('changes', WAIT_MS, signal).catch(() => pause(RETRY_MS, signal));
      try {
        if (this.ready) await this.#catchUp();
        else await this.#load();
        await news;
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ error: String(error) }, 'live exceptions cannot be read; trying again');
        await pause(RETRY_MS, signal);
      }
    }
  }

  async #load(): Promise<void> {
    const { store } = this.#options;
    const head = await store.lastChange();
    const floor = Math.max(0, head.change - this.#options.ring);
    this.live.clear();
    this.ring.reset(floor);
    this.change = floor;
    // What moves while the pages are read is read again as a change.
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await store.exceptions({ status: LIVE, sort: 'newest', limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      for (const exception of page.items) this.live.set(exception.id, exception);
      cursor = page.next;
    }
    while ((await this.#read()) === PAGE);
    this.change = Math.max(this.change, head.change);
    this.store = head.store;
    this.ready = true;
    this.#options.changed();
  }

  async #catchUp(): Promise<void> {
    let read = await this.#read();
    if (read > 0) this.#options.changed();
    else await this.#check();
    for (; read === PAGE; this.#options.changed()) read = await this.#read();
  }

  /** Reads changes behind the last; @returns how many */
  async #read(): Promise<number> {
    const list = await this.#options.store.changes(this.change, PAGE);
    this.readAt = this.#options.now();
    for (const exception of list) {
      this.ring.push(exception);
      if (isLive(exception)) this.live.set(exception.id, exception);
      else this.live.delete(exception.id);
      this.change = exception.change;
    }
    return list.length;
  }

  /** A store whose last change is below ours was restored or exchanged; what is there now is read anew. */
  async #check(): Promise<void> {
    const { store, now, restored } = this.#options;
    if (now() - this.#checkedAt < CHECK_MS) return;
    this.#checkedAt = now();
    const head = await store.lastChange();
    if (head.store === this.store && head.change >= this.change) return;
    this.ready = false;
    restored();
    await this.#load();
  }
}
