import { PlumblineError } from '@plumbline/kernel';
import { openStoreAt, type Platform } from '@plumbline/platform';
import { processLogger, type Config } from '@plumbline/runtime';
import { StoredPlans } from '@plumbline/stream-detect';
import { startRollUp } from '@plumbline/stream-rollup';
import { parentPort, Worker } from 'node:worker_threads';

/** What a roll-up thread is started with; the same file as the CLI, so that no second bundle has to be found. */
export interface RollUpThreadData {
  role: 'roll-up';
  url: string;
  config: Config;
  partitions: number;
}

export interface RollUpRun {
  /** Resolves when it was asked to stop; rejects when it cannot go on. */
  done: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Runs the roll-up: beside detect in this thread, or, given the program's own file, in a thread of its own, so that the
 * two share a machine's cores. They meet in the store only, so nothing else changes.
 */
export function runRollUp(platform: Platform, thread: string | undefined): RollUpRun {
  if (thread === undefined) return here(platform);
  const data: RollUpThreadData = { role: 'roll-up', url: platform.databaseUrl, config: platform.config, partitions: platform.partitions };
  const worker = new Worker(thread, { workerData: data, argv: [], stdout: false, stderr: false });
  let asked = false;
  const done = new Promise<void>((resolve, reject) => {
    worker.once('message', (failure: { code: string; message: string; fix?: string }) =>
      reject(new PlumblineError(failure.code, failure.message, failure.fix === undefined ? {} : { fix: failure.fix })),
    );
    worker.once('error', reject);
    worker.once('exit', (code) => {
      if (asked || code === 0) resolve();
      else reject(new PlumblineError('rollup-ended', `The roll-up ended with code ${code}.`, { fix: 'Start again; it goes on from its last commit.' }));
    });
  });
  done.catch(() => {});
  return {
    done,
    async stop() {
      asked = true;
      worker.postMessage('stop');
      await done.catch(() => {});
    },
  };
}

function here({ store, config, partitions, logger }: Pick<Platform, 'store' | 'config' | 'partitions' | 'logger'>): RollUpRun {
  const plans = new StoredPlans(store, config.falseAlarms);
  const stop = new AbortController();
  const task = startRollUp({
    store,
    partitions,
    owner: `rollup-${process.pid}`,
    loadPlan: async (hash) => (await plans.load(hash)).plan,
    logger,
    signal: stop.signal,
    options: { budget: config.falseAlarms },
  });
  const done = task.done.then((how) => {
    if (how === 'stopped') return;
    throw new PlumblineError('fenced', 'Another process has taken over the roll-up.', { fix: 'Run one roll-up a store; stop the other one, then start again.' });
  });
  done.catch(() => {});
  return {
    done,
    async stop() {
      stop.abort();
      await done.catch(() => {});
    },
  };
}

/** The body of the thread. */
export async function rollUpThread({ url, config, partitions }: RollUpThreadData): Promise<void> {
  const logger = processLogger(config.logLevel, 'rollup');
  const store = await openStoreAt(url, config, logger);
  const run = here({ store, config, partitions, logger });
  parentPort!.on('message', () => void run.stop());
  try {
    await run.done;
  } catch (error) {
    const { code = 'rollup-failed', message, fix } = error as PlumblineError;
    parentPort!.postMessage({ code, message, ...(fix === undefined ? {} : { fix }) });
  }
  await store.close();
  parentPort!.close();
}
