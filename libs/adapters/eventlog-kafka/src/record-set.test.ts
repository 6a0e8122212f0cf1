import { gzipSync, zstdCompressSync } from 'node:zlib';
import { PlumblineError } from '@plumbline/kernel';
import type { AppendRecord } from '@plumbline/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';
import { encodeRecords, stamp } from './record-batch.ts';
import { nextOffset, RecordSet } from './record-set.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const record = (value: string, headers?: Record<string, string>): AppendRecord =>
  headers
    ? { key: Buffer.from(`k${value}`), value: Buffer.from(value), headers }
    : { key: Buffer.from(`k${value}`), value: Buffer.from(value) };

interface Shape {
  offset?: number;
  attributes?: number;
  producerId?: bigint;
}

/** A batch as the broker stores it: at its offset, with what the test wants to be different. */
function batch(values: string[], { offset = 0, attributes = 0, producerId = 1n }: Shape = {}): Buffer {
  const bytes = encodeRecords(
    values.map((value) => record(value)),
    1_000,
  );
  stamp(bytes, { producerId, epoch: 0 }, 0);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  bytes.writeInt16BE(attributes, 21);
  return bytes;
}

function compressed(plain: Buffer, codec: number, compress: (bytes: Buffer) => Buffer): Buffer {
  const bytes = Buffer.concat([plain.subarray(0, 61), compress(plain.subarray(61))]);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(codec, 21);
  return bytes;
}

const values = (set: RecordSet): string[] => Array.from({ length: set.length }, (_, i) => text(set.value(i)));

describe('record batches', () => {
  it('come back as they went: keys, values, headers, offsets, times', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const one = fc.record({
      key: bytes,
      value: bytes,
      headers: fc.option(fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 150 }), fc.nat(1_000_000), (records, offset) => {
        const encoded = encodeRecords(
          records.map(({ headers, ...rest }) => (headers ? { ...rest, headers } : rest)),
          1_234_567_890_123,
        );
        encoded.writeBigInt64BE(BigInt(offset), 0);
        const set = RecordSet.decode(encoded, 0);
        expect(set.length).toBe(records.length);
        records.forEach(({ key, value, headers }, i) => {
          expect(Buffer.compare(set.key(i), key)).toBe(0);
          expect(Buffer.compare(set.value(i), value)).toBe(0);
          expect(set.offsets[i]).toBe(offset + i);
          expect(set.timestamps[i]).toBe(1_234_567_890_123);
          expect(Object.entries(set.headers(i) ?? {})).toEqual(Object.entries(headers ?? {}));
          for (const [name, said] of Object.entries(headers ?? {})) expect(set.header(i, name)).toBe(said);
          expect(set.header(i, 'no such header')).toBeUndefined();
        });
      }),
    );
  });

  it('carry the checksum of Castagnoli', () => {
    expect(crc32c(Buffer.from('123456789')) >>> 0).toBe(0xe3069283);
    const bytes = batch(['a']);
    expect(bytes.readInt32BE(17)).toBe(crc32c(bytes, 21));
  });

  it('leave out what lies before the asked offset, and an incomplete batch at the end', () => {
    const bytes = Buffer.concat([
      batch(['a', 'b', 'c'], { offset: 10 }),
      batch(['d'], { offset: 13 }),
      batch(['e'], { offset: 14 }).subarray(0, 70),
    ]);
    const set = RecordSet.decode(bytes, 11);
    expect(values(set)).toEqual(['b', 'c', 'd']);
    expect(nextOffset(bytes, 11)).toBe(14);
    expect(nextOffset(bytes.subarray(0, 20), 11)).toBe(11);
  });

  it('are read when compressed with gzip or zstd, and name what is not read', () => {
    const plain = batch(['a', 'b'], { offset: 4 });
    const bytes = Buffer.concat([
      compressed(plain, 1, gzipSync),
      batch(['c'], { offset: 6 }),
      compressed(batch(['d'], { offset: 7 }), 4, zstdCompressSync),
    ]);
    expect(values(RecordSet.decode(bytes, 0))).toEqual(['a', 'b', 'c', 'd']);
    expect(() => RecordSet.decode(compressed(plain, 3, gzipSync), 0)).toThrow(/lz4/);
    const old = batch(['a']);
    old.writeInt8(1, 16);
    expect(() => RecordSet.decode(old, 0)).toThrow(PlumblineError);
  });

  it('take the time of the log where the topic says so', () => {
    const bytes = batch(['a', 'b'], { attributes: 0x08 });
    bytes.writeBigInt64BE(5_000n, 35);
    expect([...RecordSet.decode(bytes, 0).timestamps]).toEqual([5_000, 5_000]);
  });

  it('leave out transaction markers and what was rolled back, of that producer only and up to its marker', () => {
    const transactional = 0x10;
    const marker = transactional | 0x20;
    const bytes = Buffer.concat([
      batch(['kept before'], { offset: 0, attributes: transactional, producerId: 7n }),
      batch(['', ''], { offset: 1, attributes: marker, producerId: 7n }).subarray(0),
      batch(['rolled back'], { offset: 3, attributes: transactional, producerId: 7n }),
      batch(['other'], { offset: 4, producerId: 8n }),
      batch([''], { offset: 5, attributes: marker, producerId: 7n }),
      batch(['kept after'], { offset: 6, attributes: transactional, producerId: 7n }),
    ]);
    expect(values(RecordSet.decode(bytes, 0, [{ producerId: 7, firstOffset: 3 }]))).toEqual([
      'kept before',
      'other',
      'kept after',
    ]);
    expect(nextOffset(bytes, 0)).toBe(7);
  });
});
