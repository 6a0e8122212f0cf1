import { DAY_MS, HOUR_MS, monthOf } from '@plumbline/kernel';
import { compilePlan, validateVersion } from '@plumbline/plan';
import { describe, expect, it } from 'vitest';
import { demoSchedule, expectedOf, type Cause } from './causes.ts';
import { DEMO_DIRT, drawDay, type Dirt } from './demand.ts';
import { linesOf, feedOf, MONDAY, retailer, START } from './fixture.ts';
import { demoPlan } from './plan.ts';
import { makeRetailer } from './retailer.ts';
import { Sends } from './sends.ts';

const CLEAN: Dirt = { returns: 0, duplicates: 0, late: 0, unknownSku: 0, malformed: 0 };
const places = retailer.locations.length;

function draw(days: number, causes: readonly Cause[] = [], dirt: Dirt = CLEAN): Sends {
  const sends = new Sends();
  for (let day = MONDAY; day < MONDAY + days; day++) drawDay(retailer, day, dirt, causes, sends);
  return sends;
}

const rows = (
  sends: Sends,
): { sku: string; family: string; location: string; region: string; time: number; sentAt: number; price: number }[] =>
  Array.from({ length: sends.length }, (_, i) => {
    const { sku, family } = retailer.products[Math.floor(sends.leaf[i]! / places)]!;
    const { code, region } = retailer.locations[sends.leaf[i]! % places]!;
    return {
      sku,
      family,
      location: code,
      region,
      time: sends.time[i]!,
      sentAt: sends.sentAt[i]!,
      price: sends.price[i]!,
    };
  });

const cause = (change: Partial<Cause>): Cause => ({
  id: 'c',
  kind: 'family-surge',
  scope: {},
  from: START + DAY_MS,
  to: START + 3 * DAY_MS,
  factor: 2,
  ...change,
});

describe('the retailer', () => {
  it('has 400 products of 12 families in 40 locations of 6 regions and 3 zones', () => {
    const full = makeRetailer({ seed: 1 });
    expect(full.products).toHaveLength(400);
    expect(new Set(full.products.map(({ name }) => name)).size).toBe(400);
    expect(new Set(full.products.map(({ family }) => family)).size).toBe(12);
    expect(full.locations).toHaveLength(40);
    expect(new Set(full.locations.map(({ region }) => region)).size).toBe(6);
    expect(new Set(full.locations.map(({ zone }) => zone)).size).toBe(3);
    expect([...full.products].sort((a, b) => (a.sku < b.sku ? -1 : 1))).toEqual(full.products);
  });

  it('has a valid plan that expects its true rates', () => {
    const plan = demoPlan(retailer, monthOf(MONDAY), 2);
    expect(validateVersion(plan)).toEqual([]);
    const index = compilePlan(plan, 'h');
    let compared = 0;
    for (let leaf = 0; leaf < index.leaves; leaf += 7) {
      const own =
        retailer.products.findIndex(({ sku }) => sku === index.skus[index.leafSku[leaf]!]) * places +
        index.leafLocation[leaf]!;
      for (const day of [MONDAY, MONDAY + 6, MONDAY + 30, MONDAY + 53]) {
        const mean = retailer.meanLines(own, day);
        expect(Math.abs(index.linesOfLeaf(leaf, day) - mean)).toBeLessThanOrEqual(1e-3 * mean + 1e-9);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });
});

describe('demand', () => {
  it('is on plan without causes: cells within negative-binomial noise', () => {
    const days = 28;
    const sends = draw(days);
    const cells = retailer.families.length * places;
    const seen = new Float64Array(cells);
    const mean = new Float64Array(cells);
    const variance = new Float64Array(cells);
    for (let i = 0; i < sends.length; i++)
      seen[retailer.familyOfSku[Math.floor(sends.leaf[i]! / places)]! * places + (sends.leaf[i]! % places)]!++;
    for (let leaf = 0; leaf < retailer.weeklyUnits.length; leaf++) {
      const family = retailer.familyOfSku[Math.floor(leaf / places)]!;
      const cell = family * places + (leaf % places);
      for (let day = MONDAY; day < MONDAY + days; day++) {
        const m = retailer.meanLines(leaf, day);
        mean[cell]! += m;
        variance[cell]! += m + retailer.families[family]!.alpha * m * m;
      }
    }
    const scores = [...seen.keys()]
      .filter((cell) => mean[cell]! > 0)
      .map((cell) => (seen[cell]! - mean[cell]!) / Math.sqrt(variance[cell]!));
    const total = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
    expect(Math.abs(total(seen) - total(mean)) / Math.sqrt(total(variance))).toBeLessThan(4);
    expect(Math.max(...scores.map(Math.abs))).toBeLessThan(4.5);
    const spread = scores.reduce((sum, z) => sum + z * z, 0) / scores.length;
    expect(spread).toBeGreaterThan(0.85);
    expect(spread).toBeLessThan(1.15);
  });

  it('keeps the mean quantity of a line, by the piece and by weight', () => {
    const sends = draw(14);
    const sum = new Float64Array(retailer.products.length);
    const count = new Float64Array(retailer.products.length);
    for (let i = 0; i < sends.length; i++) {
      const sku = Math.floor(sends.leaf[i]! / places);
      sum[sku]! += sends.quantity[i]! / 1000;
      count[sku]!++;
      if (retailer.products[sku]!.unit === 'each') expect(sends.quantity[i]! % 1000).toBe(0);
    }
    retailer.products.forEach((product, sku) => {
      if (count[sku]! > 3000) expect(sum[sku]! / count[sku]! / retailer.unitsPerLine[sku]!).toBeCloseTo(1, 1);
      expect(product.price).toBeGreaterThan(0);
    });
  });
});

describe('causes', () => {
  const plain = rows(draw(4));
  const inTime = ({ time }: { time: number }): boolean => time >= START + DAY_MS && time < START + 3 * DAY_MS;
  const key = (row: { sku: string; location: string; time: number }): string =>
    `${row.sku} ${row.location} ${row.time}`;

  it('a surge adds lines in its scope and time and touches nothing else', () => {
    const surged = rows(draw(4, [cause({ scope: { family: 'Bakery', region: 'North' } })]));
    const inside = (row: (typeof plain)[number]): boolean =>
      row.family === 'Bakery' && row.region === 'North' && inTime(row);
    const outside = (row: (typeof plain)[number]): boolean => !inside(row);
    expect(surged.filter(outside).map(key)).toEqual(plain.filter(outside).map(key));
    expect(surged.filter(inside).length / plain.filter(inside).length).toBeCloseTo(2, 0);
    const known = new Set(surged.map(key));
    for (const row of plain) expect(known.has(key(row))).toBe(true);
  });

  it('a drop and an off-shelf take lines away', () => {
    const { sku, location } = plain.find(({ family }) => family === 'Produce')!;
    const off = rows(draw(4, [cause({ kind: 'off-shelf', scope: { sku, location }, factor: 0 })]));
    expect(off.filter((row) => row.sku === sku && row.location === location && inTime(row))).toEqual([]);
    const west = (row: (typeof plain)[number]): boolean => row.region === 'West' && inTime(row);
    const drop = rows(draw(4, [cause({ kind: 'region-drop', scope: { region: 'West' }, factor: 0.6 })]));
    expect(drop.filter(west).length / plain.filter(west).length).toBeCloseTo(0.6, 1);
  });

  it('a price mistake sells more at a tenth of the price', () => {
    const { sku } = plain.find(({ family }) => family === 'Dairy')!;
    const price = retailer.products.find((product) => product.sku === sku)!.price;
    const sold = rows(draw(4, [cause({ kind: 'price-mistake', scope: { sku }, factor: 3, price: 0.1 })])).filter(
      (row) => row.sku === sku,
    );
    for (const row of sold.filter(inTime)) expect(row.price).toBeLessThan(price * 0.2);
    for (const row of sold.filter((row) => !inTime(row))) expect(row.price).toBeGreaterThan(price * 0.8);
    expect(sold.filter(inTime).length).toBeGreaterThan(
      plain.filter((row) => row.sku === sku && inTime(row)).length * 2,
    );
  });

  it('a drift grows in a straight line', () => {
    const drifted = rows(draw(4, [cause({ kind: 'drift', from: START, to: START + 4 * DAY_MS, factor: 3 })]));
    const ratio = (day: number): number => {
      const on = ({ time }: { time: number }): boolean => Math.floor((time - START) / DAY_MS) === day;
      return drifted.filter(on).length / plain.filter(on).length;
    };
    expect(ratio(0)).toBeCloseTo(1.27, 1);
    expect(ratio(3)).toBeCloseTo(2.78, 0);
  });

  it.each(['lost', 'buffered'] as const)('a silent store sends nothing; its sales are %s', (unsent) => {
    const silence = cause({
      kind: 'store-silence',
      scope: { location: 'PAR' },
      from: START + DAY_MS + 10 * HOUR_MS,
      to: START + DAY_MS + 15 * HOUR_MS,
      factor: 1,
      unsent,
    });
    const sends = rows(draw(4, [silence], DEMO_DIRT)).filter(({ location }) => location === 'PAR');
    expect(sends.filter(({ sentAt }) => sentAt >= silence.from && sentAt < silence.to)).toEqual([]);
    const meanwhile = sends.filter(({ time }) => time >= silence.from && time < silence.to).length;
    const usual = plain.filter(
      ({ location, time }) => location === 'PAR' && time >= silence.from && time < silence.to,
    ).length;
    if (unsent === 'buffered') expect(meanwhile).toBeGreaterThan(usual * 0.97);
    else expect(meanwhile).toBeLessThan(usual * 0.03);
    const feed = feedOf({ from: silence.from, tickSeconds: 60, causes: [silence] });
    expect(linesOf(feed.advance(silence.to)).some((line) => line.data.location === 'PAR')).toBe(false);
    expect(linesOf(feed.advance(silence.to + HOUR_MS)).some((line) => line.data.location === 'PAR')).toBe(true);
  });

  it('the schedule has one of each recognisable kind a round, none before the start, and knows what to expect', () => {
    const causes = demoSchedule(retailer, START, 3);
    expect(causes).toHaveLength(15);
    expect(new Set(causes.map(({ id }) => id)).size).toBe(15);
    for (const one of causes) {
      expect(one.from).toBeGreaterThanOrEqual(START);
      expect(one.to).toBeGreaterThan(one.from);
    }
    expect(
      causes
        .slice(0, 5)
        .map((one) => expectedOf(one))
        .map(({ kind, altitude }) => `${kind} ${altitude}`),
    ).toEqual([
      'feed-silence location',
      'demand-surge family-region',
      'zero-run leaf',
      'demand-surge sku',
      'demand-drop region',
    ]);
  });
});
