import { ByteReader, ByteWriter } from './bytes.ts';
import type { WireBroker } from './wire.ts';

const PRODUCE = 0;
const ALL_REPLICAS = -1;

/** The outcome for one partition: 0, or an error code of the protocol. */
export interface Produced {
  topic: string;
  partition: number;
  errorCode: number;
}

export interface EncodedBatch {
  topic: string;
  partition: number;
  bytes: Buffer;
}

/** Sends one batch a partition to their leader (Produce, version 7); resolves when all replicas in sync have them. */
export async function produceTo(
  broker: WireBroker,
  batches: readonly EncodedBatch[],
  timeoutMs: number,
): Promise<Produced[]> {
  const answer = await broker.connectionPool.send({
    request: {
      apiKey: PRODUCE,
      apiVersion: 7,
      apiName: 'Produce',
      encode: () => Promise.resolve(encode(batches, timeoutMs)),
    },
    response: { decode: (raw) => Promise.resolve(decode(raw)), parse: (decoded) => Promise.resolve(decoded) },
    requestTimeout: timeoutMs + 5000,
  });
  return (answer as { produced: Produced[] }).produced;
}

function encode(batches: readonly EncodedBatch[], timeoutMs: number): ByteWriter {
  const size = batches.reduce((sum, batch) => sum + batch.bytes.length + 64 + batch.topic.length * 3, 64);
  const out = new ByteWriter(size);
  out.string(undefined).int16(ALL_REPLICAS).int32(timeoutMs);
  const topics = Map.groupBy(batches, (batch) => batch.topic);
  out.int32(topics.size);
  for (const [topic, partitions] of topics) {
    out.string(topic).int32(partitions.length);
    for (const { partition, bytes } of partitions) out.int32(partition).int32(bytes.length).bytes(bytes);
  }
  return out;
}

function decode(raw: Buffer): { clientSideThrottleTime: number; produced: Produced[] } {
  const input = new ByteReader(raw);
  const produced: Produced[] = [];
  for (let topics = input.int32(); topics > 0; topics--) {
    const topic = input.string();
    for (let partitions = input.int32(); partitions > 0; partitions--) {
      const partition = input.int32();
      const errorCode = input.int16();
      // Base offset, log append time, log start offset.
      input.take(24);
      produced.push({ topic, partition, errorCode });
    }
  }
  return { clientSideThrottleTime: input.int32(), produced };
}
