import { PlumblineError } from '@plumbline/kernel';
import type { ActualRows, DetectCommit } from '@plumbline/ports';
import { testPostgres, type TestPostgres } from '@plumbline/testkit';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { storeFailure } from './failures.ts';
import { openStore } from './open.ts';
import type { PostgresStore } from './store.ts';

const rowsOf = (day: number, count: number): ActualRows => ({
  sku: Array.from({ length: count }, (_, i) => `S${i % 7}`),
  location: Array.from({ length: count }, () => 'L'),
  day: Array.from({ length: count }, () => day),
  hours: Array.from({ length: count }, (_, i) => [i % 20, 20 + (i % 4)]),
  lines: Array.from({ length: count }, () => [1, 2]),
  units: Array.from({ length: count }, () => [1000, -2500]),
  revenue: Array.from({ length: count }, () => [1, 4_000_000_000]),
});

describe('a store whose server fails', () => {
  let server: TestPostgres;
  let url: string;
  let store: PostgresStore;
  let admin: pg.Client;
  const counters = { accepted: 0, sales: 0, returns: 0, other: 0, duplicates: 0, outsideWindow: 0, late: 0, unplanned: 0, rejected: {} };
  const commit = (epoch: number, some: Partial<DetectCommit> = {}): DetectCommit => ({
    partition: 0,
    epoch,
    offset: 1,
    tick: 10,
    deltas: [{ tick: 10, payload: Uint8Array.of(1) }],
    actuals: undefined,
    deadLetters: [],
    counters,
    unplanned: [],
    snapshot: undefined,
    ...some,
  });

  beforeAll(async () => {
    server = await testPostgres();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    url = await server.database();
    store = await openStore({ url });
    await store.migrate();
    admin = new pg.Client({ connectionString: url });
    await admin.connect();
  });
  afterEach(async () => {
    await admin.end();
    await store.close();
  });

  const backends = (condition: string): Promise<pg.QueryResult> =>
    admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`);
  const until = async (condition: string): Promise<void> => {
    for (;;) {
      const { rowCount } = await admin.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`);
      if ((rowCount ?? 0) > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  it('a commit cut off halfway is retryable and leaves nothing; after a new claim it goes through', async () => {
    const { epoch } = await store.claim('detect', 0, 'a');
    // Holds the commit after its actuals and before its dead letters.
    await admin.query('BEGIN; LOCK TABLE dead_letter IN ACCESS EXCLUSIVE MODE');
    const letter = { key: 'k', reason: 'r', detail: 'd', source: undefined, eventId: undefined, payload: Uint8Array.of(1), at: 1 };
    const whole = commit(epoch, { actuals: rowsOf(20_000, 50), deadLetters: [letter] });
    const pending = store.commitDetect([whole]);
    const failed = expect(pending).rejects.toMatchObject({ code: 'store-unavailable' });
    await until(`wait_event_type = 'Lock'`);
    await backends(`wait_event_type = 'Lock'`);
    await failed;
    await admin.query('ROLLBACK');
    expect(await store.detectTicks(1)).toEqual([-Infinity]);
    expect(await store.actuals({ fromDay: 0, toDay: 30_000, bucket: 'total' })).toEqual([]);
    const again = await store.claim('detect', 0, 'a');
    expect(again.offset).toBeUndefined();
    await store.commitDetect([{ ...whole, epoch: again.epoch }]);
    expect(await store.actuals({ fromDay: 0, toDay: 30_000, bucket: 'total' })).toMatchObject([{ lines: 150 }]);
    expect(await store.deltas(-Infinity, 10, 5)).toHaveLength(1);
  });

  it('listening survives the loss of its connection', async () => {
    const other = await openStore({ url });
    try {
      const { epoch } = await other.claim('detect', 0, 'a');
      const first = store.wait('deltas', 60_000);
      await until(`application_name = 'plumbline-listen' AND query LIKE 'LISTEN%'`);
      await other.commitDetect([commit(epoch)]);
      await first;
      await backends(`application_name = 'plumbline-listen'`);
      const second = store.wait('deltas', 60_000);
      await other.commitDetect([commit(epoch, { tick: 20, deltas: [{ tick: 20, payload: Uint8Array.of(1) }] })]);
      await second;
    } finally {
      await other.close();
    }
  });

  it('is unhealthy while the server refuses it, healthy after', async () => {
    expect(await store.healthy()).toBe(true);
    const name = (await admin.query('SELECT current_database() AS name')).rows[0] as { name: string };
    const outside = new pg.Client({ connectionString: server.url });
    await outside.connect();
    await outside.query(`ALTER DATABASE ${name.name} ALLOW_CONNECTIONS false`);
    await backends('true');
    expect(await store.healthy()).toBe(false);
    await outside.query(`ALTER DATABASE ${name.name} ALLOW_CONNECTIONS true`);
    await outside.end();
    expect(await store.healthy()).toBe(true);
  });

  it('an address without a server says so', async () => {
    await expect(openStore({ url: 'postgresql://postgres:x@127.0.0.1:9/none' })).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('a database without tables says what to do', async () => {
    const empty = await openStore({ url: await server.database() });
    await expect(empty.plans()).rejects.toMatchObject({ code: 'store-not-migrated' });
    expect(await empty.info()).toMatchObject({ migrations: 0, timescale: undefined });
    await empty.close();
  });

  it('a database of a newer version is left alone', async () => {
    await admin.query(`INSERT INTO plumbline_migration (name, run_on) VALUES ('9999_later', now())`);
    await expect(store.migrate()).rejects.toMatchObject({ code: 'store-newer' });
  });

  it('merging partial rows keeps every sum, beside running commits and other merges', async () => {
    const { epoch } = await store.claim('detect', 0, 'a');
    for (let i = 0; i < 4; i++) await store.commitDetect([commit(epoch, { actuals: rowsOf(20_000 + (i % 2), 60) })]);
    const before = await store.digest();
    const rows = async () => Number((await admin.query('SELECT count(*) FROM actuals')).rows[0].count);
    expect(await store.compact(20_001)).toBe(2 * 60 - 7);
    expect(await rows()).toBe(2 * 60 + 7);
    expect(await store.digest()).toEqual(before);
    const appends = Array.from({ length: 5 }, () => store.commitDetect([commit(epoch, { actuals: rowsOf(20_001, 60) })]));
    await Promise.all([...appends, store.compact(20_002), store.compact(20_002)]);
    expect(await store.actuals({ fromDay: 20_001, toDay: 20_002, bucket: 'total' })).toMatchObject([{ lines: 7 * 180, revenue: 7 * 60 * 4_000_000_001 }]);
    await store.compact(20_002);
    expect(await rows()).toBe(14);
    const [all] = await store.actuals({ fromDay: 20_000, toDay: 20_002, bucket: 'total' });
    const hours = await store.actuals({ fromDay: 20_000, toDay: 20_002, bucket: 'hour' });
    for (const name of ['lines', 'units', 'revenue'] as const) expect(hours.reduce((sum, hour) => sum + hour[name], 0)).toBe(all![name]);
  });

  it('the latest live figures stay, with their tick', async () => {
    expect(await store.figures()).toBeUndefined();
    const { epoch } = await store.claim('rollup', -1, 'a');
    const rollUp = { epoch, tick: 5, exceptions: [], transitions: [], snapshot: { meta: Uint8Array.of(1), pages: [], pageCount: 0 }, figures: '{"tiles":[1]}' };
    await store.commitRollUp(rollUp);
    await store.commitRollUp({ ...rollUp, tick: 6, figures: undefined });
    expect(await store.figures()).toEqual({ tick: 5, body: '{"tiles":[1]}' });
  });

  it('archived events past their days go', async () => {
    const { epoch } = await store.claim('archive', 0, 'a');
    const event = (offset: number, time: number) => ({ offset, time, sku: 'A', location: 'L', value: Uint8Array.of(1) });
    const day = 86_400_000;
    await store.archive('archive', epoch, 0, [event(0, 100 * day), event(1, 101 * day - 1), event(2, 101 * day)], 3);
    expect(await store.expireArchive(10, 111 * day)).toBe(2);
    expect((await store.archivedEvents({ from: 0, to: 200 * day, limit: 9 })).map(({ offset }) => offset)).toEqual([2]);
  });
});

describe('what the database throws becomes', () => {
  const coded = (code: string, message = 'no'): Error => Object.assign(new Error(message), { code });

  it.each([
    ['disk-full', coded('53100')],
    ['disk-full', coded('58030', 'could not extend file: No space left on device')],
    ['disk-full', coded('ENOSPC')],
    ['store-unavailable', coded('ECONNREFUSED')],
    ['store-unavailable', coded('08006')],
    ['store-unavailable', coded('57P01')],
    ['store-unavailable', coded('40P01')],
    ['store-unavailable', new Error('Connection terminated unexpectedly')],
    ['store-unavailable', Object.assign(new AggregateError([new Error('connect ECONNREFUSED ::1:5432')]), { code: 'ECONNREFUSED' })],
    ['store-not-migrated', coded('42P01')],
    ['store-failed', coded('22003')],
    ['store-failed', 'text'],
  ])('%s', (code, thrown) => {
    const failure = storeFailure(thrown, 'testing');
    expect(failure).toMatchObject({ code, where: 'store, testing' });
    expect(failure.fix).toBeTruthy();
  });

  it('itself when it is one of ours', () => {
    const ours = new PlumblineError('fenced', 'taken');
    expect(storeFailure(ours, 'testing')).toBe(ours);
  });
});
