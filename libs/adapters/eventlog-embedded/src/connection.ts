import { PlumblineError } from '@plumbline/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { CHANNEL, SCHEMA, SCHEMA_VERSION } from './schema.ts';

/** The part of a pino logger used here. */
export interface LogLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export const silent: LogLogger = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** First lock of the migration; any number, the same in every process. */
const MIGRATION_LOCK = 7_010_110;

/**
 * The database behind one log: a pool for statements and one connection that listens. Statements fail when the
 * database is away (callers that may wait try again); the listening connection comes back by itself.
 */
export class Connection {
  readonly #pool: pg.Pool;
  readonly #url: string;
  readonly #logger: LogLogger;
  readonly #heard: (message: string | undefined) => void;
  #listener: pg.Client | undefined;
  #closed = false;

  /** @param heard a notification's payload, or undefined when some may have been missed */
  constructor(url: string, logger: LogLogger, heard: (message: string | undefined) => void) {
    this.#url = url;
    this.#logger = logger;
    this.#heard = heard;
    this.#pool = new pg.Pool({ ...this.#config(), max: 10, idleTimeoutMillis: 60_000 });
    this.#pool.on('error', (error) => logger.debug({ error: error.message }, 'log: an idle connection was lost'));
  }

  async open(): Promise<void> {
    try {
      await this.#migrate();
      await this.#listen();
    } catch (error) {
      await this.close();
      throw translated(error);
    }
  }

  /** @throws PlumblineError 'log-unreachable' when the database is away, 'disk-full'; otherwise its own error */
  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = [], name?: string): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>({ text, values, ...(name === undefined ? {} : { name }) })).rows;
    } catch (error) {
      throw translated(error);
    }
  }

  /** True when a statement gets its answer within two seconds. */
  async healthy(): Promise<boolean> {
    const late = new AbortController();
    const asked = this.#pool.query('SELECT 1').then(
      () => true,
      () => false,
    );
    const answer = await Promise.race([asked, pause(2_000, false, { signal: late.signal }).catch(() => false)]);
    late.abort();
    return answer && !this.#closed;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled([this.#listener?.end(), this.#pool.end()]);
  }

  #config(): pg.ClientConfig {
    return {
      connectionString: this.#url,
      application_name: 'plumbline-log',
      connectionTimeoutMillis: 5_000,
      query_timeout: 60_000,
      keepAlive: true,
    };
  }

  async #migrate(): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SET LOCAL client_min_messages = warning');
      await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
      await client.query(
        'CREATE SCHEMA IF NOT EXISTS log; CREATE TABLE IF NOT EXISTS log.schema_version (version int NOT NULL)',
      );
      const { rows } = await client.query<{ version: number }>('SELECT version FROM log.schema_version');
      const found = rows[0]?.version ?? 0;
      if (found > SCHEMA_VERSION) throw newerSchema(found);
      if (found < SCHEMA_VERSION) {
        await client.query(SCHEMA);
        await client.query('DELETE FROM log.schema_version');
        await client.query('INSERT INTO log.schema_version VALUES ($1)', [SCHEMA_VERSION]);
      }
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined); // the connection may be what failed
      throw error;
    } finally {
      client.release();
    }
  }

  async #listen(): Promise<void> {
    const client = new pg.Client(this.#config());
    let lost = false;
    const lose = () => {
      if (lost) return;
      lost = true;
      if (this.#listener === client) this.#listener = undefined;
      void client.end().catch(() => undefined); // it is lost already
      void this.#listenAgain();
    };
    await client.connect();
    client.on('notification', ({ payload }) => this.#heard(payload));
    await client.query(`LISTEN ${CHANNEL}`);
    client.on('error', lose);
    client.on('end', lose);
    this.#listener = client;
    if (this.#closed) await client.end();
  }

  async #listenAgain(): Promise<void> {
    for (let wait = 50; !this.#closed; wait = Math.min(wait * 2, 1_000)) {
      try {
        await pause(wait);
        if (this.#closed) return;
        await this.#listen();
        this.#logger.info({}, 'log: connected again');
        this.#heard(undefined);
        return;
      } catch (error) {
        this.#logger.debug({ error: String(error) }, 'log: still away');
      }
    }
  }
}

/** What the server did not say itself, or class 08 (connection), 57P0x (shutting down, starting up), 53300 (too many). */
function isAway(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || /^(08...|57P0.|53300)$/.test(error.code ?? '');
}

function translated(error: unknown): unknown {
  if (error instanceof PlumblineError) return error;
  if (isAway(error)) return unreachable(error);
  if ((error as pg.DatabaseError).code !== '53100') return error;
  return new PlumblineError('disk-full', 'the disk that holds the event log is full', {
    where: 'embedded event log',
    fix: 'free some space there or shorten the retention; nothing stored is lost, and appends go on by themselves',
    cause: error,
  });
}

function unreachable(cause: unknown): PlumblineError {
  return new PlumblineError(
    'log-unreachable',
    `the event log's database does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      where: 'embedded event log',
      fix: 'see whether the database runs and takes connections; `plumbline doctor` checks it',
      cause,
    },
  );
}

function newerSchema(found: number): PlumblineError {
  return new PlumblineError(
    'log-newer',
    `the event log was written by a newer Plumbline (log schema ${found}, this one knows ${SCHEMA_VERSION})`,
    {
      where: 'log.schema_version',
      fix: 'run that release, or a newer one',
    },
  );
}
