import { Random } from '@plumbline/kernel';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storyLog, storyPlans } from '../replay/story.ts';
import { TowerDriver } from '../replay/tower-driver.ts';
import { tellable, type Outcome } from './outcome.ts';
import { calmly, DAYS, expectExplained, finish, Host, killSomewhere, PARTITIONS, shaken, type Tower } from './tower.ts';

const KILLS = 50;
/** Which of them hit the database instead of a stream. */
const DATABASE_KILLS = new Set([0, 11, 27, 42]);
const SEED = 20261102;

let host: Host;
let undisturbed: Outcome;
beforeAll(async () => {
  host = await Host.start();
});
afterAll(() => host?.close());

describe('kill -9 on the embedded log', () => {
  it('is compared with a run that nobody disturbs, which says what the drivers in memory say', async () => {
    undisturbed = await calmly(await host.tower({ name: 'calm', detects: 1 }));
    const driver = new TowerDriver(PARTITIONS, storyPlans);
    for (const step of storyLog(PARTITIONS, DAYS)) driver.append(step);
    await driver.detect.run();
    driver.detect.commitAll(true);
    await driver.rollUp();
    expect(driver.raised.length).toBeGreaterThan(1);
    expect(undisturbed.exceptions).toEqual(tellable([...driver.exceptions.values()], driver.transitions));
    expect(undisturbed.counted.rejected).toEqual({ schema: driver.detect.counters().rejected });
  }, 120_000);

  it(`loses nothing and doubles nothing at ${KILLS} seeded instants`, async () => {
    const random = new Random(SEED);
    const tower = await host.tower({ name: 'shaken', detects: 1 });
    const kill = ({ detects, rollUp }: Tower): Promise<void> => killSomewhere(random.uniform() < 0.5 ? detects[0]! : rollUp, random);
    const killDatabase = async (): Promise<void> => {
      await sleep(random.below(160));
      await host.killDatabase();
    };
    const underWay = await shaken(tower, Array.from({ length: KILLS }, (_, i) => (DATABASE_KILLS.has(i) ? killDatabase : kill)));
    expect(await finish(tower)).toEqual(undisturbed);
    expectExplained(tower);
    expect(underWay).toBeGreaterThan(KILLS / 5);
  }, 240_000);
});
