import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson, KeyTable, murmur2, partitionOf, Random } from './index.ts';

const utf8 = new TextEncoder();

it('interns any byte strings as a map would', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 300 }), (keys) => {
      const table = new KeyTable();
      const map = new Map<string, number>();
      for (const key of keys) {
        const name = key.join();
        const found = map.get(name);
        expect(table.find(key, 0, key.length)).toBe(found ?? -1);
        const index = table.addBytes(key, 0, key.length);
        expect(index).toBe(found ?? map.size);
        map.set(name, index);
      }
      expect(table.size).toBe(map.size);
    }),
  );
});

it("partitions keys as Kafka's own murmur2 does", () => {
  // org.apache.kafka.common.utils.UtilsTest.testMurmur2
  const vectors: [string, number][] = [
    ['21', -973932308], ['foobar', -790332482], ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829], ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ];
  for (const [key, hash] of vectors) expect(murmur2(utf8.encode(key))).toBe(hash);
  expect(partitionOf(utf8.encode('21'), 7)).toBe((-973932308 & 0x7fffffff) % 7);
});

it('writes JSON that does not depend on the order of members', () => {
  expect(canonicalJson({ b: [1, { d: undefined, c: null }], a: 'x' })).toBe('{"a":"x","b":[1,{"c":null}]}');
});

it('draws seeded numbers with the moments asked for', () => {
  const random = new Random(7);
  const again = new Random(7);
  expect(Array.from({ length: 5 }, () => random.bits())).toEqual(Array.from({ length: 5 }, () => again.bits()));
  const draws = Array.from({ length: 20_000 }, () => random.negativeBinomial(12, 0.3));
  const mean = draws.reduce((a, b) => a + b) / draws.length;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
  expect(mean).toBeCloseTo(12, 0);
  expect(variance / (12 + 0.3 * 144)).toBeGreaterThan(0.93);
  expect(variance / (12 + 0.3 * 144)).toBeLessThan(1.07);
});
