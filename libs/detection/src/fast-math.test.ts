import { Random } from '@plumbline/kernel';
import { expect, it } from 'vitest';
import { fastExp, fastLog } from './fast-math.ts';

it('ln and exp agree with the platform to 3e-15', () => {
  const random = new Random(1);
  let [exp, ln, nearOne] = [0, 0, 0];
  for (let i = 0; i < 200_000; i++) {
    const x = (random.uniform() - 0.5) * 1300;
    exp = Math.max(exp, Math.abs(fastExp(x) / Math.exp(x) - 1));
    const y = Math.exp(x / 4);
    ln = Math.max(ln, Math.abs(fastLog(y) - Math.log(y)) / (1 + Math.abs(x) / 10));
    nearOne = Math.max(nearOne, Math.abs(fastLog(1 + x * 1e-12) - Math.log(1 + x * 1e-12)));
  }
  expect(exp).toBeLessThan(3e-15);
  expect(ln).toBeLessThan(3e-15);
  expect(nearOne).toBeLessThan(1e-15);
  expect(fastExp(-1e9)).toBe(0);
  expect(fastExp(1e9)).toBe(fastExp(700));
  expect(fastExp(0)).toBe(1);
});
