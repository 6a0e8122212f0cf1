import { PlumblineError } from '@plumbline/kernel';
import type { PartitionOffsets, TopicOptions } from '@plumbline/ports';
import type { Connection } from './connection.ts';

export interface Topic {
  id: number;
  name: string;
  partitions: number;
}

/** Topics by name; a topic's id and partition count never change, so they are asked for once. */
export class Topics {
  readonly #connection: Connection;
  readonly #known = new Map<string, Topic>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async create(name: string, options: TopicOptions): Promise<void> {
    await this.#connection.query(
      `WITH made AS (
         INSERT INTO log.topics (topic, partitions, retention_ms) VALUES ($1, $2, $3)
         ON CONFLICT (topic) DO UPDATE SET retention_ms = COALESCE(excluded.retention_ms, log.topics.retention_ms)
         RETURNING id, partitions
       )
       INSERT INTO log.partitions (topic_id, partition)
       SELECT id, p FROM made CROSS JOIN generate_series(0, made.partitions - 1) AS p ON CONFLICT DO NOTHING`,
      [name, options.partitions, options.retentionMs ?? null],
    );
    const { partitions } = await this.get(name);
    if (partitions !== options.partitions) {
      throw new PlumblineError(
        'topic-partitions',
        `the topic has ${partitions} partitions, not ${options.partitions}`,
        {
          where: name,
          fix: 'keep the configured number of partitions at that of the log, or replay into a log created with the new number',
        },
      );
    }
  }

  /** @throws PlumblineError 'topic-unknown' */
  async get(name: string): Promise<Topic> {
    const known = this.#known.get(name);
    if (known) return known;
    const [row] = await this.#connection.query<{ id: number; partitions: number }>(
      'SELECT id, partitions FROM log.topics WHERE topic = $1',
      [name],
    );
    if (!row) {
      throw new PlumblineError('topic-unknown', `there is no topic "${name}"`, {
        where: name,
        fix: 'create it first, or check the name',
      });
    }
    const topic = { ...row, name };
    this.#known.set(name, topic);
    return topic;
  }

  async offsets(topic: Topic): Promise<PartitionOffsets[]> {
    const rows = await this.#connection.query<{ partition: number; low: string; high: string }>(
      'SELECT partition, low, next_offset AS high FROM log.partitions WHERE topic_id = $1 ORDER BY partition',
      [topic.id],
      'log-offsets',
    );
    return rows.map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }));
  }

  async lag(topic: Topic, group: string): Promise<number[]> {
    const rows = await this.#connection.query<{ lag: string }>(
      `SELECT p.next_offset - least(greatest(COALESCE(a.acknowledged, 0), p.low), p.next_offset) AS lag
       FROM log.partitions p
       LEFT JOIN log.assignments a ON a.topic_id = p.topic_id AND a.group_name = $2 AND a.partition = p.partition
       WHERE p.topic_id = $1 ORDER BY p.partition`,
      [topic.id, group],
    );
    return rows.map((row) => Number(row.lag));
  }

  /** Checks a partition's number. @throws PlumblineError 'partition-unknown' */
  static check(topic: Topic, partition: number): void {
    if (Number.isInteger(partition) && partition >= 0 && partition < topic.partitions) return;
    throw new PlumblineError(
      'partition-unknown',
      `the topic has partitions 0 to ${topic.partitions - 1}, not ${partition}`,
      {
        where: topic.name,
        fix: 'leave the partition to the key, or give one of these',
      },
    );
  }
}
