import { openEmbeddedLog } from '@plumbline/eventlog-embedded';
import { DAY_MS, formatInstant, HOUR_MS, monthOf, parseDay, Random } from '@plumbline/kernel';
import type { AppendRecord, EventLog, LogProducer, Store } from '@plumbline/ports';
import { DemoFeed, demoPlan, makeRetailer, type Cause } from '@plumbline/simulator';
import { openStore } from '@plumbline/store-postgres';
import { testPostgres } from '@plumbline/testkit';
import { build } from 'esbuild';
import { fork, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { planRecords, planShelf } from '../replay/detect-driver.ts';
import type { CrowdOrder, CrowdReport, Truth } from './crowd.ts';

const root = dirname(dirname(createRequire(import.meta.url).resolve('@plumbline/testkit/package.json'))).replace(/[\\/]libs$/, '');
const PARTITIONS = 4;
const TOPIC = 'plumbline.events';
const MONDAY = parseDay('2026-11-02');
const FROM = MONDAY * DAY_MS;
/** Event time that is there before the clients come. */
const HISTORY_DAYS = 2;
const CAUSE_DAYS = 30;
/** Much is raised, and changes again and again: that is what the clients are to follow. */
const FALSE_ALARMS = 300;
/** Before any of its lines nothing is in the future. */
const NOW = FROM + 60 * DAY_MS;

export const retailer = makeRetailer({ seed: 5, skus: 60, volume: 4 });

const version = demoPlan(retailer, monthOf(MONDAY), 2, { errorCv: 0.1 });

/** Every hour of event time something goes wrong somewhere, for some hours. */
function causes(random: Random): Cause[] {
  const one = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  return Array.from({ length: 24 * CAUSE_DAYS }, (_, i) => {
    const from = FROM + DAY_MS + i * HOUR_MS;
    const silent = i % 4 === 2;
    const scope = silent ? { location: one(retailer.locations).code } : { family: one(retailer.families).name, region: one(retailer.regions).name };
    const [kind, factor] = silent ? (['store-silence', 0] as const) : i % 4 === 1 ? (['region-drop', 0.1] as const) : (['family-surge', 3] as const);
    return { id: `cause-${i}`, kind, scope, from, to: from + (3 + random.below(12)) * HOUR_MS, factor };
  });
}

/** A tower in a process of its own on a database of its own, and what sends to it. */
export class LiveHost {
  readonly #folder = join(root, 'dist', `live-${process.pid}`);
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #feed = new DemoFeed({ retailer, partitions: PARTITIONS, from: FROM, tickSeconds: 900, dirt: { malformed: 0 }, causes: causes(new Random(3)) });
  #child!: ChildProcess;
  #producer!: LogProducer;
  store!: Store;
  url = '';
  sent = 0;

  static async start(): Promise<LiveHost> {
    const host = new LiveHost();
    try {
      await host.#open();
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  async #open(): Promise<void> {
    const [postgres] = await Promise.all([testPostgres(), this.#bundle()]);
    this.#closers.push(() => postgres.close());
    const url = await postgres.database();
    this.store = await openStore({ url });
    this.#closers.push(() => this.store.close());
    await this.store.migrate();
    const log: EventLog = await openEmbeddedLog({ url });
    this.#closers.push(() => log.close());
    await log.createTopic(TOPIC, { partitions: PARTITIONS });
    const plans = planShelf([version]);
    const [hash] = plans.hashes;
    await this.store.savePlan((await plans.plan(hash!))!);
    this.#producer = await log.producer();
    await this.#producer.append(TOPIC, planRecords(version.id, hash!, FROM, PARTITIONS));
    while (this.#feed.at < FROM + HISTORY_DAYS * DAY_MS) await this.#producer.append(TOPIC, this.#feed.advance(this.#feed.at + DAY_MS / 8));
    await this.#startTower(url);
    await this.reached();
  }

  async #bundle(): Promise<void> {
    const { bundleOptions } = (await import(join(root, 'apps/tower/bin/bundle.mjs'))) as { bundleOptions(root: string): object };
    const entryPoints = { tower: join(root, 'test/live/tower.ts'), crowd: join(root, 'test/live/crowd.ts') };
    await build({ ...bundleOptions(root), sourcemap: false, entryPoints, outdir: this.#folder, outExtension: { '.js': '.mjs' } });
    this.#closers.push(() => rm(this.#folder, { recursive: true, force: true }));
  }

  async #startTower(database: string): Promise<void> {
    const { PATH = '', HOME = '' } = process.env;
    this.#child = fork(join(this.#folder, 'tower.mjs'), { execArgv: [], env: { PATH, HOME, PLUMBLINE_STORE_URL: database, PLUMBLINE_TOPIC: TOPIC, PLUMBLINE_FALSE_ALARMS: String(FALSE_ALARMS), LIVE_NOW: String(NOW) }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let said = '';
    this.#child.stderr!.on('data', (chunk: Buffer) => void (said = (said + chunk.toString('utf8')).slice(-4000)));
    this.#closers.push(() => this.#end());
    this.url = await new Promise<string>((resolve, reject) => {
      this.#child.once('message', ({ url }: { url: string }) => resolve(url));
      this.#child.once('exit', (code) => reject(new Error(`the tower ended with ${code}: ${said}`)));
    });
  }

  /** Sends lines through the API at a rate, each tick behind its lines, for so many seconds. */
  async feed(perSecond: number, seconds: number): Promise<{ sent: number; seconds: number }> {
    const began = performance.now();
    const elapsed = (): number => (performance.now() - began) / 1000;
    const underWay: Promise<void>[] = [];
    let given = 0;
    let ticked: Promise<void> = Promise.resolve();
    while (elapsed() < seconds) {
      const ahead = given / perSecond - elapsed();
      if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, 1000 * ahead));
      const { lines, ticks } = this.#next();
      given += lines.length;
      ticked = Promise.all([this.#post(lines), ticked]).then(() => this.#producer.append(TOPIC, ticks));
      underWay.push(ticked);
      // The next lines need not wait for these, but not for ever either.
      if (underWay.length > IN_FLIGHT) await underWay.shift();
    }
    await ticked;
    this.sent += given;
    return { sent: given, seconds: elapsed() };
  }

  /** The next lines in order of time, and the ticks up to the last: by night few lines lie between two ticks. */
  #next(): { lines: AppendRecord[]; ticks: AppendRecord[] } {
    const lines: AppendRecord[] = [];
    const ticks: AppendRecord[] = [];
    while (lines.length < BATCH) {
      const next = (Math.floor(this.#feed.at / TICK_MS) + 1) * TICK_MS;
      for (const record of this.#feed.advance(next)) (Buffer.from(record.key).toString() === 'clock' ? ticks : lines).push(record);
    }
    return { lines, ticks };
  }

  async #post(lines: readonly AppendRecord[]): Promise<void> {
    const body = Buffer.concat(lines.flatMap(({ value }) => [value, NEWLINE]));
    const answer = await fetch(`${this.url}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body });
    const { rejected } = (await answer.json()) as { rejected: number };
    if (answer.status !== 200 || rejected > 0) throw new Error(`${answer.status}: ${rejected} lines were rejected`);
  }

  /** Waits until the roll-up has handled all that was sent. */
  async reached(): Promise<void> {
    const tick = Math.floor(this.#feed.at / TICK_MS) * TICK_MS;
    const end = Date.now() + 120_000;
    while ((await this.store.rollUpTick()) < tick) {
      if (Date.now() > end) throw new Error(`the roll-up did not reach ${formatInstant(tick)}`);
      await new Promise((again) => setTimeout(again, 50));
    }
  }

  crowd(order: Omit<CrowdOrder, 'url'>): Crowd {
    return new Crowd(new Worker(join(this.#folder, 'crowd.mjs'), { workerData: { ...order, url: this.url } satisfies CrowdOrder }));
  }

  /** What the tower used of processor and memory; it ends. */
  async #end(): Promise<void> {
    const { exitCode } = this.#child;
    if (exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  async stopTower(): Promise<{ cpuSeconds: number; rssMb: number; code: number | null }> {
    const used = new Promise<{ cpuSeconds: number; rssMb: number }>((resolve) => this.#child.once('message', (message) => resolve(message as { cpuSeconds: number; rssMb: number })));
    const ended = new Promise<number | null>((resolve) => this.#child.once('exit', resolve));
    this.#child.send('stop');
    return { ...(await used), code: await ended };
  }

  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0).reverse()) await closer();
  }
}

/** Lines of a request, at least, and requests that may be under way. */
const BATCH = 150;
const IN_FLIGHT = 4;
const NEWLINE = Buffer.from('\n');
const TICK_MS = 900_000;

/** Clients in a thread of their own. */
export class Crowd {
  readonly #worker: Worker;
  readonly joined: Promise<void>;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.joined = new Promise((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
    });
  }

  async settle(truth: Truth): Promise<CrowdReport> {
    const report = await new Promise<CrowdReport>((resolve, reject) => {
      this.#worker.once('message', resolve);
      this.#worker.once('error', reject);
      this.#worker.postMessage(truth);
    });
    await this.#worker.terminate();
    return report;
  }
}
