import type { ISocketFactory, KafkaConfig, SASLOptions } from 'kafkajs';

/** Where the adapter reports what it retries or skips; it never writes to the console itself. */
export type LogLine = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  detail: Record<string, unknown>,
) => void;

export interface KafkaLogOptions {
  /** `host:port` of one or more brokers; the others are found through them. */
  brokers: readonly string[];
  clientId?: string;
  ssl?: KafkaConfig['ssl'];
  sasl?: SASLOptions;
  logger?: LogLine;
  /** Replicas of topics this adapter creates; absent: the cluster's default. */
  replicationFactor?: number;
  /** Most bytes of one partition in one fetch. Default 4 MiB; about twice that is buffered a partition. */
  maxBytesPerPartition?: number;
  /** Longest wait of a fetch for new records, ms. Default 250; stop and resume may take this long to be noticed. */
  maxWaitMs?: number;
  /** How long a rebalance waits for a member, ms. Default 60 000. */
  rebalanceTimeoutMs?: number;
  /** How often acknowledgements are made durable, ms. Default 1000. */
  commitIntervalMs?: number;
  /** An append that the cluster has not confirmed within this time is rejected, ms. Default 30 000. */
  deliveryTimeoutMs?: number;
  /** Makes the sockets, where they are not to be plain ones: through a proxy, or cut off in a test. */
  socketFactory?: ISocketFactory;
}

export type Settings = Required<Omit<KafkaLogOptions, Optional>> & Pick<KafkaLogOptions, Optional>;
type Optional = 'ssl' | 'sasl' | 'socketFactory';

export function withDefaults(options: KafkaLogOptions): Settings {
  return {
    clientId: 'plumbline',
    logger: () => undefined,
    replicationFactor: -1,
    maxBytesPerPartition: 4 * 1024 * 1024,
    maxWaitMs: 250,
    rebalanceTimeoutMs: 60_000,
    commitIntervalMs: 1000,
    deliveryTimeoutMs: 30_000,
    ...options,
  };
}
