import { openPlatform } from '@plumbline/platform';
import { observe, processLogger, readConfig, runProcess } from '@plumbline/runtime';
import { startArchive } from './runner.ts';

await runProcess(async (signal) => {
  const config = readConfig(process.env);
  const logger = processLogger(config.logLevel, 'archive');
  const platform = await openPlatform({ config, logger, mode: 'join' });
  let events = 0;
  const observed = await observe({
    host: config.host,
    port: config.metricsPort,
    unready: async () => ((await platform.store.healthy()) && (await platform.log.healthy()) ? undefined : 'log or store cannot be reached'),
    figures: [{ name: 'plumbline_archived_events', help: 'Events archived by this process', value: () => events }],
  });
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  const consumer = await startArchive({
    ...platform,
    topic: config.topic,
    group: 'plumbline-archive',
    owner: `archive-${process.pid}`,
    logger,
    failed: fail,
    archived: (count) => (events += count),
  });
  await Promise.race([failed, new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))]);
  await consumer.stop();
  await observed.close();
  await platform.close();
});
