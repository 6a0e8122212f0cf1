import { PlumblineError } from '@plumbline/kernel';
import { openLog, openStoreAt } from '@plumbline/platform';
import type { EventLog, Store } from '@plumbline/ports';
import { runningPostgres, startPostgres, type Config, type Logger } from '@plumbline/runtime';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { plural } from '../amounts.ts';
import { failed, failure, ok, warning, type Finding } from './finding.ts';
import { hasDatabase } from './machine.ts';

const DETECT_GROUP = 'plumbline-detect';
/** Streams that have work and do not move within this long are looked at as stopped. */
const MOVING_MS = 1500;

/** Database, schema, event log and streams as they are: nothing is created, migrated or moved by looking. */
export async function towerFindings(config: Config, logger: Logger, say: (finding: Finding) => void): Promise<void> {
  if (config.storeUrl === '' && !hasDatabase(config.data)) {
    say(ok('database', 'embedded PostgreSQL, created by the first start'));
    if (config.log === 'kafka') await withLog('', config, logger, say, (log) => topicFindings(log, config, say));
    return;
  }
  const running = config.storeUrl === '' ? runningPostgres(config.data) : config.storeUrl;
  const server = running === undefined ? await startPostgres({ dataDir: config.data }).catch((error: unknown) => failure('database', error)) : undefined;
  if (server && 'level' in server) return say(server);
  const url = running ?? server!.url;
  try {
    const how = config.storeUrl !== '' ? 'server' : running === undefined ? 'embedded, started for this check' : 'embedded, run by another process';
    await lookInside(url, how, { config, logger, running: running !== undefined }, say);
  } finally {
    await server?.stop();
  }
}

interface Place {
  config: Config;
  logger: Logger;
  /** Another process may be moving the streams. */
  running: boolean;
}

async function lookInside(url: string, how: string, { config, logger, running }: Place, say: (finding: Finding) => void): Promise<void> {
  const store = await openStoreAt(url, config, logger).catch((error: unknown) => failure('database', error));
  if ('level' in store) return say(store);
  try {
    const info = await store.info();
    say(ok('database', `${info.server} (${how})`));
    say(timescaleFinding(info.timescale, config));
    const schema = schemaFinding(info.migrations, info.timescale !== undefined);
    say(schema);
    await withLog(url, config, logger, say, async (log) => {
      const partitions = await topicFindings(log, config, say);
      if (partitions !== undefined && info.migrations > 0 && schema.level !== 'failed') say(await streamsFinding(store, log, config, partitions, running));
    });
  } catch (error) {
    say(failure('database', error));
  } finally {
    await store.close();
  }
}

function timescaleFinding(version: string | undefined, { storeUrl }: Config): Finding {
  if (version !== undefined) return ok('TimescaleDB', version);
  if (storeUrl === '') return ok('TimescaleDB', 'not there: plain tables are used, with the same answers');
  return warning('TimescaleDB', 'not in use on this server: plain tables are used, with the same answers', 'Install the extension (Community edition) for compression and retention of long histories.');
}

/** Numbers of migrations tell: those applied against those this version has. */
function schemaFinding(applied: number, timescale: boolean): Finding {
  const known = migrationsOf('base') + (timescale ? migrationsOf('timescale') : 0);
  if (applied === known) return ok('migrations', `all ${known} applied`);
  if (applied > known) return failed('migrations', `${applied} applied, this version knows ${known}: a newer Plumbline wrote this database`, 'Run the newer version, or point this one to another database.');
  return warning('migrations', `${applied} of ${known} applied`, 'Start the tower: it applies what is missing.');
}

function migrationsOf(set: 'base' | 'timescale'): number {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@plumbline/store-postgres/package.json')), 'migrations', set);
  return readdirSync(folder).filter((file) => file.endsWith('.sql')).length;
}

async function withLog(url: string, config: Config, logger: Logger, say: (finding: Finding) => void, use: (log: EventLog) => Promise<unknown>): Promise<void> {
  let log: EventLog | undefined;
  try {
    log = await openLog(url, config, logger);
    await use(log);
  } catch (error) {
    say(failure('event log', error));
  } finally {
    await log?.close();
  }
}

/** The number of partitions, if the topic is there. */
async function topicFindings(log: EventLog, config: Config, say: (finding: Finding) => void): Promise<number | undefined> {
  const name = config.log === 'kafka' ? `Kafka at ${config.kafkaBrokers}` : 'embedded, in the database';
  if (!(await log.healthy())) {
    say(failed('event log', `${name} cannot be reached`, config.log === 'kafka' ? 'Check KAFKA_BROKERS, the network, TLS and SASL settings, and that the cluster runs.' : 'Check the database above.'));
    return undefined;
  }
  say(ok('event log', name));
  try {
    const partitions = await log.partitions(config.topic);
    const records = (await log.offsets(config.topic)).reduce((sum, { low, high }) => sum + high - low, 0);
    const told = `${config.topic}, ${plural(partitions, 'partition')}, ${plural(records, 'record')}`;
    say(
      partitions === config.partitions
        ? ok('topic', told)
        : warning('topic', `${told}; PLUMBLINE_PARTITIONS is ${config.partitions}`, 'Nothing has to be done: a topic keeps the partitions it was created with. For another number, use another topic.'),
    );
    return partitions;
  } catch (error) {
    if (!(error instanceof PlumblineError) || error.code !== 'topic-unknown') throw error;
    say(warning('topic', `${config.topic} is not there yet`, 'Start the tower: it creates the topic.'));
    return undefined;
  }
}

interface Standing {
  lag: number;
  tick: number;
  rollUp: number;
}

/** How far the streams are; with work left, whether they move. */
async function streamsFinding(store: Store, log: EventLog, config: Config, partitions: number, running: boolean): Promise<Finding> {
  const look = async (): Promise<Standing> => {
    const [lags, ticks, rollUp] = await Promise.all([log.lag(config.topic, DETECT_GROUP), store.detectTicks(partitions), store.rollUpTick()]);
    return { lag: lags.reduce((sum, lag) => sum + lag, 0), tick: Math.min(...ticks), rollUp };
  };
  const first = await look();
  const reached = Number.isFinite(first.tick) ? `time is closed up to ${new Date(first.tick).toISOString().slice(0, 19)}Z` : 'no time has been closed yet';
  const waiting = `${plural(first.lag, 'event')} waiting, ${reached}`;
  if (first.lag === 0 && first.rollUp >= first.tick) return ok('streams', waiting);
  if (!running) return ok('streams', `${waiting}; the next start goes on from there`);
  await sleep(MOVING_MS);
  const second = await look();
  const moves = second.lag < first.lag || second.tick > first.tick || second.rollUp > first.rollUp;
  if (moves) return ok('streams', `${waiting}; they are catching up`);
  return warning('streams', `${waiting}; nothing moved for ${MOVING_MS / 1000} s`, 'Check that a tower (or detect and roll-up) runs on this database, and what its log says.');
}
