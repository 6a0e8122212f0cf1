import type { FiguresSample } from '@plumbline/ports';
import { expect, it } from 'vitest';
import type { StoreUnderTest } from './store-under-test.ts';
import { MONDAY_MS, rollUp } from './store-conformance-samples.ts';

/** What is shown live: samples of the tiles, and what is shared and kept by nobody. */
export function liveConformance(under: StoreUnderTest): void {
  samples(under);
  sharing(under);
}

const DAY_MS = 86_400_000;
const QUARTER_MS = 15 * 60_000;
const sample = (at: number, some: Partial<FiguresSample> = {}): FiguresSample => ({
  at,
  today: 0.9812,
  week: 0.1 + 0.2,
  month: null,
  valueAtRisk: '9007199254740993.1234',
  open: 3,
  unowned: 2,
  silent: 1,
  ...some,
});

function samples(under: StoreUnderTest): void {
  it('samples of figures come back as they went, by their time', async () => {
    const { store } = under;
    expect(await store.figuresSamples(0, Infinity)).toEqual([]);
    const three = [0, 1, 2].map((quarter) => sample(MONDAY_MS + quarter * QUARTER_MS, { open: quarter }));
    await rollUp(store, { samples: [three[1]!, three[0]!] });
    await rollUp(store, { samples: [three[2]!] });
    expect(await store.figuresSamples(-Infinity, Infinity)).toEqual(three);
    expect(await store.figuresSamples(MONDAY_MS, MONDAY_MS + QUARTER_MS)).toEqual([three[0]]);
    expect(await store.figuresSamples(MONDAY_MS + 1, MONDAY_MS + QUARTER_MS + 1)).toEqual([three[1]]);
  });

  it('a quarter of an hour has one sample, the last', async () => {
    const { store } = under;
    const late = sample(MONDAY_MS + QUARTER_MS - 1, { open: 9, today: null });
    await rollUp(store, { samples: [sample(MONDAY_MS), sample(MONDAY_MS + 1)] });
    await rollUp(store, { samples: [late] });
    expect(await store.figuresSamples(0, Infinity)).toEqual([late]);
  });

  it('samples go after 60 days', async () => {
    const { store } = under;
    const kept = [sample(MONDAY_MS - 60 * DAY_MS), sample(MONDAY_MS)];
    await rollUp(store, { samples: [sample(MONDAY_MS - 60 * DAY_MS - QUARTER_MS), ...kept] });
    await store.maintain(MONDAY_MS, 400);
    expect(await store.figuresSamples(0, Infinity)).toEqual(kept);
  });
}

function sharing(under: StoreUnderTest): void {
  it('who listens hears what is shared, in order; who has ended does not', async () => {
    const { store } = under;
    expect(store.listened('increments')).toBe(false);
    const heard: string[] = [];
    const end = store.listen('increments', (payload) => heard.push(payload));
    expect(store.listened('increments')).toBe(true);
    for (const text of ['one', 'twö two', '3'.repeat(7500)]) await store.share('increments', text);
    expect(heard.map((text) => text.slice(0, 9))).toEqual(['one', 'twö two', '333333333']);
    await expect(store.share('increments', 'ö'.repeat(3751))).rejects.toMatchObject({ code: 'too-large' });
    end();
    expect(store.listened('increments')).toBe(false);
    await store.share('increments', 'four');
    expect(heard).toHaveLength(3);
  });

  it('another process hears it too, once', async () => {
    const { store } = under;
    const other = await under.other();
    const heard: string[] = [];
    const end = other.listen('increments', (payload) => heard.push(payload));
    for (let i = 0; heard.length === 0; i++) {
      if (store.listened('increments')) await store.share('increments', `${i} it's "quoted" \\ ${'x'.repeat(7000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(new Set(heard).size).toBe(heard.length);
    expect(heard[0]).toMatch(/^\d+ it's "quoted" \\ x{7000}$/);
    end();
  });
}
