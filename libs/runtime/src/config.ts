import { PlumblineError, zoneOf } from '@plumbline/kernel';
import { z } from 'zod';

/** One setting: the environment variable that gives it, what it means, its default and how it is read. */
interface Setting {
  env: string;
  about: string;
  fallback: string;
  read: z.ZodType<unknown, string>;
}

const whole = (min: number, max: number): z.ZodType<number, string> =>
  z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    context.addIssue(`must be a whole number from ${min} to ${max}, not "${text}"`);
    return z.NEVER;
  });

const number = (min: number, max: number): z.ZodType<number, string> =>
  z.string().transform((text, context) => {
    const value = Number(text);
    if (text !== '' && value >= min && value <= max) return value;
    context.addIssue(`must be a number from ${min} to ${max}, not "${text}"`);
    return z.NEVER;
  });

const choice = <T extends string>(...values: T[]): z.ZodType<T, string> =>
  z.string().transform((text, context) => {
    const found = values.find((value) => value === text);
    if (found !== undefined) return found;
    context.addIssue(`must be one of ${values.join(', ')}, not "${text}"`);
    return z.NEVER;
  });

const zone = z.string().refine((text) => {
  try {
    zoneOf(text);
    return true;
  } catch {
    return false;
  }
}, 'must be an IANA time zone such as Europe/Paris');

const onOff = choice('on', 'off').transform((value) => value === 'on') as unknown as z.ZodType<boolean, string>;
const text = z.string() as z.ZodType<string, string>;

/** Every setting of the product, in the order of the README's table. */
export const settings = {
  data: { env: 'PLUMBLINE_DATA', about: 'Folder of the embedded database', fallback: '.plumbline', read: text },
  host: { env: 'PLUMBLINE_HOST', about: 'Address the API binds to', fallback: '127.0.0.1', read: text },
  port: { env: 'PLUMBLINE_PORT', about: 'Port of the API', fallback: '7070', read: whole(0, 65535) },
  metricsPort: { env: 'PLUMBLINE_METRICS_PORT', about: 'Port of a stream process’s own health and metrics; 0 = none', fallback: '0', read: whole(0, 65535) },
  log: { env: 'PLUMBLINE_LOG', about: 'Event log: embedded (in the embedded database) or kafka', fallback: 'embedded', read: choice('embedded', 'kafka') },
  kafkaBrokers: { env: 'KAFKA_BROKERS', about: 'Kafka bootstrap servers, host:port separated by commas', fallback: '', read: text },
  kafkaTls: { env: 'KAFKA_TLS', about: 'TLS to Kafka', fallback: 'off', read: onOff },
  kafkaSasl: { env: 'KAFKA_SASL', about: 'SASL mechanism', fallback: 'none', read: choice('none', 'plain', 'scram-sha-256', 'scram-sha-512') },
  kafkaUser: { env: 'KAFKA_USERNAME', about: 'SASL user', fallback: '', read: text },
  kafkaPassword: { env: 'KAFKA_PASSWORD', about: 'SASL password', fallback: '', read: text },
  storeUrl: { env: 'PLUMBLINE_STORE_URL', about: 'PostgreSQL or TimescaleDB server; empty = the embedded PostgreSQL', fallback: '', read: text },
  topic: { env: 'PLUMBLINE_TOPIC', about: 'Topic of the events', fallback: 'plumbline.events', read: text },
  partitions: { env: 'PLUMBLINE_PARTITIONS', about: 'Partitions of the topic when it is created', fallback: '4', read: whole(1, 1024) },
  falseAlarms: { env: 'PLUMBLINE_FALSE_ALARMS', about: 'False-alarm budget of the whole tower, a day', fallback: '5', read: number(0.01, 1000) },
  duplicateDays: { env: 'PLUMBLINE_DUPLICATE_DAYS', about: 'Days within which an unnumbered event is recognised as a duplicate', fallback: '14', read: number(0.1, 3660) },
  duplicateIds: { env: 'PLUMBLINE_DUPLICATE_IDS', about: 'Unnumbered ids remembered per partition', fallback: '262144', read: whole(1000, 50_000_000) },
  sessionMs: { env: 'PLUMBLINE_SESSION_MS', about: 'Milliseconds without a sign of life after which a detect process loses its partitions', fallback: '10000', read: whole(500, 3_600_000) },
  snapshotMs: { env: 'PLUMBLINE_SNAPSHOT_MS', about: 'Milliseconds between state snapshots: what a restart replays at most', fallback: '10000', read: whole(0, 3_600_000) },
  zone: { env: 'PLUMBLINE_ZONE', about: 'Time zone of locations that no plan names', fallback: 'UTC', read: zone },
  archiveDays: { env: 'PLUMBLINE_ARCHIVE_DAYS', about: 'Days archived events are kept', fallback: '400', read: whole(1, 36_500) },
  demo: { env: 'PLUMBLINE_DEMO', about: 'Feed the demo retailer', fallback: 'on', read: onOff },
  demoRate: { env: 'PLUMBLINE_DEMO_RATE', about: 'Seconds of demo time per second', fallback: '300', read: number(1, 100_000) },
  demoSeed: { env: 'PLUMBLINE_DEMO_SEED', about: 'Seed of the demo retailer', fallback: '1', read: whole(0, 2 ** 31 - 1) },
  logLevel: { env: 'PLUMBLINE_LOG_LEVEL', about: 'error, warn, info or debug', fallback: 'warn', read: choice('error', 'warn', 'info', 'debug') },
} as const satisfies Record<string, Setting>;

export type Config = { [K in keyof typeof settings]: z.output<(typeof settings)[K]['read']> };

/**
 * Reads the configuration from environment variables.
 * @throws PlumblineError 'config' whose message lists every fault at once
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings) as [string, Setting][]) {
    const given = env[setting.env]?.trim();
    const result = setting.read.safeParse(given === undefined || given === '' ? setting.fallback : given);
    if (result.success) config[name] = result.data;
    else faults.push(`${setting.env} ${result.error.issues[0]?.message ?? 'is not valid'}`);
  }
  for (const unknown of Object.keys(env)) {
    if (unknown.startsWith('PLUMBLINE_') && !known.has(unknown)) faults.push(`${unknown} is not a setting of Plumbline`);
  }
  if (config['log'] === 'kafka' && config['kafkaBrokers'] === '') faults.push('KAFKA_BROKERS must be given when PLUMBLINE_LOG is kafka');
  if (faults.length > 0) {
    throw new PlumblineError('config', `The configuration has ${faults.length} fault${faults.length > 1 ? 's' : ''}:\n  - ${faults.join('\n  - ')}`, {
      fix: 'Correct these environment variables; the README has a table of all of them.',
    });
  }
  return config as Config;
}

/** Variables that are read elsewhere (tests, the build). */
const known = new Set([...Object.values(settings).map((setting) => setting.env), 'PLUMBLINE_CACHE', 'PLUMBLINE_SHARED_DATA', 'PLUMBLINE_PICTURES']);
