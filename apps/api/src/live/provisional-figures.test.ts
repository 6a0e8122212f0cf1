import { encodeIncrements, type Figures, type Increment } from '@plumbline/contracts';
import { formatInstant } from '@plumbline/kernel';
import { describe, expect, it } from 'vitest';
import { ProvisionalFigures } from './provisional-figures.ts';

const TICK = 1_795_392_000_000;
const at = (seconds: number): number => TICK + 1000 * seconds;
const againstPlan = { units: '10', plannedUnits: '12', revenue: '100', plannedRevenue: '110' };
const period = { ...againstPlan, metUnits: '10', metRevenue: '100', attainment: 0.8333, revenueAttainment: 0.9091, from: '2026-11-23' };

const figures = (seconds: number, hash = 'h'): Figures => ({
  tick: formatInstant(at(seconds)),
  planVersion: { id: 'P', name: 'Plan', hash },
  currency: 'EUR',
  today: period,
  week: { ...period, units: '110', plannedUnits: '112', metUnits: '110', attainment: 0.9821 },
  month: period,
  valueAtRisk: '0',
  open: { 'demand-surge': 0, 'demand-drop': 0, 'zero-run': 0, 'feed-silence': 0 },
  unowned: 0,
  feeds: { heard: 1, expected: 1, silent: [] },
  cells: ['North', 'South'].map((region) => ({ family: 'F', region, units: '5', plannedUnits: '6', revenue: '50', plannedRevenue: '55', evidence: 0 })),
});

const said = (some: Partial<Increment>): string =>
  encodeIncrements([{ partition: 0, epoch: 1, follows: TICK, plan: 'h', cells: [0, 1000, 20_000], ...some }], 7500)[0]!;

function after(...texts: string[]): { shown: ProvisionalFigures; units: () => string } {
  const shown = new ProvisionalFigures();
  shown.set(figures(0));
  for (const text of texts) shown.add(text);
  return { shown, units: () => shown.now()!.today.units };
}

describe('provisional figures', () => {
  it('add what was counted since their tick, to the cell and to all periods', () => {
    const { shown } = after(said({ cells: [1, 3000, 100_000] }));
    const { today, week, month, cells } = shown.now()!;
    expect(cells.map(({ units, revenue }) => `${units} ${revenue}`)).toEqual(['5 50', '8 60']);
    expect(today).toMatchObject({ units: '13', plannedUnits: '12', revenue: '110', metUnits: '11', metRevenue: '105', attainment: 0.9167 });
    expect(week).toMatchObject({ units: '113', metUnits: '111', attainment: 0.9911 });
    expect(month.units).toBe('13');
  });

  it('count an event once, however often a partition tells of it', () => {
    expect(after(said({}), said({}), said({ cells: [0, 2000, 40_000] })).units()).toBe('12');
    expect(after(said({}), said({ partition: 1 })).units()).toBe('12');
  });

  it('go on over ticks that the roll-up has not handled, and drop those it has', () => {
    const { shown, units } = after(said({ ended: at(1), cells: [0, 4000, 0] }), said({ follows: at(1), cells: [0, 500, 0] }));
    expect(units()).toBe('14.5');
    shown.set(figures(1));
    expect(units()).toBe('10.5');
    shown.add(said({ cells: [0, 9000, 0] }));
    expect(units()).toBe('10.5');
  });

  it('leave out what does not follow without a gap', () => {
    expect(after(said({}), said({ follows: at(1), cells: [0, 500, 0] })).units()).toBe('11');
    expect(after(said({ follows: at(1) })).units()).toBe('10');
  });

  it('believe the owner of a partition, not a former one', () => {
    const { shown, units } = after(said({ cells: [0, 3000, 0] }), said({ epoch: 2, cells: [0, 2000, 0] }));
    expect(units()).toBe('12');
    expect(shown.add(said({ cells: [0, 7000, 0], accepted: [1, 2] }))).toBeUndefined();
    expect(units()).toBe('12');
  });

  it('leave out what is counted under another plan', () => {
    expect(after(said({ plan: 'other' })).units()).toBe('10');
  });

  it('begin anew with a store that was set back', () => {
    const { shown, units } = after(said({}));
    shown.set(figures(-60));
    expect(units()).toBe('10');
  });

  it('tell when the first event of several tellings was accepted', () => {
    const shown = new ProvisionalFigures();
    const two = encodeIncrements([{ partition: 0, epoch: 1, follows: TICK, plan: 'h', cells: [], accepted: [7, 9] }, { partition: 1, epoch: 1, follows: TICK, plan: 'h', cells: [], accepted: [5, 6] }], 7500);
    expect(shown.add(two[0]!)).toBe(5);
  });

  it('hear the same from an increment in parts', () => {
    const cells = Array.from({ length: 900 }, (_, i) => [i % 2, 1000 + i, i]).flat();
    const whole: Increment = { partition: 3, epoch: 1, follows: TICK, plan: 'h', cells };
    const texts = encodeIncrements([whole, { ...whole, partition: 4, cells: [0, 1, 1] }], 2000);
    expect(texts.length).toBeGreaterThan(3);
    expect(Math.max(...texts.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(2000);
    expect(after(...texts).shown.now()).toEqual(after(...encodeIncrements([whole, { ...whole, partition: 4, cells: [0, 1, 1] }], 1e6)).shown.now());
  });
});
