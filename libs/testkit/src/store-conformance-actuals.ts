import type { ActualRows, ActualsQuery, Store } from '@plumbline/ports';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StoreUnderTest } from './store-under-test.ts';
import { actualRows, commitTo, letter, MONDAY, rollUp, sampleException, transition } from './store-conformance-samples.ts';

/** Actuals over flushes and buckets, and the digests. */
export function actualsConformance(under: StoreUnderTest): void {
  buckets(under);
  digests(under);
}

const BIG = 3_000_000_000_000;

function buckets(under: StoreUnderTest): void {
  it('sums flushes, by hour, day, week and in total, exactly', async () => {
    const { store } = under;
    await commitTo(store, {
      actuals: actualRows(
        ['A', 'L1', MONDAY, [[9, 1, 1000, BIG], [10, 2, 350, 1]]],
        ['A', 'L2', MONDAY, [[9, 1, 1000, 10]]],
        ['A', 'L1', MONDAY + 6, [[23, 1, 1000, 5]]],
        ['A', 'L1', MONDAY + 7, [[0, 1, 1000, 5]]],
      ),
    });
    await commitTo(store, { actuals: actualRows(['A', 'L1', MONDAY, [[9, 4, -2000, BIG], [11, 1, 1, 1]]], ['B', 'L1', MONDAY - 1, [[8, 3, 3000, 3]]]) });
    const ask = (query: Partial<ActualsQuery>) => store.actuals({ fromDay: MONDAY - 7, toDay: MONDAY + 14, bucket: 'day', ...query });
    expect(await ask({ skus: ['A'], locations: ['L1'], bucket: 'hour', toDay: MONDAY + 1 })).toEqual([
      { day: MONDAY, hour: 9, lines: 5, units: -1000, revenue: 2 * BIG },
      { day: MONDAY, hour: 10, lines: 2, units: 350, revenue: 1 },
      { day: MONDAY, hour: 11, lines: 1, units: 1, revenue: 1 },
    ]);
    expect(await ask({ by: ['sku', 'location'], fromDay: MONDAY, toDay: MONDAY + 1 })).toEqual([
      { sku: 'A', location: 'L1', day: MONDAY, lines: 8, units: -649, revenue: 2 * BIG + 2 },
      { sku: 'A', location: 'L2', day: MONDAY, lines: 1, units: 1000, revenue: 10 },
    ]);
    expect(await ask({ by: ['sku'], bucket: 'week' })).toEqual([
      { sku: 'B', day: MONDAY - 7, lines: 3, units: 3000, revenue: 3 },
      { sku: 'A', day: MONDAY, lines: 10, units: 1351, revenue: 2 * BIG + 17 },
      { sku: 'A', day: MONDAY + 7, lines: 1, units: 1000, revenue: 5 },
    ]);
    expect(await ask({ bucket: 'week', fromDay: MONDAY + 1, toDay: MONDAY + 7 })).toEqual([{ day: MONDAY, lines: 1, units: 1000, revenue: 5 }]);
    expect(await ask({ bucket: 'total', by: ['location'] })).toEqual([
      { location: 'L1', day: MONDAY - 7, lines: 13, units: 4351, revenue: 2 * BIG + 10 + 5 },
      { location: 'L2', day: MONDAY - 7, lines: 1, units: 1000, revenue: 10 },
    ]);
    expect(await ask({ locations: ['L2'], bucket: 'total' })).toEqual([{ day: MONDAY - 7, lines: 1, units: 1000, revenue: 10 }]);
    expect(await ask({ skus: ['none'] })).toEqual([]);
    expect(await ask({ skus: [] })).toEqual([]);
    expect(await ask({ fromDay: MONDAY, toDay: MONDAY })).toEqual([]);
  });

  it('sums by groups of SKUs and locations, and says when the first sale was', async () => {
    const { store } = under;
    expect(await store.firstSale()).toBeUndefined();
    await commitTo(store, {
      actuals: actualRows(
        ['A', 'L1', MONDAY, [[9, 1, 1000, BIG], [10, 2, 350, 1]]],
        ['B', 'L2', MONDAY, [[8, 1, 500, 10]]],
        ['C', 'L1', MONDAY + 1, [[7, 4, 4000, 4]]],
        ['A', 'L3', MONDAY, [[6, 1, 1000, 5]]],
      ),
    });
    await commitTo(store, { actuals: actualRows(['A', 'L1', MONDAY, [[9, 1, 1000, BIG]]]) });
    expect(await store.firstSale()).toEqual({ day: MONDAY, hour: 6 });
    const groups = { skus: { codes: ['A', 'B', 'C', 'none'], group: [0, 0, 5, 7] }, locations: { codes: ['L1', 'L2'], group: [3, 4] } };
    const ask = (query: Partial<ActualsQuery>) => store.actuals({ fromDay: MONDAY, toDay: MONDAY + 7, bucket: 'day', groups, ...query });
    const day = [
      { day: MONDAY, skuGroup: 0, locationGroup: 3, lines: 4, units: 2350, revenue: 2 * BIG + 1 },
      { day: MONDAY, skuGroup: 0, locationGroup: 4, lines: 1, units: 500, revenue: 10 },
      { day: MONDAY + 1, skuGroup: 5, locationGroup: 3, lines: 4, units: 4000, revenue: 4 },
    ];
    expect(await ask({})).toEqual(day);
    expect(await ask({ bucket: 'week' })).toEqual(day.map((row) => ({ ...row, day: MONDAY })));
    expect(await ask({ bucket: 'hour', toDay: MONDAY + 1 })).toEqual([
      { day: MONDAY, hour: 8, skuGroup: 0, locationGroup: 4, lines: 1, units: 500, revenue: 10 },
      { day: MONDAY, hour: 9, skuGroup: 0, locationGroup: 3, lines: 2, units: 2000, revenue: 2 * BIG },
      { day: MONDAY, hour: 10, skuGroup: 0, locationGroup: 3, lines: 2, units: 350, revenue: 1 },
    ]);
    const many = { ...groups, skus: { codes: Array.from({ length: 300 }, (_, i) => (i === 0 ? 'A' : `S${i}`)), group: Array.from({ length: 300 }, () => 1) } };
    expect(await ask({ groups: many })).toEqual([{ ...day[0], skuGroup: 1 }]);
    expect(await ask({ groups: { skus: { codes: [], group: [] }, locations: groups.locations } })).toEqual([]);
  });

  it('answers as adding up by hand does, over any partitions and flushes', async () => {
    const { store } = under;
    const row = fc.record({
      partition: fc.integer({ min: 0, max: 2 }),
      sku: fc.constantFrom('A', 'a', 'É', 'tab\there', 'back\\slash', '', '漢', '😀'),
      location: fc.constantFrom('L1', 'L2', 'l1'),
      day: fc.integer({ min: MONDAY, max: MONDAY + 20 }),
      hour: fc.integer({ min: 0, max: 23 }),
      lines: fc.integer({ min: 1, max: 1000 }),
      units: fc.integer({ min: -1e12, max: 1e12 }),
      revenue: fc.integer({ min: -1e12, max: 1e12 }),
    });
    let fromDay = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), fc.constantFrom('hour' as const, 'day' as const, 'week' as const, 'total' as const), async (rows, bucket) => {
        fromDay += 700; // whole weeks, so that each run has days of its own
        const shifted = rows.map((each) => ({ ...each, day: each.day + fromDay }));
        for (const partition of [0, 1, 2]) {
          const own = shifted.filter((each) => each.partition === partition);
          const columns = actualRows(...own.map(({ sku, location, day, hour, lines, units, revenue }) => [sku, location, day, [[hour, lines, units, revenue]]] as [string, string, number, [number, number, number, number][]]));
          await commitTo(store, { actuals: columns }, partition);
        }
        const query: ActualsQuery = { fromDay: MONDAY + fromDay, toDay: MONDAY + fromDay + 700, bucket, by: ['sku', 'location'] };
        const answer = await store.actuals(query);
        const sums = new Map<string, number[]>();
        for (const { sku, location, day, hour, lines, units, revenue } of shifted) {
          const at = { hour: day, day, week: day - ((day - MONDAY) % 7), total: query.fromDay }[bucket];
          const key = JSON.stringify([at, bucket === 'hour' ? hour : null, sku, location]);
          const sum = sums.get(key) ?? [0, 0, 0];
          sums.set(key, [sum[0]! + lines, sum[1]! + units, sum[2]! + revenue]);
        }
        const given = new Map(answer.map((each) => [JSON.stringify([each.day, each.hour ?? null, each.sku, each.location]), [each.lines, each.units, each.revenue]]));
        expect(given).toEqual(sums);
      }),
      { numRuns: 12 },
    );
  });
}

function digests(under: StoreUnderTest): void {
  const hours = (from: number): [number, number, number, number][] => [[from, 1, 1000, 10], [from + 1, 2, 2000, 20]];

  it('says the same for the same content, however it was written', async () => {
    const { store } = under;
    const empty = await store.digest();
    for (const hash of Object.values(empty)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    await commitTo(store, { actuals: actualRows(['A', 'L', MONDAY, hours(8)], ['B', 'L', MONDAY, hours(8)]), deadLetters: [letter('k2'), letter('k1')] }, 0);
    const first = await store.digest();
    expect(first.actuals).not.toBe(empty.actuals);
    expect(first.deadLetters).not.toBe(empty.deadLetters);
    expect(first.exceptions).toBe(empty.exceptions);
    await writeElsewhere(store);
    const second = await store.digest();
    expect(second.deadLetters).toBe(first.deadLetters);
    // The same again, taken back: sums are what counts.
    await commitTo(store, { actuals: negated(actualRows(['A', 'L', MONDAY, hours(8)], ['B', 'L', MONDAY, hours(8)])) }, 0);
    expect((await store.digest()).actuals).toBe(first.actuals);
  });

  async function writeElsewhere(store: Store): Promise<void> {
    await commitTo(store, { actuals: actualRows(['B', 'L', MONDAY, [hours(8)[1]!]]), deadLetters: [letter('k1', { at: 5 })] }, 4);
    await commitTo(store, { actuals: actualRows(['B', 'L', MONDAY, [hours(8)[0]!]]) }, 5);
    await commitTo(store, { actuals: actualRows(['A', 'L', MONDAY, hours(8)]) }, 6);
  }

  it('notices a changed exception, transition, sum or dead letter', async () => {
    const { store } = under;
    const seen = new Set<string>();
    const differs = async () => {
      const { exceptions, actuals, deadLetters } = await store.digest();
      const all = `${exceptions} ${actuals} ${deadLetters}`;
      expect(seen).not.toContain(all);
      seen.add(all);
    };
    await differs();
    for (const number of [1, 2, 10]) await rollUp(store, { exceptions: [sampleException(number)] });
    await differs();
    await rollUp(store, { exceptions: [sampleException(2, { owner: 'ann' })] });
    await differs();
    await rollUp(store, { transitions: [transition('X-2', 0)] });
    await differs();
    await commitTo(store, { actuals: actualRows(['A', 'L', MONDAY, [[9, 1, 1000, 1]]]) });
    await differs();
    await commitTo(store, { actuals: actualRows(['A', 'L', MONDAY, [[9, 0, 0, 1]]]) });
    await differs();
    await store.addDeadLetters([letter('k')]);
    await differs();
  });
}

const negated = (rows: ActualRows): ActualRows => ({
  ...rows,
  lines: rows.lines.map((values) => values.map((value) => -value)),
  units: rows.units.map((values) => values.map((value) => -value)),
  revenue: rows.revenue.map((values) => values.map((value) => -value)),
});
