import pg from 'pg';
import type { Database, StoreLogger } from './database.ts';

export type WakeKind = 'deltas' | 'changes' | 'plans';

const CHANNEL = 'plumbline';
const RETRY_MS = 250;
const RETRY_MAX_MS = 5_000;
/** A timer set for longer goes off at once. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Wakes waiters when someone has committed. Notifications carry no content: whoever wakes reads again. One connection
 * listens for the whole store; a store with a single connection listens on that one.
 *
 * No wake-up is lost between a read and the wait that follows it: each kind counts its notifications, a read notes the
 * count at which it began (`reading`), and a wait whose count has moved since returns at once.
 */
export class Wakes {
  readonly #database: Database;
  readonly #logger: StoreLogger | undefined;
  readonly #counts: Record<WakeKind, number> = { deltas: 0, changes: 0, plans: 0 };
  /** Count at the first read since the last wait ended. */
  readonly #readAt: Record<WakeKind, number | undefined> = { deltas: undefined, changes: undefined, plans: undefined };
  readonly #waiters: Record<WakeKind, Set<() => void>> = { deltas: new Set(), changes: new Set(), plans: new Set() };
  #listener: pg.Client | undefined;
  #starting: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #delay = RETRY_MS;
  #closed = false;

  constructor(database: Database, logger: StoreLogger | undefined) {
    this.#database = database;
    this.#logger = logger;
    if (database.poolSize > 1) return;
    database.pool.on('connect', (client) => {
      this.#starting = undefined;
      client.on('notification', ({ payload }) => this.wake(payload));
    });
  }

  reading(kind: WakeKind): void {
    this.#readAt[kind] ??= this.#counts[kind];
  }

  /** Wakes this process's waiters; also called after its own commits, so that they need no round trip. */
  wake(kind: string | undefined): void {
    if (kind !== 'deltas' && kind !== 'changes' && kind !== 'plans') return;
    this.#counts[kind]++;
    for (const resolve of [...this.#waiters[kind]]) resolve();
  }

  async wait(kind: WakeKind, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const before = this.#readAt[kind] ?? this.#counts[kind];
    this.#readAt[kind] = undefined;
    if (signal?.aborted || this.#closed || this.#counts[kind] !== before) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, Math.min(timeoutMs, LONGEST_MS));
      const waiters = this.#waiters[kind];
      function done(): void {
        clearTimeout(timer);
        waiters.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      waiters.add(done);
      signal?.addEventListener('abort', done);
      this.#listen();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#wakeAll();
    await this.#starting;
    await this.#listener?.end().catch(() => undefined);
  }

  #wakeAll(): void {
    for (const kind of ['deltas', 'changes', 'plans'] as const) this.wake(kind);
  }

  #listen(): void {
    if (this.#closed || this.#retry) return;
    this.#starting ??= (this.#database.poolSize > 1 ? this.#connect() : this.#share()).catch((error: unknown) => this.#again(error));
  }

  async #share(): Promise<void> {
    await this.#database.run('listening', `LISTEN ${CHANNEL}`);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#database.url, application_name: 'plumbline-listen', keepAlive: true, connectionTimeoutMillis: 10_000 });
    this.#listener = client;
    client.on('notification', ({ payload }) => this.wake(payload));
    client.on('error', () => undefined);
    await client.connect();
    client.once('end', () => this.#again(new Error('the listening connection ended')));
    await client.query(`LISTEN ${CHANNEL}`);
    this.#delay = RETRY_MS;
    // What was said before the connection stood was not heard.
    this.#wakeAll();
  }

  #again(error: unknown): void {
    if (this.#closed || this.#retry) return;
    this.#logger?.warn({ error: String(error) }, 'not listening for changes; trying again');
    void this.#listener?.end().catch(() => undefined);
    this.#listener = undefined;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#starting = undefined;
      this.#listen();
    }, this.#delay);
    this.#retry.unref();
    this.#delay = Math.min(this.#delay * 2, RETRY_MAX_MS);
  }
}
