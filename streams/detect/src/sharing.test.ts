import { decodeIncrements, type Increment } from '@plumbline/contracts';
import { describe, expect, it, vi } from 'vitest';
import { Sharing, type Countable } from './sharing.ts';

function setUp(listened = true) {
  let now = 0;
  const told: Increment[][] = [];
  const state = { listened, fails: 0, taken: 0 };
  const store = {
    listened: () => state.listened,
    share: (_: 'increments', text: string) => {
      if (state.fails-- > 0) return Promise.reject(new Error('away'));
      told.push(decodeIncrements(text));
      return Promise.resolve();
    },
  };
  const countable = (partition: number): Countable => ({
    partition,
    epoch: 1,
    stopped: false,
    state: { takeCounted: () => (state.taken++, [{ follows: 1000, ended: 2000, plan: 'h', cells: [0, 1, 1] }, { follows: 2000, plan: 'h', cells: [] }]) },
  });
  const sharing = new Sharing({ store, now: () => now, everyMs: 25 });
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    await vi.advanceTimersByTimeAsync(ms);
  };
  return { sharing, told, state, countable, pass };
}

describe('sharing what was counted', () => {
  it('tells at once after a rest, then at a steady pace, all partitions together', async () => {
    vi.useFakeTimers();
    const { sharing, told, countable, pass } = setUp();
    const [zero, one] = [countable(0), countable(1)];
    sharing.handled(zero, [5, 6]);
    await pass(0);
    expect(told).toEqual([[
      { partition: 0, epoch: 1, follows: 1000, ended: 2000, plan: 'h', cells: [0, 1, 1] },
      { partition: 0, epoch: 1, follows: 2000, plan: 'h', cells: [], accepted: [5, 6] },
    ]]);
    sharing.handled(one, [9, 9]);
    sharing.handled(one, [7, 8]);
    sharing.handled(zero, undefined);
    await pass(24);
    expect(told).toHaveLength(1);
    await pass(1);
    expect(told[1]!.map(({ partition, accepted }) => [partition, accepted])).toEqual([[1, undefined], [1, [7, 9]], [0, undefined], [0, undefined]]);
    await pass(1000);
    expect(told).toHaveLength(2);
    await sharing.stop();
    vi.useRealTimers();
  });

  it('costs nothing while nobody listens', async () => {
    const { sharing, state, countable } = setUp(false);
    sharing.handled(countable(0), [1, 1]);
    await sharing.stop();
    expect(state.taken).toBe(0);
  });

  it('rests when the store is away, then goes on; a partition that has left is not spoken of', async () => {
    vi.useFakeTimers();
    const { sharing, told, state, countable, pass } = setUp();
    const [zero, gone] = [countable(0), countable(1)];
    state.fails = 1;
    sharing.handled(zero, [1, 1]);
    await pass(0);
    sharing.handled(gone, [2, 2]);
    sharing.handled(zero, [3, 3]);
    gone.stopped = true;
    await pass(999);
    expect(told).toEqual([]);
    await pass(1);
    expect(told.flat().map(({ partition }) => partition)).toEqual([0, 0]);
    await sharing.stop();
    vi.useRealTimers();
  });
});
