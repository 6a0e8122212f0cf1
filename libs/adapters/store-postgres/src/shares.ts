import { PlumblineError } from '@plumbline/kernel';
import type { SharedKind } from '@plumbline/ports';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Database, StoreLogger } from './database.ts';

/** What a notification carries is less than 8,000, with what it is wrapped in. */
const SHARED_BYTES = 7500;
const CHANNEL = 'plumbline_shared';
/** Listening connections are known by this name, and each process by what follows it. */
const NAME = 'plumbline-shared-';
const LOOK_MS = 2000;
const RETRY_MS = 250;
const RETRY_MAX_MS = 5000;

/**
 * Passes texts between processes, by notifications that nobody keeps. Listeners of the same process are called at once;
 * the database is asked now and then whether there are any others, and told nothing while there are none. A store of a
 * single connection has no others.
 */
export class Shares {
  readonly #database: Database;
  readonly #logger: StoreLogger | undefined;
  readonly #id = randomUUID().slice(0, 8);
  readonly #listeners = new Map<SharedKind, Set<(payload: string) => void>>();
  #elsewhere = false;
  #lookedAt = -Infinity;
  #connection: pg.Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #delay = RETRY_MS;
  #closed = false;

  constructor(database: Database, logger: StoreLogger | undefined) {
    this.#database = database;
    this.#logger = logger;
  }

  listened(kind: SharedKind): boolean {
    this.#look();
    return this.#elsewhere || (this.#listeners.get(kind)?.size ?? 0) > 0;
  }

  /** @throws PlumblineError 'too-large' */
  async share(kind: SharedKind, payload: string): Promise<void> {
    if (Buffer.byteLength(payload) > SHARED_BYTES) {
      throw new PlumblineError('too-large', `What is shared has ${Buffer.byteLength(payload)} bytes, at most ${SHARED_BYTES} are carried.`, { where: `store, share ${kind}`, fix: 'Share it in parts.' });
    }
    this.#tell(kind, payload);
    if (!this.#elsewhere || this.#closed) return;
    // Without waiting for the disk: what is lost with the server was meant for this moment only.
    await this.#database.run('sharing', `SELECT set_config('synchronous_commit', 'off', true), pg_notify('${CHANNEL}', $1)`, [`${this.#id} ${kind} ${payload}`], 'plumbline-share');
  }

  listen(kind: SharedKind, listener: (payload: string) => void): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners.add(listener));
    this.#connect();
    return () => void listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#connection?.end().catch(() => undefined);
  }

  #tell(kind: SharedKind, payload: string): void {
    for (const listener of this.#listeners.get(kind) ?? []) listener(payload);
  }

  /** Asks in the background whether other processes listen. */
  #look(): void {
    if (this.#closed || this.#database.poolSize === 1 || performance.now() - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = performance.now();
    this.#database
      .rows<{ others: number }>('looking for listeners', `SELECT count(*) AS others FROM pg_stat_activity WHERE datname = current_database() AND starts_with(application_name, $1) AND application_name <> $2`, [NAME, NAME + this.#id])
      .then(
        ([row]) => (this.#elsewhere = row!.others > 0),
        () => (this.#elsewhere = false),
      );
  }

  #connect(): void {
    if (this.#connection || this.#closed || this.#retry || this.#database.poolSize === 1) return;
    const client = new pg.Client({ connectionString: this.#database.url, application_name: NAME + this.#id, keepAlive: true, connectionTimeoutMillis: 10_000 });
    this.#connection = client;
    client.on('notification', ({ payload = '' }) => this.#heard(payload));
    client.on('error', () => undefined);
    client
      .connect()
      .then(() => {
        client.once('end', () => this.#again(new Error('the listening connection ended')));
        return client.query(`LISTEN ${CHANNEL}`);
      })
      .then(
        () => (this.#delay = RETRY_MS),
        (error: unknown) => this.#again(error),
      );
  }

  #heard(text: string): void {
    const [id, kind] = text.split(' ', 2);
    if (id === this.#id || kind !== 'increments') return;
    this.#tell(kind, text.slice(id!.length + kind.length + 2));
  }

  #again(error: unknown): void {
    if (this.#closed || this.#retry) return;
    this.#logger?.warn({ error: String(error) }, 'not listening for what is shared; trying again');
    void this.#connection?.end().catch(() => undefined);
    this.#connection = undefined;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#connect();
    }, this.#delay);
    this.#retry.unref();
    this.#delay = Math.min(this.#delay * 2, RETRY_MAX_MS);
  }
}
