import { openPlatform } from '@plumbline/platform';
import { processLogger, readConfig, runProcess } from '@plumbline/runtime';
import { StoredPlans } from './plans.ts';
import { DetectRunner } from './runner.ts';

await runProcess(async (signal) => {
  const config = readConfig(process.env);
  const logger = processLogger(config.logLevel, 'detect');
  const platform = await openPlatform({ config, logger, mode: 'join' });
  const runner = new DetectRunner({
    ...platform,
    topic: config.topic,
    group: 'plumbline-detect',
    owner: `detect-${process.pid}`,
    plans: new StoredPlans(platform.store, config.falseAlarms),
    detect: { duplicates: { days: config.duplicateDays, ids: config.duplicateIds }, defaultZone: config.zone },
    logger,
    now: () => performance.now(),
    sessionTimeoutMs: config.sessionMs,
    snapshotEveryMs: config.snapshotMs,
  });
  await runner.start();
  logger.info({ topic: config.topic }, 'detect started');
  await Promise.race([runner.failed, new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))]);
  await runner.stop();
  await platform.close();
});
