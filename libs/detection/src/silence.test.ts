import { expect, it } from 'vitest';
import { silenceStatistic } from './silence.ts';

it('feed silence is −ln of the probability of no line', () => {
  expect(silenceStatistic(5, 20)).toBeCloseTo(5 * Math.log(5), 12);
  expect(silenceStatistic(Infinity, 7)).toBe(7);
  expect(silenceStatistic(1e9, 7)).toBeCloseTo(7, 6);
});
