import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut, pack, unpack, type BlockRecord } from './block.ts';

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const record = fc.record({
  key: bytes(20),
  value: fc.oneof(
    bytes(40),
    fc.string({ unit: 'grapheme', maxLength: 200 }).map((s) => new TextEncoder().encode(s.repeat(9))),
  ),
  headers: fc.option(
    fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { noNullPrototype: true }),
    { nil: undefined },
  ),
});

async function through(records: readonly BlockRecord[], from: number, to: number) {
  const block = layOut(records, from, to);
  const payload = await pack(block);
  return { payload, block: await unpack(payload, block.length) };
}

describe('a block of records', () => {
  it('gives back what was laid out, any part of a list, compressed or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 30 }), fc.nat(), fc.nat(), async (records, a, b) => {
        const from = Math.min(a % (records.length + 1), b % (records.length + 1));
        const to = Math.max(a % (records.length + 1), b % (records.length + 1));
        const { block } = await through(records, from, to);
        expect(block.count).toBe(to - from);
        for (let i = 0; i < block.count; i++) {
          const wanted = records[from + i]!;
          expect(Buffer.compare(block.key(i), wanted.key)).toBe(0);
          expect(Buffer.compare(block.value(i), wanted.value)).toBe(0);
          expect(block.headers(i)).toEqual(wanted.headers);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('compresses what repeats itself and leaves the rest alone', async () => {
    const value = new TextEncoder().encode('{"sku":"A-1","location":"L-7","quantity":"1.000"}');
    const many = Array.from({ length: 500 }, () => ({ key: value.subarray(8, 11), value }));
    expect((await through(many, 0, 500)).payload.length).toBeLessThan(1_500);
    expect((await through(many, 0, 1)).payload[0]).toBe(0);
  });

  it('refuses bytes it does not understand', async () => {
    await expect(unpack(Uint8Array.of(7, 1, 2, 3), 3)).rejects.toThrow(/codec/);
    await expect(unpack(new Uint8Array(40), 39)).rejects.toThrow(/version/);
  });
});
