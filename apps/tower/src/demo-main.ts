import { openPlatform } from '@plumbline/platform';
import { observe, processLogger, readConfig, runProcess } from '@plumbline/runtime';
import { Demo } from './demo.ts';

/** The demo retailer as a process of its own, in place of the clock: its time is the log's time. */
await runProcess(async (signal) => {
  const config = readConfig(process.env);
  const logger = processLogger(config.logLevel, 'demo');
  const platform = await openPlatform({ config, logger, mode: 'join' });
  const demo = await Demo.open(platform, Date.now());
  const observed = await observe({
    host: config.host,
    port: config.metricsPort,
    figures: [{ name: 'plumbline_demo_time_seconds', help: 'Event time the demo has reached, seconds since 1970', value: () => demo.feed.at / 1000 }],
  });
  await demo.warmUp(() => {}, signal);
  const failed = new Promise<never>((_, reject) => {
    if (!signal.aborted) demo.start(reject);
  });
  await Promise.race([failed, new Promise((resolve) => (signal.aborted ? resolve(0) : signal.addEventListener('abort', resolve, { once: true })))]);
  await demo.stop();
  await observed.close();
  await platform.close();
});
