import type { Platform } from '@plumbline/platform';
import { DetectRunner, StoredPlans } from '@plumbline/stream-detect';
import { runRollUp } from './roll-up-thread.ts';

export const DETECT_GROUP = 'plumbline-detect';

/** Detect and roll-up running in this process. */
export interface Streams {
  failed: Promise<never>;
  progress(): ReturnType<DetectRunner['progress']>;
  detect: DetectRunner;
  stop(): Promise<void>;
}

/** @param thread the program's own file: the roll-up gets a thread of its own; absent: it runs in this one */
export async function startStreams(platform: Platform, thread: string | undefined): Promise<Streams> {
  const { config, store, log, logger } = platform;
  const owner = `detect-${process.pid}`;
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
  const rollUp = runRollUp(platform, thread);
  await detect.start();
  return {
    failed: Promise.race([detect.failed, rollUp.done.then(() => new Promise<never>(() => {}))]),
    progress: () => detect.progress(),
    detect,
    async stop() {
      // Side by side: what detect commits last, the roll-up takes up at the next start.
      const ended = rollUp.stop();
      await detect.stop().finally(() => ended);
    },
  };
}
