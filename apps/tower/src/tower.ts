import { dashboardBeside, startApi } from '@plumbline/api';
import type { Exception } from '@plumbline/contracts';
import { formatInstant, PlumblineError } from '@plumbline/kernel';
import { openPlatform, type Phase, type Platform } from '@plumbline/platform';
import { processLogger, runMaintenance, type Config, type Logger } from '@plumbline/runtime';
import { startArchive } from '@plumbline/stream-archive';
import { runClock } from '@plumbline/stream-clock';
import { Demo } from './demo.ts';
import { startStreams, type Streams } from './streams.ts';

export interface TowerOptions {
  config: Config;
  logger: Logger;
  phase: Phase;
  /** The program's own file, for the roll-up's thread; absent: no thread. */
  thread?: string;
  /** Aborted: a start under way ends after the step it is in. */
  signal?: AbortSignal;
  /** Called for each exception that is raised, cleared or otherwise changes status, as it happens. */
  onException?: (exception: Exception, previous: string | undefined) => void;
}

/** The whole tower in one process tree: database, log, streams, API and, when asked for, the demo retailer. */
export class Tower {
  readonly platform: Platform;
  readonly streams: Streams;
  url = '';
  #closers: (() => Promise<unknown>)[] = [];
  #fail: (error: Error) => void = () => {};
  /** Rejects when a part of the tower cannot go on. */
  readonly failed: Promise<never> = new Promise((_, reject) => (this.#fail = reject));

  private constructor(platform: Platform, streams: Streams) {
    this.platform = platform;
    this.streams = streams;
    this.failed.catch(() => {});
  }

  static async start(options: TowerOptions): Promise<Tower> {
    const { config, logger, phase } = options;
    let lost: (error: PlumblineError) => void = () => {};
    const platform = await openPlatform({ config, logger, mode: 'own', phase, onDatabaseExit: (error) => lost(error) });
    let tower: Tower | undefined;
    try {
      goingOn(options.signal);
      phase('streams', `${platform.partitions} partitions`);
      const streams = await startStreams(platform, options.thread);
      tower = new Tower(platform, streams);
      const fail = tower.#fail;
      lost = fail;
      streams.failed.catch(fail);
      tower.#closers.push(() => streams.stop());
      goingOn(options.signal);
      await tower.#serve(options);
      goingOn(options.signal);
      return tower;
    } catch (error) {
      await (tower ? tower.stop() : platform.close()).catch(() => {});
      throw error;
    }
  }

  /** Orderly: what was accepted is committed, then everything ends; well inside five seconds. */
  async stop(): Promise<void> {
    for (const closer of this.#closers.splice(0).reverse()) {
      await closer().catch((error: Error) => this.platform.logger.warn({ error: error.message }, 'stopping'));
    }
    await this.platform.close();
  }

  async #serve({ config, logger, phase, onException, signal }: TowerOptions): Promise<void> {
    const { platform } = this;
    const demo = config.demo ? await Demo.open(platform, Date.now()) : undefined;
    goingOn(signal);
    phase('api', `${config.host}:${config.port}`);
    const api = await startApi({ platform, host: config.host, port: config.port, logger, progress: () => this.streams.progress(), work: () => this.streams.detect.metrics, dashboard: dashboardBeside(process.argv[1]), ...(demo ? { demo } : {}) });
    this.#closers.push(() => api.close());
    this.url = api.url;
    phase('ready', `${api.url}  (documentation of the API: ${api.url}/api/docs)`);
    if (config.log === 'kafka') {
      const archive = await startArchive({ ...platform, topic: config.topic, group: 'plumbline-archive', owner: owner() });
      this.#closers.push(() => archive.stop());
    }
    if (onException) this.#watch(onException);
    const stop = new AbortController();
    const upkeep = runMaintenance({ store: platform.store, archiveDays: config.archiveDays, logger, signal: stop.signal });
    this.#closers.push(() => upkeep);
    if (demo) {
      this.#closers.push(() => demo.stop());
      const warming = demo
        .warmUp((share) => phase('history', `two weeks before the demo begins: ${Math.floor(share * 10) * 10} %`), stop.signal)
        .then(() => {
          if (stop.signal.aborted) return;
          phase('live', `${config.demoRate} s of demo time per second`);
          demo.start((error) => this.#fail(error));
        });
      warming.catch((error: Error) => this.#fail(error));
      this.#closers.push(() => warming.catch(() => {}));
    } else {
      const clock = runClock({ log: platform.log, topic: config.topic, group: 'plumbline-clock', now: () => Date.now(), signal: stop.signal });
      clock.catch((error: Error) => this.#fail(error));
      this.#closers.push(() => clock.catch(() => {}));
    }
    // Last in, first out: everything that watches the signal ends before it is waited for.
    this.#closers.push(() => Promise.resolve(stop.abort()));
  }

  /** Follows the numbered changes from now on. */
  #watch(onException: NonNullable<TowerOptions['onException']>): void {
    const { store } = this.platform;
    const stop = new AbortController();
    const statuses = new Map<string, string>();
    const follow = async (): Promise<void> => {
      let change = 0;
      for (let page = await store.changes(change, 1000); page.length > 0; page = await store.changes(change, 1000)) {
        for (const exception of page) statuses.set(exception.id, exception.status);
        change = page.at(-1)!.change;
      }
      while (!stop.signal.aborted) {
        const changed = await store.changes(change, 500);
        for (const exception of changed) {
          const before = statuses.get(exception.id);
          statuses.set(exception.id, exception.status);
          if (before !== exception.status) onException(exception, before);
          change = exception.change;
        }
        if (changed.length === 0) await store.wait('changes', 1000, stop.signal);
      }
    };
    const following = follow().catch((error: Error) => {
      if (!stop.signal.aborted) this.platform.logger.warn({ error: error.message }, 'following exceptions');
    });
    this.#closers.push(() => {
      stop.abort();
      return following;
    });
  }
}

/** @throws PlumblineError 'stopped' */
function goingOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new PlumblineError('stopped', 'The start was stopped.', { fix: 'Start again: it goes on from what was kept.' });
}

export const owner = (): string => `tower-${process.pid}`;

/** `plumbline start`: the tower until it is asked to stop. */
export async function runTower(config: Config, signal: AbortSignal, print: (line: string) => void, thread?: string): Promise<number> {
  const began = performance.now();
  const logger = processLogger(config.logLevel, 'tower');
  let shown = '';
  const tower = await Tower.start({
    config,
    logger,
    ...(thread === undefined ? {} : { thread }),
    signal,
    phase: (name, detail) => {
      const line = `  ${name.padEnd(9)} ${detail ?? ''}`.trimEnd();
      if (line !== shown) print(line);
      shown = line;
    },
    onException: (exception, before) => print(sentence(exception, before)),
  });
  print(`Plumbline runs at ${tower.url}, started in ${((performance.now() - began) / 1000).toFixed(1)} s. Ctrl-C stops it; the next start goes on from here.`);
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  try {
    if (!signal.aborted) await Promise.race([stopped, tower.failed]);
  } finally {
    print('Stopping …');
    await tower.stop();
  }
  return 0;
}

function sentence(exception: Exception, before: string | undefined): string {
  const at = formatInstant(Date.parse(exception.updatedAt)).slice(0, 16).replace('T', ' ');
  const mark = before === undefined ? 'raised' : exception.status;
  return `${at}  ${exception.id.padEnd(6)} ${mark.padEnd(12)} ${exception.headline}`;
}
