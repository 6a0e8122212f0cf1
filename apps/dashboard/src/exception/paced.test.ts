import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Paced } from './paced.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('runs at once, then no more than once a pace, and never loses the last asking', async () => {
  let runs = 0;
  const paced = new Paced(1000, async () => void runs++);
  paced.ask();
  expect(runs).toBe(1);
  await vi.advanceTimersByTimeAsync(0);
  for (let i = 0; i < 50; i++) paced.ask();
  expect(runs).toBe(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(runs).toBe(2);
  await vi.advanceTimersByTimeAsync(5000);
  expect(runs).toBe(2);
});

it('asks again after a run that was under way when it was asked', async () => {
  let runs = 0;
  const paced = new Paced(100, async () => {
    runs++;
    await new Promise((resolve) => setTimeout(resolve, 500));
  });
  paced.ask();
  paced.ask();
  await vi.advanceTimersByTimeAsync(599);
  expect(runs).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(runs).toBe(2);
});

it('is still once stopped, and tells the task', async () => {
  let signal: AbortSignal | undefined;
  const paced = new Paced(100, async (given) => {
    signal = given;
  });
  paced.ask(50);
  paced.stop();
  await vi.advanceTimersByTimeAsync(1000);
  expect(signal).toBeUndefined();
  paced.ask();
  expect(signal).toBeUndefined();
});
