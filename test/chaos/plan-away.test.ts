import { PlumblineError } from '@plumbline/kernel';
import type { AppendRecord, Claim, DetectCommit, EventLog, LogBatch, LogHandler, Store } from '@plumbline/ports';
import { DetectRunner, StoredPlans } from '@plumbline/stream-detect';
import { describe, expect, it } from 'vitest';
import { storyLog, storyPlans } from '../replay/story.ts';

const quiet = { info() {}, warn() {}, error() {} };

/** A detect process whose store gives a plan only after some trouble; the log is the test. */
async function start(plan: Store['plan']): Promise<{ handler: LogHandler; runner: DetectRunner; commits: DetectCommit[] }> {
  const commits: DetectCommit[] = [];
  const claim: Claim = { epoch: 1, offset: undefined, tick: -Infinity, snapshot: undefined };
  const store = { claim: () => Promise.resolve(claim), commitDetect: (some: DetectCommit[]) => Promise.resolve(void commits.push(...some)), plan, listened: () => false };
  let handler!: LogHandler;
  const subscribe: EventLog['subscribe'] = (_, given) => {
    handler = given;
    return Promise.resolve({ pause() {}, resume() {}, seek() {}, assignment: () => [0], stop: () => given.revoked([0]) });
  };
  const runner = new DetectRunner({
    log: { partitions: () => Promise.resolve(1), subscribe } as Partial<EventLog> as EventLog,
    store: store as Partial<Store> as Store,
    topic: 'events',
    group: 'detect',
    owner: 'test',
    plans: new StoredPlans({ plan }, 5),
    detect: { duplicates: { days: 14, ids: 10_000 }, defaultZone: 'UTC' },
    logger: quiet,
    now: () => performance.now(),
  });
  await runner.start();
  await handler.assigned([0]);
  return { handler, runner, commits };
}

function batchOf(records: readonly AppendRecord[]): LogBatch {
  const { length } = records;
  return {
    ...{ topic: 'events', partition: 0, length, high: length },
    offset: (i) => i,
    value: (i) => records[i]!.value,
    key: (i) => records[i]!.key,
    header: () => undefined,
    timestamp: () => 0,
    acknowledge: () => {},
  };
}

describe('a plan that cannot be read at once', () => {
  it('is waited for when the store is away: nothing is handled without it', async () => {
    let asked = 0;
    const { handler, runner, commits } = await start((hash) => {
      if (asked++ < 3) return Promise.reject(new PlumblineError('store-unavailable', 'the database did not answer'));
      return storyPlans.plan(hash);
    });
    await handler.batch(batchOf(storyLog(1, 1).flat()));
    await runner.stop();
    const { accepted, unplanned } = commits.at(-1)!.counters;
    expect(asked).toBe(4);
    expect(accepted).toBeGreaterThan(100);
    expect(unplanned).toBeLessThan(accepted / 20);
  });

  it('ends the process when the store does not have it: no redelivery goes on without it', async () => {
    const { handler, runner } = await start(() => Promise.resolve(undefined));
    const batch = batchOf(storyLog(1, 0.5).flat());
    await expect(handler.batch(batch)).rejects.toMatchObject({ code: 'plan-unknown' });
    await expect(runner.failed).rejects.toMatchObject({ code: 'plan-unknown' });
    await expect(handler.batch(batch)).rejects.toMatchObject({ code: 'plan-unknown' });
  });
});
