import { encodeIncrements, figuresAnswerSchema, figuresHistorySchema, type Figures, type FiguresHistory } from '@plumbline/contracts';
import { HOUR_MS, MINUTE_MS } from '@plumbline/kernel';
import type { FiguresSample } from '@plumbline/ports';
import { openStore } from '@plumbline/store-postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storedFigures } from './live/figures-source.ts';
import { figuresOf } from './live/figures.testing.ts';
import { at, NOW, silent, testTower, type TestTower } from './tower.testing.ts';

let tower: TestTower;
beforeAll(async () => {
  tower = await testTower();
});
afterAll(async () => {
  await tower?.close();
});

const sample = (quarter: number): FiguresSample => ({
  at: NOW - quarter * 15 * MINUTE_MS,
  today: quarter === 3 ? null : 0.9,
  week: 0.95,
  month: 0.97,
  valueAtRisk: '12.5',
  open: quarter,
  unowned: 0,
  silent: 1,
});

describe('figures over REST', () => {
  it('are none before the first plan', async () => {
    expect((await tower.get('/api/v1/figures')).json()).toEqual({ figures: null });
    expect((await tower.get('/api/v1/figures/history')).json<FiguresHistory>()).toMatchObject({ to: at(NOW + 1), currency: null, items: [] });
  });

  it('are those of the last tick, and their past is thinned to what is asked for', async () => {
    const samples = Array.from({ length: 200 }, (_, quarter) => sample(quarter));
    await tower.rollUp({ figures: JSON.stringify(figuresOf(0)), samples });
    expect(figuresAnswerSchema.parse((await tower.get('/api/v1/figures')).json())).toEqual({ figures: figuresOf(0) });
    const day = figuresHistorySchema.parse((await tower.get('/api/v1/figures/history')).json());
    expect(day).toMatchObject({ from: at(NOW + 1 - 24 * HOUR_MS), to: at(NOW + 1), currency: 'EUR' });
    expect(day.items).toHaveLength(96);
    expect(day.items.at(-1)).toEqual({ ...sample(0), at: at(NOW) });
    expect(day.items.at(-4)!.today).toBeNull();
    const query = `from=${at(NOW - 40 * HOUR_MS)}&to=${at(NOW)}&points=10`;
    const ten = (await tower.get(`/api/v1/figures/history?${query}`)).json<FiguresHistory>();
    expect(ten.items).toHaveLength(10);
    expect(ten.items.map((item) => item.open)).toEqual([...ten.items].map((_, i) => 145 - 16 * i));
  });

  it('refuse a time that ends before it begins, and other nonsense', async () => {
    const backwards = await tower.get(`/api/v1/figures/history?from=${at(NOW)}&to=${at(NOW - 1000)}`);
    expect([backwards.status, backwards.json().code]).toEqual([400, 'range-invalid']);
    expect((await tower.get('/api/v1/figures/history?points=0')).status).toBe(400);
    expect((await tower.get('/api/v1/figures/history?from=yesterday')).status).toBe(400);
  });
});

describe('live figures', () => {
  it('move by what a detect process elsewhere tells of, and are the roll-up’s again at its next tick', async () => {
    const url = tower.databaseUrl;
    const detect = await openStore({ url });
    await tower.rollUp({ figures: JSON.stringify(figuresOf(1)) });
    const told: { figures: Figures; accepted: number | undefined }[] = [];
    const end = storedFigures({ store: tower.store, logger: silent }).subscribe((figures, accepted) => void told.push({ figures, accepted }));
    const until = async (done: () => boolean): Promise<void> => {
      while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(() => told.at(-1)?.figures.today.units === '1');
    await until(() => detect.listened('increments'));
    const { hash } = figuresOf(1).planVersion;
    const say = (units: number): Promise<void> =>
      detect.share('increments', encodeIncrements([{ partition: 2, epoch: 1, follows: NOW + 1000, plan: hash, cells: [0, units, 0], accepted: [NOW, NOW + 5] }], 7500)[0]!);
    await say(2000);
    await until(() => told.at(-1)!.figures.today.units === '3');
    expect(told.at(-1)).toMatchObject({ accepted: NOW, figures: { tick: at(NOW + 1000), week: { units: '2' }, cells: [{ units: '2' }] } });
    await say(2500);
    await until(() => told.at(-1)!.figures.today.units === '3.5');
    await tower.rollUp({ figures: JSON.stringify(figuresOf(4)) });
    await until(() => told.at(-1)!.figures.today.units === '4');
    end();
    await detect.close();
  });
});
