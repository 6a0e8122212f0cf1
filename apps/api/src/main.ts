import { openPlatform } from '@plumbline/platform';
import { processLogger, readConfig, runProcess } from '@plumbline/runtime';
import { startApi } from './api.ts';
import { dashboardBeside } from './http/dashboard.ts';

/** The API as a process of its own, beside a tower's database or a server. */
await runProcess(async (signal) => {
  const config = readConfig(process.env);
  const logger = processLogger(config.logLevel, 'api');
  const platform = await openPlatform({ config, logger, mode: 'join' });
  try {
    const api = await startApi({ platform, host: config.host, port: config.port, logger, dashboard: dashboardBeside(process.argv[1]) });
    process.stdout.write(`The API listens at ${api.url}\n`);
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await api.close();
  } finally {
    await platform.close();
  }
});
