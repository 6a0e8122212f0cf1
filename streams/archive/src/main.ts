import { openPlatform } from '@plumbline/platform';
import { processLogger, readConfig, runProcess } from '@plumbline/runtime';
import { startArchive } from './runner.ts';

await runProcess(async (signal) => {
  const config = readConfig(process.env);
  const logger = processLogger(config.logLevel, 'archive');
  const platform = await openPlatform({ config, logger, mode: 'join' });
  const consumer = await startArchive({ ...platform, topic: config.topic, group: 'plumbline-archive', owner: `archive-${process.pid}`, logger });
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await consumer.stop();
  await platform.close();
});
