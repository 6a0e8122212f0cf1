import { HOUR_MS } from '@plumbline/kernel';
import type { AppendRecord } from '@plumbline/ports';
import { describe, expect, it } from 'vitest';
import { benchWorkload } from './bench-workload.ts';
import { feedOf, START } from './fixture.ts';
import { DemoRun } from './pace.ts';

/** A run whose clock is the test's: each sleep passes real time at once; `script` is called before each. */
function scripted(rate: number, script: (sleeps: number, run: DemoRun, stop: () => void) => void) {
  const controller = new AbortController();
  const feed = feedOf({ from: START + 8 * HOUR_MS, tickSeconds: 60 });
  let clock = 0;
  let sleeps = 0;
  const batches: (readonly AppendRecord[])[] = [];
  const run: DemoRun = new DemoRun({
    feed,
    rate,
    append: async (records) => void batches.push(records),
    now: () => clock,
    sleep: async (ms) => {
      script(sleeps++, run, () => controller.abort());
      clock += ms;
    },
  });
  return { run, feed, batches, done: run.run(controller.signal) };
}

describe('the running demo', () => {
  it('passes event time at its rate and ends with its signal', async () => {
    const { feed, done, batches } = scripted(600, (sleeps, _, stop) => sleeps === 100 && stop());
    await done;
    expect(feed.at - (START + 8 * HOUR_MS)).toBe(100 * 60_000);
    expect(batches.length).toBeGreaterThan(90);
  });

  it('pauses without catching up, and changes its rate', async () => {
    const { feed, run, done } = scripted(100, (sleeps, demo, stop) => {
      if (sleeps === 10) demo.pause();
      if (sleeps === 1000) demo.resume();
      if (sleeps === 1010) demo.setRate(1000);
      if (sleeps === 1020) stop();
    });
    await done;
    expect(feed.at - (START + 8 * HOUR_MS)).toBe(10 * 10_000 + 10 * 10_000 + 10 * 100_000);
    expect(run.status).toMatchObject({ rate: 1000, paused: false, at: feed.at });
    expect(() => run.setRate(0)).toThrow(RangeError);
  });

  it('ends with the error of an append that fails', async () => {
    let now = 0;
    const failing = new DemoRun({
      feed: feedOf(),
      append: () => Promise.reject(new Error('log gone')),
      now: () => (now += 60_000),
      sleep: async () => {},
    });
    await expect(failing.run(new AbortController().signal)).rejects.toThrow('log gone');
  });
});

describe('the bench workload', () => {
  it('has the lines asked for, each time the same', () => {
    const workload = benchWorkload({ series: 2000, events: 60_000, days: 7, partitions: 4, tickMinutes: 15 });
    const sizes = Array.from(workload.batches(), (batch) => batch.length);
    const records = sizes.reduce((a, b) => a + b, 0);
    const ticks = 7 * 96 * 4;
    expect((records - ticks) / 60_000).toBeCloseTo(1, 1);
    expect(Array.from(workload.batches(), (batch) => batch.length)).toEqual(sizes);
    expect(workload.plan.products).toHaveLength(50);
    expect(workload.plan.locations).toHaveLength(40);
  });
});
