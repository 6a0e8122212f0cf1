import { Random } from '@plumbline/kernel';
import { beforeAll, describe, expect, it } from 'vitest';
import { storyLog, storyPlans } from './story.ts';
import { TowerDriver } from './tower-driver.ts';

async function tell(partitions: number, batch = Infinity, ticks = Infinity): Promise<TowerDriver> {
  const tower = new TowerDriver(partitions, storyPlans);
  for (const step of storyLog(partitions)) tower.append(step);
  await tower.detect.run(batch);
  tower.detect.commitAll(true);
  while (tower.waiting > 0) await tower.rollUp(ticks);
  return tower;
}

let undisturbed: TowerDriver;
beforeAll(async () => {
  undisturbed = await tell(1);
});

/** Promise 1 over the whole tower: what is published at each tick, byte for byte. */
function expectSame(tower: TowerDriver): void {
  expect(tower.published).toEqual(undisturbed.published);
  expect(tower.figures).toBe(undisturbed.figures);
  expect(tower.ticks).toBe(undisturbed.ticks);
  expect([...tower.detect.actuals].sort()).toEqual([...undisturbed.detect.actuals].sort());
  expect([...tower.detect.deadLetters].sort()).toEqual([...undisturbed.detect.deadLetters].sort());
}

describe('the same log', () => {
  it('has something to say: causes found, commands applied and refused', () => {
    expect(undisturbed.exceptions.size).toBeGreaterThan(1);
    const actions = new Set(undisturbed.transitions.map(({ action }) => action));
    expect([...actions]).toEqual(expect.arrayContaining(['raised', 'resolved', 'reopened', 'cleared']));
    expect(undisturbed.refused.length).toBeGreaterThan(0);
  });

  it.each([
    [1, 1, 7],
    [4, 311, 1],
    [4, Infinity, 1000],
    [16, 97, 13],
  ])('says the same with %i partitions, batches of %i records and %i ticks', async (partitions, batch, ticks) => {
    expectSame(await tell(partitions, batch, ticks));
  });

  it.each([
    [1, 1],
    [4, 2],
    [16, 3],
  ])('says the same with %i partitions through crashes of detect and roll-up (seed %i)', async (partitions, seed) => {
    const random = new Random(seed);
    const tower = new TowerDriver(partitions, storyPlans);
    for (const step of storyLog(partitions)) tower.append(step);
    const behind = (): number[] => [...Array(partitions).keys()].filter((partition) => tower.detect.remaining(partition) > 0);
    for (let left = behind(); left.length > 0; left = behind()) {
      const partition = left[random.below(left.length)]!;
      await tower.detect.step(partition, 1 + random.below(6000 / partitions));
      if (random.uniform() < 0.7) tower.detect.commit(partition, random.uniform() < 0.3);
      else await tower.detect.crash(partition);
      if (random.uniform() < 0.3) await tower.rollUp(1 + random.below(60));
      if (random.uniform() < 0.1) await tower.restartRollUp();
    }
    tower.detect.commitAll(true);
    while (tower.waiting > 0) {
      await tower.rollUp(1 + random.below(100));
      if (random.uniform() < 0.2) await tower.restartRollUp();
    }
    expectSame(tower);
  });
});
