import { ByteReader, ByteWriter } from './bytes.ts';
import type { Aborted } from './record-set.ts';
import type { WireBroker } from './wire.ts';

const FETCH = 1;
const READ_COMMITTED = 1;
export const OFFSET_OUT_OF_RANGE = 1;

export interface FetchRange {
  partition: number;
  from: number;
  maxBytes: number;
}

/** What one partition gave: raw record batches from `from` on, or an error code of the protocol (0 = none). */
export interface Fetched {
  partition: number;
  errorCode: number;
  high: number;
  aborted: Aborted[];
  bytes: Buffer;
}

export interface FetchLimits {
  maxWaitMs: number;
  maxBytes: number;
}

/** Fetches from one broker (Fetch, version 11); answers as soon as there is anything, at the latest after maxWaitMs. */
export async function fetchFrom(
  broker: WireBroker,
  topic: string,
  ranges: FetchRange[],
  limits: FetchLimits,
): Promise<Fetched[]> {
  const answer = await broker.connectionPool.send({
    request: {
      apiKey: FETCH,
      apiVersion: 11,
      apiName: 'Fetch',
      encode: () => Promise.resolve(encode(topic, ranges, limits)),
    },
    response: { decode: (raw) => Promise.resolve(decode(raw)), parse: (decoded) => Promise.resolve(decoded) },
    requestTimeout: limits.maxWaitMs + 10_000,
  });
  return (answer as { fetched: Fetched[] }).fetched;
}

function encode(topic: string, ranges: FetchRange[], limits: FetchLimits): ByteWriter {
  const out = new ByteWriter(128 + ranges.length * 32);
  const noReplica = -1;
  out.int32(noReplica).int32(limits.maxWaitMs).int32(1).int32(limits.maxBytes).int8(READ_COMMITTED);
  const [noSession, fullFetch] = [0, -1];
  out.int32(noSession).int32(fullFetch);
  out.int32(1).string(topic).int32(ranges.length);
  const unknown = -1;
  for (const range of ranges)
    out.int32(range.partition).int32(unknown).int64(range.from).int64(unknown).int32(range.maxBytes);
  const noForgottenTopics = 0;
  return out.int32(noForgottenTopics).string('');
}

function decode(raw: Buffer): { clientSideThrottleTime: number; fetched: Fetched[] } {
  const input = new ByteReader(raw);
  const clientSideThrottleTime = input.int32();
  const errorCode = input.int16();
  input.int32();
  const fetched: Fetched[] = [];
  for (let topics = input.int32(); topics > 0; topics--) {
    input.string();
    for (let partitions = input.int32(); partitions > 0; partitions--) {
      const answer = decodePartition(input);
      fetched.push(errorCode === 0 ? answer : { ...answer, errorCode });
    }
  }
  return { clientSideThrottleTime, fetched };
}

function decodePartition(input: ByteReader): Fetched {
  const partition = input.int32();
  const errorCode = input.int16();
  const high = input.int64();
  input.int64();
  input.int64();
  const aborted: Aborted[] = [];
  for (let left = input.int32(); left > 0; left--)
    aborted.push({ producerId: input.int64(), firstOffset: input.int64() });
  input.int32();
  const bytes = input.take(Math.max(input.int32(), 0));
  return { partition, errorCode, high, aborted, bytes };
}
