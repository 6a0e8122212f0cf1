import { openPlatform } from '@plumbline/platform';
import { compileEncoded } from '@plumbline/plan';
import { PlumblineError } from '@plumbline/kernel';
import { processLogger, readConfig, runMaintenance, runProcess } from '@plumbline/runtime';
import { startRollUp } from './runner.ts';

await runProcess(async (signal) => {
  const config = readConfig(process.env);
  const logger = processLogger(config.logLevel, 'rollup');
  const platform = await openPlatform({ config, logger, mode: 'join' });
  const task = startRollUp({
    store: platform.store,
    partitions: platform.partitions,
    owner: `rollup-${process.pid}`,
    async loadPlan(hash) {
      const stored = await platform.store.plan(hash);
      if (stored) return compileEncoded(stored.body, hash);
      throw new PlumblineError('plan-unknown', `The store has no plan version with hash ${hash.slice(0, 12)}….`, { fix: 'Import that version again.' });
    },
    logger,
    signal,
    options: { budget: config.falseAlarms },
  });
  logger.info({}, 'roll-up started');
  void runMaintenance({ store: platform.store, archiveDays: config.archiveDays, logger, signal });
  const how = await task.done;
  await platform.close();
  return how === 'stopped' ? 0 : 1;
});
