import { encodeSale, exampleOf, type Problem } from '@plumbline/contracts';
import { openEmbeddedLog } from '@plumbline/eventlog-embedded';
import { formatInstant } from '@plumbline/kernel';
import type { EventLog, RollUpCommit, Store } from '@plumbline/ports';
import { readConfig, type Logger } from '@plumbline/runtime';
import { openStore } from '@plumbline/store-postgres';
import { testPostgres } from '@plumbline/testkit';
import { pino } from 'pino';
import { startApi, type Api, type ApiOptions } from './api.ts';

export const PARTITIONS = 3;
/** 2026-11-23T09:41:00Z, a Monday, and its day number. */
export const NOW = 1_795_426_860_000;
export const MONDAY = 20_780;

/** A tower's log and store in an embedded PostgreSQL of its own, and its API on a free port. */
export interface TestTower {
  api: Api;
  log: EventLog;
  store: Store;
  topic: string;
  databaseUrl: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, type?: string, headers?: Record<string, string>): Promise<Answer>;
  /** Everything in the log: partition, key and JSON, in log order per partition. */
  records(): Promise<{ partition: number; key: string; event: Record<string, unknown> }[]>;
  /** What the roll-up would commit. */
  rollUp(commit: Partial<RollUpCommit>): Promise<void>;
  /** Another API on the same log and store. */
  another(options: Partial<ApiOptions>): Promise<Api>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON of whatever shape is expected. */
  json<T = Problem>(): T;
}

export const silent = pino({ level: 'silent' }) as Logger;

export async function testTower(options: Partial<ApiOptions> = {}): Promise<TestTower> {
  const postgres = await testPostgres();
  const url = await postgres.database();
  const store = await openStore({ url });
  await store.migrate();
  const log = await openEmbeddedLog({ url });
  const config = readConfig({});
  const topic = config.topic;
  await log.createTopic(topic, { partitions: PARTITIONS });
  const platform = { log, store, config, partitions: PARTITIONS, databaseUrl: url };
  const another = (more: Partial<ApiOptions>): Promise<Api> => startApi({ platform, host: '127.0.0.1', port: 0, logger: silent, now: () => NOW, ...more });
  const api = await another(options);
  return {
    api,
    log,
    store,
    topic,
    databaseUrl: url,
    get: (path, headers = {}) => ask(`${api.url}${path}`, { headers }),
    post: (path, body, type = 'application/json', headers = {}) => ask(`${api.url}${path}`, requestOf(body, type, headers)),
    records: () => recordsOf(log, topic),
    rollUp: (commit) => commitRollUp(store, commit),
    another,
    async close() {
      await api.close();
      await log.close();
      await store.close();
      await postgres.close();
    },
  };
}

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: <T>() => JSON.parse(text) as T };
}

function requestOf(body: unknown, type: string, headers: Record<string, string>): RequestInit {
  if (body === undefined) return { method: 'POST', headers };
  const sent = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return { method: 'POST', headers: { 'content-type': type, ...headers }, body: sent as NonNullable<RequestInit['body']> };
}

async function recordsOf(log: EventLog, topic: string): ReturnType<TestTower['records']> {
  const all = [];
  for (const { partition, low, high } of await log.offsets(topic)) {
    for (const { key, value } of await log.read(topic, partition, low, high - low)) {
      all.push({ partition, key: new TextDecoder().decode(key), event: JSON.parse(new TextDecoder().decode(value)) as Record<string, unknown> });
    }
  }
  return all;
}

async function commitRollUp(store: Store, commit: Partial<RollUpCommit>): Promise<void> {
  const { epoch } = await store.claim('rollup', -1, 'test');
  await store.commitRollUp({ epoch, tick: NOW, exceptions: [], transitions: [], snapshot: { meta: Uint8Array.of(1), pages: [], pageCount: 0 }, figures: undefined, ...commit });
}

/** A sale as text; `n` makes its id and time. */
export const saleText = (n: number, sku = 'A-1', location = 'LYON-3'): string => new TextDecoder().decode(saleBytes(n, sku, location));

export const saleBytes = (n: number, sku = 'A-1', location = 'LYON-3'): Uint8Array =>
  encodeSale({ type: 'pos.sale', id: `s-${n}`, source: 'urn:till', time: NOW - 3_600_000 + n * 1000, sku, location, quantity: 2000, price: 16_900, currency: 'EUR' });

/** The contract's example of a type with other members. */
export const example = (type: Parameters<typeof exampleOf>[0], id: string): Record<string, unknown> => ({ ...(exampleOf(type) as object), id });

export const at = (ms: number): string => formatInstant(ms);
