import { SOCKET_PATH, SOCKET_VERSION, type DeltaMessage, type PartMessage, type SnapshotMessage } from '@plumbline/contracts';
import { DAY_MS, monthOf, parseQuantity } from '@plumbline/kernel';
import { encodePlan, hashPlan, summarise } from '@plumbline/plan';
import { openPlatform } from '@plumbline/platform';
import { readConfig, processLogger } from '@plumbline/runtime';
import { build, type BuildOptions } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { planRecords } from '../replay/detect-driver.ts';
import { quietSku, steadyPlan, SteadySales } from './live-plan.ts';

export interface LiveResult {
  /** Events a second that were accepted over HTTP. */
  perSecond: number;
  /** Accepted → figures that count them in a Socket.IO client, milliseconds by batch, ascending. */
  figures: number[];
  /** Completing event accepted → its exception in the client, milliseconds, ascending. */
  exceptions: number[];
  /** Bursts whose exception did not come. */
  missing: number;
  /** Cores that the tower and its database used meanwhile, and this process; NaN where the system does not tell. */
  towerCores: number;
  clientCores: number;
}

export interface LiveOptions {
  perSecond: number;
  seconds: number;
  bursts: number;
}

const EVERY_MS = 10;
/** Requests under way; past these the load falls behind what is offered. */
const MOST_REQUESTS = 64;
const WARM_UP_MS = 6000;
/** After a rest of more than a tick all that was sent is in the figures. */
const SETTLE_MS = 1500;
const BURST_LINES = 60;
const BURST_EVERY_MS = 1700;
const TICKS_A_SECOND = 100;
const PATIENCE_MS = 10_000;

/** The embedded defaults: one tower process, its client and its load in this one. */
export async function live(options: LiveOptions): Promise<LiveResult> {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-live-'));
  chmodSync(folder, 0o711); // under root PostgreSQL runs as another account, which has to pass
  const env = { PLUMBLINE_DATA: join(folder, 'data'), PLUMBLINE_PORT: '0', PLUMBLINE_DEMO: 'off' };
  const program = await bundle(folder);
  const { child, url } = await startTower(join(program, 'main.mjs'), env);
  try {
    const client = follow(url);
    const load = new Load(url, options.perSecond);
    const ready = givePlan(env, options.perSecond).then(() => client.ready);
    // The plan takes effect on a stream that runs, so that nothing is missing of it.
    await load.run(ready);
    await load.run(WARM_UP_MS);
    await sleep(SETTLE_MS);
    load.restart();
    const before = { at: performance.now(), tower: cpuSeconds(child.pid!), own: process.cpuUsage() };
    const measured = await measure(load, client, options);
    const seconds = (performance.now() - before.at) / 1000;
    const own = process.cpuUsage(before.own);
    const result = { ...measured, towerCores: (cpuSeconds(child.pid!) - before.tower) / seconds, clientCores: (own.user + own.system) / 1e6 / seconds };
    client.socket.close();
    return result;
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await ended;
    for (const made of [folder, program]) rmSync(made, { recursive: true, force: true });
  }
}

/** The program, bundled from the sources as they are; without pages. */
async function bundle(folder: string): Promise<string> {
  const tower = dirname(createRequire(import.meta.url).resolve('@plumbline/tower/package.json'));
  const root = join(tower, '../..');
  const { bundleOptions } = (await import(pathToFileURL(join(tower, 'bin', 'bundle.mjs')).href)) as { bundleOptions(root: string): BuildOptions };
  const outdir = join(root, 'dist', 'run', basename(folder));
  await build({ ...bundleOptions(root), sourcemap: false, splitting: true, entryPoints: { main: join(tower, 'src', 'main.ts') }, outdir, outExtension: { '.js': '.mjs' } });
  return outdir;
}

async function startTower(program: string, env: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [program, 'start'], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      const found = /runs at (http:\S+?),/.exec(out);
      if (found) resolve(found[1]!);
    });
    child.once('exit', (code) => reject(new Error(`the tower ended with code ${code}: ${out}`)));
  });
  return { child, url };
}

/** Processor time of a process and all it started, as Linux counts it. */
function cpuSeconds(pid: number): number {
  const all = new Map<number, { parent: number; ticks: number }>();
  try {
    for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      all.set(Number(name), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
    }
  } catch {
    return NaN;
  }
  const belongs = (one: number): boolean => one === pid || (one > 1 && all.has(one) && belongs(all.get(one)!.parent));
  let ticks = 0;
  for (const [one, { ticks: own }] of all) if (belongs(one)) ticks += own;
  return ticks / TICKS_A_SECOND;
}

async function givePlan(env: Record<string, string>, perSecond: number): Promise<void> {
  const platform = await openPlatform({ config: readConfig(env), logger: processLogger('warn', 'bench'), mode: 'join' });
  const producer = await platform.log.producer();
  const now = Math.floor(Date.now() / 1000) * 1000;
  const plan = steadyPlan(perSecond, now, monthOf(Math.floor(now / DAY_MS)));
  const body = encodePlan(plan);
  const hash = hashPlan(body);
  await platform.store.savePlan({ body, summary: summarise(plan, { hash, status: 'committed', committedAt: now, effectiveAt: now }) });
  await producer.append(platform.config.topic, planRecords(plan.id, hash, now, platform.partitions));
  await producer.close();
  await platform.close();
}

/** What the client has been told. */
interface Client {
  socket: Socket;
  /** Resolves with the first figures. */
  ready: Promise<void>;
  /** Units of today. */
  units: number;
  /** Called with each newer figures. */
  onFigures: (at: number) => void;
  /** Called with the SKU of an exception, or of what is its evidence. */
  onException: (sku: string, at: number) => void;
}

function follow(url: string): Client {
  const socket = io(url, { path: SOCKET_PATH, transports: ['websocket'] });
  let ready: () => void = () => {};
  const client: Client = { socket, ready: new Promise((resolve) => (ready = resolve)), units: 0, onFigures: () => {}, onException: () => {} };
  const told = (figures: DeltaMessage['figures'], at: number): void => {
    if (!figures?.today) return;
    client.units = parseQuantity(figures.today.units) / 1000;
    client.onFigures(at);
    ready();
  };
  socket.on('snapshot', ({ figures }: SnapshotMessage, applied: () => void) => {
    applied();
    told(figures, performance.now());
  });
  socket.on('part', (_: PartMessage, applied: () => void) => applied());
  socket.on('delta', ({ figures, exceptions }: DeltaMessage, applied: () => void) => {
    const at = performance.now();
    applied();
    told(figures, at);
    for (const { scope, evidence } of exceptions) {
      for (const { sku, family } of [scope, ...evidence.map((one) => one.scope)]) client.onException(sku ?? family?.replace('Quiet ', 'Q-') ?? '', at);
    }
  });
  socket.on('connect', () => socket.emit('join', { version: SOCKET_VERSION, watch: { figures: 'tiles' } }));
  return client;
}

async function send(url: string, body: Uint8Array): Promise<void> {
  const answer = await fetch(`${url}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body });
  const text = await answer.text();
  if (!answer.ok || /"status":"rejected"/.test(text)) throw new Error(`not accepted: ${answer.status} ${text.slice(0, 300)}`);
}

/** What was sent in one request. `total`: units up to and with it since the counting began. */
interface Sent {
  total: number;
  accepted: number;
  seen: number;
}

/** Sends at a steady pace, and keeps what has not been seen in figures yet, in order of sending. */
class Load {
  readonly sales = new SteadySales();
  readonly waiting: Sent[] = [];
  sent = 0;
  answered = 0;
  failure: Error | undefined;
  readonly #url: string;
  readonly #batch: number;
  readonly #pending = new Set<Promise<void>>();

  constructor(url: string, perSecond: number) {
    this.#url = url;
    this.#batch = Math.round((perSecond * EVERY_MS) / 1000);
  }

  post(body: Uint8Array, lines: number, settled: (one: Sent) => void): void {
    this.sent += lines;
    const one: Sent = { total: this.sent, accepted: -1, seen: -1 };
    this.waiting.push(one);
    const answered = send(this.#url, body).then(() => {
      one.accepted = performance.now();
      this.answered += lines;
      settled(one);
    });
    this.#pending.add(answered);
    answered.then(
      () => this.#pending.delete(answered),
      (error: Error) => (this.failure ??= error),
    );
  }

  /** Until a promise resolves or so long. `settled` is called when a request's answer has come. */
  async run(until: Promise<unknown> | number, settled: (one: Sent) => void = () => {}, beside: () => void = () => {}): Promise<void> {
    let over = typeof until === 'number' ? performance.now() + until : Infinity;
    if (typeof until !== 'number') until.then(() => (over = 0), (error: Error) => (this.failure ??= error));
    for (let next = performance.now(), now = next; now < over; now = performance.now()) {
      if (this.failure) throw this.failure;
      for (; next <= now && this.#pending.size < MOST_REQUESTS; next += EVERY_MS) this.post(this.sales.lines(this.#batch, Date.now()), this.#batch, settled);
      beside();
      await sleep(Math.max(1, next - performance.now()));
    }
    await Promise.all(this.#pending);
    if (this.failure) throw this.failure;
  }

  /** Everything sent so far is in the figures: counting begins anew. */
  restart(): void {
    this.sent = this.answered = 0;
    this.waiting.length = 0;
  }
}

async function measure(load: Load, client: Client, { seconds, bursts }: LiveOptions): Promise<Omit<LiveResult, 'towerCores' | 'clientCores'>> {
  const base = client.units;
  const figures: number[] = [];
  const exceptions: number[] = [];
  const settle = (one: Sent): void => {
    if (one.accepted >= 0 && one.seen >= 0) figures.push(Math.max(0, one.seen - one.accepted));
  };
  client.onFigures = (at) => {
    while (load.waiting.length > 0 && client.units - base >= load.waiting[0]!.total) {
      const one = load.waiting.shift()!;
      one.seen = at;
      settle(one);
    }
  };
  const raised = new Map<string, (at: number) => void>();
  client.onException = (name, at) => raised.get(name)?.(at);
  const began = performance.now();
  let bursted = 0;
  const burst = (): void => {
    if (bursted === bursts || performance.now() < began + (bursted + 0.37) * BURST_EVERY_MS) return;
    const name = quietSku(bursted);
    load.post(load.sales.burst(bursted++, BURST_LINES, Date.now()), BURST_LINES, ({ accepted }) => {
      raised.set(name, (at) => {
        raised.delete(name);
        exceptions.push(Math.max(0, at - accepted));
      });
    });
  };
  await load.run(seconds * 1000, settle, burst);
  const perSecond = (load.answered * 1000) / (performance.now() - began);
  const end = performance.now() + PATIENCE_MS;
  while ((load.waiting.length > 0 || exceptions.length < bursts) && performance.now() < end) await sleep(50);
  const ascending = (a: number, b: number): number => a - b;
  return { perSecond, figures: figures.sort(ascending), exceptions: exceptions.sort(ascending), missing: bursts - exceptions.length };
}

export const quantile = (ascending: readonly number[], share: number): number => ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? NaN;
