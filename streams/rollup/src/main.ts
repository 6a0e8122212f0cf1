import { openPlatform } from '@plumbline/platform';
import { compileEncoded } from '@plumbline/plan';
import { PlumblineError } from '@plumbline/kernel';
import { observe, processLogger, readConfig, runMaintenance, runProcess } from '@plumbline/runtime';
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
  const observed = await observe({
    host: config.host,
    port: config.metricsPort,
    unready: async () => ((await platform.store.healthy()) ? undefined : 'the store cannot be reached'),
    figures: [
      { name: 'plumbline_roll_up_tick_seconds', help: 'Event time the roll-up has closed, seconds since 1970', value: () => Math.max(0, task.progress().tick / 1000) },
      { name: 'plumbline_roll_up_commits', help: 'Transactions of the roll-up in this process', value: () => task.progress().commits },
      { name: 'plumbline_roll_up_open', help: 'Exceptions that are not closed', value: () => task.progress().open },
    ],
  });
  logger.info({}, 'roll-up started');
  void runMaintenance({ store: platform.store, archiveDays: config.archiveDays, logger, signal });
  const how = await task.done;
  await observed.close();
  await platform.close();
  return how === 'stopped' ? 0 : 1;
});
