import type { FeedCount } from '@plumbline/ports';
import { formatInstant } from '@plumbline/kernel';
import { describe, expect, it } from 'vitest';
import type { StoreUnderTest } from './store-under-test.ts';
import { commitTo, detectCommit, MONDAY_MS, rollUp, sampleException, transition } from './store-conformance-samples.ts';

const MINUTE = 60_000;

const feed = (some: Partial<FeedCount>): FeedCount => ({
  location: 'L01',
  source: 'till-1',
  accepted: 0,
  late: 0,
  duplicates: 0,
  outsideWindow: 0,
  rejected: 0,
  lastAt: undefined,
  ...some,
});

export function feedConformance(under: StoreUnderTest): void {
  describe('feeds', () => {
    it('adds up what came of each source for each location, over commits and partitions', async () => {
      const { store } = under;
      expect(await store.feedCounts()).toEqual([]);
      await commitTo(store, { feeds: [feed({ accepted: 5, late: 1, lastAt: MONDAY_MS - 10 }), feed({ source: 'till-2', rejected: 2 })] });
      await commitTo(store, { offset: 2, feeds: [feed({ accepted: 2, duplicates: 3, outsideWindow: 1, lastAt: MONDAY_MS - 20 })] });
      await commitTo(store, { feeds: [feed({ accepted: 10, lastAt: MONDAY_MS - 5 }), feed({ location: '', accepted: 1, lastAt: 0 })] }, 1);
      const counts = (await store.feedCounts()).map(({ eventsPerSecond: _, ...count }) => count);
      expect(counts).toEqual([
        feed({ location: '', accepted: 1, lastAt: 0 }),
        feed({ accepted: 17, late: 1, duplicates: 3, outsideWindow: 1, lastAt: MONDAY_MS - 5 }),
        feed({ source: 'till-2', rejected: 2 }),
      ]);
    });

    it('adds a commit up once: repeated it changes nothing, fenced it adds nothing', async () => {
      const { store } = under;
      const { epoch } = await store.claim('detect', 0, 'first');
      const commit = detectCommit({ partition: 0, epoch, number: 1, feeds: [feed({ accepted: 3, lastAt: 1 })] });
      await store.commitDetect([commit]);
      await store.commitDetect([commit]);
      await store.claim('detect', 0, 'second');
      await expect(store.commitDetect([{ ...commit, number: 2, offset: 9 }])).rejects.toMatchObject({ code: 'fenced' });
      expect(await store.feedCounts()).toMatchObject([{ accepted: 3 }]);
    });

    it('takes many feeds in one commit', async () => {
      const { store } = under;
      const feeds = Array.from({ length: 3000 }, (_, i) => feed({ location: `L${i % 50}`, source: `till-${i}`, accepted: i }));
      await commitTo(store, { feeds });
      await commitTo(store, { offset: 2, feeds: feeds.toReversed() });
      const counts = await store.feedCounts();
      expect(counts).toHaveLength(3000);
      expect(counts.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(3000 * 2999);
    });

    it('tells the rate of the last minutes of event time, and none of a feed that stopped', async () => {
      const { store } = under;
      const rate = async (source: string) => (await store.feedCounts()).find((count) => count.source === source)!.eventsPerSecond;
      for (let second = 0; second <= 600; second += 30) {
        const feeds = [feed({ accepted: second < 300 ? 30 : 60 }), ...(second <= 300 ? [feed({ source: 'till-2', accepted: 300 })] : [])];
        await commitTo(store, { offset: second + 1, tick: MONDAY_MS + 1000 * second, feeds });
        if (second === 300) expect(await rate('till-2')).toBeCloseTo(10, 6);
      }
      expect(await rate('till-1')).toBeCloseTo(2, 6);
      expect(await rate('till-2')).toBe(0);
      // Ticks may lie hours apart: the last span that is known then tells.
      await commitTo(store, { offset: 1000, tick: MONDAY_MS + 100 * MINUTE, feeds: [feed({ accepted: 5400 })] });
      expect(await rate('till-1')).toBeCloseTo(5400 / (91 * 60), 0);
    });

    it('keeps how feeds stand with the roll-up’s commit', async () => {
      const { store } = under;
      expect(await store.feedFacts()).toBeUndefined();
      await rollUp(store, { feeds: '[{"location":"L01"}]' });
      await rollUp(store, { tick: MONDAY_MS + 1000 });
      expect(await (await under.other()).feedFacts()).toEqual({ tick: MONDAY_MS, body: '[{"location":"L01"}]' });
      await rollUp(store, { tick: MONDAY_MS + 2000, feeds: '[]' });
      expect(await store.feedFacts()).toEqual({ tick: MONDAY_MS + 2000, body: '[]' });
    });
  });

  describe('people', () => {
    it('names owners and those who did something, latest first, each once', async () => {
      const { store } = under;
      const at = (seconds: number): string => formatInstant(MONDAY_MS + 1000 * seconds);
      await rollUp(store, {
        exceptions: [sampleException(1, { owner: 'cy', updatedAt: at(30) }), sampleException(2)],
        transitions: [
          transition('X-1', 0, { at: at(0) }),
          transition('X-1', 1, { at: at(10), by: 'ana' }),
          transition('X-1', 2, { at: at(20), by: 'ben', action: 'commented' }),
          transition('X-2', 1, { at: at(40), by: 'ana', action: 'undone' }),
          transition('X-2', 2, { at: at(50), by: null, action: 'cleared' }),
        ],
      });
      const names = [
        { name: 'ana', lastAt: MONDAY_MS + 40_000 },
        { name: 'cy', lastAt: MONDAY_MS + 30_000 },
        { name: 'ben', lastAt: MONDAY_MS + 20_000 },
      ];
      expect(await store.people(50)).toEqual(names);
      expect(await store.people(1)).toEqual(names.slice(0, 1));
    });
  });
}
