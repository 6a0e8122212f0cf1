import { PlumblineError } from '@plumbline/kernel';
import { Probe, sleep, testPostgres, unique, until, type TestPostgres } from '@plumbline/testkit';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedLog, type EmbeddedLog, type EmbeddedLogOptions } from './log.ts';
import { proxyTo } from './proxy.testing.ts';

let postgres: TestPostgres;
let url: string;
const open = new Set<EmbeddedLog>();

async function log(options: Partial<EmbeddedLogOptions> = {}): Promise<EmbeddedLog> {
  const opened = await openEmbeddedLog({ url, graceMs: 500, ...options });
  open.add(opened);
  return opened;
}

beforeAll(async () => {
  postgres = await testPostgres();
  url = await postgres.database();
});
afterEach(async () => {
  for (const opened of open) await opened.close();
  open.clear();
});
afterAll(async () => {
  await postgres?.close();
});

const bytes = (text: string) => Buffer.from(text);
const record = (value: string, partition = 0) => ({ key: bytes('k'), value: bytes(value), partition });

async function sql(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}

describe('the embedded log', () => {
  it('opens in several processes at once on a new database', async () => {
    const fresh = await postgres.database();
    const logs = await Promise.all([1, 2, 3].map(() => log({ url: fresh })));
    await Promise.all(logs.map((l) => l.createTopic('t', { partitions: 2 })));
    expect(await logs[0]!.partitions('t')).toBe(2);
  });

  it('takes appends of several processes into the same partitions without gap, loss or deadlock', async () => {
    const topic = unique('t');
    const logs = await Promise.all([1, 2, 3].map(() => log()));
    await logs[0]!.createTopic(topic, { partitions: 4 });
    await Promise.all(
      logs.map(async (l, who) => {
        const producer = await l.producer();
        const calls: Promise<void>[] = [];
        for (let i = 0; i < 100; i++) {
          // Every call touches all partitions, in another order each time.
          calls.push(
            producer.append(
              topic,
              [0, 1, 2, 3].map((p) => record(`${who}:${i}`, (p + i + who) % 4)),
            ),
          );
          if (i % 10 === 0) await calls.at(-1);
        }
        await Promise.all(calls);
      }),
    );
    for (let p = 0; p < 4; p++) {
      const records = await logs[0]!.read(topic, p, 0, 1_000);
      expect(records.map((r) => r.offset)).toEqual(Array.from({ length: 300 }, (_, i) => i));
      for (const who of [0, 1, 2]) {
        const own = records.map((r) => Buffer.from(r.value).toString()).filter((v) => v.startsWith(`${who}:`));
        expect(own).toEqual(Array.from({ length: 100 }, (_, i) => `${who}:${i}`));
      }
    }
  });

  it('stores what is appended together as blocks, not as a row each', async () => {
    const topic = unique('t');
    const l = await log();
    await l.createTopic(topic, { partitions: 1 });
    const producer = await l.producer();
    await producer.append(
      topic,
      Array.from({ length: 25_000 }, (_, i) => record(String(i))),
    );
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ count: number }>(
      'SELECT b.count FROM log.batches b JOIN log.topics t ON t.id = b.topic_id WHERE t.topic = $1 ORDER BY base_offset',
      [topic],
    );
    await client.end();
    expect(rows.map((r) => r.count)).toEqual([10_000, 10_000, 5_000]);
  });

  it('reads a backlog of many tiny blocks, merged into batches', async () => {
    const topic = unique('t');
    const l = await log();
    await l.createTopic(topic, { partitions: 1 });
    const producer = await l.producer();
    for (let i = 0; i < 700; i++) await producer.append(topic, [record(String(i))]);
    const probe = new Probe();
    probe.consumer = await l.subscribe({ topic, group: 'g' }, probe);
    await until('all', () => probe.values().length === 700);
    expect(probe.values()).toEqual(Array.from({ length: 700 }, (_, i) => String(i)));
    expect(probe.deliveries.length).toBeLessThan(20);
    await probe.consumer.stop();
  });

  it('goes on when the server drops every connection of it', async () => {
    const topic = unique('t');
    const l = await log();
    await l.createTopic(topic, { partitions: 1 });
    const producer = await l.producer();
    const probe = new Probe();
    probe.consumer = await l.subscribe({ topic, group: 'g' }, probe);
    await producer.append(topic, [record('before')]);
    await until('the first', () => probe.values().length === 1);
    await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'plumbline-log'");
    await until('an append', () =>
      producer.append(topic, [record('after')]).then(
        () => true,
        () => false,
      ),
    );
    await until('the second', () => probe.values().includes('after'));
    await probe.consumer.stop();
    expect(probe.breaches).toEqual([]);
  });

  it('a member cut off for longer than its session hears `revoked`, and overwrites nothing when it is back', async () => {
    const topic = unique('t');
    const here = await log();
    const proxy = await proxyTo(url);
    const away = await log({ url: proxy.url });
    await here.createTopic(topic, { partitions: 1 });
    const producer = await here.producer();
    const options = { topic, group: 'g', sessionTimeoutMs: 400 };
    const a = new Probe({ name: 'a' });
    a.consumer = await away.subscribe(options, a);
    await producer.append(topic, [record('1')]);
    await until('a to have it', () => a.values().length === 1);
    proxy.break();
    const b = new Probe({ name: 'b' });
    b.consumer = await here.subscribe(options, b);
    await until('b to take over', () => b.held.size === 1);
    await producer.append(topic, [record('2')]);
    await until('b to have it', () => b.values().includes('2'));
    proxy.restore();
    await until('a to know', () => a.held.size === 0);
    await until('the acknowledgement of b to stand', async () => (await here.lag(topic, 'g'))[0] === 0);
    await sleep(300);
    expect(a.values()).toEqual(['1']);
    await a.consumer.stop();
    await b.consumer.stop();
    await away.close();
    await proxy.close();
  });

  it('drops whole blocks from the front only, and says so to a reader that was behind', async () => {
    const topic = unique('t');
    const warnings: string[] = [];
    const logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: (_: object, message: string) => void warnings.push(message),
    };
    const l = await log({ logger });
    await l.createTopic(topic, { partitions: 1, retentionMs: 60_000 });
    const producer = await l.producer();
    for (const value of ['a', 'b', 'c', 'd']) await producer.append(topic, [record(value), record(value)]);
    // The third block is the only young one; the fourth is old again, as if another machine's clock were behind.
    const ofTopic = `topic_id = (SELECT id FROM log.topics WHERE topic = '${topic}')`;
    await sql(`UPDATE log.batches SET max_time = 1 WHERE base_offset <> 4 AND ${ofTopic}`);
    expect(await l.enforceRetention(topic)).toBe(2);
    expect(await l.offsets(topic)).toEqual([{ partition: 0, low: 4, high: 8 }]);
    expect(await l.enforceRetention(topic)).toBe(0);
    const probe = new Probe({ start: () => 1 });
    probe.consumer = await l.subscribe({ topic, group: 'g' }, probe);
    await until('the rest', () => probe.values().length === 4);
    expect(probe.values()).toEqual(['c', 'c', 'd', 'd']);
    expect(warnings).toEqual(['log: 3 records are past their retention, going on at the first retained one']);
    await probe.consumer.stop();
  });

  it('refuses what it cannot do, by code', async () => {
    const topic = unique('t');
    const l = await log();
    await l.createTopic(topic, { partitions: 2 });
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => '',
        (error: unknown) => (error as PlumblineError).code,
      );
    const producer = await l.producer();
    expect(await code(producer.append(topic, [record('x', 2)]))).toBe('partition-unknown');
    expect(await code(l.read(topic, -1, 0, 1))).toBe('partition-unknown');
    await producer.close();
    expect(await code(producer.append(topic, [record('x')]))).toBe('log-closed');
    await l.close();
    expect(await code(l.producer())).toBe('log-closed');
    expect(await l.healthy()).toBe(false);
    expect(await code(openEmbeddedLog({ url: 'postgres://u:p@127.0.0.1:1/x' }))).toBe('log-unreachable');
  });

  it('a handler that cannot take its partitions is asked again', async () => {
    const topic = unique('t');
    const l = await log();
    await l.createTopic(topic, { partitions: 1 });
    await (await l.producer()).append(topic, [record('x')]);
    let asked = 0;
    const got: string[] = [];
    const consumer = await l.subscribe(
      { topic, group: 'g' },
      {
        assigned: () => (++asked < 3 ? Promise.reject(new Error('the store is away')) : Promise.resolve(new Map())),
        revoked: () => Promise.resolve(),
        batch: async (batch) => void got.push(Buffer.from(batch.value(0)).toString()),
      },
    );
    await until('the record', () => got.length === 1);
    expect(asked).toBe(3);
    await consumer.stop();
  });

  it('on a database that was newly started, a killed process’s partitions are free at once', async () => {
    const topic = unique('t');
    await (await log()).createTopic(topic, { partitions: 2 });
    await sql(`SELECT log.attend(id, 'g', 'killed', 3600000, false, '{}', '{}', '{}', '{}', '{}') FROM log.topics WHERE topic = '${topic}'`);
    const consumer = await (await log({ newlyStarted: true })).subscribe(
      { topic, group: 'g' },
      { assigned: () => Promise.resolve(new Map()), revoked: () => Promise.resolve(), batch: () => Promise.resolve() },
    );
    await until('both partitions', () => consumer.assignment().length === 2);
    await consumer.stop();
  });
});
