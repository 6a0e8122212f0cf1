import { openEmbeddedLog } from '@plumbline/eventlog-embedded';
import { openKafkaLog } from '@plumbline/eventlog-kafka';
import { DAY_MS, type Random } from '@plumbline/kernel';
import type { EventLog, LogProducer, Store } from '@plumbline/ports';
import { startPostgres, type PostgresServer } from '@plumbline/runtime';
import { openStore } from '@plumbline/store-postgres';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect } from 'vitest';
import { STORY_FROM, storyLog, storyPlans } from '../replay/story.ts';
import { bundleStreams, Member, type Bundles } from './fleet.ts';
import { appendSurely, outcomeOf, reached, until, type Outcome } from './outcome.ts';

export const PARTITIONS = 4;
export const DAYS = 6.5;
const END = STORY_FROM + DAYS * DAY_MS;
const SNAPSHOT_MS = 300;

export interface TowerOptions {
  /** Its database on the host, and its topic: nothing of that name may be there. */
  name: string;
  detects: number;
  /** Absent: the embedded log. */
  brokers?: readonly string[];
  sessionMs?: number;
}

/** A store, a log and the stream processes on them. */
export interface Tower {
  store: Store;
  log: EventLog;
  topic: string;
  producer: LogProducer;
  detects: Member[];
  rollUp: Member;
}

/** One PostgreSQL and one build of the streams, for the towers of a test file. */
export class Host {
  readonly #folder: string;
  readonly #bundles: Bundles;
  #server: PostgresServer;
  readonly #open: { end(): Promise<unknown> }[] = [];

  private constructor(folder: string, server: PostgresServer, bundles: Bundles) {
    this.#folder = folder;
    this.#server = server;
    this.#bundles = bundles;
  }

  static async start(): Promise<Host> {
    const folder = mkdtempSync(join(tmpdir(), 'plumbline-chaos-'));
    chmodSync(folder, 0o711); // under root PostgreSQL runs as another account, which has to pass
    const [server, bundles] = await Promise.all([startPostgres({ dataDir: join(folder, 'data'), durability: 'fast' }), bundleStreams()]);
    return new Host(folder, server, bundles);
  }

  /** SIGKILL; it comes back at the same address. */
  async killDatabase(): Promise<void> {
    const { port } = this.#server;
    await this.#server.kill();
    this.#server = await startPostgres({ dataDir: join(this.#folder, 'data'), durability: 'fast', port });
  }

  async tower({ name, detects, brokers, sessionMs = 1000 }: TowerOptions): Promise<Tower> {
    const url = await this.#database(name);
    const store = await openStore({ url });
    this.#open.push({ end: () => store.close() });
    await store.migrate();
    const log = brokers ? openKafkaLog({ brokers: [...brokers] }) : await openEmbeddedLog({ url });
    this.#open.push({ end: () => log.close() });
    await log.createTopic(name, { partitions: PARTITIONS });
    for (const hash of storyPlans.hashes) await store.savePlan((await storyPlans.plan(hash))!);
    const env = {
      PLUMBLINE_STORE_URL: url,
      PLUMBLINE_TOPIC: name,
      PLUMBLINE_SESSION_MS: String(sessionMs),
      PLUMBLINE_SNAPSHOT_MS: String(SNAPSHOT_MS),
      ...(brokers ? { PLUMBLINE_LOG: 'kafka', KAFKA_BROKERS: brokers.join(',') } : {}),
    };
    const member = (role: 'detect' | 'rollup'): Member => {
      const one = new Member(role, this.#bundles, env);
      this.#open.push(one);
      return one;
    };
    const producer = await log.producer();
    return { store, log, topic: name, producer, detects: Array.from({ length: detects }, () => member('detect')), rollUp: member('rollup') };
  }

  async close(): Promise<void> {
    for (const one of this.#open.reverse()) await one.end().catch(() => {});
    await this.#server.stop();
    await this.#bundles.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #database(name: string): Promise<string> {
    const client = new pg.Client({ connectionString: this.#server.url });
    await client.connect();
    await client.query(`CREATE DATABASE "${name}"`).finally(() => client.end());
    return Object.assign(new URL(this.#server.url), { pathname: `/${name}` }).href;
  }
}

/** Tells a tower the whole story with nothing in its way. */
export async function calmly(tower: Tower): Promise<Outcome> {
  for (const step of storyLog(PARTITIONS, DAYS)) await tower.producer.append(tower.topic, step);
  const outcome = await finish(tower);
  expect(falls(tower)).toEqual([]);
  return outcome;
}

/** Tells it part by part, and strikes a blow during each. @returns how many fell while there was work */
export async function shaken(tower: Tower, blows: readonly ((tower: Tower) => Promise<void>)[]): Promise<number> {
  const steps = storyLog(PARTITIONS, DAYS);
  let sent = 0;
  const send = async (to: number): Promise<void> => {
    for (; sent < to; sent++) await appendSurely(tower.producer, tower.topic, steps[sent]!);
  };
  let underWay = 0;
  for (const [i, blow] of blows.entries()) {
    const sending = send(Math.ceil((steps.length * (i + 1)) / blows.length));
    sending.catch(() => {});
    await blow(tower);
    const through = STORY_FROM + (sent * (END - STORY_FROM)) / steps.length;
    if (!(await reached(tower.store, PARTITIONS, through).catch(() => false))) underWay++;
    await sending;
  }
  return underWay;
}

/** Kills it while it starts (now and then), or a moment after it has taken up its state and gone to work. */
export async function killSomewhere(victim: Member, random: Random): Promise<void> {
  const starting = random.uniform() < 0.15;
  const pause = random.below(starting ? 600 : 160);
  if (!starting) await victim.ready;
  await sleep(pause);
  await victim.kill();
}

/** Waits for the last tick, and stops everything in good order. */
export async function finish({ store, detects, rollUp }: Tower): Promise<Outcome> {
  await until('all ticks handled', 90_000, () => reached(store, PARTITIONS, END));
  for (const member of [...detects, rollUp]) expect(await member.stop()).toBe(0);
  return outcomeOf(store);
}

export const falls = ({ detects, rollUp }: Tower): Member['falls'] => [...detects, rollUp].flatMap((member) => member.falls);

/** A process may give up when its database or broker is away, if it says why and what to do. */
export function expectExplained(tower: Tower): void {
  for (const { code, said } of falls(tower)) {
    expect(code, said).toBe(1);
    expect(said).toContain('what to do:');
  }
}
