import type { ActualRows, ActualsQuery } from '@plumbline/ports';
import { timescaleInWasm, type TimescaleInWasm } from '@plumbline/testkit';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from './open.ts';
import type { PostgresStore } from './store.ts';

/** A Monday. */
const FIRST = 20_780;
const DAYS = 35;
const LATE = FIRST + 3;
const migrations = ['base', 'timescale'].flatMap((set) => readdirSync(join(import.meta.dirname, '../migrations', set)));

let wasm: TimescaleInWasm;
beforeAll(async () => {
  wasm = await timescaleInWasm();
  await withStore(async (store) => {
    await store.migrate();
    await append(store, rows(FIRST, DAYS), (FIRST + DAYS) * 86_400_000);
  });
});
afterAll(() => wasm.close());

/** One connection at a time: the store and the plain client take turns. */
async function withStore<T>(work: (store: PostgresStore) => Promise<T>): Promise<T> {
  const store = await openStore({ url: wasm.url, poolSize: 1 });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function ask(text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: wasm.url });
  await client.connect();
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

function rows(fromDay: number, days: number): ActualRows {
  const all: ActualRows = { sku: [], location: [], day: [], hours: [], lines: [], units: [], revenue: [] };
  for (let day = fromDay; day < fromDay + days; day++) {
    for (const sku of ['A', 'B', 'C']) {
      all.sku.push(sku);
      all.location.push('L');
      all.day.push(day);
      all.hours.push([9, 17]);
      all.lines.push([1, day % 5]);
      all.units.push([1000, -250 * (day % 5)]);
      all.revenue.push([5_000_000_000, day]);
    }
  }
  return all;
}

async function append(store: PostgresStore, actuals: ActualRows, tick: number): Promise<void> {
  const { epoch } = await store.claim('detect', 0, 'test');
  const counters = { accepted: 0, sales: 0, returns: 0, other: 0, duplicates: 0, outsideWindow: 0, late: 0, unplanned: 0, rejected: {} };
  await store.commitDetect([{ partition: 0, epoch, offset: 1, tick, deltas: [], actuals, deadLetters: [], counters, unplanned: [], snapshot: undefined }]);
}

const aggregate = (bucket: 'day' | 'week') =>
  ask(`SELECT s.sku, v.day, v.lines::int, v.units::int, v.revenue::float8 FROM actuals_by_${bucket} v JOIN series s ON s.id = v.series ORDER BY v.day, s.sku`);
const plain = (bucket: ActualsQuery['bucket']) =>
  withStore((store) => store.actuals({ fromDay: FIRST - 70, toDay: FIRST + DAYS + 70, bucket, by: ['sku'] }));

it('actuals and the archive are hypertables with columnstore, and day and week aggregates exist', async () => {
  const tables = await ask('SELECT hypertable_name AS name, compression_enabled AS columns FROM timescaledb_information.hypertables ORDER BY 1');
  expect(tables.filter(({ name }) => !String(name).startsWith('_'))).toEqual([
    { name: 'actuals', columns: true },
    { name: 'archived_event', columns: true },
  ]);
  const views = await ask('SELECT view_name AS name FROM timescaledb_information.continuous_aggregates ORDER BY 1');
  expect(views.map(({ name }) => name)).toEqual(['actuals_by_day', 'actuals_by_week']);
  const jobs = await ask(`SELECT proc_name AS name, count(*)::int AS jobs FROM timescaledb_information.jobs WHERE job_id >= 1000 GROUP BY 1 ORDER BY 1`);
  expect(jobs).toEqual([
    { name: 'policy_compression', jobs: 2 },
    { name: 'policy_refresh_continuous_aggregate', jobs: 2 },
  ]);
  expect(await withStore((store) => store.info())).toMatchObject({ timescale: expect.stringMatching(/^2\./), migrations: migrations.length });
});

it('policies go by the last closed tick, not by the server’s clock', async () => {
  expect(await ask('SELECT plumbline_today() AS today, plumbline_now()::float8 AS now')).toEqual([
    { today: FIRST + DAYS, now: (FIRST + DAYS) * 86_400_000 },
  ]);
});

it('the aggregates say what the rows say: before a refresh, after it, and after late rows and another refresh', async () => {
  for (const bucket of ['day', 'week'] as const) expect(await aggregate(bucket)).toEqual(await plain(bucket));
  await withStore((store) => store.refreshAggregates(FIRST, FIRST + 28));
  const materialized = await ask('SELECT count(*)::int AS rows FROM actuals_by_week');
  expect(materialized).toEqual([{ rows: 15 }]);
  for (const bucket of ['day', 'week'] as const) expect(await aggregate(bucket)).toEqual(await plain(bucket));
  await withStore((store) => append(store, rows(LATE, 1), (FIRST + DAYS) * 86_400_000));
  await withStore((store) => store.refreshAggregates(FIRST, FIRST + 28));
  for (const bucket of ['day', 'week'] as const) expect(await aggregate(bucket)).toEqual(await plain(bucket));
});

it('rows in the columnstore answer, take late rows, and merge as others do', async () => {
  const questions = () => withStore(async (store) => [await store.digest(), await store.actuals({ fromDay: FIRST, toDay: FIRST + DAYS, bucket: 'hour', by: ['sku', 'location'] })]);
  const before = await questions();
  await ask(`SELECT compress_chunk(chunk) FROM show_chunks('actuals') AS chunk`);
  expect(await ask(`SELECT bool_and(is_compressed) AS all FROM timescaledb_information.chunks WHERE hypertable_name = 'actuals'`)).toEqual([{ all: true }]);
  expect(await questions()).toEqual(before);
  await withStore((store) => append(store, rows(LATE, 2), (FIRST + DAYS) * 86_400_000));
  const late = await questions();
  expect(late).not.toEqual(before);
  const saved = await withStore((store) => store.compact(FIRST + DAYS, FIRST));
  expect(saved).toBe(3 * 2 + 3);
  expect(await questions()).toEqual(late);
});

it('the archive forgets whole chunks and what is left of the day', async () => {
  await withStore(async (store) => {
    const { epoch } = await store.claim('archive', 0, 'test');
    const event = (offset: number, time: number) => ({ offset, time, sku: 'A', location: 'L', value: Uint8Array.of(1) });
    const day = 86_400_000;
    const times = [100, 100.5, 103, 110.25, 110.75];
    await store.archive('archive', epoch, 0, times.map((time, i) => event(i, time * day)), times.length);
    expect(await store.expireArchive(10, 120.5 * day)).toBe(1);
    expect((await store.archivedEvents({ from: 0, to: 200 * day, limit: 9 })).map(({ offset }) => offset)).toEqual([4]);
  });
});
