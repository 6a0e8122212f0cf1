import fc from 'fast-check';
import { expect, it } from 'vitest';
import { extendedAmount, formatDecimal, MONEY_SCALE, parseDecimal, parseMoney, parseQuantity, QUANTITY_SCALE } from './index.ts';

it('reads what it writes, exactly', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.constantFrom(1, QUANTITY_SCALE, MONEY_SCALE), (value, scale) => {
      expect(parseDecimal(formatDecimal(value, scale), scale)).toBe(value === 0 ? 0 : value);
    }),
  );
});

it('refuses what is no plain decimal or would not be exact', () => {
  for (const text of ['', '.5', '1.', '1e3', '0x1', ' 1', '1,5', 'NaN', '--1', '99999999999999999']) expect(parseMoney(text)).toBeNaN();
  expect(parseQuantity('0.0001')).toBeNaN();
  expect(parseQuantity('0.3500')).toBe(350);
  expect(parseMoney('-2.55')).toBe(-25_500);
  expect(Object.is(parseMoney('-0'), 0)).toBe(true);
});

it('extends a line half away from zero, also beyond 2^53', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 11), max: 10 ** 11 }), fc.integer({ min: 0, max: 10 ** 8 }), (quantity, price) => {
      const exact = BigInt(quantity) * BigInt(price);
      const size = exact < 0n ? -exact : exact;
      const rounded = (size + 500n) / 1000n;
      fc.pre(rounded <= BigInt(Number.MAX_SAFE_INTEGER));
      expect(BigInt(extendedAmount(quantity, price))).toBe(exact < 0n ? -rounded : rounded);
    }),
  );
});
