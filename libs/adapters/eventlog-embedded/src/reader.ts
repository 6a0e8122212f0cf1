import type { LogBatch, StoredRecord } from '@plumbline/ports';
import { unpack, type Block } from './block.ts';
import type { Connection } from './connection.ts';
import type { Topic } from './topics.ts';

/** A stored block with its place in the partition. */
export interface Segment {
  base: number;
  /** Offset after the last record. */
  end: number;
  /** Bytes laid out. */
  size: number;
  /** When it was appended, milliseconds UTC. */
  time: number;
  block: Block;
}

/** Rows of one answer; a backlog of many tiny blocks would otherwise make it endless. */
const ROWS = 512;

/** Blocks from the one that holds `from` (or the first after it), up to about `maxBytes`, at least one. */
export async function fetchSegments(
  connection: Connection,
  topic: Topic,
  partition: number,
  from: number,
  maxBytes: number,
): Promise<Segment[]> {
  const rows = await connection.query<{
    base_offset: string;
    count: number;
    size: number;
    max_time: string;
    payload: Buffer;
  }>(
    `SELECT base_offset, count, size, max_time, payload FROM (
       SELECT *, sum(size) OVER (ORDER BY base_offset) - size AS before FROM (
         SELECT base_offset, count, size, max_time, payload FROM log.batches
         WHERE topic_id = $1 AND partition = $2 AND base_offset + count > $3::bigint AND base_offset >= COALESCE((
           SELECT base_offset FROM log.batches WHERE topic_id = $1 AND partition = $2 AND base_offset <= $3::bigint
           ORDER BY base_offset DESC LIMIT 1), 0)
         ORDER BY base_offset LIMIT ${ROWS}) AS next) AS sized
     WHERE before < $4::bigint ORDER BY base_offset`,
    [topic.id, partition, from, maxBytes],
    'log-fetch',
  );
  return Promise.all(
    rows.map(async ({ base_offset, count, size, max_time, payload }) => {
      const base = Number(base_offset);
      return { base, end: base + count, size, time: Number(max_time), block: await unpack(payload, size) };
    }),
  );
}

export async function readRecords(
  connection: Connection,
  topic: Topic,
  partition: number,
  from: number,
  limit: number,
): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  while (records.length < limit) {
    const segments = await fetchSegments(connection, topic, partition, from, 4 << 20);
    if (segments.length === 0) break;
    for (const { base, end, time, block } of segments) {
      for (let offset = Math.max(base, from); offset < end && records.length < limit; offset++) {
        const i = offset - base;
        records.push({ offset, key: block.key(i), value: block.value(i), headers: block.headers(i), timestamp: time });
      }
      from = end;
    }
  }
  return records;
}

/** Consecutive records of one partition, over the segments that hold them. */
export class SegmentBatch implements LogBatch {
  readonly topic: string;
  readonly partition: number;
  readonly length: number;
  readonly high: number;
  readonly #segments: readonly Segment[];
  /** Index in the batch of each segment's first record taken; one more at the end. */
  readonly #starts: number[] = [];
  readonly #first: number;
  readonly #acknowledge: (offset: number) => void;
  #current = 0;

  /** @param first offset of the first record, inside the first segment */
  constructor(
    topic: string,
    partition: number,
    high: number,
    segments: readonly Segment[],
    first: number,
    maxRecords: number,
    acknowledge: (offset: number) => void,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.high = high;
    this.#segments = segments;
    this.#first = first;
    this.#acknowledge = acknowledge;
    let length = 0;
    for (let s = 0; s < segments.length; s++) {
      this.#starts.push(length);
      length += segments[s]!.end - (s === 0 ? first : segments[s]!.base);
    }
    this.length = Math.min(length, maxRecords);
    this.#starts.push(this.length);
  }

  offset(i: number): number {
    const s = this.#segmentOf(i);
    return this.#segments[s]!.base + this.#indexIn(s, i);
  }

  value(i: number): Uint8Array {
    const s = this.#segmentOf(i);
    return this.#segments[s]!.block.value(this.#indexIn(s, i));
  }

  key(i: number): Uint8Array {
    const s = this.#segmentOf(i);
    return this.#segments[s]!.block.key(this.#indexIn(s, i));
  }

  header(i: number, name: string): string | undefined {
    const s = this.#segmentOf(i);
    const headers = this.#segments[s]!.block.headers(this.#indexIn(s, i));
    return headers !== undefined && Object.hasOwn(headers, name) ? headers[name] : undefined;
  }

  timestamp(i: number): number {
    return this.#segments[this.#segmentOf(i)]!.time;
  }

  acknowledge(offset: number): void {
    this.#acknowledge(offset);
  }

  /** Records are mostly visited in order, so the segment is that of the last one or the next. */
  #segmentOf(i: number): number {
    if (!(i >= 0 && i < this.length)) throw new RangeError(`record ${i} of a batch of ${this.length}`);
    let s = this.#current;
    while (i < this.#starts[s]!) s--;
    while (s + 1 < this.#segments.length && i >= this.#starts[s + 1]!) s++;
    this.#current = s;
    return s;
  }

  #indexIn(s: number, i: number): number {
    return i - this.#starts[s]! + (s === 0 ? this.#first - this.#segments[0]!.base : 0);
  }
}
