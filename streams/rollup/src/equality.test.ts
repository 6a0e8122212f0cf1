import type { Exception, ExceptionCommand, ExceptionTransition, TickDelta } from '@plumbline/contracts';
import { HOUR_MS, parseInstant, Random } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';
import type { FiguresSample } from '@plumbline/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plansOf, restore, Snapshots } from './snapshot.ts';
import { DetectDriver, drawDay, retailPlan, type Retailer } from './test-driver.ts';
import { RollUp } from './topology.ts';

const BUDGET = 2;
const tiny: Retailer = { families: 3, skusPerFamily: 3, regions: 2, locationsPerRegion: 2, dailyLines: 10, zones: ['America/New_York', 'Europe/Paris'] };
const START = parseInstant('2026-11-02T05:00:00Z');
const plans = [retailPlan(tiny), retailPlan({ ...tiny, dailyLines: 12, families: 4 }, 'P-2')];
const DAYS = 9;
const SWITCH = START + 6 * 24 * HOUR_MS;

interface Story {
  seed: number;
  surge: { family: number; region: number; ratio: number };
  silent: number;
  late: boolean;
}

interface Input {
  tick: number;
  deltas: TickDelta[];
}

/** The same sales, commands and plans for a number of partitions. */
function inputs(story: Story, partitions: number): Input[] {
  const list: Input[] = [{ tick: START, deltas: empty(START, partitions, [committed(plans[0]!, START)]) }];
  let plan = plans[0]!;
  let detect = new DetectDriver(plan, partitions, BUDGET, START);
  const first = plan.zones[0]!.dayOf(START);
  const drawn = new Map<string, number[]>();
  for (let tick = START + HOUR_MS; tick <= START + DAYS * 24 * HOUR_MS; tick += HOUR_MS) {
    const heard = new Set<string>();
    for (let leaf = 0; leaf < plan.leaves; leaf++) {
      const location = plan.leafLocation[leaf]!;
      const zone = plan.zones[plan.zoneOfLocation[location]!]!;
      const day = zone.dayOf(tick - HOUR_MS);
      const on = day - first;
      if (on >= 3 && on < 5 && location === story.silent) continue;
      const inCause = on >= 4 && plan.familyOfSku[plan.leafSku[leaf]!] === story.surge.family && plan.regionOfLocation[location] === story.surge.region;
      const key = `${plan.version.id} ${leaf} ${day}`;
      if (!drawn.has(key)) drawn.set(key, drawDay(plan, leaf, day, story.seed, inCause ? story.surge.ratio : 1));
      const lines = drawn.get(key)![zone.hourOf(tick - HOUR_MS)]!;
      if (lines === 0) continue;
      const behind = story.late && on > 2 && (leaf + on) % 11 === 0 ? 2 : 0;
      detect.sell(leaf, day - behind, lines, 1000 + 500 * (leaf % 3));
      heard.add(plan.locations[location]!.code);
    }
    const announce = tick === SWITCH - 5 * HOUR_MS ? [committed(plans[1]!, SWITCH)] : [];
    list.push({ tick, deltas: detect.tick(tick, [...heard].sort(), people(tick), announce) });
    if (tick === SWITCH) detect = new DetectDriver((plan = plans[1]!), partitions, BUDGET, tick);
  }
  return list;
}

const committed = (plan: PlanIndex, effectiveAt: number) => ({ id: plan.version.id, hash: plan.version.hash, effectiveAt });

const empty = (tick: number, partitions: number, news: TickDelta['plans']): TickDelta[] =>
  new DetectDriver(plans[0]!, partitions, BUDGET, START).tick(tick, [], [], news);

/** On some ticks people take up, snooze, dismiss and resolve what may be there. */
function people(tick: number): ExceptionCommand[] {
  const hour = (tick - START) / HOUR_MS;
  const random = new Random(hour);
  if (hour % 9 !== 0) return [];
  const types = ['acknowledged', 'assigned', 'started', 'snoozed', 'resolved', 'dismissed', 'reopened', 'commented'] as const;
  return Array.from({ length: 3 }, (_, i) => ({
    type: `exception.${types[random.below(types.length)]!}` as const,
    id: `c-${hour}-${i}`,
    exceptionId: `X-${1 + random.below(4)}`,
    by: 'ana',
    at: tick - 1000 * (3 - i),
    owner: 'ben',
    until: tick + 20 * HOUR_MS,
    reason: 'known',
  }));
}

interface Output {
  exceptions: Exception[];
  transitions: ExceptionTransition[];
  figures: string | undefined;
  samples: FiguresSample[];
}

function play(list: readonly Input[], restartAt: ReadonlySet<number> = new Set()): Output {
  let rollUp = new RollUp({ budget: BUDGET });
  plans.forEach((plan) => rollUp.provide(plan));
  let snapshots = new Snapshots();
  const stored = new Map<number, { page: number; bytes: Uint8Array; checksum: number }>();
  const exceptions: Exception[] = [];
  const transitions: ExceptionTransition[] = [];
  const samples: FiguresSample[] = [];
  for (const [i, { tick, deltas }] of list.entries()) {
    const result = rollUp.apply(tick, deltas);
    exceptions.push(...result.exceptions);
    transitions.push(...result.transitions);
    if (result.sample) samples.push(result.sample);
    if (restartAt.size === 0) continue;
    const { meta, pages } = snapshots.save(rollUp);
    for (const page of pages) stored.set(page.page, page);
    if (!restartAt.has(i)) continue;
    expect(plansOf(meta).every((hash) => plans.some((plan) => plan.version.hash === hash))).toBe(true);
    rollUp = restore(meta, [...stored.values()], { budget: BUDGET }, (fresh) => plans.forEach((plan) => fresh.provide(plan)));
    snapshots = Snapshots.after(meta);
  }
  return { exceptions, transitions, figures: rollUp.figures(), samples };
}

const stories = fc.record({
  seed: fc.nat(1000),
  surge: fc.record({ family: fc.nat(2), region: fc.nat(1), ratio: fc.constantFrom(0.2, 2, 4) }),
  silent: fc.nat(3),
  late: fc.boolean(),
});

describe('the roll-up', () => {
  it('gives the same for 1, 4 and 16 partitions', () => {
    let raised = 0;
    fc.assert(
      fc.property(stories, (story) => {
        const one = play(inputs(story, 1));
        raised += one.transitions.filter(({ action }) => action === 'raised').length;
        expect(JSON.stringify(play(inputs(story, 4)))).toBe(JSON.stringify(one));
        expect(JSON.stringify(play(inputs(story, 16)))).toBe(JSON.stringify(one));
      }),
      { numRuns: 3, seed: 1 },
    );
    expect(raised).toBeGreaterThan(4);
  });

  it('gives the same after a restart at any tick', () => {
    fc.assert(
      fc.property(stories, fc.uniqueArray(fc.nat(DAYS * 24), { minLength: 1, maxLength: 12 }), (story, restarts) => {
        const list = inputs(story, 2);
        expect(JSON.stringify(play(list, new Set(restarts)))).toBe(JSON.stringify(play(list)));
      }),
      { numRuns: 3, seed: 2 },
    );
  });

  it('drops a tick that comes again', () => {
    const list = inputs({ seed: 3, surge: { family: 1, region: 0, ratio: 4 }, silent: 2, late: true }, 2);
    const twice = list.flatMap((input, i) => (i % 7 === 0 ? [input, input, list[Math.max(0, i - 3)]!] : [input]));
    expect(JSON.stringify(play(twice))).toBe(JSON.stringify(play(list)));
  });

  it('refuses a damaged page', () => {
    const rollUp = new RollUp({ budget: BUDGET });
    plans.forEach((plan) => rollUp.provide(plan));
    for (const { tick, deltas } of inputs({ seed: 3, surge: { family: 1, region: 0, ratio: 4 }, silent: 2, late: false }, 1).slice(0, 30)) {
      rollUp.apply(tick, deltas);
    }
    const { meta, pages } = new Snapshots().save(rollUp);
    const broken = pages.map((page, i) => (i === 1 ? { ...page, bytes: page.bytes.map((byte) => byte ^ 1) } : page));
    const back = () => restore(meta, broken, { budget: BUDGET }, (fresh) => plans.forEach((plan) => fresh.provide(plan)));
    expect(back).toThrow(/no intact page/);
  });
});
