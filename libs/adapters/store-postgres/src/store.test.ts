import { storeConformance, testPostgres, timescaleInWasm, type OpenStore, type TestPostgres, type TimescaleInWasm } from '@plumbline/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { openStore } from './open.ts';

/** Every test gets a database of its own, copied from one that is migrated. */
describe('embedded PostgreSQL', () => {
  let server: TestPostgres;
  let template: string;
  let count = 0;
  beforeAll(async () => {
    server = await testPostgres();
    template = await server.database();
    const store = await openStore({ url: template });
    await store.migrate();
    await store.close();
  });
  afterAll(() => server.close());

  storeConformance('PostgresStore', async () => {
    const url = new URL(server.url);
    url.pathname = `/store_${++count}`;
    await statement(server.url, `CREATE DATABASE store_${count} TEMPLATE ${new URL(template).pathname.slice(1)} STRATEGY file_copy`);
    const store = await openStore({ url: url.href });
    return { store, reopen: () => openStore({ url: url.href }), close: () => store.close() };
  });
});

describe('TimescaleDB in WebAssembly', () => {
  let wasm: TimescaleInWasm;
  beforeAll(async () => {
    wasm = await timescaleInWasm();
    await migrated(wasm.url);
  });
  afterAll(() => wasm.close());

  // One connection at a time: no second store beside the first.
  storeConformance('PostgresStore', async () => {
    const store = await emptied(wasm.url, 1);
    return { store, close: () => store.close() };
  });
});

if (process.env['TIMESCALE_URL']) {
  describe('TimescaleDB server', () => {
    const name = `plumbline_test_${process.pid}`;
    const url = new URL(process.env['TIMESCALE_URL']!);
    const admin = url.href;
    url.pathname = `/${name}`;
    beforeAll(async () => {
      await statement(admin, `CREATE DATABASE ${name}`);
      await migrated(url.href);
    });
    afterAll(() => statement(admin, `DROP DATABASE ${name} WITH (FORCE)`));

    storeConformance('PostgresStore', async () => {
      const store = await emptied(url.href, 4);
      return { store, reopen: () => openStore({ url: url.href }), close: () => store.close() };
    });
  });
}

async function migrated(url: string): Promise<void> {
  const store = await openStore({ url, poolSize: 1 });
  await store.migrate();
  await store.close();
}

async function emptied(url: string, poolSize: number): Promise<OpenStore['store']> {
  await statement(
    url,
    `TRUNCATE stream_partition, snapshot_page, figures_sample, tick_delta, unplanned_series, feed_count, live_feeds, series, actuals, exception, exception_transition,
     live_figures, plan_version, dead_letter, archived_event RESTART IDENTITY`,
  );
  return openStore({ url, poolSize });
}

async function statement(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
