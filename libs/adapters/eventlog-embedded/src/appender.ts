import { partitionOf, PlumblineError } from '@plumbline/kernel';
import type { AppendRecord, LogProducer } from '@plumbline/ports';
import { layOut, pack } from './block.ts';
import type { Connection } from './connection.ts';
import { CHANNEL } from './schema.ts';
import { Topics, type Topic } from './topics.ts';

const BLOCK_BYTES = 1 << 20;
const BLOCK_RECORDS = 10_000;
/** What one transaction takes at most, unless a single record is larger. */
const FLUSH_BYTES = 8 << 20;
const FLUSH_RECORDS = 40_000;
/** With this much waiting the next flush is made ready while the last is under way. */
const WORTH_PREPARING = 1 << 20;

/** One call of append; it is done when all of its pieces are. */
interface Call {
  open: number;
  failed: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** Consecutive records of a call, small enough for one flush. */
interface Piece {
  call: Call;
  topic: Topic;
  records: readonly AppendRecord[];
  from: number;
  to: number;
  bytes: number;
}

interface Blocks {
  topic: Topic;
  partition: number;
  total: number;
  blocks: { base: number; count: number; size: number; payload: Buffer }[];
}

/**
 * Group commit: what is appended while a flush is under way goes together into the next, one transaction for all
 * partitions. Flushes follow one another, so the order of calls is the order in the log.
 */
export class Appender {
  readonly #connection: Connection;
  readonly #topics: Topics;
  readonly #queue: Piece[] = [];
  #queued = 0;
  #draining = false;

  constructor(connection: Connection, topics: Topics) {
    this.#connection = connection;
    this.#topics = topics;
  }

  producer(): LogProducer {
    const calls = new Set<Promise<void>>();
    let closed = false;
    let turn: Promise<unknown> = Promise.resolve();
    return {
      append: (name, records) => {
        if (closed)
          return Promise.reject(
            new PlumblineError('log-closed', 'the producer is closed', {
              where: name,
              fix: 'ask the log for a new one',
            }),
          );
        // Each call waits for the topic look-up of the one before, so that none overtakes.
        const looked = turn.then(() => this.#topics.get(name));
        const call = looked.then((topic) => ({ done: this.#enqueue(topic, records) }));
        turn = call.catch(() => undefined);
        const done = call.then((c) => c.done);
        calls.add(done);
        const forget = () => calls.delete(done);
        done.then(forget, forget);
        return done;
      },
      close: async () => {
        closed = true;
        await Promise.allSettled(calls);
      },
    };
  }

  #enqueue(topic: Topic, records: readonly AppendRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    for (const record of records) if (record.partition !== undefined) Topics.check(topic, record.partition);
    return new Promise((resolve, reject) => {
      const call: Call = { open: 0, failed: false, resolve, reject };
      for (let from = 0; from < records.length;) {
        let to = from;
        let bytes = 0;
        while (to < records.length && to - from < FLUSH_RECORDS && bytes < FLUSH_BYTES) bytes += sizeOf(records[to++]!);
        call.open++;
        this.#queue.push({ call, topic, records, from, to, bytes });
        this.#queued += bytes;
        from = to;
      }
      if (!this.#draining) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    let underWay: Promise<void> = Promise.resolve();
    while (this.#queue.length > 0) {
      if (this.#queued < WORTH_PREPARING) await underWay;
      const pieces = this.#take();
      const prepared = await prepare(pieces).catch((error: unknown) => settle(pieces, error));
      await underWay;
      if (prepared) underWay = this.#flush(pieces, prepared);
      if (this.#queue.length === 0) await underWay;
    }
    this.#draining = false;
  }

  /** The next pieces that fit into one flush; those of calls that failed already are dropped. */
  #take(): Piece[] {
    const pieces: Piece[] = [];
    let bytes = 0;
    let records = 0;
    let n = 0;
    for (; n < this.#queue.length; n++) {
      const piece = this.#queue[n]!;
      if (pieces.length > 0 && (bytes + piece.bytes > FLUSH_BYTES || records + piece.to - piece.from > FLUSH_RECORDS))
        break;
      this.#queued -= piece.bytes;
      if (piece.call.failed) continue;
      pieces.push(piece);
      bytes += piece.bytes;
      records += piece.to - piece.from;
    }
    this.#queue.splice(0, n);
    return pieces;
  }

  /** Never rejects: the calls do. */
  async #flush(pieces: Piece[], partitions: Blocks[]): Promise<void> {
    try {
      const { text, values, name } = statement(partitions);
      const moved = await this.#connection.query(text, values, name);
      if (moved.length < partitions.length) {
        throw new PlumblineError('topic-unknown', 'the topic was removed while records were appended to it', {
          where: partitions.map((p) => `${p.topic.name}/${p.partition}`).join(', '),
          fix: 'create it again and start anew',
        });
      }
      settle(pieces);
    } catch (error) {
      settle(pieces, error);
    }
  }
}

function settle(pieces: Piece[], error?: unknown): undefined {
  for (const { call } of pieces) {
    call.open--;
    if (error !== undefined && !call.failed) {
      call.failed = true;
      call.reject(error);
    } else if (call.open === 0) call.resolve();
  }
}

function sizeOf(record: AppendRecord): number {
  return record.key.length + record.value.length + 12;
}

/** Sorts records by topic and partition, and lays them out in compressed blocks. */
async function prepare(pieces: readonly Piece[]): Promise<Blocks[]> {
  const lists = new Map<string, { topic: Topic; partition: number; records: AppendRecord[] }>();
  for (const { topic, records, from, to } of pieces) {
    const own: { records: AppendRecord[] }[] = [];
    for (let i = from; i < to; i++) {
      const record = records[i]!;
      const partition = record.partition ?? partitionOf(record.key, topic.partitions);
      let list = own[partition];
      if (!list) {
        const id = `${topic.id}/${partition}`;
        const found = lists.get(id) ?? { topic, partition, records: [] };
        lists.set(id, found);
        own[partition] = list = found;
      }
      list.records.push(record);
    }
  }
  return Promise.all([...lists.values()].map(cut));
}

async function cut({
  topic,
  partition,
  records,
}: {
  topic: Topic;
  partition: number;
  records: AppendRecord[];
}): Promise<Blocks> {
  const blocks: Promise<Blocks['blocks'][number]>[] = [];
  for (let from = 0; from < records.length;) {
    let to = from;
    let bytes = 0;
    while (
      to < records.length &&
      to - from < BLOCK_RECORDS &&
      (to === from || bytes + sizeOf(records[to]!) <= BLOCK_BYTES)
    )
      bytes += sizeOf(records[to++]!);
    const [base, count] = [from, to - from];
    const block = layOut(records, from, to);
    blocks.push(pack(block).then((payload) => ({ base, count, size: block.length, payload })));
    from = to;
  }
  return { topic, partition, total: records.length, blocks: await Promise.all(blocks) };
}

/**
 * One statement, hence one transaction and one round trip. Rows of `log.partitions` are locked in order, so that two
 * processes cannot wait for each other; they stay locked until the commit, so that offsets become visible in order.
 */
function statement(partitions: readonly Blocks[]): { text: string; values: unknown[]; name?: string } {
  const values: unknown[] = [
    partitions.map((p) => p.topic.id),
    partitions.map((p) => p.partition),
    partitions.map((p) => p.total),
    Date.now(),
  ];
  const rows: string[] = [];
  for (const { topic, partition, blocks } of partitions) {
    for (const { base, count, size, payload } of blocks) {
      const n = values.push(topic.id, partition, base, count, size, payload) - 6;
      rows.push(
        `($${n + 1}::int, $${n + 2}::int, $${n + 3}::bigint, $${n + 4}::int, $${n + 5}::int, $${n + 6}::bytea)`,
      );
    }
  }
  const text = `
    WITH locked AS MATERIALIZED (
      SELECT p.topic_id, p.partition, w.total
      FROM log.partitions p
      JOIN unnest($1::int[], $2::int[], $3::bigint[]) AS w (topic_id, partition, total) USING (topic_id, partition)
      ORDER BY p.topic_id, p.partition FOR UPDATE OF p
    ), moved AS (
      UPDATE log.partitions p SET next_offset = p.next_offset + l.total
      FROM locked l WHERE p.topic_id = l.topic_id AND p.partition = l.partition
      RETURNING p.topic_id, p.partition, p.next_offset AS high, p.next_offset - l.total AS base
    ), put AS (
      INSERT INTO log.batches (topic_id, partition, base_offset, count, size, min_time, max_time, payload)
      SELECT topic_id, partition, m.base + b.base, b.count, b.size, $4::bigint, $4::bigint, b.payload
      FROM (VALUES ${rows.join(', ')}) AS b (topic_id, partition, base, count, size, payload) JOIN moved m USING (topic_id, partition)
    )
    SELECT pg_notify('${CHANNEL}', topic_id || ':' || partition || ':' || high) FROM moved`;
  return rows.length <= 32 ? { text, values, name: `log-append-${rows.length}` } : { text, values };
}
