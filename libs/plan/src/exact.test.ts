import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { between, EXACT_LIMIT, proportion } from './exact.ts';

const whole = fc.oneof(fc.integer({ min: 1, max: EXACT_LIMIT }), fc.integer({ min: 1, max: 1000 }));
const amount = fc.oneof(fc.integer({ min: 0, max: EXACT_LIMIT }), fc.integer({ min: 0, max: 10_000 }));

describe('proportion', () => {
  it('is the floor of the exact quotient', () => {
    fc.assert(
      fc.property(amount, whole, fc.double({ min: 0, max: 1, noNaN: true }), (a, w, at) => {
        const part = Math.min(w, Math.floor(w * at));
        expect(BigInt(proportion(a, part, w))).toBe((BigInt(a) * BigInt(part)) / BigInt(w));
      }),
      { numRuns: 5_000 },
    );
  });

  it('is exact where the quotient is an integer or one below it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 25 }),
        fc.integer({ min: 1, max: 2 ** 25 }),
        fc.integer({ min: 1, max: 2 ** 24 }),
        (a, b, c) => {
          const w = b * c;
          if (w > EXACT_LIMIT) return;
          for (const x of [a * c, a * c - 1, a * c + 1]) {
            if (x > EXACT_LIMIT) continue;
            expect(BigInt(proportion(x, b, w))).toBe((BigInt(x) * BigInt(b)) / BigInt(w));
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('gives adjacent intervals that add up', () => {
    fc.assert(
      fc.property(
        amount,
        fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 60 }),
        (a, weights) => {
          const total = weights.reduce((sum, w) => sum + w, 0);
          if (total === 0) return;
          let from = 0;
          let sum = 0;
          for (const weight of weights) {
            const part = between(a, from, from + weight, total);
            expect(part).toBeGreaterThanOrEqual(0);
            sum += part;
            from += weight;
          }
          expect(sum).toBe(a);
        },
      ),
    );
  });
});
