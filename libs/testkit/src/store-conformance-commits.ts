import { expect, it } from 'vitest';
import type { StoreUnderTest } from './store-under-test.ts';
import {
  actualRows,
  bytes,
  commitTo,
  counts,
  detectCommit,
  letter,
  MONDAY,
  MONDAY_MS,
  page,
  rollUp,
  rollUpCommit,
  sampleException,
  transition,
} from './store-conformance-samples.ts';

/** Claims, fencing, atomic commits, deltas, snapshots, waiting. */
export function commitConformance(under: StoreUnderTest): void {
  claims(under);
  fencing(under);
  deltas(under);
  snapshots(under);
  waiting(under);
}

function claims(under: StoreUnderTest): void {
  it('a first claim stands nowhere, a later one where the last commit left it', async () => {
    const { store } = under;
    const first = await store.claim('detect', 3, 'a');
    expect(first).toEqual({ epoch: first.epoch, offset: undefined, tick: -Infinity, snapshot: undefined });
    await store.commitDetect([detectCommit({ partition: 3, epoch: first.epoch, offset: 5_000_000_000, tick: MONDAY_MS })]);
    const second = await store.claim('detect', 3, 'b');
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(second).toMatchObject({ offset: 5_000_000_000, tick: MONDAY_MS, snapshot: undefined });
  });

  it('concurrent claims of one partition get different epochs, and only the highest may commit', async () => {
    const { store } = under;
    const other = await under.other();
    const claimed = await Promise.all([store, other, store, other].map((each, i) => each.claim('detect', 0, `member ${i}`)));
    const epochs = claimed.map(({ epoch }) => epoch);
    expect(new Set(epochs).size).toBe(4);
    const highest = Math.max(...epochs);
    for (const epoch of epochs) {
      const commit = store.commitDetect([detectCommit({ partition: 0, epoch, offset: epoch })]);
      if (epoch === highest) await commit;
      else await expect(commit).rejects.toMatchObject({ code: 'fenced' });
    }
    expect((await store.claim('detect', 0, 'after')).offset).toBe(highest);
  });

  it('ticks are answered in partition order, −Infinity where there is none', async () => {
    const { store } = under;
    await commitTo(store, { tick: MONDAY_MS }, 2);
    await commitTo(store, { tick: MONDAY_MS + 1000 }, 0);
    await commitTo(store, { tick: -Infinity }, 3);
    expect(await store.detectTicks(5)).toEqual([MONDAY_MS + 1000, -Infinity, MONDAY_MS, -Infinity, -Infinity]);
  });

  it('actuals are told to reach to the tick of the last commit with a snapshot', async () => {
    const { store } = under;
    const snapshot = { meta: bytes(1), pages: [], pageCount: 0 };
    await commitTo(store, { tick: MONDAY_MS, snapshot }, 1);
    await commitTo(store, { tick: MONDAY_MS + 1000 }, 1);
    await commitTo(store, { tick: MONDAY_MS }, 2);
    expect(await store.countedTicks(3)).toEqual([-Infinity, MONDAY_MS, -Infinity]);
    await commitTo(store, { tick: MONDAY_MS + 2000, snapshot }, 1);
    expect(await store.countedTicks(2)).toEqual([-Infinity, MONDAY_MS + 2000]);
  });

  it('counters replace those of their partition and are summed over partitions', async () => {
    const { store } = under;
    expect(await store.counters()).toEqual(counts());
    await commitTo(store, { counters: counts({ accepted: 9, rejected: { schema: 1 } }) }, 0);
    await commitTo(store, { counters: counts({ accepted: 10, sales: 8, rejected: { schema: 2 } }) }, 0);
    await commitTo(store, { counters: counts({ accepted: 5_000_000_000, rejected: { future: 1, schema: 1 } }) }, 1);
    expect(await store.counters()).toEqual(counts({ accepted: 5_000_000_010, sales: 8, rejected: { schema: 3, future: 1 } }));
  });

  it('unplanned series add up over commits and are listed by lines', async () => {
    const { store } = under;
    await commitTo(store, { unplanned: [{ sku: 'N-1', location: 'L1', lines: 2, lastAt: 10 }, { sku: 'N-2', location: 'L1', lines: 4, lastAt: 11 }] });
    await commitTo(store, { unplanned: [{ sku: 'N-1', location: 'L1', lines: 3, lastAt: 9 }] });
    expect(await store.unplanned(10)).toEqual([
      { sku: 'N-1', location: 'L1', lines: 5, lastAt: 10 },
      { sku: 'N-2', location: 'L1', lines: 4, lastAt: 11 },
    ]);
    expect(await store.unplanned(1)).toHaveLength(1);
  });
}

function fencing(under: StoreUnderTest): void {
  const full = { actuals: actualRows(['A', 'L', MONDAY, [[9, 1, 1000, 1]]]), deadLetters: [letter('k')], deltas: [{ tick: MONDAY_MS, payload: bytes(1) }] };

  it('one fenced partition of a commit takes all of it back', async () => {
    const { store } = under;
    const { epoch } = await store.claim('detect', 0, 'a');
    const lost = await store.claim('detect', 1, 'a');
    await store.claim('detect', 1, 'b');
    const parts = [detectCommit({ partition: 0, epoch, ...full }), detectCommit({ partition: 1, epoch: lost.epoch })];
    await expect(store.commitDetect(parts)).rejects.toMatchObject({ code: 'fenced' });
    await expect(store.commitDetect(parts.map((part) => detectCommit({ partition: part.partition, epoch: part.epoch })))).rejects.toMatchObject({ code: 'fenced' });
    await nothingWritten(under);
  });

  it('a commit that fails in the middle leaves nothing behind', async () => {
    const { store } = under;
    const { epoch } = await store.claim('detect', 0, 'a');
    const bad = { ...full, actuals: actualRows(['A', 'L', MONDAY, [[9, 1, 1000, 1]]], ['B', 'L', MONDAY, [[9, 1, 0.5, 1]]]) };
    await expect(store.commitDetect([detectCommit({ partition: 0, epoch, ...bad })])).rejects.toThrow();
    await nothingWritten(under);
    // The series of the failed commit are not remembered as if they were stored.
    await store.commitDetect([detectCommit({ partition: 0, epoch, ...full })]);
    expect(await store.actuals({ fromDay: MONDAY, toDay: MONDAY + 1, bucket: 'day', by: ['sku'] })).toEqual([
      { sku: 'A', day: MONDAY, lines: 1, units: 1000, revenue: 1 },
    ]);
  });

  it('a partition nobody claimed cannot be committed to, nor the roll-up or the archive', async () => {
    const { store } = under;
    await expect(store.commitDetect([detectCommit({ partition: 7, epoch: 1 })])).rejects.toMatchObject({ code: 'fenced' });
    await expect(store.commitRollUp(rollUpCommit({ epoch: 1 }))).rejects.toMatchObject({ code: 'fenced' });
    await expect(store.archive('archive', 1, 0, [], 1)).rejects.toMatchObject({ code: 'fenced' });
  });

  it('a fenced roll-up writes nothing', async () => {
    const { store } = under;
    const { epoch } = await store.claim('rollup', -1, 'a');
    await commitTo(store, { deltas: [{ tick: MONDAY_MS, payload: bytes(1) }] });
    const next = await store.claim('rollup', -1, 'b');
    const commit = rollUpCommit({ epoch, exceptions: [sampleException(1)], transitions: [transition('X-1', 0)] });
    await expect(store.commitRollUp(commit)).rejects.toMatchObject({ code: 'fenced' });
    expect(await store.exception('X-1')).toBeUndefined();
    expect(await store.transitions('X-1')).toEqual([]);
    expect(await store.deltas(-Infinity, MONDAY_MS, 10)).toHaveLength(1);
    await store.commitRollUp({ ...commit, epoch: next.epoch });
    expect(await store.exception('X-1')).toEqual(sampleException(1));
  });
}

async function nothingWritten({ store }: StoreUnderTest): Promise<void> {
  expect(await store.detectTicks(2)).toEqual([-Infinity, -Infinity]);
  expect(await store.deltas(-Infinity, Infinity, 10)).toEqual([]);
  expect((await store.deadLetters({ limit: 10 })).items).toEqual([]);
  expect(await store.actuals({ fromDay: 0, toDay: 100_000, bucket: 'total' })).toEqual([]);
}

function deltas(under: StoreUnderTest): void {
  it('deltas come by tick, then partition; the same (partition, tick) again is dropped', async () => {
    const { store } = under;
    const delta = (tick: number, value: number) => ({ tick, payload: bytes(value) });
    await commitTo(store, { deltas: [delta(20, 1), delta(10, 2)], tick: 20 }, 1);
    await commitTo(store, { deltas: [delta(10, 3), delta(20, 4)], tick: 20 }, 0);
    await commitTo(store, { deltas: [delta(20, 99), delta(30, 5)], tick: 30 }, 0);
    const read = async (after: number, through: number, limit = 100) =>
      (await store.deltas(after, through, limit)).map(({ partition, tick, payload }) => [tick, partition, ...payload]);
    expect(await read(-Infinity, 30)).toEqual([[10, 0, 3], [10, 1, 2], [20, 0, 4], [20, 1, 1], [30, 0, 5]]);
    expect(await read(10, 20)).toEqual([[20, 0, 4], [20, 1, 1]]);
    expect(await read(-Infinity, 30, 3)).toHaveLength(3);
  });

  it('the roll-up deletes what it has handled, and a re-sent one does not come back', async () => {
    const { store } = under;
    const three = [10, 20, 30].map((tick) => ({ tick, payload: bytes(tick) }));
    expect(await store.rollUpTick()).toBe(-Infinity);
    await commitTo(store, { deltas: three, tick: 30 });
    await rollUp(store, { tick: 20 });
    expect(await store.rollUpTick()).toBe(20);
    await commitTo(store, { deltas: three, tick: 30 });
    expect((await store.deltas(-Infinity, 100, 10)).map(({ tick }) => tick)).toEqual([30]);
    expect((await store.claim('rollup', -1, 'next')).tick).toBe(20);
  });
}

function snapshots(under: StoreUnderTest): void {
  it('changed pages replace their own, pages beyond the end go, the offset is the snapshot’s', async () => {
    const { store } = under;
    const { epoch } = await store.claim('detect', 0, 'a');
    await store.commitDetect([
      detectCommit({ partition: 0, epoch, offset: 10, snapshot: { meta: bytes(1), pages: [page(0, 1), page(1, 2), page(2, 3)], pageCount: 3 } }),
    ]);
    await store.commitDetect([detectCommit({ partition: 0, epoch, offset: 20, snapshot: { meta: bytes(9, 9), pages: [page(1, 7, 7)], pageCount: 2 } })]);
    await store.commitDetect([detectCommit({ partition: 0, epoch, offset: 30 })]);
    const claim = await store.claim('detect', 0, 'b');
    expect(claim.offset).toBe(30);
    expect({ ...claim.snapshot, meta: [...claim.snapshot!.meta] }).toEqual({ offset: 20, meta: [9, 9] });
    const pages = await store.snapshot('detect', 0);
    expect(pages.map((each) => ({ ...each, bytes: [...each.bytes] }))).toEqual([
      { page: 0, bytes: [1], checksum: 4_000_000_000 },
      { page: 1, bytes: [7, 7], checksum: 4_000_000_001 },
    ]);
    expect(await store.snapshot('detect', 1)).toEqual([]);
  });

  it('large pages come back byte for byte, of the roll-up too', async () => {
    const { store } = under;
    const content = Array.from({ length: 3 }, (_, n) => Uint8Array.from({ length: 1_200_000 }, (__, i) => (i * 31 + n * 7 + (i >> 8)) & 255));
    const pages = content.map((each, number) => ({ page: number, bytes: each, checksum: number }));
    await rollUp(store, { snapshot: { meta: bytes(5), pages, pageCount: 3 } });
    const read = await store.snapshot('rollup', -1);
    expect(read.map((each) => Buffer.compare(Buffer.from(each.bytes), content[each.page]!))).toEqual([0, 0, 0]);
    expect((await store.claim('rollup', -1, 'b')).snapshot?.meta).toHaveLength(1);
  });
}

function waiting(under: StoreUnderTest): void {
  it('a wait ends with the time-out, and at once when aborted', async () => {
    const { store } = under;
    await store.wait('plans', 20);
    const stop = new AbortController();
    const waiting = store.wait('changes', 600_000, stop.signal);
    stop.abort();
    await waiting;
    await store.wait('changes', 600_000, stop.signal);
  });

  it('a commit by someone else wakes who waits, or has read before it and waits now', async () => {
    const { store } = under;
    const other = await under.other();
    await store.wait('deltas', 50);
    const waiting = store.wait('deltas', 600_000);
    const epoch = await commitTo(other, { deltas: [{ tick: 10, payload: bytes(1) }], tick: 10 });
    await waiting;
    await store.deltas(-Infinity, 100, 10);
    await other.commitDetect([detectCommit({ partition: 0, epoch, deltas: [{ tick: 20, payload: bytes(1) }], tick: 20 })]);
    await store.wait('deltas', 600_000);
    const changed = store.wait('changes', 600_000);
    await rollUp(other, {});
    await changed;
  });
}
