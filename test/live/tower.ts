import { startApi } from '@plumbline/api';
import { openPlatform } from '@plumbline/platform';
import { processLogger, readConfig } from '@plumbline/runtime';
import { isMainThread, workerData } from 'node:worker_threads';
import { startStreams } from '../../apps/tower/src/streams.ts';

/** A tower as `plumbline start` runs it, without its clock: the test's lines bring their own ticks. Ends with its parent. */
async function main(): Promise<void> {
  const { LIVE_NOW, ...env } = process.env;
  const config = readConfig(env);
  const logger = processLogger('warn', 'tower');
  const platform = await openPlatform({ config, logger, mode: 'join' });
  const streams = await startStreams(platform, process.argv[1]);
  const api = await startApi({ platform, host: '127.0.0.1', port: 0, logger, now: () => Number(LIVE_NOW), progress: () => streams.progress() });
  process.send!({ url: api.url });
  const ended = new Promise<void>((resolve) => {
    process.once('message', () => resolve());
    process.once('disconnect', () => resolve());
  });
  await Promise.race([ended, streams.failed]);
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuSeconds: (user + system) / 1e6, rssMb: process.memoryUsage().rss / 2 ** 20 });
  await api.close();
  await streams.stop();
  await platform.close();
  process.disconnect?.();
}

if (isMainThread) await main();
else await (await import('../../apps/tower/src/roll-up-thread.ts')).rollUpThread(workerData);
