import type { ArchivedEvent, DeadLetter } from '@plumbline/ports';
import { expect, it } from 'vitest';
import type { StoreUnderTest } from './store-under-test.ts';
import { bytes, commitTo, letter, MONDAY_MS, samplePlan } from './store-conformance-samples.ts';

/** Plan versions, dead letters, the archive, and the migrations. */
export function libraryConformance(under: StoreUnderTest): void {
  planVersions(under);
  deadLetters(under);
  archive(under);

  it('migrating again changes nothing, and two at once do not disturb each other', async () => {
    const { store } = under;
    await store.addDeadLetters([letter('kept')]);
    const before = await store.info();
    expect(before.server).toMatch(/PostgreSQL 1[78]/);
    expect(before.migrations).toBeGreaterThan(0);
    const steps: string[] = [];
    const other = await under.other();
    await Promise.all([store.migrate((step) => steps.push(step)), other.migrate((step) => steps.push(step))]);
    expect(steps).toEqual([]);
    expect(await store.info()).toEqual(before);
    expect((await store.deadLetters({ limit: 5 })).items).toHaveLength(1);
    expect(await store.healthy()).toBe(true);
  });
}

function planVersions(under: StoreUnderTest): void {
  it('a version is found by id and hash, as it was stored', async () => {
    const { store } = under;
    const body = Uint8Array.from({ length: 2_000_000 }, (_, i) => (i * 7) & 255);
    const [first, second] = [samplePlan('PV-1', {}, body), samplePlan('PV-2', { createdAt: '2026-11-24T00:00:00Z' })];
    await store.savePlan(second);
    await store.savePlan(first);
    const found = await store.plan('PV-1');
    expect(found!.summary).toEqual(first.summary);
    expect(Buffer.compare(Buffer.from(found!.body), body)).toBe(0);
    expect((await store.plan('hash-of-PV-2'))!.summary.id).toBe('PV-2');
    expect(await store.plan('PV-3')).toBeUndefined();
    expect(await store.plans()).toEqual([first.summary, second.summary]);
  });

  it('content is immutable, status moves forward only', async () => {
    const { store } = under;
    const draft = samplePlan('PV-1');
    await store.savePlan(draft);
    await expect(store.savePlan(samplePlan('PV-1', { hash: 'other' }, bytes(9)))).rejects.toMatchObject({ code: 'plan-immutable' });
    const committed = samplePlan('PV-1', { status: 'committed', committedAt: '2026-11-25T00:00:00Z', effectiveAt: '2026-12-01T00:00:00Z' });
    await store.savePlan(committed);
    expect(await store.plan('PV-1')).toMatchObject({ summary: committed.summary });
    await store.savePlan(draft);
    await store.savePlan(samplePlan('PV-1', { status: 'committed', committedAt: '2027-01-01T00:00:00Z' }));
    expect(await store.plans()).toEqual([committed.summary]);
    await store.savePlan({ ...committed, summary: { ...committed.summary, status: 'superseded' } });
    expect((await store.plan('hash-of-PV-1'))!.summary.status).toBe('superseded');
    expect([...(await store.plan('PV-1'))!.body]).toEqual([1, 2, 3]);
  });

  it('of two that save the same version at once, neither fails', async () => {
    const { store } = under;
    const other = await under.other();
    await Promise.all([store.savePlan(samplePlan('PV-1')), other.savePlan(samplePlan('PV-1'))]);
    expect(await store.plans()).toHaveLength(1);
  });
}

function deadLetters(under: StoreUnderTest): void {
  const shown = ({ key, reason, detail, source, eventId, payload, at, redrivenAt }: DeadLetter) => ({ key, reason, detail, source, eventId, payload: [...payload], at, redrivenAt });

  it('letters come back as written, newest first, each key once', async () => {
    const { store } = under;
    const odd = letter('odd', { source: undefined, eventId: undefined, at: -Infinity, detail: 'quote " and \\ and €', payload: bytes() });
    await commitTo(store, { deadLetters: [letter('a'), letter('b', { reason: 'future' })] });
    await store.addDeadLetters([odd, letter('a', { detail: 'another' })]);
    const { items } = await store.deadLetters({ limit: 10 });
    expect(items.map(shown)).toEqual(
      [odd, letter('b', { reason: 'future' }), letter('a')].map((each) => ({ ...each, payload: [...each.payload], redrivenAt: undefined })),
    );
  });

  it('text that PostgreSQL cannot hold does not stop the letter', async () => {
    const { store } = under;
    await store.addDeadLetters([letter('nul', { source: 'till\0', detail: 'lone \ud800 surrogate', payload: bytes(0) })]);
    const [only] = (await store.deadLetters({ limit: 1 })).items;
    expect(only).toMatchObject({ source: 'till\ufffd', detail: 'lone \ufffd surrogate' });
  });

  it('pages, filters, counts, and marks re-driven ones', async () => {
    const { store } = under;
    await store.addDeadLetters(['a', 'b', 'c', 'd', 'e'].map((key) => letter(key, { reason: key < 'c' ? 'schema' : 'future' })));
    const keys: string[] = [];
    let cursor: string | undefined;
    do {
      const answer = await store.deadLetters({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      keys.push(...answer.items.map(({ key }) => key));
      cursor = answer.next;
    } while (cursor !== undefined);
    expect(keys).toEqual(['e', 'd', 'c', 'b', 'a']);
    const future = (await store.deadLetters({ limit: 10, reason: 'future' })).items;
    await store.markRedriven([future[0]!.id, 'nonsense'], 77);
    await store.markRedriven([future[0]!.id], 88);
    expect((await store.deadLetters({ limit: 10, state: 'redriven' })).items.map(({ key, redrivenAt }) => [key, redrivenAt])).toEqual([['e', 77]]);
    expect((await store.deadLetters({ limit: 10, state: 'open', reason: 'future' })).items.map(({ key }) => key)).toEqual(['d', 'c']);
    expect(await store.deadLetterCounts()).toEqual([
      { reason: 'future', open: 2, redriven: 1 },
      { reason: 'schema', open: 2, redriven: 0 },
    ]);
  });
}

function archive(under: StoreUnderTest): void {
  const event = (offset: number, some: Partial<ArchivedEvent> = {}): ArchivedEvent => ({
    offset,
    sku: 'A',
    location: 'L',
    time: MONDAY_MS + offset,
    value: bytes(offset & 255),
    ...some,
  });
  const plain = (events: ArchivedEvent[]) => events.map((each) => ({ ...each, value: [...each.value] }));

  it('archives each offset once, with the consumer’s offset, under the current epoch', async () => {
    const { store } = under;
    const { epoch } = await store.claim('archive', 0, 'a');
    await store.archive('archive', epoch, 0, [event(0), event(1, { sku: undefined, location: undefined }), event(2, { location: 'M' })], 3);
    await store.archive('archive', epoch, 0, [event(1), event(2), event(3)], 4);
    const next = await store.claim('archive', 0, 'b');
    expect(next.offset).toBe(4);
    await expect(store.archive('archive', epoch, 0, [event(4)], 5)).rejects.toMatchObject({ code: 'fenced' });
    const all = { from: 0, to: MONDAY_MS * 2, limit: 100 };
    expect(plain(await store.archivedEvents(all))).toEqual(
      plain([event(0), event(1, { sku: undefined, location: undefined }), event(2, { location: 'M' }), event(3)]).map((each) => ({ ...each, partition: 0 })),
    );
    expect((await store.archivedEvents({ ...all, sku: 'A', location: 'L' })).map(({ offset }) => offset)).toEqual([0, 3]);
    expect((await store.archivedEvents({ ...all, from: MONDAY_MS + 1, to: MONDAY_MS + 3 })).map(({ offset }) => offset)).toEqual([1, 2]);
    expect(await store.archivedEvents({ ...all, limit: 2 })).toHaveLength(2);
    expect((await store.archivedEvents({ ...all, skus: ['A', 'B'], locations: ['M', 'N'] })).map(({ offset }) => offset)).toEqual([2]);
    expect(await store.archivedEvents({ ...all, skus: ['B'] })).toEqual([]);
  });

  it('orders by time, then partition and offset', async () => {
    const { store } = under;
    for (const partition of [1, 0]) {
      const { epoch } = await store.claim('archive', partition, 'a');
      const events = [event(0, { time: MONDAY_MS, value: bytes(partition, 0) }), event(1, { time: MONDAY_MS - 5, value: bytes(partition, 1) })];
      await store.archive('archive', epoch, partition, events, 2);
    }
    const found = await store.archivedEvents({ from: 0, to: MONDAY_MS * 2, limit: 10 });
    expect(found.map(({ value }) => [...value])).toEqual([[0, 1], [1, 1], [0, 0], [1, 0]]);
    for (const [i, { time, partition, offset }] of found.entries()) {
      const behind = await store.archivedEvents({ from: 0, to: MONDAY_MS * 2, limit: 10, after: { time, partition: partition!, offset } });
      expect(behind).toEqual(found.slice(i + 1));
    }
  });
}
