import { PlumblineError } from '@plumbline/kernel';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { storableText } from './copy-buffer.ts';
import { isRetryable, storeFailure } from './failures.ts';

/** As pino: details first. */
export interface StoreLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export type Row = Record<string, unknown>;

/** What can be asked inside a transaction, or outside one. */
export interface Session {
  rows<T = Row>(text: string, values?: unknown[]): Promise<T[]>;
  /** Number of rows a statement touched. With a name (one text per name) the connection keeps its plan. */
  run(text: string, values?: unknown[], name?: string): Promise<number>;
}

const INT8 = 20;

/** bigint comes back as a number: all of ours are safe integers. The rest as `pg` does it (numeric: text). */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary'
      ? (text: string) => safeInteger(text)
      : pg.types.getTypeParser(oid, format as 'text')) as pg.CustomTypesConfig['getTypeParser'],
};

/** @throws PlumblineError 'too-large' beyond 2^53 */
export function safeInteger(text: unknown): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new PlumblineError('too-large', `${String(text)} is beyond the integers that stay exact`, { where: 'store', fix: 'ask for a shorter period or fewer series' });
}

/** Connections to one database; every failure leaves here as a PlumblineError. */
export class Database {
  readonly url: string;
  readonly poolSize: number;
  readonly pool: pg.Pool;
  #closed: Promise<void> | undefined;

  constructor(url: string, poolSize: number, logger: StoreLogger | undefined) {
    this.url = url;
    this.poolSize = poolSize;
    this.pool = new pg.Pool({
      connectionString: url,
      max: poolSize,
      // With one connection its LISTEN must last.
      idleTimeoutMillis: poolSize === 1 ? 0 : 30_000,
      connectionTimeoutMillis: 15_000,
      application_name: 'plumbline',
      keepAlive: true,
      types,
    });
    this.pool.on('error', (error) => {
      if (!this.#closed) logger?.warn({ error: error.message }, 'an idle database connection broke');
    });
    // A connection that breaks while in use also emits; the query that was running reports it.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async rows<T = Row>(doing: string, text: string, values: unknown[] = []): Promise<T[]> {
    return this.use(doing, (session) => session.rows<T>(text, values));
  }

  async run(doing: string, text: string, values: unknown[] = [], name?: string): Promise<number> {
    return this.use(doing, (session) => session.run(text, values, name));
  }

  /** Lends a connection; one that broke is thrown away. */
  async use<T>(doing: string, work: (session: Session, client: pg.PoolClient) => Promise<T>): Promise<T> {
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      throw storeFailure(error, doing);
    }
    let broken = false;
    try {
      return await work(sessionOf(client), client);
    } catch (error) {
      broken = isRetryable(error);
      throw storeFailure(error, doing);
    } finally {
      client.release(broken);
    }
  }

  /**
   * One transaction. `opening` is sent together with BEGIN (one round trip), so it takes no parameters: only integers
   * and constants may be written into it. Its rows are handed to the work.
   */
  transaction<T>(doing: string, opening: string, work: (session: Session, opened: Row[], client: pg.PoolClient) => Promise<T>): Promise<T> {
    return this.use(doing, async (session, client) => {
      try {
        const results = (await client.query(`BEGIN; ${opening}`)) as unknown as pg.QueryResult<Row>[] | pg.QueryResult<Row>;
        const opened = Array.isArray(results) ? results[results.length - 1]!.rows : results.rows;
        const answer = await work(session, opened, client);
        await client.query('COMMIT');
        return answer;
      } catch (error) {
        // When the connection is gone the server rolls back by itself, and the pool does not take it back.
        if (!isRetryable(error)) await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return (this.#closed ??= this.pool.end());
  }
}

function sessionOf(client: pg.PoolClient): Session {
  return {
    rows: async <T>(text: string, values: unknown[] = []) => (await client.query(text, values.map(storable))).rows as T[],
    run: async (text, values = [], name) => (await client.query({ text, values: values.map(storable), ...(name === undefined ? {} : { name }) })).rowCount ?? 0,
  };
}

/** Texts arrive from anyone: one with a NUL in it, which PostgreSQL refuses, must not stop a commit for ever. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  return Array.isArray(value) ? value.map(storable) : value;
}

const CHUNK = 1 << 18;

/** COPY … FROM STDIN of bytes that are all there already. */
export async function copyIn(client: pg.PoolClient, text: string, bytes: Uint8Array): Promise<void> {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  function* chunks(): Generator<Buffer> {
    for (let at = 0; at < source.length; at += CHUNK) yield source.subarray(at, at + CHUNK);
  }
  await pipeline(Readable.from(chunks(), { objectMode: false }), client.query(copyFrom(text)));
}

/** COPY … TO STDOUT, chunk by chunk; chunks do not end at rows. */
export async function copyOut(client: pg.PoolClient, text: string, take: (chunk: Buffer) => void): Promise<void> {
  for await (const chunk of client.query(copyTo(text))) take(chunk as Buffer);
}
