import { PlumblineError } from '@plumbline/kernel';
import { runner } from 'node-pg-migrate';
import type pg from 'pg';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Database, StoreLogger } from './database.ts';

const TABLES = { base: 'plumbline_migration', timescale: 'plumbline_timescale_migration' } as const;

type MigrationSet = keyof typeof TABLES;

/** Where the numbered SQL files lie. The code may be bundled elsewhere, so it asks for the package. */
const folderOf = (set: MigrationSet): string =>
  join(dirname(createRequire(import.meta.url).resolve('@plumbline/store-postgres/package.json')), 'migrations', set);

/**
 * Applies what is missing of the base schema, then of the TimescaleDB overlay where the extension can be used. Several
 * processes may call it at once: one works, the others wait.
 * @returns whether TimescaleDB is in use
 */
export async function migrate(database: Database, logger: StoreLogger | undefined, progress: (step: string) => void): Promise<boolean> {
  await apply(database, 'base', progress);
  if (!(await timescaleUsable(database, logger))) return false;
  await apply(database, 'timescale', progress);
  return true;
}

async function apply(database: Database, set: MigrationSet, progress: (step: string) => void): Promise<void> {
  await database.use(`migrating (${set})`, async (_, client) => {
    const done = await runner({
      dbClient: client,
      dir: folderOf(set),
      migrationsTable: TABLES[set],
      direction: 'up',
      advisoryLockMode: 'wait',
      lockValue: LOCK,
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    await refuseNewer(client, set);
    for (const { name } of done) progress(`${set === 'base' ? 'database' : 'TimescaleDB'}: ${name}`);
  });
}

/** @throws PlumblineError 'store-newer' when the database has had migrations that this version does not know */
async function refuseNewer(client: pg.PoolClient, set: MigrationSet): Promise<void> {
  const known = new Set(readdirSync(folderOf(set)).map((file) => file.replace(/\.sql$/, '')));
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${TABLES[set]}`);
  const unknown = rows.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (unknown.length === 0) return;
  throw new PlumblineError('store-newer', `the database was migrated by a newer version of Plumbline (${unknown.join(', ')})`, {
    where: 'store, migrations',
    fix: 'run the newer version, or point this one to another database',
  });
}

const quiet = (): void => undefined;
const LOCK = 7_086_532_811;

/** Creates the extension where the server has it. A server that has it but cannot use it is served as plain PostgreSQL. */
async function timescaleUsable(database: Database, logger: StoreLogger | undefined): Promise<boolean> {
  const available = await database.rows('looking for TimescaleDB', `SELECT FROM pg_available_extensions WHERE name = 'timescaledb'`);
  if (available.length === 0) return false;
  try {
    await database.run('creating the extension', 'CREATE EXTENSION IF NOT EXISTS timescaledb');
  } catch (error) {
    if (error instanceof PlumblineError && error.code !== 'store-failed') throw error;
    logger?.warn({ error: String(error) }, 'TimescaleDB is installed but cannot be used here; plain tables are used');
    return false;
  }
  const [row] = await database.rows<{ license: string }>('reading the licence', `SELECT current_setting('timescaledb.license', true) AS license`);
  if (row!.license !== 'apache') return true;
  logger?.warn({}, 'this TimescaleDB is the Apache edition, without columnstore and continuous aggregates; plain tables are used');
  return false;
}

export interface MigrationState {
  server: string;
  timescale: string | undefined;
  migrations: number;
}

/** Version of the server and, when the overlay has been applied, of TimescaleDB; number of applied migrations. */
export async function migrationState(database: Database): Promise<MigrationState> {
  const [row] = await database.rows<{ server: string; timescale: string | null; base: string | null; overlay: string | null }>(
    'reading versions',
    `SELECT current_setting('server_version') AS server,
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescale,
       to_regclass('${TABLES.base}')::text AS base, to_regclass('${TABLES.timescale}')::text AS overlay`,
  );
  const count = async (table: string | null): Promise<number> =>
    table === null ? 0 : (await database.rows<{ count: number }>('counting migrations', `SELECT count(*) AS count FROM ${table}`))[0]!.count;
  const overlay = await count(row!.overlay);
  return {
    server: `PostgreSQL ${row!.server}`,
    timescale: overlay > 0 ? (row!.timescale ?? undefined) : undefined,
    migrations: (await count(row!.base)) + overlay,
  };
}
