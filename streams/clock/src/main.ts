import { openPlatform } from '@plumbline/platform';
import { processLogger, readConfig, runProcess } from '@plumbline/runtime';
import { runClock } from './runner.ts';

await runProcess(async (signal) => {
  const config = readConfig(process.env);
  const platform = await openPlatform({ config, logger: processLogger(config.logLevel, 'clock'), mode: 'join' });
  await runClock({ log: platform.log, topic: config.topic, group: 'plumbline-clock', now: () => Date.now(), signal });
  await platform.close();
});
