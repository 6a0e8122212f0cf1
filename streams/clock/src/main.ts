import { openPlatform } from '@plumbline/platform';
import { observe, processLogger, readConfig, runProcess } from '@plumbline/runtime';
import { runClock } from './runner.ts';

await runProcess(async (signal) => {
  const config = readConfig(process.env);
  const platform = await openPlatform({ config, logger: processLogger(config.logLevel, 'clock'), mode: 'join' });
  const observed = await observe({
    host: config.host,
    port: config.metricsPort,
    unready: async () => ((await platform.log.healthy()) ? undefined : 'the log cannot be reached'),
  });
  await runClock({ log: platform.log, topic: config.topic, group: 'plumbline-clock', now: () => Date.now(), signal });
  await observed.close();
  await platform.close();
});
