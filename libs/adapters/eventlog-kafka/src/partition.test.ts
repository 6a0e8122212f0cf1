import { murmur2, partitionOf } from '@plumbline/kernel';
import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { expect, it } from 'vitest';

/** From Kafka's own UtilsTest (org.apache.kafka.common.utils). */
const VECTORS: [string, number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

it('hashes keys as Kafka does', () => {
  for (const [key, hash] of VECTORS) expect(murmur2(Buffer.from(key))).toBe(hash);
});

it('puts a key into the partition a kafkajs producer would choose', () => {
  const choose = Partitioners.DefaultPartitioner();
  const key = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 60 }),
    fc.string({ minLength: 1 }).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(key, fc.integer({ min: 1, max: 64 }), (bytes, partitions) => {
      const metadata = Array.from({ length: partitions }, (_, partitionId) => ({
        partitionId,
        leader: 0,
        partitionErrorCode: 0,
        replicas: [0],
        isr: [0],
      }));
      const chosen = choose({
        topic: 't',
        partitionMetadata: metadata,
        message: { key: Buffer.from(bytes), value: null },
      });
      expect(partitionOf(bytes, partitions)).toBe(chosen);
    }),
  );
});
