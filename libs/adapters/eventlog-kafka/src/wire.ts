import { Kafka, logLevel, type Cluster, type PartitionMetadata } from 'kafkajs';
import { PlumblineError } from '@plumbline/kernel';
import { withoutIdleTimer } from './idle-timer.ts';
import type { LogLine, Settings } from './options.ts';

/**
 * The seam to kafkajs. Its consumer cannot await a revocation, start without a group, or keep a slow partition from
 * holding up the others, so the adapter drives the group and the fetches itself and takes from kafkajs what is good
 * there: connections, TLS, SASL, metadata and the protocol's requests. The cluster object comes from kafkajs's public
 * hook for partition assigners; the requests below are those of kafkajs 2.2.4's Broker, typed as far as used.
 */
export interface WireBroker {
  joinGroup(request: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: { name: string; metadata: Buffer }[];
  }): Promise<JoinAnswer>;
  syncGroup(request: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  offsetCommit(request: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
  }): Promise<unknown>;
  offsetFetch(request: {
    groupId: string;
    topics: { topic: string; partitions: { partition: number }[] }[];
  }): Promise<{ responses: TopicOffsets[] }>;
  initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>;
  disconnect(): Promise<void>;
  connectionPool: { send(exchange: Exchange): Promise<unknown> };
}

export interface JoinAnswer {
  generationId: number;
  leaderId: string;
  memberId: string;
  members: { memberId: string; memberMetadata: Buffer }[];
}

export interface TopicOffsets {
  topic: string;
  partitions: { partition: number; offset: string }[];
}

/** One request and how to read its answer; `encode` gives what kafkajs's connection takes for an encoder. */
export interface Exchange {
  request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<{ buf: Buffer; buffer: Buffer }> };
  response: { decode(raw: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
  requestTimeout?: number;
}

export const EARLIEST = -2;
export const LATEST = -1;
const METADATA_MAX_AGE_MS = 60_000;

/** Makes the kafkajs client. It logs nothing of its own: what fails reaches us as errors, and we say what we do. */
export function kafkaClient(settings: Settings): Kafka {
  withoutIdleTimer();
  return new Kafka({
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    ...(settings.ssl === undefined ? {} : { ssl: settings.ssl }),
    // A copy, because kafkajs writes its authenticator into what it is given.
    ...(settings.sasl === undefined ? {} : { sasl: { ...settings.sasl } }),
    ...(settings.socketFactory === undefined ? {} : { socketFactory: settings.socketFactory }),
    connectionTimeout: 3000,
    requestTimeout: 30_000,
    retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 500 },
    logLevel: logLevel.NOTHING,
  });
}

/** Connections to the cluster of one user (a consumer, a producer, the log itself); made anew when they break. */
export class Wire {
  private current: Promise<Cluster> | undefined;
  private readonly topics = new Set<string>();
  private readonly coordinators = new Map<string, Promise<WireBroker>>();
  /** All that were handed out: one used after a reset connects again by itself, and must be closed in the end. */
  private readonly brokers = new Set<WireBroker>();
  private closed = false;

  constructor(
    private readonly kafka: Kafka,
    private readonly log: LogLine,
  ) {}

  /** Connected, with metadata. Rejects when no broker answers; callers retry. */
  cluster(): Promise<Cluster> {
    if (this.closed) return Promise.reject(new PlumblineError('log-closed', 'the connection to Kafka is closed'));
    this.current ??= this.connect();
    return this.current;
  }

  /** Metadata of a topic's partitions, in partition order. @throws PlumblineError 'topic-unknown' */
  async partitions(topic: string, refresh = false): Promise<PartitionMetadata[]> {
    const cluster = await this.cluster();
    if (!this.topics.has(topic)) {
      await this.explain(topic, cluster.addTargetTopic(topic));
      this.topics.add(topic);
    } else if (refresh) await this.explain(topic, cluster.refreshMetadata());
    else await this.explain(topic, cluster.refreshMetadataIfNecessary());
    const found = cluster.findTopicPartitionMetadata(topic);
    if (found.length === 0) throw unknownTopic(topic);
    return [...found].sort((a, b) => a.partitionId - b.partitionId);
  }

  async leader(topic: string, partition: number): Promise<WireBroker> {
    const found = (await this.partitions(topic))[partition];
    if (!found) throw unknownTopic(`${topic} partition ${partition}`);
    return this.broker(found.leader);
  }

  async broker(nodeId: number): Promise<WireBroker> {
    const cluster = await this.cluster();
    const broker = (await cluster.findBroker({ nodeId: String(nodeId) })) as unknown as WireBroker;
    this.brokers.add(broker);
    return broker;
  }

  coordinator(groupId: string): Promise<WireBroker> {
    const known = this.coordinators.get(groupId);
    if (known) return known;
    const found = this.findCoordinator(groupId);
    this.coordinators.set(groupId, found);
    found.catch(() => this.forgetCoordinator(groupId));
    return found;
  }

  forgetCoordinator(groupId: string): void {
    this.coordinators.delete(groupId);
  }

  private async findCoordinator(groupId: string): Promise<WireBroker> {
    const cluster = await this.cluster();
    const broker = (await cluster.findGroupCoordinator({ groupId })) as unknown as WireBroker;
    this.brokers.add(broker);
    return broker;
  }

  /** First retained (`EARLIEST`) or next (`LATEST`) offsets of the given partitions. */
  async edges(topic: string, partitions: readonly number[], which: number): Promise<Map<number, number>> {
    await this.partitions(topic);
    const cluster = await this.cluster();
    const asked = partitions.map((partition) => ({ partition }));
    const answers = await cluster.fetchTopicsOffset([{ topic, partitions: asked, fromTimestamp: which }]);
    const found = new Map<number, number>();
    for (const answer of answers) for (const p of answer.partitions) found.set(p.partition, Number(p.offset));
    return found;
  }

  /** What the group has acknowledged: the next offset to read of each partition that has one. */
  async committed(topic: string, group: string, partitions: readonly number[]): Promise<Map<number, number>> {
    const coordinator = await this.coordinator(group);
    const asked = partitions.map((partition) => ({ partition }));
    const { responses } = await coordinator.offsetFetch({ groupId: group, topics: [{ topic, partitions: asked }] });
    const found = new Map<number, number>();
    for (const answer of responses)
      for (const p of answer.partitions) if (Number(p.offset) >= 0) found.set(p.partition, Number(p.offset));
    return found;
  }

  /** Drops the connections; the next use makes new ones. For after a failure that is not the request's own fault. */
  reset(): void {
    const broken = this.current;
    this.current = undefined;
    this.topics.clear();
    this.coordinators.clear();
    if (broken) void disconnect(broken);
  }

  async close(): Promise<void> {
    this.closed = true;
    const open = this.current;
    this.current = undefined;
    if (open) await disconnect(open);
    await Promise.allSettled([...this.brokers].map((broker) => broker.disconnect()));
  }

  private async connect(): Promise<Cluster> {
    const cluster = clusterOf(this.kafka);
    try {
      await cluster.connect();
      await cluster.refreshMetadata();
      return cluster;
    } catch (error) {
      this.current = undefined;
      this.log('debug', 'no broker answers', { error: String(error) });
      void disconnect(Promise.resolve(cluster));
      throw error;
    }
  }

  private async explain(topic: string, answer: Promise<void>): Promise<void> {
    try {
      await answer;
    } catch (error) {
      throw errorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION' ? unknownTopic(topic, error) : error;
    }
  }
}

async function disconnect(cluster: Promise<Cluster>): Promise<void> {
  try {
    await (await cluster).disconnect();
  } catch {
    // It was broken already: nothing is left to end.
  }
}

function clusterOf(kafka: Kafka): Cluster {
  let found: Cluster | undefined;
  kafka.consumer({
    groupId: 'plumbline',
    allowAutoTopicCreation: false,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return { name: 'none', version: 0, assign: () => Promise.resolve([]), protocol: () => NO_STATE };
      },
    ],
  });
  if (!found)
    throw new PlumblineError('log-client', 'this version of kafkajs does not hand out its cluster', {
      fix: 'use kafkajs 2.2.4',
    });
  return found;
}

const NO_STATE = { name: 'none', metadata: Buffer.alloc(0) };

export function unknownTopic(topic: string, cause?: unknown): PlumblineError {
  return new PlumblineError('topic-unknown', `the log has no topic ${topic}`, {
    where: topic,
    fix: 'create it first; check the name and the access rights',
    cause,
  });
}

/**
 * How loudly to say that something is tried again: a lost connection at once; what the protocol calls temporary (a
 * coordinator that is loading, a leader that moves) only when it lasts.
 */
export function retryLevel(error: unknown, failures: number): 'warn' | 'debug' {
  const patience = errorType(error) === undefined ? 0 : 5;
  return failures === patience ? 'warn' : 'debug';
}

/** Kafka's name of an error, where it is one of the protocol's; found through kafkajs's wrappers. */
export function errorType(error: unknown): string | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    const type = (e as { type?: unknown }).type;
    if (typeof type === 'string') return type;
  }
  return undefined;
}
