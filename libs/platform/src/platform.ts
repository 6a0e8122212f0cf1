import { openEmbeddedLog } from '@plumbline/eventlog-embedded';
import { openKafkaLog } from '@plumbline/eventlog-kafka';
import { PlumblineError } from '@plumbline/kernel';
import type { EventLog, Store } from '@plumbline/ports';
import { runningPostgres, startPostgres, type Config, type Logger, type PostgresServer } from '@plumbline/runtime';
import { openStore } from '@plumbline/store-postgres';

/** Event log and store as the configuration asks for them; the place where adapters meet ports. */
export interface Platform {
  config: Config;
  logger: Logger;
  log: EventLog;
  store: Store;
  /** Of the database behind the store, password included: not for logs. */
  databaseUrl: string;
  /** Partitions of the events topic, which may differ from the configuration when the topic was there before. */
  partitions: number;
  /** 'own': this process runs the embedded database; 'joined': another one does, or it is a server. */
  database: 'own' | 'joined';
  /** @param others until this signal, an embedded database of this process is kept for those who have joined it */
  close(others?: AbortSignal): Promise<void>;
}

export type Phase = (name: string, detail?: string) => void;

export interface PlatformOptions {
  config: Config;
  logger: Logger;
  /** 'own' fails when another process runs on the same data; 'join' talks to that process's database if there is one. */
  mode: 'own' | 'join';
  phase?: Phase;
  durability?: 'full' | 'fast';
  /** The embedded database ended by itself. */
  onDatabaseExit?: (error: PlumblineError) => void;
}

/** Opens database, store and log, and brings schema and topic up to date. @throws PlumblineError with what to do */
export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { config, logger, phase = () => {} } = options;
  const closers: (() => Promise<void>)[] = [];
  let kept: AbortSignal | undefined;
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { url, server } = await database(options);
    if (server) {
      closers.push(async () => {
        if (kept) await server.idle(kept);
        await server.stop();
      });
    }
    phase('migrate');
    const store = await openStoreAt(url, config, logger);
    closers.push(() => store.close());
    await store.migrate((step) => logger.info({ step }, 'migration'));
    phase('log', config.log === 'kafka' ? `Kafka at ${config.kafkaBrokers}` : 'embedded');
    const log = await openLog(url, config, logger, server !== undefined);
    closers.push(() => log.close());
    const partitions = await ensureTopic(log, config);
    return { config, logger, log, store, databaseUrl: url, partitions, database: server ? 'own' : 'joined', close: (others) => ((kept = others), close()) };
  } catch (error) {
    await close().catch((failure: Error) => logger.warn({ error: failure.message }, 'closing after a failed start'));
    throw error;
  }
}

async function database({ config, logger, mode, phase = () => {}, durability, onDatabaseExit }: PlatformOptions): Promise<{ url: string; server: PostgresServer | undefined }> {
  if (config.storeUrl !== '') {
    phase('database', 'the server of PLUMBLINE_STORE_URL');
    return { url: config.storeUrl, server: undefined };
  }
  const running = mode === 'join' ? runningPostgres(config.data) : undefined;
  if (running !== undefined) return { url: running, server: undefined };
  phase('database', `embedded PostgreSQL in ${config.data}`);
  const server = await startPostgres({
    dataDir: config.data,
    logger: { debug: (m) => logger.debug(m), warn: (m) => logger.info(m), error: (m) => logger.error(m) },
    ...(durability ? { durability } : {}),
    ...(onDatabaseExit ? { onExit: onDatabaseExit } : {}),
  });
  return { url: server.url, server };
}

export const openStoreAt = (url: string, _config: Config, logger: Logger): Promise<Store> => openStore({ url, logger });

/**
 * The event log of the configuration; the embedded one lives in the same database as the store.
 * @param newlyStarted this process has just started that database: nobody else can be a member of a group yet
 */
export async function openLog(databaseUrl: string, config: Config, logger: Logger, newlyStarted = false): Promise<EventLog> {
  if (config.log === 'embedded') {
    return openEmbeddedLog({ url: databaseUrl, logger, newlyStarted });
  }
  const { kafkaUser: username, kafkaPassword: password } = config;
  return openKafkaLog({
    brokers: config.kafkaBrokers.split(',').map((broker) => broker.trim()).filter((broker) => broker !== ''),
    clientId: `plumbline-${process.pid}`,
    ssl: config.kafkaTls,
    ...(config.kafkaSasl === 'none' ? {} : { sasl: { mechanism: config.kafkaSasl, username, password } as { mechanism: 'plain'; username: string; password: string } }),
    logger: (level, message, detail) => logger[level](detail, message),
  });
}

/** The embedded log is the archive; on Kafka an archive consumer keeps the events, and the log what a replay may need. */
const retentionDays = (config: Config): number => (config.log === 'embedded' ? config.archiveDays : KAFKA_DAYS);
const KAFKA_DAYS = 14;

/** Creates the events topic when it is missing; one that exists keeps its partitions. */
async function ensureTopic(log: EventLog, config: Config): Promise<number> {
  try {
    return await log.partitions(config.topic);
  } catch (error) {
    if (!(error instanceof PlumblineError) || error.code !== 'topic-unknown') throw error;
    await log.createTopic(config.topic, { partitions: config.partitions, retentionMs: retentionDays(config) * 86_400_000 });
    return log.partitions(config.topic);
  }
}
