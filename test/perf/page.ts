import { monthOf, DAY_MS } from '@plumbline/kernel';
import { encodePlan, hashPlan, summarise } from '@plumbline/plan';
import { demoPlan, makeRetailer } from '@plumbline/simulator';
import { openStore } from '@plumbline/store-postgres';
import { build, type BuildOptions } from 'esbuild';
import { fork, type ChildProcess } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { openBrowser, person } from '../browser/browser.ts';
import { Committing, ManyExceptions } from './page-exceptions.ts';

export interface PageOptions {
  /** URL of a database of its own. */
  database: string;
  /** Open exceptions and changes a second of a usual day, and of one with very much to look at. */
  usual: Crowd;
  busy: Crowd;
  /** How long memory is watched behind the warm-up. */
  memorySeconds: number;
}

export interface Crowd {
  open: number;
  perSecond: number;
}

export interface PageResult {
  usual: Loading;
  busy: Loading;
  scrolling: Scrolling;
  holding: Holding;
  memory: { startBytes: number; endBytes: number; seconds: number };
  /** Changes a second that were committed to the store while it was busy. */
  perSecond: number;
}

/** A first visit: no cache, a processor four times slower. */
export interface Loading {
  /** Compressed, as they came over the wire: until the page can be used, and until it has fetched what it needs later. */
  scriptBytes: number;
  allScriptBytes: number;
  /** Navigation → first row of the queue on screen; → and the main thread free for 200 ms. Milliseconds, median of visits. */
  firstRow: number;
  interactive: number;
}

export interface Scrolling {
  /** Frames a second by the median pause, and by the pause that one frame in twenty exceeds. */
  median: number;
  low: number;
  /** Share of frames more than half a frame late. */
  late: number;
  longTasks: number;
  /** Milliseconds; 0: none. */
  longest: number;
}

export interface Holding {
  /** Rows that were under a pointer at rest: one, unless something jumped. */
  rows: number;
  /** Layout shifts without input: pointer at rest on a row, and nobody's hands on the queue. */
  resting: number;
  alone: number;
}

const VISITS = 3;
const SLOWER = 4;
const SCROLL_MS = 8000;
const WARM_UP_MS = 20_000;
/** Longer than the queue takes hands that do not move for hands off. */
const REST_MS = 20_000;
const ALONE_MS = 10_000;
/** A frame that is more than half a frame late, milliseconds. */
const LATE_MS = 25;
const PATIENCE_MS = 60_000;

/** The built dashboard in a real browser, on a store with many exceptions that change all the time. */
export async function measurePage(options: PageOptions): Promise<PageResult> {
  const store = await openStore({ url: options.database });
  await store.migrate();
  const tower = new PageTower(options.database);
  const retailer = makeRetailer({ seed: 5 });
  const now = Date.now();
  const plan = demoPlan(retailer, monthOf(Math.floor(now / DAY_MS)), 2);
  const body = encodePlan(plan);
  await store.savePlan({ body, summary: summarise(plan, { hash: hashPlan(body), status: 'committed', committedAt: now, effectiveAt: now }) });
  const committing = await Committing.start(store, new ManyExceptions(retailer, options.usual.open, now));
  const browser = await openBrowser();
  try {
    const url = await tower.start();
    committing.busy(options.usual.open, options.usual.perSecond);
    const usual = await loading(browser, url);
    committing.busy(options.busy.open, options.busy.perSecond);
    const { changes } = committing;
    const began = performance.now();
    const busy = await loading(browser, url);
    const watched = await watching(browser, url, options);
    return { usual, busy, ...watched, perSecond: (1000 * (committing.changes - changes)) / (performance.now() - began) };
  } finally {
    await browser.close();
    await tower.stop();
    await committing.stop();
    await store.close();
  }
}

/** The API in a process of its own, with the dashboard as it is built from the sources as they are. */
class PageTower {
  readonly #database: string;
  #child: ChildProcess | undefined;
  #folder = '';

  constructor(database: string) {
    this.#database = database;
  }

  async start(): Promise<string> {
    const bin = join(dirname(createRequire(import.meta.url).resolve('@plumbline/tower/package.json')), 'bin');
    const root = join(bin, '../../..');
    const { bundleOptions } = (await import(pathToFileURL(join(bin, 'bundle.mjs')).href)) as { bundleOptions(root: string): BuildOptions };
    const { buildIfStale } = (await import(pathToFileURL(join(bin, 'build.mjs')).href)) as { buildIfStale(root: string, only: string): Promise<void> };
    await buildIfStale(root, 'dashboard');
    this.#folder = join(root, 'dist', 'run', `page-${process.pid}`);
    const program = join(this.#folder, 'tower.mjs');
    await build({ ...bundleOptions(root), sourcemap: false, entryPoints: [join(root, 'test/perf/page-tower.ts')], outfile: program });
    // A copy: another build meanwhile does not change what is measured.
    cpSync(join(root, 'dist/dashboard'), join(this.#folder, 'dashboard'), { recursive: true });
    const env = { ...process.env, PLUMBLINE_STORE_URL: this.#database, PAGE_DASHBOARD: join(this.#folder, 'dashboard') };
    const child = (this.#child = fork(program, { env, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    return new Promise((resolve, reject) => {
      child.once('message', (message) => resolve((message as { url: string }).url));
      child.once('exit', (code) => reject(new Error(`the API ended with code ${code}`)));
    });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child?.connected) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await ended;
    }
    if (this.#folder !== '') rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function opened(browser: Browser): Promise<{ page: Page; cdp: CDPSession; close(): Promise<void> }> {
  const { page, context } = await person(browser, { reducedMotion: 'no-preference' });
  const root = join(dirname(createRequire(import.meta.url).resolve('@plumbline/tower/package.json')), '../..');
  await page.addInitScript({ path: join(root, 'test/perf/page-probe.js') });
  return { page, cdp: await context.newCDPSession(page), close: () => context.close() };
}

async function loading(browser: Browser, url: string): Promise<Loading> {
  const visits: Loading[] = [];
  for (let i = 0; i < VISITS; i++) visits.push(await visit(browser, url));
  const median = (member: keyof Loading): number => quantile(visits.map((one) => one[member]), 0.5);
  return { scriptBytes: median('scriptBytes'), allScriptBytes: median('allScriptBytes'), firstRow: median('firstRow'), interactive: median('interactive') };
}

async function visit(browser: Browser, url: string): Promise<Loading> {
  const { page, cdp, close } = await opened(browser);
  const scripts = new Set<string>();
  let bytes = 0;
  cdp.on('Network.responseReceived', ({ requestId, type }) => type === 'Script' && scripts.add(requestId));
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => void (scripts.has(requestId) && (bytes += encodedDataLength)));
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await page.goto(url, { waitUntil: 'commit' });
  const interactive = await usable(page);
  const scriptBytes = bytes;
  const firstRow = await page.evaluate<number>('probe.firstRow()');
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  await sleep(5000);
  await close();
  return { scriptBytes, allScriptBytes: bytes, firstRow, interactive };
}

/** Asked over and over: the page's own rules forbid what Playwright waits with. */
async function usable(page: Page): Promise<number> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(100)) {
    const interactive = await page.evaluate<number | undefined>('probe.interactive()');
    if (interactive !== undefined) return interactive;
  }
  throw new Error(`the page cannot be used after ${PATIENCE_MS / 1000} s`);
}

async function watching(browser: Browser, url: string, { memorySeconds }: PageOptions): Promise<Pick<PageResult, 'scrolling' | 'holding' | 'memory'>> {
  const { page, cdp, close } = await opened(browser);
  await page.goto(url);
  await page.locator('[data-id]').first().waitFor({ timeout: PATIENCE_MS });
  await sleep(WARM_UP_MS);
  const scrolling = await scroll(page, cdp);
  const holding = await hold(page);
  const startBytes = await heap(page, cdp);
  await sleep(memorySeconds * 1000);
  const endBytes = await heap(page, cdp);
  await close();
  return { scrolling, holding, memory: { startBytes, endBytes, seconds: memorySeconds } };
}

/** Down the queue and up again with the wheel. */
async function scroll(page: Page, cdp: CDPSession): Promise<Scrolling> {
  const [x, y] = await middleOfQueue(page);
  const from = await page.evaluate<number>('performance.now()');
  const frames = page.evaluate<number[]>(`probe.frames(${SCROLL_MS})`);
  const began = performance.now();
  for (let way = -1; performance.now() - began < SCROLL_MS; way = -way) {
    await cdp.send('Input.synthesizeScrollGesture', { x, y, yDistance: way * 4000, speed: 2000, gestureSourceType: 'mouse' });
  }
  const pauses = await frames;
  const longTasks = await page.evaluate<number[]>(`probe.longTasksSince(${from})`);
  return {
    median: 1000 / quantile(pauses, 0.5),
    low: 1000 / quantile(pauses, 0.95),
    late: pauses.filter((pause) => pause > LATE_MS).length / pauses.length,
    longTasks: longTasks.length,
    longest: Math.max(0, ...longTasks),
  };
}

async function hold(page: Page): Promise<Holding> {
  const [x, y] = await middleOfQueue(page);
  await page.mouse.move(x, y);
  await sleep(1000);
  const from = await page.evaluate<number>('performance.now()');
  const rows = await page.evaluate<string[]>(`probe.rowsUnder(${x}, ${y}, ${REST_MS})`);
  const resting = await shifted(page, from);
  await page.mouse.move(x, 4);
  await sleep(REST_MS);
  const left = await page.evaluate<number>('performance.now()');
  await sleep(ALONE_MS);
  return { rows: rows.length, resting, alone: await shifted(page, left) };
}

const shifted = async (page: Page, from: number): Promise<number> =>
  (await page.evaluate<number[]>(`probe.shiftsSince(${from})`)).reduce((sum, value) => sum + value, 0);

async function middleOfQueue(page: Page): Promise<[x: number, y: number]> {
  const box = await page.locator('[role=listbox]').boundingBox();
  if (!box) throw new Error('the page shows no queue');
  return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
}

/** Bytes of JavaScript objects that are in use. */
async function heap(page: Page, cdp: CDPSession): Promise<number> {
  await page.evaluate('probe.forget()');
  for (let i = 0; i < 2; i++) await cdp.send('HeapProfiler.collectGarbage');
  return (await cdp.send('Runtime.getHeapUsage')).usedSize;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
