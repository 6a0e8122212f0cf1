import { figuresSchema, type Figures } from '@plumbline/contracts';
import { DAY_MS, HOUR_MS, parseInstant, parseQuantity, type Instant } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';
import { describe, expect, it } from 'vitest';
import { DetectDriver, retailPlan } from './test-driver.ts';
import { RollUp } from './topology.ts';

const plan = retailPlan({ families: 2, skusPerFamily: 2, regions: 2, locationsPerRegion: 2, dailyLines: 20, zones: ['Europe/Paris'] });
const START = parseInstant('2026-11-01T23:00:00Z');

/** Each day at noon every leaf sells `of(leaf, day)` of what is planned for the whole day, in lines of one unit. */
function run(days: number, of: (leaf: number, day: number) => number, to: Instant = START + days * DAY_MS, start = START): Figures {
  const rollUp = new RollUp();
  rollUp.provide(plan);
  const detect = new DetectDriver(plan, 2, 2, start);
  const zone = plan.zones[0]!;
  const first = zone.dayOf(start);
  rollUp.apply(start, detect.tick(start, [], [], [{ id: plan.version.id, hash: plan.version.hash, effectiveAt: start }]));
  const heard = plan.locations.map(({ code }) => code).sort();
  for (let tick = start + HOUR_MS; tick <= to; tick += HOUR_MS) {
    const day = zone.dayOf(tick - 1);
    if (zone.hourOf(tick - 1) === 12) {
      for (let leaf = 0; leaf < plan.leaves; leaf++) detect.sell(leaf, day, Math.round((plan.unitsOfLeaf(leaf, day, day + 1) / 1000) * of(leaf, day - first)), 1000);
    }
    rollUp.apply(tick, detect.tick(tick, heard));
  }
  const text = JSON.parse(rollUp.figures()!) as unknown;
  const figures = figuresSchema.parse(text);
  expect(figures).toEqual(text);
  return figures;
}

/** Exact, from the plan, of whole business days. */
function planned(index: PlanIndex, first: number, last: number): number {
  let units = 0;
  for (let day = first; day <= last; day++) {
    for (let family = 0; family < index.families.length; family++) {
      index.locations.forEach((_, location) => (units += Math.round(index.unitsOfCell(family, location, day))));
    }
  }
  return units;
}

const day = (text: string): number => parseInstant(`${text}T00:00:00Z`) / DAY_MS;

describe('figures', () => {
  it('fit their schema, and give the plan to the hour', () => {
    const figures = run(3, () => 1, START + 2 * DAY_MS + 12 * HOUR_MS);
    expect(figures).toMatchObject({ tick: '2026-11-04T11:00:00Z', planVersion: { id: plan.version.id, hash: plan.version.hash }, currency: plan.version.currency });
    expect(figures.today.from).toBe('2026-11-04');
    expect(figures.week.from).toBe('2026-11-02');
    expect(figures.month.from).toBe('2026-11-01');
    expect(figures.cells.map(({ family, region }) => `${family} ${region}`)).toEqual(['Family 00 Region 0', 'Family 00 Region 1', 'Family 01 Region 0', 'Family 01 Region 1']);
    expect(parseQuantity(figures.today.plannedUnits)).toBe(figures.cells.reduce((sum, cell) => sum + parseQuantity(cell.plannedUnits), 0));
    expect(figures.today.units).toBe('0');
    expect(figures.today.attainment).toBe(0);
    expect(Math.min(...figures.cells.map(({ evidence }) => evidence))).toBeLessThan(-1);
    expect(figures.feeds).toEqual({ heard: 4, expected: 4, silent: [] });
    expect(figures.week.attainment).toBeGreaterThan(0.6);
  });

  it('keeps the month to date when its days have long left the kept ones', () => {
    const figures = run(27, () => 1);
    const [first, last] = [day('2026-11-02'), day('2026-11-28')];
    expect(parseQuantity(figures.month.plannedUnits)).toBe(planned(plan, first, last));
    expect(figures.month.attainment).toBeGreaterThan(0.99);
    expect(parseQuantity(figures.week.plannedUnits)).toBe(planned(plan, day('2026-11-23'), last));
  });

  it('begins a new month with nothing of the last one', () => {
    const figures = run(31, () => 1);
    expect(figures.month.from).toBe('2026-12-01');
    expect(parseQuantity(figures.month.plannedUnits)).toBe(planned(plan, day('2026-12-01'), day('2026-12-02')));
  });

  it('lets a surplus of one family hide no shortfall of another', () => {
    const figures = run(6, (leaf) => (plan.familyOfSku[plan.leafSku[leaf]!] === 0 ? 2 : 0.5));
    const { units, plannedUnits, attainment } = figures.week;
    expect(parseQuantity(units)).toBeGreaterThan(parseQuantity(plannedUnits));
    expect(attainment).toBeGreaterThan(0.6);
    expect(attainment).toBeLessThan(0.85);
  });

  it('does not miss what the first day had before the tower began', () => {
    const noon = START + 12 * HOUR_MS;
    const figures = run(2, () => 1, START + DAY_MS, noon);
    const whole = planned(plan, day('2026-11-02'), day('2026-11-02'));
    const share = plan.elapsed(0, 0, 720);
    expect(parseQuantity(figures.month.plannedUnits)).toBeLessThan(whole * (1 - share) * 1.1);
    expect(parseQuantity(figures.month.plannedUnits)).toBeGreaterThan(whole * (1 - share) * 0.9);
  });
});
