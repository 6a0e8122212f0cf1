import type { ExceptionQuery } from '@plumbline/ports';
import { expect, it } from 'vitest';
import type { StoreUnderTest } from './store-under-test.ts';
import { rollUp, sampleException, transition } from './store-conformance-samples.ts';

/** Exceptions, their history, changes and lists. */
export function exceptionConformance(under: StoreUnderTest): void {
  it('an exception comes back as it was written, decimals letter by letter', async () => {
    const { store } = under;
    const leaf = sampleException(1);
    const total = sampleException(2, { altitude: 'total', scope: {}, owner: 'ann', valueAtRisk: '-0.10', expected: '100.000', reason: 'NUL \0 and half a \ud83d pair' });
    await rollUp(store, { exceptions: [leaf, total] });
    expect(await store.exception('X-1')).toEqual(leaf);
    expect(await store.exception('X-2')).toEqual(total);
    expect(await store.exception('X-3')).toBeUndefined();
    const later = { ...leaf, status: 'acknowledged' as const, change: 3 };
    await rollUp(store, { exceptions: [later] });
    expect(await store.exception('X-1')).toEqual(later);
  });

  it('transitions come in sequence, the same one again is dropped', async () => {
    const { store } = under;
    await rollUp(store, { exceptions: [sampleException(1)], transitions: [transition('X-1', 1), transition('X-1', 0), transition('X-2', 0)] });
    await rollUp(store, { transitions: [transition('X-1', 1, { note: 'another' }), transition('X-1', 2)] });
    expect(await store.transitions('X-1')).toEqual([0, 1, 2].map((sequence) => transition('X-1', sequence)));
    expect(await store.transitions('X-9')).toEqual([]);
  });

  it('changes after a number, ascending', async () => {
    const { store } = under;
    await rollUp(store, { exceptions: [1, 2, 3].map((number) => sampleException(number)) });
    await rollUp(store, { exceptions: [sampleException(1, { change: 4 })] });
    const after = async (change: number, limit = 10) => (await store.changes(change, limit)).map(({ id }) => id);
    expect(await after(0)).toEqual(['X-2', 'X-3', 'X-1']);
    expect(await after(2)).toEqual(['X-3', 'X-1']);
    expect(await after(0, 1)).toEqual(['X-2']);
    expect(await after(4)).toEqual([]);
  });

  it('the last change is told with the identity of the store, which stays', async () => {
    const { store } = under;
    const before = await store.lastChange();
    expect([before.change, before.store.length > 0]).toEqual([0, true]);
    await rollUp(store, { exceptions: [sampleException(1), sampleException(2, { status: 'cleared' })] });
    await rollUp(store, { exceptions: [sampleException(1, { change: 7 })] });
    expect(await store.lastChange()).toEqual({ store: before.store, change: 7 });
    expect(await (await under.other()).lastChange()).toEqual({ store: before.store, change: 7 });
  });

  it('the latest live figures stay, with their tick', async () => {
    const { store } = under;
    expect(await store.figures()).toBeUndefined();
    await rollUp(store, { tick: 5, figures: '{"tiles":[1]}' });
    await rollUp(store, { tick: 6 });
    expect(await store.figures()).toEqual({ tick: 5, body: '{"tiles":[1]}' });
    await rollUp(store, { tick: 7, figures: '{}' });
    expect(await store.figures()).toEqual({ tick: 7, body: '{}' });
  });

  it('filters', async () => {
    const { store } = under;
    await rollUp(store, {
      exceptions: [
        sampleException(1),
        sampleException(2, { status: 'cleared', kind: 'demand-drop' }),
        sampleException(3, { altitude: 'family-region', scope: { family: 'Coats', region: 'South' }, owner: 'ann' }),
        sampleException(4, { altitude: 'location', kind: 'feed-silence', scope: { location: 'L02', region: 'South' } }),
      ],
    });
    const find = async (query: Omit<ExceptionQuery, 'limit'>) => (await store.exceptions({ sort: 'newest', limit: 10, ...query })).items.map(({ id }) => id);
    expect(await find({})).toEqual(['X-4', 'X-3', 'X-2', 'X-1']);
    expect(await find({ status: ['open'] })).toEqual(['X-4', 'X-3', 'X-1']);
    expect(await find({ status: ['cleared', 'open'], kind: ['demand-drop', 'feed-silence'] })).toEqual(['X-4', 'X-2']);
    expect(await find({ status: [] })).toEqual([]);
    expect(await find({ altitude: ['family-region'] })).toEqual(['X-3']);
    expect(await find({ family: 'Coats', region: 'North' })).toEqual(['X-2', 'X-1']);
    expect(await find({ region: 'South' })).toEqual(['X-4', 'X-3']);
    expect(await find({ location: 'L02' })).toEqual(['X-4']);
    expect(await find({ sku: 'A-1', location: 'L01' })).toEqual(['X-2', 'X-1']);
    expect(await find({ owner: 'ann' })).toEqual(['X-3']);
    expect(await find({ owner: 'nul\0' })).toEqual([]);
  });

  it.each([
    { sort: 'priority' as const, order: ['X-3', 'X-5', 'X-4', 'X-2', 'X-1'] },
    { sort: 'newest' as const, order: ['X-5', 'X-4', 'X-3', 'X-2', 'X-1'] },
    { sort: 'value' as const, order: ['X-1', 'X-3', 'X-2', 'X-5', 'X-4'] },
  ])('pages by $sort hold still while exceptions arrive', async ({ sort, order }) => {
    const { store } = under;
    const priorities = [0.1 + 0.2, 0.30000000000000007, 1e9, 7, 7];
    const values = ['900719925474099300.2', '100.50', '900719925474099300.1', '-3', '0.1'];
    await rollUp(store, { exceptions: priorities.map((priority, i) => sampleException(i + 1, { priority, valueAtRisk: values[i]! })) });
    const seen: string[] = [];
    let cursor: string | undefined;
    let arriving = 6;
    do {
      const answer = await store.exceptions({ sort, limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...answer.items.map(({ id }) => id));
      cursor = answer.next;
      await rollUp(store, { exceptions: [sampleException(arriving++, { priority: 1e12, valueAtRisk: '1e30'.replace('1e30', '1' + '0'.repeat(30)) })] });
    } while (cursor !== undefined);
    expect(seen).toEqual(order);
    expect((await store.exceptions({ limit: 1 })).items[0]!.priority).toBe(1e12);
  });

  it('a cursor of another order, or one that is none, is refused', async () => {
    const { store } = under;
    await rollUp(store, { exceptions: [sampleException(1), sampleException(2)] });
    const { next } = await store.exceptions({ sort: 'newest', limit: 1 });
    await expect(store.exceptions({ sort: 'value', limit: 1, cursor: next! })).rejects.toMatchObject({ code: 'invalid-cursor' });
    await expect(store.exceptions({ limit: 1, cursor: 'WzFd' })).rejects.toMatchObject({ code: 'invalid-cursor' });
    await expect(store.deadLetters({ limit: 1, cursor: '%%%' })).rejects.toMatchObject({ code: 'invalid-cursor' });
  });
}
