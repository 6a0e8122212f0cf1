import { comparisonAnswerSchema, type ComparisonAnswer } from '@plumbline/contracts';
import { firstDayOfMonth, formatMoney, formatQuantity, parseInstant, parseMonth, parseQuantity } from '@plumbline/kernel';
import { buildVersion, compilePlan, encodePlan, hashPlan, summarise, type CompiledPlan } from '@plumbline/plan';
import type { ActualRows } from '@plumbline/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvOf } from './service/comparison/csv.ts';
import { firstUsual } from './service/comparison/heard.ts';
import { evidenceOf } from './service/comparison/judged.ts';
import { gridOf } from './service/comparison/grid.ts';
import { rangeOf } from './service/comparison/range.ts';
import { Sold } from './service/comparison/sold.ts';
import { Sums } from './service/comparison/sums.ts';
import { at, MONDAY, NOW, PARTITIONS, testTower, type TestTower } from './tower.testing.ts';

/** 09:41 UTC: 10:41 in Paris, 09:41 in London. */
const MONTH = parseMonth('2026-11');
const FIRST = firstDayOfMonth(MONTH);
const version = buildVersion({
  id: 'P-1',
  name: 'November',
  currency: 'EUR',
  createdAt: NOW,
  products: [
    { sku: 'A-1', family: 'Coats', name: 'Parka, "long"', unit: 'each', price: 899_000, dailyLines: 40 },
    { sku: 'A-2', family: 'Coats', name: '=SUM(A1)', unit: 'each', price: 500_000, dailyLines: 7 },
    { sku: 'B-1', family: 'Hats', name: 'Beanie', unit: 'kg', price: 120_000, dailyLines: 3, unitsPerLine: 0.35 },
  ],
  locations: [
    { code: 'LIL', region: 'North', name: 'Lille', zone: 'Europe/Paris' },
    { code: 'LYO', region: 'South', name: 'Lyon', zone: 'Europe/Paris' },
    { code: 'LON', region: 'North', name: 'London', zone: 'Europe/London', factor: 2 },
  ],
  profile: { weekday: [3, 2, 2, 2, 3, 5, 0], hour: Array.from({ length: 24 }, (_, hour) => (hour < 8 || hour > 19 ? 0 : 1 + (hour % 4))), alpha: 0.2 },
  months: { from: MONTH, to: MONTH + 1 },
  assortment: (sku, location) => (sku === 'B-1' && location === 'LYO' ? 0 : 1),
});

let tower: TestTower;
let plan: CompiledPlan;
const rows: [sku: string, location: string, day: number, hour: number, lines: number, units: number][] = [
  ['A-1', 'LIL', FIRST + 1, 9, 30, 31_000],
  ['A-1', 'LIL', MONDAY, 9, 4, 4_000],
  ['A-2', 'LYO', MONDAY, 10, 1, 1_000],
  ['A-2', 'LON', MONDAY, 8, 3, 3_000],
  ['A-2', 'LON', MONDAY, 9, 2, 2_000],
  ['B-1', 'LYO', MONDAY - 1, 12, 1, 350],
  ['Z-9', 'LYO', MONDAY, 9, 50, 50_000],
];

const none = { accepted: 0, sales: 0, returns: 0, other: 0, duplicates: 0, outsideWindow: 0, late: 0, unplanned: 0, rejected: {} };

const columnsOf = (given: typeof rows): ActualRows => ({
  sku: given.map(([sku]) => sku),
  location: given.map(([, location]) => location),
  day: given.map(([, , day]) => day),
  hours: given.map(([, , , hour]) => [hour]),
  lines: given.map(([, , , , lines]) => [lines]),
  units: given.map(([, , , , , units]) => [units]),
  revenue: given.map(([, , , , , units]) => [units * 500]),
});

beforeAll(async () => {
  tower = await testTower();
  const body = encodePlan(version);
  const hash = hashPlan(body);
  plan = compilePlan(version, hash);
  const nothing = await tower.get('/api/v1/comparison?from=2026-11-23&to=2026-11-24');
  expect([nothing.status, nothing.json().code]).toEqual([409, 'no-plan']);
  await tower.store.savePlan({ body, summary: { ...summarise(version, { hash, status: 'committed' }), committedAt: at(NOW - 1e9), effectiveAt: at(NOW - 1e9) } });
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { epoch } = await tower.store.claim('detect', partition, 'test');
    await tower.store.commitDetect([
      { partition, epoch, offset: 1, tick: NOW, deltas: [], actuals: partition === 0 ? columnsOf(rows) : undefined, deadLetters: [], counters: none, unplanned: [], snapshot: { meta: Uint8Array.of(1), pages: [], pageCount: 0 } },
    ]);
  }
});
afterAll(async () => {
  await tower?.close();
});

const compare = async (query: string): Promise<ComparisonAnswer> => {
  const answer = await tower.get(`/api/v1/comparison?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return comparisonAnswerSchema.parse(answer.json());
};
const refused = async (query: string): Promise<[number, string]> => {
  const answer = await tower.get(`/api/v1/comparison?${query}`);
  return [answer.status, answer.json().code];
};
const cellOf = (answer: ComparisonAnswer, row: string, column: string) => answer.cells.find((cell) => cell.row === row && cell.column === column)!;
const sum = (amounts: (string | null)[]): number => amounts.reduce((total, amount) => total + parseQuantity(amount ?? '0'), 0);

describe('plan against actual', () => {
  it('compares what was sold with the plan for the time elapsed, each location by its own clock', async () => {
    const today = await compare('from=2026-11-23&to=2026-11-24&rows=sku&columns=location');
    expect([today.at, today.elapsedTo, today.timezone, today.bucket, today.currency]).toEqual([at(NOW), at(NOW), null, 'hour', 'EUR']);
    const [lille, london] = [cellOf(today, 'A-1', 'LIL'), cellOf(today, 'A-1', 'LON')];
    const leaf = (location: string): number => plan.leafOf(plan.skus.indexOf('A-1'), plan.locations.findIndex(({ code }) => code === location));
    const upTo = (location: string, hour: number): number =>
      plan.unitsOfLeafHours(leaf(location), MONDAY, 0, hour) + Math.round((41 / 60) * plan.unitsOfLeafHours(leaf(location), MONDAY, hour, hour + 1));
    expect(lille).toMatchObject({ units: '4', plannedUnits: formatQuantity(upTo('LIL', 10)), plannedUnitsWhole: formatQuantity(plan.unitsOfLeaf(leaf('LIL'), MONDAY, MONDAY + 1)) });
    expect(london.plannedUnits).toBe(formatQuantity(upTo('LON', 9)));
    expect(lille.percent).toBeCloseTo((100 * 4_000) / upTo('LIL', 10), 1);
    expect(lille.revenue).toBe(formatMoney(4_000 * 500));
    expect(lille.evidence).toBeLessThan(0);
    expect(lille.trend.units[9]).toBe(4);
    expect(lille.trend.units.slice(11)).toEqual(Array.from({ length: 13 }, () => null));
    expect(Number(lille.projection!.units.p10)).toBeLessThan(Number(lille.projection!.units.p90));
  });

  it('adds up exactly: cells to rows, columns and the whole, at every altitude, to the plan line', async () => {
    for (const [by, columns] of [['family', 'region'], ['sku', 'region'], ['sku', 'location'], ['family', 'location'], ['none', 'region'], ['family', 'none']]) {
      const answer = await compare(`from=2026-11-01&to=2026-12-01&rows=${by}&columns=${columns}`);
      const { totals, cells } = answer;
      for (const member of ['units', 'plannedUnits', 'plannedUnitsWhole'] as const) {
        expect(sum(cells.map((cell) => cell[member])), `${by} × ${columns} ${member}`).toBe(parseQuantity(totals.grand[member]!));
        expect(sum(totals.rows.map((cell) => cell[member]))).toBe(parseQuantity(totals.grand[member]!));
        expect(sum(totals.columns.map((cell) => cell[member]))).toBe(parseQuantity(totals.grand[member]!));
      }
    }
    // From the first hour with a sale on, since nothing is known of what went before it.
    const month = await compare('from=2026-11-01&to=2026-12-01');
    const whole = version.lines.filter(({ month: number }) => number === MONTH).reduce((total, { units }) => total + units, 0);
    let before = 0;
    for (let leaf = 0; leaf < plan.leaves; leaf++) before += plan.unitsOfLeaf(leaf, FIRST, FIRST + 1) + plan.unitsOfLeafHours(leaf, FIRST + 1, 0, 9);
    expect(parseQuantity(month.totals.grand.plannedUnitsWhole)).toBe(whole - before);
    expect([month.from, month.to]).toEqual(['2026-11-02', '2026-12-01']);
    expect(month.totals.grand.units).toBe('41.35');
  });

  it('takes instants to full local hours', async () => {
    const hours = await compare('from=2026-11-23T08:30:00Z&to=2026-11-23T09:41:00Z&rows=sku&columns=location');
    expect([hours.bucket, hours.buckets]).toEqual(['hour', ['2026-11-23T08', '2026-11-23T09', '2026-11-23T10']]);
    expect(cellOf(hours, 'A-2', 'LON').units).toBe('5');
    expect(cellOf(hours, 'A-1', 'LIL').units).toBe('4');
    const later = await compare('from=2026-11-23T09:00:00Z&to=2026-11-23T09:41:00Z&rows=sku&columns=location');
    expect([cellOf(later, 'A-2', 'LON').units, cellOf(later, 'A-1', 'LIL').units, cellOf(later, 'A-2', 'LYO').units]).toEqual(['2', '0', '1']);
  });

  it('shows the plan alone, and where it will end, of days still to come', async () => {
    const ahead = await compare('from=2026-11-30&to=2026-12-07&rows=family&columns=none');
    const cell = cellOf(ahead, 'Coats', '');
    expect([ahead.elapsedTo, cell.units, cell.percent, cell.attainment, cell.evidence, cell.plannedUnits]).toEqual([null, null, null, null, null, '0']);
    expect(cell.trend.units).toEqual(Array.from({ length: 7 }, () => null));
    expect(cell.trend.planned.reduce((total, units) => total + units, 0)).toBeCloseTo(Number(cell.plannedUnitsWhole), 1);
    expect(Number(cell.projection!.units.p50) / Number(cell.plannedUnitsWhole)).toBeCloseTo(1, 1);
    expect((await compare('from=2026-11-02&to=2026-11-20')).totals.grand.projection).toBeNull();
  });

  it('believes a day little where many are still to come', async () => {
    // A morning far below plan.
    const shareOfPlan = async (to: string): Promise<number> => {
      const { projection, plannedUnitsWhole } = (await compare(`from=2026-11-23&to=${to}&rows=none&columns=none`)).totals.grand;
      return Number(projection!.units.p50) / Number(plannedUnitsWhole);
    };
    const week = await shareOfPlan('2026-11-30');
    expect(week).toBeLessThan(0.98);
    expect(await shareOfPlan('2026-12-31')).toBeGreaterThan(week + 0.01);
  });

  it('drills in any order, pages and sorts', async () => {
    const skus = await compare('from=2026-11-01&to=2026-12-01&rows=sku&columns=region&family=Coats');
    expect([skus.rows, skus.columns.map(({ code }) => code)]).toEqual([[{ code: 'A-1', name: 'Parka, "long"' }, { code: 'A-2', name: '=SUM(A1)' }], ['North', 'South']]);
    const south = await compare('from=2026-11-01&to=2026-12-01&rows=family&columns=location&region=South');
    expect([south.columns.map(({ code }) => code), south.timezone]).toEqual([['LYO'], 'Europe/Paris']);
    expect(cellOf(south, 'Hats', 'LYO')).toMatchObject({ units: '0.35', plannedUnits: '0', percent: null, attainment: null });
    const leaf = await compare('from=2026-11-01&to=2026-12-01&rows=none&columns=none&sku=A-1&location=LIL');
    expect([leaf.cells.length, leaf.cells[0]!.units, leaf.tolerance]).toEqual([1, '35', 0.25]);
    const { series } = leaf;
    expect(series!.units.filter((units) => units !== null).reduce((total, units) => total + units, 0)).toBe(35);
    expect(series!.planned.reduce((total, units) => total + units, 0)).toBeCloseTo(Number(leaf.totals.grand.plannedUnitsWhole), 1);
    expect(series!.plannedRevenue.reduce((total, value) => total + value, 0) / Number(leaf.totals.grand.plannedRevenueWhole)).toBeCloseTo(1, 4);
    expect(series!.planned.every((units, i) => series!.low[i]! <= units && units <= series!.high[i]!)).toBe(true);
    expect(south.series).toBeNull();
    const first = await compare('from=2026-11-01&to=2026-12-01&rows=sku&columns=location&sort=variance&limit=2');
    const rest = await compare(`from=2026-11-01&to=2026-12-01&rows=sku&columns=location&sort=variance&limit=2&cursor=${first.next}`);
    expect([first.rowCount, [...first.rows, ...rest.rows].map(({ code }) => code), rest.next]).toEqual([3, ['A-1', 'A-2', 'B-1'], null]);
    expect(first.totals.columns).toEqual(rest.totals.columns);
    const unpaged = await compare('from=2026-11-01&to=2026-12-01&rows=sku&columns=location');
    expect(first.totals).toMatchObject({ columns: unpaged.totals.columns, grand: unpaged.totals.grand });
  });

  it('refuses what is no range, no scope and no page of the plan', async () => {
    expect(await refused('from=2026-11-23')).toEqual([400, 'unfit']);
    expect(await refused('from=2026-11-23&to=2026-11-23')).toEqual([400, 'range-invalid']);
    expect(await refused('from=2026-02-30&to=2026-11-24')).toEqual([400, 'range-invalid']);
    expect(await refused('from=2026-11-23&to=2026-11-24T09:00:00Z')).toEqual([400, 'range-invalid']);
    expect(await refused('from=2026-11-01T00:00:00Z&to=2026-11-24T09:00:00Z')).toEqual([400, 'range-invalid']);
    expect(await refused('from=2027-11-01&to=2027-11-24')).toEqual([400, 'range-invalid']);
    expect(await refused('from=2026-11-01&to=2026-11-24&family=Shoes')).toEqual([404, 'scope-unknown']);
    expect(await refused('from=2026-11-01&to=2026-11-24&version=P-9')).toEqual([404, 'plan-unknown']);
    expect(await refused('from=2026-11-01&to=2026-11-24&cursor=90')).toEqual([400, 'invalid-cursor']);
  });

  it('is a CSV of the same figures', async () => {
    const query = 'from=2026-11-01&to=2026-12-01&rows=sku&columns=region';
    const asked = await tower.get(`/api/v1/comparison?${query}&limit=1`, { accept: 'text/csv' });
    expect(asked.headers.get('content-type')).toContain('text/csv');
    expect(asked.headers.get('content-disposition')).toBe('attachment; filename="plan-and-actual-2026-11-02-to-2026-11-30.csv"');
    const answer = await compare(query);
    expect(asked.text).toBe(csvOf(answer));
    const lines = asked.text.split('\r\n');
    expect(lines).toHaveLength(1 + answer.cells.length + 3 + 2 + 1 + 1);
    expect(lines.find((line) => line.startsWith('A-1,"Parka, ""long""",North'))).toContain(',35,');
    expect(lines.some((line) => line.includes("A-2,'=SUM(A1),"))).toBe(true);
    expect((await tower.get(`/api/v1/comparison?${query}&format=csv`)).text).toBe(asked.text);
  });
});

describe('a range', () => {
  const autumn = buildVersion({ ...version, products: version.products.map((product) => ({ ...product, dailyLines: 5 })), profile: { weekday: [1, 1, 1, 1, 1, 1, 1], hour: Array.from({ length: 24 }, () => 1) }, months: { from: MONTH - 1, to: MONTH } });
  const compiled = compilePlan(autumn, 'ab');
  const paris = compiled.zones.findIndex(({ id }) => id === 'Europe/Paris');
  const range = (from: string, to: string, now: number) => rangeOf(compiled, { from, to, most: 48, at: now, heard: undefined });

  it('covers the day on which clocks go back once, by its local hours', () => {
    // 25 October 2026 has 25 hours in Paris, of which the plan and the sums keep 24 local ones.
    const day = range('2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', parseInstant('2026-10-26T12:00:00Z'));
    expect([day.spans[paris], day.pieces[paris]!.length]).toMatchObject([{ begin: { day: FIRST - 7, hour: 0 }, end: { day: FIRST - 6, hour: 0 } }, 24]);
    expect(day.buckets.slice(0, 2)).toEqual(['2026-10-24T23', '2026-10-25T00']);
    expect(day.pieces[paris]!.every((piece) => piece.now === piece.to)).toBe(true);
    expect([day.bucketOf(paris, FIRST - 7, 0), day.bucketOf(paris, FIRST - 8, 23)]).toEqual([1, undefined]);
  });

  it('stands where the clock of each zone stands', () => {
    const now = parseInstant('2026-10-20T22:30:00Z');
    const two = range('2026-10-20', '2026-10-22', now);
    const passed = (zone: number): number => two.pieces[zone]!.reduce((minutes, piece) => minutes + piece.now - piece.from, 0);
    expect([passed(paris), passed(1 - paris)]).toEqual([1440 + 30, 23 * 60 + 30]);
  });

  it('is clipped to the months of the plan, in weeks that begin on Monday', () => {
    const long = range('2026-01-01', '2027-06-01', parseInstant('2026-10-20T12:00:00Z'));
    expect([long.fromDay, long.toDay, long.bucket, long.buckets[0], long.buckets.length]).toEqual([firstDayOfMonth(MONTH - 1), firstDayOfMonth(MONTH + 1), 'week', '2026-09-28', 10]);
  });
});

it('takes the first usual day or hour for the begin, not a straggler', () => {
  expect(firstUsual([2, 900, 1100, 1000])).toBe(1);
  expect(firstUsual([900, 3, 1000])).toBe(0);
  expect([firstUsual([7]), firstUsual([])]).toEqual([0, -1]);
});

describe('evidence', () => {
  it('is 0 within the tolerance, and the deviance beyond it', () => {
    expect(evidenceOf(105, 100, 120, 0.1)).toBe(0);
    expect(evidenceOf(0, 0, 0, 0.1)).toBe(0);
    // Poisson: √(2 (A ln(A/m) − (A − m))) with m = 110.
    expect(evidenceOf(150, 100, 100, 0.1)).toBeCloseTo(Math.sqrt(2 * (150 * Math.log(150 / 110) - 40)), 9);
    expect(evidenceOf(0, 100, 100, 0.1)).toBeCloseTo(-Math.sqrt(180), 9);
    expect(evidenceOf(150, 100, 1100, 0.1)).toBeLessThan(evidenceOf(150, 100, 200, 0.1));
  });

  it('rises with the deviation and changes sign with it', () => {
    const scale = [0, 20, 50, 80, 90, 100, 110, 130, 200, 500].map((actual) => evidenceOf(actual, 100, 300, 0.05));
    expect(scale).toEqual(scale.toSorted((a, b) => a - b));
    expect([Math.sign(scale[0]!), Math.sign(scale.at(-1)!)]).toEqual([-1, 1]);
  });
});

// Last, since it sells more than the others count on.
it('reads the present day every time, and closed days once a minute', async () => {
  let wall = 0;
  const sold = new Sold(tower.store, () => wall);
  const range = rangeOf(plan, { from: '2026-11-02', to: '2026-12-01', most: 48, at: NOW, heard: undefined });
  const grid = gridOf(plan, { rows: 'none', columns: 'none', family: undefined, sku: undefined, region: undefined, location: undefined });
  const units = async (): Promise<number> => {
    const sums = new Sums(1, range.buckets.length);
    await sold.add(sums, plan, grid, range);
    return sums.of.units[0]!;
  };
  const before = await units();
  expect(before).toBe(41_350);
  const { epoch } = await tower.store.claim('detect', 0, 'test');
  const late = columnsOf([['A-1', 'LIL', FIRST + 3, 9, 1, 1_000], ['A-1', 'LIL', MONDAY, 10, 1, 20_000]]);
  await tower.store.commitDetect([{ partition: 0, epoch, offset: 2, tick: NOW + 60_000, deltas: [], actuals: late, deadLetters: [], counters: none, unplanned: [], snapshot: undefined }]);
  expect(await units()).toBe(before + 20_000);
  wall = 60_000;
  expect(await units()).toBe(before + 21_000);
});
