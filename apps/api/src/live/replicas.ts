import { createAdapter } from '@socket.io/postgres-adapter';
import pg from 'pg';

export interface ReplicasOptions {
  /** Of the store's database, where the migrations have made the adapter's table. */
  url: string;
  logger: { warn(details: object, message: string): void };
}

const TABLE = 'socket_attachment';
const CHANNEL = 'plumbline-live';
/** What was too long for a notification is read at once, so it need not stay. */
const CLEANUP_MS = 30_000;

/**
 * How API replicas hear one another: Socket.IO's adapter on the store's database, one connection that listens and a few
 * for the rest. The adapter leaves connections open that break or arrive after its end, so they are kept here.
 */
export class Replicas {
  readonly adapter: ReturnType<typeof createAdapter>;
  readonly #options: ReplicasOptions;
  readonly #pool: pg.Pool;
  readonly #listeners = new Set<pg.Client>();
  #closed = false;

  constructor(options: ReplicasOptions) {
    this.#options = options;
    const { url: connectionString, logger } = options;
    this.#pool = new pg.Pool({ connectionString, max: 2, connectionTimeoutMillis: 10_000, application_name: 'plumbline-live', keepAlive: true });
    this.#pool.on('error', (error) => this.#warn(error));
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    // The two members of a pool that the adapter uses.
    const pool = {
      connect: () => this.#listen(),
      query: (text: string, values?: unknown[]) => this.#pool.query(text, values),
    } as unknown as pg.Pool;
    this.adapter = createAdapter(pool, {
      channelPrefix: CHANNEL,
      tableName: TABLE,
      cleanupInterval: CLEANUP_MS,
      errorHandler: (error: Error) => {
        if (!this.#closed) logger.warn({ error: error.message }, 'API replicas cannot hear one another for now');
      },
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    await Promise.all([this.#pool.end(), ...listeners.map((client) => client.end())]).catch((error: Error) => this.#warn(error));
  }

  /** A connection of its own; after the end there is none, and the adapter is left waiting. */
  async #listen(): Promise<pg.PoolClient> {
    if (this.#closed) return never();
    const client = new pg.Client({ connectionString: this.#options.url, application_name: 'plumbline-live-listen', keepAlive: true, connectionTimeoutMillis: 10_000 });
    client.on('error', (error) => this.#warn(error));
    client.once('end', () => this.#listeners.delete(client));
    await client.connect();
    this.#listeners.add(client);
    if (this.#closed) {
      await client.end();
      return never();
    }
    return Object.assign(client, { release: () => void client.end().catch(() => undefined) });
  }

  #warn(error: Error): void {
    if (!this.#closed) this.#options.logger.warn({ error: error.message }, 'a connection between API replicas broke');
  }
}

const never = (): Promise<never> => new Promise(() => undefined);
