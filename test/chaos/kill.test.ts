import { openEmbeddedLog } from '@plumbline/eventlog-embedded';
import { DAY_MS, Random } from '@plumbline/kernel';
import type { EventLog, LogProducer, Store } from '@plumbline/ports';
import { startPostgres, type PostgresServer } from '@plumbline/runtime';
import { openStore } from '@plumbline/store-postgres';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORY_FROM, storyLog, storyPlans } from '../replay/story.ts';
import { TowerDriver } from '../replay/tower-driver.ts';
import { bundleStreams, Member, type Bundles } from './fleet.ts';
import { appendSurely, outcomeOf, reached, tellable, until, type Outcome } from './outcome.ts';

const KILLS = 50;
/** Which of them hit the database instead of a stream. */
const DATABASE_KILLS = new Set([11, 27, 42]);
const SEED = 20261102;
const PARTITIONS = 4;
const DAYS = 6.5;
const END = STORY_FROM + DAYS * DAY_MS;
const TOPIC = 'plumbline.events';

let folder: string;
let server: PostgresServer;
let bundles: Bundles;
const open: { end(): Promise<unknown> }[] = [];

const start = (port?: number): Promise<PostgresServer> =>
  startPostgres({ dataDir: join(folder, 'data'), durability: 'fast', ...(port === undefined ? {} : { port }) });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-chaos-'));
  chmodSync(folder, 0o711); // under root PostgreSQL runs as another account, which has to pass
  [server, bundles] = await Promise.all([start(), bundleStreams()]);
});

afterAll(async () => {
  for (const one of open.reverse()) await one.end().catch(() => {});
  await server?.stop();
  await bundles?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** A tower's database with log, plans and the two stream processes on it. */
interface Tower {
  store: Store;
  log: EventLog;
  producer: LogProducer;
  detect: Member;
  rollUp: Member;
}

async function tower(name: string): Promise<Tower> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
  const store = await openStore({ url });
  await store.migrate();
  const log = await openEmbeddedLog({ url });
  await log.createTopic(TOPIC, { partitions: PARTITIONS });
  for (const hash of storyPlans.hashes) await store.savePlan((await storyPlans.plan(hash))!);
  const producer = await log.producer();
  const env = { PLUMBLINE_STORE_URL: url, PLUMBLINE_TOPIC: TOPIC, PLUMBLINE_SESSION_MS: '1000', PLUMBLINE_SNAPSHOT_MS: '300' };
  const detect = new Member('detect', bundles, env);
  const rollUp = new Member('rollup', bundles, env);
  open.push({ end: () => log.close() }, { end: () => store.close() }, detect, rollUp);
  return { store, log, producer, detect, rollUp };
}

async function finish({ store, detect, rollUp }: Tower): Promise<Outcome> {
  await until('all ticks handled', 60_000, () => reached(store, PARTITIONS, END));
  expect(await detect.stop()).toBe(0);
  expect(await rollUp.stop()).toBe(0);
  return outcomeOf(store);
}

let undisturbed: Outcome;

describe('kill -9 on the embedded log', () => {
  it('is compared with a run that nobody disturbs, which says what the drivers in memory say', async () => {
    const calm = await tower('calm');
    for (const step of storyLog(PARTITIONS, DAYS)) await calm.producer.append(TOPIC, step);
    undisturbed = await finish(calm);
    expect([...calm.detect.falls, ...calm.rollUp.falls]).toEqual([]);

    const driver = new TowerDriver(PARTITIONS, storyPlans);
    for (const step of storyLog(PARTITIONS, DAYS)) driver.append(step);
    await driver.detect.run();
    driver.detect.commitAll(true);
    await driver.rollUp();
    expect(driver.raised.length).toBeGreaterThan(1);
    expect(undisturbed.exceptions).toEqual(tellable([...driver.exceptions.values()], driver.transitions));
    expect(Object.values(undisturbed.counted.rejected).reduce((a, b) => a + b, 0)).toBeGreaterThan(0);
  }, 60_000);

  it(`loses nothing and doubles nothing at ${KILLS} seeded instants`, async () => {
    const random = new Random(SEED);
    const shaken = await tower('shaken');
    const steps = storyLog(PARTITIONS, DAYS);
    let sent = 0;
    let sending: Promise<void> = Promise.resolve();
    const send = async (to: number): Promise<void> => {
      for (; sent < to; sent++) await appendSurely(shaken.producer, TOPIC, steps[sent]!);
    };
    let underWay = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const T0 = performance.now();
      await sending;
      const T1 = performance.now();
      const victim = random.uniform() < 0.5 ? shaken.detect : shaken.rollUp;
      const asleep = random.uniform() < 0.15;
      const pause = random.below(asleep ? 600 : 160);
      process.stderr.write(`${kill} ${victim.role} ${asleep}\n`);
      if (!asleep) await victim.ready;
      sending = send(Math.ceil((steps.length * (kill + 1)) / KILLS));
      sending.catch(() => {});
      const T2 = performance.now();
      await sleep(pause);
      if (DATABASE_KILLS.has(kill)) {
        process.stderr.write('killing\n');
        await server.kill();
        process.stderr.write('killed\n');
        server = await start(server.port);
      } else await victim.kill();
      process.stderr.write(`${kill} ${victim.role} sendwait ${(T1 - T0) | 0} ready ${(T2 - T1) | 0} pause ${pause} kill ${(performance.now() - T2 - pause) | 0} falls ${JSON.stringify(shaken.detect.falls.concat(shaken.rollUp.falls).map((f) => f.said.slice(-300)))}\n`);
      const through = STORY_FROM + (sent * (END - STORY_FROM)) / steps.length;
      if (!(await reached(shaken.store, PARTITIONS, through).catch(() => false))) underWay++;
    }
    await sending;
    expect(await finish(shaken)).toEqual(undisturbed);
    for (const { code, said } of [...shaken.detect.falls, ...shaken.rollUp.falls]) {
      expect(code, said).toBe(1);
      expect(said).toContain('what to do:');
    }
    expect(underWay).toBeGreaterThan(KILLS / 5);
  }, 90_000);
});
