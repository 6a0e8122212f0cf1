import { PlumblineError } from '@plumbline/kernel';
import type { Platform } from '@plumbline/platform';
import { DetectRunner, StoredPlans } from '@plumbline/stream-detect';
import { startRollUp } from '@plumbline/stream-rollup';

export const DETECT_GROUP = 'plumbline-detect';

/** Detect and roll-up running in this process. */
export interface Streams {
  failed: Promise<never>;
  progress(): ReturnType<DetectRunner['progress']>;
  detect: DetectRunner;
  stop(): Promise<void>;
}

export async function startStreams(platform: Platform): Promise<Streams> {
  const { config, store, log, logger, partitions } = platform;
  const owner = `${process.pid}`;
  const plans = new StoredPlans(store, config.falseAlarms);
  const detect = new DetectRunner({
    log,
    store,
    topic: config.topic,
    group: DETECT_GROUP,
    owner,
    plans,
    detect: { duplicates: { days: config.duplicateDays, ids: config.duplicateIds }, defaultZone: config.zone },
    logger,
    now: () => performance.now(),
    sessionTimeoutMs: config.sessionMs,
    snapshotEveryMs: config.snapshotMs,
  });
  const stop = new AbortController();
  const rollUp = startRollUp({
    store,
    partitions,
    owner,
    loadPlan: async (hash) => (await plans.load(hash)).plan,
    logger,
    signal: stop.signal,
    options: { budget: config.falseAlarms },
  });
  const rolledUp = rollUp.done.then((how) => {
    if (how === 'stopped') return;
    throw new PlumblineError('fenced', 'Another process has taken over the roll-up.', { fix: 'Run one roll-up a store; stop the other one, then start again.' });
  });
  rolledUp.catch(() => {});
  await detect.start();
  return {
    failed: Promise.race([detect.failed, rolledUp.then(() => new Promise<never>(() => {}))]),
    progress: () => detect.progress(),
    detect,
    async stop() {
      await detect.stop();
      stop.abort();
      await rolledUp.catch(() => {});
    },
  };
}
