import { backtestAnswerSchema, type BacktestAnswer, type BacktestRuleId, type PlanVersionSummary } from '@plumbline/contracts';
import { DAY_MS, HOUR_MS, parseInstant, parseQuantity, zoneOf } from '@plumbline/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exceptionOf, transitionOf } from './exception.testing.ts';
import { at, MONDAY, NOW, PARTITIONS, testTower, type TestTower } from './tower.testing.ts';

/** Two coats sold in Paris time, one hat in Helsinki time; ten units an hour round the clock are planned of each coat. */
const products = 'sku,family,name,unit,price\nA-1,Coats,Parka,each,10\nA-2,Coats,Cape,each,10\nB-1,Hats,Beanie,each,10\n';
const locations = 'code,region,name,zone\nLYON-3,South,Lyon,Europe/Paris\nOULU-1,North,Oulu,Europe/Helsinki\n';
const lines = 'family,region,month,units,revenue\nCoats,South,2026-11,14400,144000\nHats,North,2026-11,7200,72000\n';
const FIRST = MONDAY - 22;
const HOURLY = 10;
/** The coats sell four times their plan from Saturday's opening on. */
const SURGE_DAY = MONDAY - 2;
const SINCE = zoneOf('Europe/Paris').startOf(SURGE_DAY);
const RAISED = SINCE + 3 * HOUR_MS;

let tower: TestTower;
let plan: PlanVersionSummary;
beforeAll(async () => {
  tower = await testTower();
  plan = (await tower.post('/api/v1/plans/import', { name: 'November', currency: 'EUR', lines, products, locations })).json<PlanVersionSummary>();
  await tower.post(`/api/v1/plans/${plan.id}/commit`, { effectiveAt: '2026-10-31T00:00:00Z' });
  await count();
  const planVersion = { id: plan.id, name: plan.name, hash: plan.hash };
  const common = { planVersion, since: at(SINCE), raisedAt: at(RAISED), updatedAt: at(NOW), threshold: 7 };
  const exceptions = [
    exceptionOf(1, { ...common, altitude: 'family-region', scope: { family: 'Coats', region: 'South' }, measure: 'units' }),
    exceptionOf(2, { ...common, altitude: 'leaf', scope: { sku: 'A-1', family: 'Coats', location: 'LYON-3', region: 'South' } }),
    exceptionOf(3, { ...common, altitude: 'total', scope: {}, measure: 'units' }),
    exceptionOf(4, { ...common, altitude: 'location', scope: { location: 'OULU-1', region: 'North' }, kind: 'feed-silence', status: 'cleared', threshold: 13.8 }),
    exceptionOf(5, { ...common, altitude: 'family-region', scope: { family: 'Coats', region: 'South' }, status: 'cleared', since: at(SINCE - 5 * DAY_MS), raisedAt: at(SINCE - 4 * DAY_MS) }),
    exceptionOf(6),
  ];
  await tower.rollUp({ tick: NOW, exceptions, transitions: [transitionOf('X-1', 0, { at: at(RAISED) }), transitionOf('X-1', 1, { at: at(NOW - HOUR_MS), action: 'reopened', from: 'cleared' })] });
});
afterAll(async () => {
  await tower?.close();
});

/** Counts up to now: exactly to plan but for the coats' surge; Oulu has said nothing for six hours. */
async function count(): Promise<void> {
  const rows = { sku: [] as string[], location: [] as string[], day: [] as number[], hours: [] as number[][], lines: [] as number[][], units: [] as number[][], revenue: [] as number[][] };
  const sell = (sku: string, location: string, zone: string, until: number): void => {
    for (let day = FIRST; day <= MONDAY; day++) {
      const start = zoneOf(zone).startOf(day);
      const hours = Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => start + (hour + 1) * HOUR_MS <= until);
      if (hours.length === 0) continue;
      const sold = sku !== 'B-1' && day >= SURGE_DAY ? 4 * HOURLY : HOURLY;
      rows.sku.push(sku);
      rows.location.push(location);
      rows.day.push(day);
      rows.hours.push(hours);
      rows.lines.push(hours.map(() => sold));
      rows.units.push(hours.map(() => sold * 1000));
      rows.revenue.push(hours.map(() => sold * 100_000));
    }
  };
  for (const sku of ['A-1', 'A-2']) sell(sku, 'LYON-3', 'Europe/Paris', NOW);
  sell('B-1', 'OULU-1', 'Europe/Helsinki', NOW - 6 * HOUR_MS);
  const counters = { accepted: 1, sales: 1, returns: 0, other: 0, duplicates: 0, outsideWindow: 0, late: 0, unplanned: 0, rejected: {} };
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { epoch } = await tower.store.claim('detect', partition, 'test');
    const actuals = partition === 0 ? rows : undefined;
    // The counts reach to 09:00; the last tick is at 09:41.
    await tower.store.commitDetect([{ partition, epoch, offset: 1, tick: NOW - 41 * 60_000, deltas: [], actuals, deadLetters: [], counters, unplanned: [], snapshot: { meta: Uint8Array.of(1), pages: [], pageCount: 0 } }]);
  }
}

async function backtest(id: string, query = ''): Promise<BacktestAnswer> {
  const answer = await tower.get(`/api/v1/exceptions/${id}/backtest?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return backtestAnswerSchema.parse(answer.json());
}

const rule = ({ rules }: BacktestAnswer, id: BacktestRuleId) => rules.find((one) => one.id === id)!;
const sum = (values: readonly (string | null)[]): number => values.reduce((total, value) => total + parseQuantity(value ?? '0'), 0);

describe('an exception’s backtest', () => {
  it('shows plan and sales hour by hour, exactly as they are stored and no further than they are counted', async () => {
    const answer = await backtest('X-1');
    expect(answer).toMatchObject({ measure: 'units', unit: 'each', currency: 'EUR', timezone: 'Europe/Paris', now: at(NOW), firedAt: at(RAISED), since: at(SINCE) });
    const paris = zoneOf('Europe/Paris');
    expect([answer.from, answer.to]).toEqual([at(paris.startOf(SURGE_DAY - 14)), at(paris.startOf(MONDAY + 1))]);
    expect(answer.points).toHaveLength(17 * 24);
    const counted = answer.points.filter(({ actual }) => actual !== null);
    const hours = (NOW - 41 * 60_000 - parseInstant(answer.from)) / HOUR_MS;
    expect(counted).toHaveLength(hours);
    expect(sum(counted.map(({ actual }) => actual))).toBe((hours - 14 * 24) * 80_000 + 14 * 24 * 20_000);
    const { actuals } = tower.api.services;
    const stored = await actuals.query({ family: 'Coats', region: 'South', from: '2026-11-07', to: '2026-11-24', bucket: 'total' });
    expect(sum(counted.map(({ actual }) => actual))).toBe(parseQuantity(stored.items[0]!.units));
    expect(sum(counted.map(({ revenue }) => revenue))).toBe(10 * parseQuantity(stored.items[0]!.units));
    for (const { expected, low, high, expectedRevenue } of answer.points) {
      expect(Number(expected)).toBeCloseTo(20, 2);
      expect(Number(expectedRevenue)).toBeCloseTo(200, 1);
      expect(Number(low)).toBeLessThan(20);
      expect(Number(high)).toBeGreaterThan(20);
    }
  });

  it('says when each rule fired, the tower’s own as it happened', async () => {
    const answer = await backtest('X-1');
    expect(answer.rules.map(({ id }) => id)).toEqual(['tower', 'e-detector', 'month-to-date-20', 'shewhart-3-sigma', 'ewma', 'nb-cusum']);
    expect(rule(answer, 'tower')).toMatchObject({ fired: at(RAISED), delayHours: 3, alarms: [at(SINCE - 4 * DAY_MS), at(RAISED), at(NOW - HOUR_MS)], falseAlarmsBefore: 1, parameters: { threshold: 7 } });
    const own = rule(answer, 'e-detector');
    const nightly = parseInstant(rule(answer, 'shewhart-3-sigma').fired!);
    expect(nightly).toBe(SINCE + DAY_MS);
    expect(parseInstant(own.fired!)).toBeLessThan(nightly);
    expect(own.falseAlarmsBefore).toBe(0);
    for (const id of ['month-to-date-20', 'shewhart-3-sigma', 'ewma', 'nb-cusum'] as const) expect(rule(answer, id).falseAlarmsBefore, id).toBe(0);
  });

  it('draws the statistic that the detector alarms by: below the threshold until the hour it fires', async () => {
    const { points, threshold, rules } = await backtest('X-2', 'rule=e-detector');
    expect(rules).toHaveLength(1);
    const fired = parseInstant(rules[0]!.fired!);
    const until = points.filter(({ at }) => parseInstant(at) + HOUR_MS < fired);
    expect(until.every(({ statistic }) => statistic === null || statistic < threshold)).toBe(true);
    expect(points.find(({ at }) => parseInstant(at) + HOUR_MS === fired)!.statistic).toBeGreaterThanOrEqual(threshold);
    expect(points.filter(({ actual, statistic }) => actual === null && statistic !== null)).toEqual([]);
  });

  it('fires no earlier on a stricter budget, and takes the tolerance asked for', async () => {
    const answers = await Promise.all([1000, 10, 0.01].map((budget) => backtest('X-2', `rule=e-detector&budget=${budget}`)));
    const fired = answers.map((answer) => parseInstant(rule(answer, 'e-detector').fired ?? at(NOW)));
    expect(fired).toEqual(fired.toSorted((a, b) => a - b));
    expect(answers.map(({ threshold }) => threshold)).toEqual([7, 700, 700_000].map((c) => Math.round(Math.log(c) * 1e4) / 1e4));
    const wide = await backtest('X-1', 'tolerance=0.9&rule=e-detector');
    expect(rule(wide, 'e-detector').parameters).toMatchObject({ tolerance: 0.9 });
    expect(parseInstant(rule(wide, 'e-detector').fired ?? at(NOW))).toBeGreaterThanOrEqual(parseInstant(rule(await backtest('X-1'), 'e-detector').fired!));
  });

  it('projects where day and month end', async () => {
    const { projection } = await backtest('X-1');
    expect(projection.day).toMatchObject({ end: at(zoneOf('Europe/Paris').startOf(MONDAY + 1)), actual: '800' });
    expect(Number(projection.day!.plan)).toBeCloseTo(480, 0);
    expect(Number(projection.month!.plan)).toBeCloseTo(14_400, 0);
    for (const { actual, p10, p50, p90, plan: planned, probabilityOffPlan } of [projection.day!, projection.month!]) {
      expect([actual, p10, p50, p90].map(Number)).toEqual([actual, p10, p50, p90].map(Number).toSorted((a, b) => a - b));
      expect(Number(p50)).toBeGreaterThan(1.2 * Number(planned));
      expect(probabilityOffPlan).toBeGreaterThan(0.9);
    }
  });

  it('adds up places of several time zones instant by instant', async () => {
    const answer = await backtest('X-3', 'days=7');
    expect(answer.timezone).toBe('UTC');
    expect(answer.from).toBe(at(zoneOf('Europe/Helsinki').startOf(SURGE_DAY - 7)));
    // Before Paris' day begins only Oulu is expected, and after Oulu's has ended only Lyon.
    expect([answer.points[0]!, answer.points[1]!, answer.points.at(-1)!].map(({ expected }) => Math.round(Number(expected)))).toEqual([10, 30, 20]);
    expect(answer.points.slice(1, 7 * 24).every(({ actual }) => actual === '30')).toBe(true);
  });

  it('draws a silence as the lines left unsaid', async () => {
    const answer = await backtest('X-4');
    expect(answer.threshold).toBe(13.8);
    const seen = answer.points.filter(({ statistic }) => statistic !== null).map(({ statistic }) => statistic!);
    expect(seen.slice(0, 100).every((statistic) => statistic === 0)).toBe(true);
    expect(seen.slice(-5)).toEqual(seen.slice(-5).toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBeGreaterThan(13.8);
  });

  it('is refused for what is not there', async () => {
    expect((await tower.get('/api/v1/exceptions/X-99/backtest')).json()).toMatchObject({ status: 404, code: 'exception-unknown' });
    expect((await tower.get('/api/v1/exceptions/X-6/backtest')).json()).toMatchObject({ status: 404, code: 'plan-unknown' });
    const unfit = (await tower.get('/api/v1/exceptions/X-1/backtest?budget=0&days=57&rule=luck')).json();
    expect([unfit.status, unfit.errors?.map(({ pointer }) => pointer).toSorted()]).toEqual([400, ['budget', 'days', 'rule.0']]);
  });
});
