import type { Compared, ComparisonAnswer, Exception, Figures } from '@plumbline/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countKey, countsOf, queueAddress } from './counts.ts';
import { directionOf, isAhead, levelOf, shownOf, sparkValues } from './figures.ts';
import { stepped } from './grid-keys.ts';
import { beginOf, bucketsOf } from './leaf.ts';
import { withFigures } from './live-cells.ts';
import { asked, dayAt, daysProblem, daysWords, isDay, mainZone, presets } from './range.ts';
import { sorted, tableRows } from './table.ts';
import { crumbs, drilled, fromAddress, grains, isLeaf, toAddress, usual, type View } from './view.ts';
import { cellSentence, percentOfPlan, signedAmount } from './words.ts';

const at = (text: string): number => Date.parse(text);

describe('intervals', () => {
  it('follow the clock of the place, not the viewer’s', () => {
    expect(asked('today', at('2026-11-23T23:30:00Z'), 'Europe/Paris')).toEqual({ from: '2026-11-24', to: '2026-11-25' });
    expect(asked('today', at('2026-11-23T04:30:00Z'), 'America/New_York')).toEqual({ from: '2026-11-22', to: '2026-11-23' });
    expect(dayAt(at('2026-11-23T12:00:00Z'), 'Pacific/Kiritimati')).toBe('2026-11-24');
  });

  it('know weeks, months, quarters and leap days', () => {
    const now = at('2026-11-24T10:00:00Z');
    expect(asked('week', now, 'UTC')).toEqual({ from: '2026-11-23', to: '2026-11-30' });
    expect(asked('week', at('2026-11-29T23:00:00Z'), 'UTC').from).toBe('2026-11-23');
    expect(asked('month', now, 'UTC')).toEqual({ from: '2026-11-01', to: '2026-12-01' });
    expect(asked('month', at('2026-12-31T23:30:00Z'), 'Europe/Paris')).toEqual({ from: '2027-01-01', to: '2027-02-01' });
    expect(asked('month', at('2028-02-29T12:00:00Z'), 'UTC')).toEqual({ from: '2028-02-01', to: '2028-03-01' });
    expect(asked('quarter', now, 'UTC')).toEqual({ from: '2026-10-01', to: '2027-01-01' });
    expect(asked('quarter', at('2026-01-01T00:00:00Z'), 'UTC')).toEqual({ from: '2026-01-01', to: '2026-04-01' });
    expect(asked('horizon', now, 'UTC').from).toBe('2026-11-24');
    expect(asked({ from: '2026-11-01', to: '2026-11-30' }, now, 'UTC')).toEqual({ from: '2026-11-01', to: '2026-12-01' });
  });

  it('hold through the days on which clocks change', () => {
    // 25 October 2026 has 25 hours in Paris; its last instant is still that day.
    expect(asked('today', at('2026-10-25T22:59:59Z'), 'Europe/Paris')).toEqual({ from: '2026-10-25', to: '2026-10-26' });
    expect(asked('today', at('2026-10-25T23:00:00Z'), 'Europe/Paris')).toEqual({ from: '2026-10-26', to: '2026-10-27' });
    expect(asked('today', at('2026-03-29T22:30:00Z'), 'Europe/Paris').from).toBe('2026-03-30');
    expect(asked('hour', at('2026-10-25T01:30:00.400Z'), 'Europe/Paris')).toEqual({ from: '2026-10-25T00:30:00Z', to: '2026-10-25T01:30:00Z' });
  });

  it('hold now, whatever the instant', () => {
    const zones = ['UTC', 'Europe/Paris', 'America/St_Johns', 'Pacific/Apia'];
    fc.assert(
      fc.property(fc.integer({ min: at('2020-01-01'), max: at('2035-01-01') }), fc.constantFrom(...zones), fc.constantFrom(...presets.filter((preset) => preset !== 'hour')), (now, zone, preset) => {
        const { from, to } = asked(preset, now, zone);
        const today = dayAt(now, zone);
        expect(from <= today && today < to).toBe(true);
        expect(isDay(from) && isDay(to)).toBe(true);
      }),
    );
  });

  it('by dates are two dates in order', () => {
    expect(daysProblem({ from: '2026-11-01', to: '2026-11-01' })).toBeUndefined();
    for (const [from, to] of [['2026-11-02', '2026-11-01'], ['2026-02-30', '2026-11-01'], ['', ''], ['2020-01-01', '2026-01-01']]) expect(daysProblem({ from: from!, to: to! })).toBeDefined();
    expect(daysWords('2026-11-01', '2026-12-01')).toBe('1 – 30 Nov');
    expect(daysWords('2026-11-23', '2026-11-24')).toBe('23 Nov');
    expect(daysWords('2026-10-01', '2027-01-01')).toBe('1 Oct – 31 Dec');
    expect(daysWords('2026-11-25', '2028-05-01')).toBe('25 Nov 2026 – 30 Apr 2028');
    expect(mainZone(['Europe/Paris', 'Europe/London', 'Europe/Paris'], 'UTC')).toBe('Europe/Paris');
    expect(mainZone([], 'UTC')).toBe('UTC');
  });
});

const word = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text.trim() === text);
const maybe = fc.option(word, { nil: undefined });
const anyView: fc.Arbitrary<View> = fc.record({
  range: fc.oneof(fc.constantFrom(...presets), fc.constant({ from: '2026-11-01', to: '2026-11-20' })),
  family: maybe,
  sku: maybe,
  region: maybe,
  location: maybe,
  measure: fc.constantFrom('units' as const, 'revenue' as const),
  as: fc.constantFrom('chart' as const, 'table' as const),
  sort: fc.constantFrom('name' as const, 'variance' as const),
  column: fc.oneof(fc.constant(''), word),
});
const view = (some: Partial<View> = {}): View => ({ ...usual, ...some });

describe('the address is the view', () => {
  it('gives back what was written, whatever is in it', () => {
    fc.assert(fc.property(anyView, (one) => void expect(fromAddress(new URL(toAddress(one), 'http://tower').searchParams)).toEqual(one)));
    expect(toAddress(usual)).toBe('/plan');
  });

  it('passes over what it does not know', () => {
    expect(fromAddress(new URLSearchParams('range=year&measure=kilos&from=2026-11-01&to=yesterday&as=pie&sort=best'))).toEqual(usual);
  });

  it('drills products and places in any order, and one step back at a time', () => {
    const family = drilled(usual, 'Bakery', undefined)!;
    expect(grains(family)).toEqual({ rows: 'sku', columns: 'region' });
    const both = drilled(family, undefined, 'North')!;
    expect(both).toEqual(drilled(drilled(usual, undefined, 'North')!, 'Bakery', undefined));
    expect(both).toEqual(drilled(usual, 'Bakery', 'North'));
    const leaf = drilled(both, '4711', 'LIL')!;
    expect([isLeaf(both), isLeaf(leaf), leaf.family, leaf.region]).toEqual([false, true, 'Bakery', 'North']);
    expect(drilled(leaf, '4711', 'LIL')).toBeUndefined();
    const { products, places } = crumbs(leaf, (code) => (code === '4711' ? 'Baguette' : code));
    expect(products.map(({ label }) => label)).toEqual(['All families', 'Bakery', 'Baguette']);
    expect(places.map(({ label }) => label)).toEqual(['All regions', 'North', 'LIL']);
    expect([products[1]!.to!.sku, products[1]!.to!.location, products[2]!.to, places[0]!.to!.region, places[0]!.to!.sku]).toEqual([undefined, 'LIL', undefined, undefined, '4711']);
  });

  it('moves about the grid, heads and totals too, and never into the corner', () => {
    expect(stepped({ row: 0, column: 0 }, 'ArrowUp', 3, 2)).toEqual({ row: -1, column: 0 });
    expect(stepped({ row: -1, column: 0 }, 'ArrowLeft', 3, 2)).toBeUndefined();
    expect(stepped({ row: 0, column: -1 }, 'ArrowUp', 3, 2)).toBeUndefined();
    expect(stepped({ row: 1, column: 1 }, 'Home', 3, 2)).toEqual({ row: 1, column: -1 });
    expect(stepped({ row: 0, column: 0 }, 'End', 3, 2, true)).toEqual({ row: 2, column: 1 });
    expect(stepped({ row: 2, column: 1 }, 'ArrowDown', 3, 2)).toBeUndefined();
    expect(stepped({ row: 0, column: 0 }, 'a', 3, 2)).toBeUndefined();
  });
});

const cell = (some: Partial<Compared> = {}): Compared => ({
  units: '80',
  plannedUnits: '100',
  plannedUnitsWhole: '200',
  revenue: '160',
  plannedRevenue: '250',
  plannedRevenueWhole: '500',
  percent: 80,
  revenuePercent: 64,
  attainment: 0.75,
  evidence: -4.2,
  projection: { units: { p10: '150', p50: '165', p90: '180' }, revenue: { p10: '300', p50: '330', p90: '360' } },
  trend: { units: [50, 30, null], planned: [40, 60, 100] },
  ...some,
});

describe('a cell', () => {
  it('is tinted by evidence and never by size', () => {
    expect([0, 2.4, 2.5, -3.9, 4, -6, 80].map(levelOf)).toEqual([0, 0, 1, 1, 2, 3, 3]);
    expect([-2.5, 2.4, 9].map(directionOf)).toEqual(['below', 'even', 'above']);
    fc.assert(fc.property(fc.double({ min: 0, max: 50, noNaN: true }), fc.double({ min: 0, max: 50, noNaN: true }), (a, b) => void expect(levelOf(Math.max(a, b))).toBeGreaterThanOrEqual(levelOf(Math.min(a, b)))));
  });

  it('shows one measure', () => {
    expect(shownOf(cell(), 'units')).toMatchObject({ actual: 80, planned: 100, whole: 200, variance: -20, percent: 80, projection: { p50: 165 } });
    expect(shownOf(cell(), 'revenue')).toMatchObject({ actual: 160, variance: -90, percent: 64, projection: { p10: 300 } });
    const ahead = shownOf(cell({ units: null, revenue: null, percent: null, evidence: null }), 'units');
    expect([ahead.actual, ahead.variance, ahead.evidence]).toEqual([null, null, 0]);
  });

  it('is shown as plan alone while hardly anything is due', () => {
    expect([isAhead(cell()), isAhead(cell({ plannedUnits: '3.9' })), isAhead(cell({ units: null })), isAhead(cell({ plannedUnits: '0', plannedUnitsWhole: '0' }))]).toEqual([false, true, true, false]);
  });

  it('adds up what came above or below plan, as a share of the plan so far', () => {
    expect(sparkValues(cell().trend)).toEqual([0.1, -0.2, null]);
    expect(sparkValues({ units: [null], planned: [5] })).toEqual([]);
  });

  it('is said in one sentence', () => {
    expect(cellSentence('Bakery · North', shownOf(cell(), 'units'), 'units', 'EUR', 2)).toBe(
      'Bakery · North: 80 of 100 units planned so far, 80\u202f%; \u221220, not chance; 200 planned in all, likely end 150 to 180; 2 open exceptions',
    );
    expect(cellSentence('X', shownOf(cell({ units: '0', plannedUnits: '0', plannedUnitsWhole: '0', projection: null, percent: null }), 'units'), 'units', 'EUR', 0)).toBe('X: nothing is planned, and nothing was sold');
    expect([signedAmount(-0.04, 'units', null), signedAmount(0.06, 'units', null), signedAmount(-1500, 'revenue', 'EUR')]).toEqual(['0', '+0.1', '\u2212€1.5k']);
    expect(percentOfPlan(null)).toBe('–');
    expect(percentOfPlan(2300)).toBe('×23');
  });
});

const answer = (): ComparisonAnswer => ({
  at: '2026-11-23T09:41:00Z',
  from: '2026-11-23',
  to: '2026-11-24',
  elapsedTo: '2026-11-23T09:41:00Z',
  timezone: 'Europe/Paris',
  planVersion: { id: 'P-1', name: 'November', hash: 'ab' },
  planFrom: '2026-11-01',
  planTo: '2026-12-01',
  currency: 'EUR',
  tolerance: 0.1,
  bucket: 'hour',
  buckets: ['2026-11-23T08', '2026-11-23T09', '2026-11-23T10'],
  rows: [{ code: 'Bakery', name: 'Bakery' }, { code: 'Dairy', name: 'Dairy' }],
  columns: [{ code: 'North', name: 'North' }],
  cells: [{ row: 'Bakery', column: 'North', ...cell() }, { row: 'Dairy', column: 'North', ...cell({ units: null, percent: null }) }],
  totals: { rows: [cell(), cell({ units: null })], columns: [cell()], grand: cell() },
  series: { units: [50, 30, null], planned: [40, 80, 100], low: [30, 60, 80], high: [50, 100, 120], revenue: [500, 310, null], plannedRevenue: [400, 800, 1000] },
  rowCount: 2,
  next: null,
});
const figures = (tick: string, hash = 'ab'): Figures =>
  ({ tick, planVersion: { id: 'P-1', name: 'November', hash }, cells: [{ family: 'Bakery', region: 'North', units: '90.5', plannedUnits: '110', revenue: '181', plannedRevenue: '275', evidence: -1 }] }) as unknown as Figures;

describe('live figures', () => {
  it('move a cell and its totals by the same amount', () => {
    const live = withFigures(answer(), figures('2026-11-23T09:45:00Z'));
    expect(live.cells[0]).toMatchObject({ units: '90.5', plannedUnits: '110', revenue: '181', evidence: -4.2, plannedUnitsWhole: '200' });
    expect(live.cells[0]!.percent).toBeCloseTo((100 * 90.5) / 110, 9);
    for (const total of [live.totals.rows[0], live.totals.columns[0], live.totals.grand]) expect(total).toMatchObject({ units: '90.5', plannedUnits: '110' });
    expect([live.cells[1], live.totals.rows[1], live.at]).toEqual([answer().cells[1], answer().totals.rows[1], '2026-11-23T09:45:00Z']);
  });

  it('are not used where they are older, or of another plan', () => {
    const given = answer();
    for (const one of [null, figures('2026-11-23T09:41:00Z'), figures('2026-11-23T09:45:00Z', 'cd')]) expect(withFigures(given, one)).toBe(given);
  });
});

describe('the table', () => {
  it('sorts by any column, and puts what has no value last', () => {
    const rows = tableRows(answer(), 'units');
    expect(sorted(rows, { by: 'actual', down: true }).map(({ row }) => row)).toEqual(['Bakery', 'Dairy']);
    expect(sorted(rows, { by: 'actual', down: false }).map(({ row }) => row)).toEqual(['Bakery', 'Dairy']);
    expect(sorted(rows, { by: 'product', down: true }).map(({ rowName }) => rowName)).toEqual(['Dairy', 'Bakery']);
  });
});

describe('a leaf', () => {
  it('has its buckets at the instants of its own zone', () => {
    expect(beginOf('2026-11-23T09', 'Europe/Paris')).toBe(at('2026-11-23T08:00:00Z'));
    expect(beginOf('2026-07-23', 'Europe/Paris')).toBe(at('2026-07-22T22:00:00Z'));
    const [first, , last] = bucketsOf(answer(), 'revenue', 'Europe/Paris');
    expect(first).toMatchObject({ at: at('2026-11-23T07:00:00Z'), end: at('2026-11-23T08:00:00Z'), expected: 400, low: 300, high: 500, actual: 500 });
    expect(last).toMatchObject({ end: at('2026-11-23T10:00:00Z'), actual: null });
  });
});

describe('exceptions in a cell', () => {
  const exception = (scope: Exception['scope'], some: Partial<Exception> = {}): Exception => ({ status: 'open', snoozedUntil: null, scope, ...some }) as Exception;

  it('count where their scope lies, and in the totals above it', () => {
    const all = [
      exception({ sku: '1', family: 'Bakery', location: 'LIL', region: 'North' }),
      exception({ family: 'Bakery' }),
      exception({ region: 'North' }),
      exception({ family: 'Bakery', region: 'North' }, { status: 'cleared' }),
      exception({ family: 'Dairy', region: 'South' }, { snoozedUntil: '2026-11-24T00:00:00Z' }),
    ];
    const counts = countsOf(all, usual);
    expect([countKey('Bakery', 'North'), countKey('Bakery', ''), countKey('', 'North'), countKey('', '')].map((key) => counts.get(key))).toEqual([1, 2, 2, 3]);
    expect(countsOf(all, view({ family: 'Bakery', region: 'North' })).get(countKey('1', 'LIL'))).toBe(1);
    expect(queueAddress(usual, 'Bakery', 'North')).toBe('/?region=North&family=Bakery');
    expect(queueAddress(view({ family: 'Bakery' }), '4711', '')).toBe('/?q=4711&family=Bakery');
    expect(queueAddress(usual, '', '')).toBe('/');
  });
});
