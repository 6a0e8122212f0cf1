import { DemoFeed, demoPlan, makeRetailer } from '@plumbline/simulator';
import { monthOf, parseDay, Random } from '@plumbline/kernel';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TickDelta } from '@plumbline/contracts';
import type { AppendRecord } from '@plumbline/ports';
import { DetectDriver, planRecords, planShelf } from './detect-driver.ts';

const DAY = 86_400_000;
const FIRST = parseDay('2026-11-02');
const from = FIRST * DAY;
const retailer = makeRetailer({ seed: 5, skus: 40, volume: 0.5 });
const plans = planShelf([demoPlan(retailer, monthOf(FIRST), 2), demoPlan(makeRetailer({ seed: 5, skus: 40, volume: 0.5 }), monthOf(FIRST), 2, { id: 'second', errorCv: 0.2 })]);
const causes = [
  { id: 'silence', kind: 'store-silence' as const, scope: { location: retailer.locations[3]!.code }, from: from + 2.4 * DAY, to: from + 3.6 * DAY, factor: 0 },
  { id: 'surge', kind: 'family-surge' as const, scope: { family: retailer.families[0]!.name, region: retailer.regions[1]!.name }, from: from + 3 * DAY, to: from + 6 * DAY, factor: 2.5 },
];

/** The same eight days for any number of partitions, with two plans, dirt and two causes. */
function logFor(partitions: number): AppendRecord[][] {
  const feed = new DemoFeed({ retailer, partitions, from, tickSeconds: 900, causes });
  const steps: AppendRecord[][] = [planRecords('first', plans.hashes[0]!, from, partitions)];
  for (let hour = 0; hour < 8 * 24; hour += 2) {
    if (hour === 5 * 24) steps.push(planRecords('second', plans.hashes[1]!, from + 5 * DAY, partitions));
    steps.push(feed.advance(from + (hour + 2) * 3_600_000));
  }
  return steps;
}

const sums = (driver: DetectDriver): string => JSON.stringify([...driver.actuals].sort(([a], [b]) => (a < b ? -1 : 1)));

/** What all partitions together said at each tick, independent of how many they are. */
function said(driver: DetectDriver): unknown[] {
  return driver.deltas[0]!.map((_, t) => {
    const parts = driver.deltas.map((deltas) => deltas[t]!);
    const cells = new Map<string, number[]>();
    for (const { cells: c } of parts) {
      c.lines.forEach((lines, i) => {
        const key = `${c.family[i]} ${c.location[i]} ${c.day[i]}`;
        const sum = cells.get(key) ?? [0, 0, 0];
        cells.set(key, [sum[0]! + lines, sum[1]! + c.units[i]!, sum[2]! + c.revenue[i]!]);
      });
    }
    const sorted = <T>(pick: (delta: TickDelta) => T[]): string[] => parts.flatMap(pick).map((x) => JSON.stringify(x)).sort();
    return { tick: parts[0]!.tick, heard: parts[0]!.heard, cells: [...cells].sort(), firings: sorted((d) => d.firings), lines: sorted((d) => d.skuLines) };
  });
}

let undisturbed: DetectDriver;
beforeAll(async () => {
  undisturbed = new DetectDriver(1, plans);
  for (const step of logFor(1)) undisturbed.append(step);
  await undisturbed.run();
  undisturbed.commitAll(true);
});

describe('detect', () => {
  it('finds something, counts everything and keeps what it cannot understand', () => {
    expect(undisturbed.deltas[0]!.flatMap((delta) => delta.firings).length).toBeGreaterThan(0);
    const counters = undisturbed.counters();
    expect(counters.duplicates).toBeGreaterThan(0);
    expect(counters.late).toBeGreaterThan(0);
    expect(counters.unplanned).toBeGreaterThan(0);
    expect(undisturbed.deadLetters.size).toBe(counters.rejected);
  });

  it.each([4, 16])('says the same with %i partitions', async (partitions) => {
    const driver = new DetectDriver(partitions, plans);
    for (const step of logFor(partitions)) driver.append(step);
    await driver.run(997);
    driver.commitAll(true);
    expect(said(driver)).toEqual(said(undisturbed));
    expect(sums(driver)).toBe(sums(undisturbed));
    expect([...driver.deadLetters].sort()).toEqual([...undisturbed.deadLetters].sort());
    expect(driver.counters()).toEqual(undisturbed.counters());
  });

  it.each([1, 2, 3])('says the same byte for byte whatever the batches, commits, snapshots and crashes (seed %i)', async (seed) => {
    const random = new Random(seed);
    const driver = new DetectDriver(1, plans);
    for (const step of logFor(1)) driver.append(step);
    while (driver.remaining(0) > 0) {
      await driver.step(0, 1 + random.below(3000));
      if (random.uniform() < 0.6) {
        driver.commit(0, random.uniform() < 0.3);
        if (random.uniform() < 0.3) await driver.crash(0);
      }
    }
    driver.commit(0, true);
    expect(driver.payloads[0]!.map((p) => Buffer.from(p).toString('hex'))).toEqual(undisturbed.payloads[0]!.map((p) => Buffer.from(p).toString('hex')));
    expect(sums(driver)).toBe(sums(undisturbed));
    expect([...driver.deadLetters].sort()).toEqual([...undisturbed.deadLetters].sort());
  });
});
