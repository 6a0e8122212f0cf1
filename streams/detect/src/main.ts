import { openPlatform } from '@plumbline/platform';
import { observe, processLogger, readConfig, runProcess } from '@plumbline/runtime';
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
  const { metrics } = runner;
  const observed = await observe({
    host: config.host,
    port: config.metricsPort,
    unready: async () => ((await platform.store.healthy()) && (await platform.log.healthy()) ? undefined : 'log or store cannot be reached'),
    figures: [
      { name: 'plumbline_detect_events', help: 'Records handled by detect in this process', value: () => metrics.handled },
      { name: 'plumbline_detect_seconds', help: 'Seconds spent in detect in this process', value: () => metrics.detectMs / 1000 },
      { name: 'plumbline_detect_commits', help: 'Transactions that committed results in this process', value: () => metrics.commits },
      { name: 'plumbline_detect_commit_seconds', help: 'Seconds spent in those', value: () => metrics.commitMs / 1000 },
      { name: 'plumbline_detect_partitions', help: 'Partitions this process holds', value: () => runner.progress().length },
    ],
  });
  await runner.start();
  logger.info({ topic: config.topic }, 'detect started');
  await Promise.race([runner.failed, new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))]);
  await runner.stop();
  await observed.close();
  await platform.close();
});
