import { encodeEvent, encodeSale } from '@plumbline/contracts';
import { formatInstant, Random } from '@plumbline/kernel';
import { buildVersion, encodePlan, hashPlan, summarise } from '@plumbline/plan';
import { expect, it } from 'vitest';
import { StoredPlans } from './plans.ts';
import type { Records } from './partition.ts';
import { DetectPartition, type Counted } from './topology.ts';

const START = 1_795_392_000_000;
const version = buildVersion({
  id: 'P-1',
  name: 'Plan',
  currency: 'EUR',
  createdAt: 0,
  // Neither families nor regions are listed in the order of their names.
  products: ['Tea', 'Coffee'].flatMap((family, f) => [0, 1].map((i) => ({ sku: `S${f}${i}`, family, name: family, unit: 'each' as const, price: 10_000, dailyLines: 5 }))),
  locations: ['West', 'East', 'West'].map((region, i) => ({ code: `L${i}`, region, name: region, zone: 'UTC' })),
  profile: { weekday: [1, 1, 1, 1, 1, 1, 1], hour: Array.from({ length: 24 }, () => 1) },
  months: { from: (2026 - 1970) * 12 + 9, to: (2027 - 1970) * 12 },
});
const body = encodePlan(version);
const hash = hashPlan(body);
const stored = { body, summary: summarise(version, { hash, status: 'committed' as const, committedAt: 0, effectiveAt: 0 }) };
const options = {
  partition: 0,
  partitions: 1,
  plans: new StoredPlans({ plan: () => Promise.resolve(stored) }, 5),
  duplicates: { days: 14, ids: 1000 },
  defaultZone: 'UTC',
};
/** By family, then region. */
const CELLS = ['Coffee East', 'Coffee West', 'Tea East', 'Tea West'];

const event = (type: 'clock.ticked' | 'plan.committed', id: string, at: number, data: object): Uint8Array =>
  encodeEvent({ specversion: '1.0', id, source: 'urn:test', type, time: formatInstant(at), datacontenttype: 'application/json', data } as Parameters<typeof encodeEvent>[0]);
const tick = (at: number): Uint8Array => event('clock.ticked', `t${at}`, at, { at: formatInstant(at), heard: [] });
const planned = event('plan.committed', 'p', START, { id: 'P-1', hash, effectiveAt: formatInstant(START) });

async function handle(state: DetectPartition, values: readonly Uint8Array[]): Promise<void> {
  const records: Records = { length: values.length, offset: (i) => i, value: (i) => values[i]!, header: () => undefined };
  for (let i = 0; i < values.length; ) {
    i = state.handle(records, i, values.length);
    if (state.wantsPlan) await state.loadPlan();
  }
}

const named = ({ cells }: Counted): Record<string, [number, number]> =>
  Object.fromEntries(Array.from({ length: cells.length / 3 }, (_, i) => [CELLS[cells[3 * i]!]!, [cells[3 * i + 1]!, cells[3 * i + 2]!]]));

let sent = 0;
const sale = (sku: string, location: string, at: number): Uint8Array =>
  encodeSale({ type: 'pos.sale', id: `s${sent++}`, source: 'urn:test', time: at, sku, location, quantity: 2000, price: 15_000, currency: 'EUR' });

it('tells what was counted since the last tick, absolutely, and closes it with the tick', async () => {
  const state = new DetectPartition(options);
  await handle(state, [planned, sale('S00', 'L0', START)]);
  expect(state.takeCounted()).toEqual([]);
  await handle(state, [tick(START), sale('S00', 'L0', START + 1), sale('S01', 'L2', START + 1), sale('S10', 'L1', START + 1)]);
  const before = state.takeCounted();
  expect(before.map(({ follows, ended, plan }) => ({ follows, ended, plan }))).toEqual([{ follows: START, ended: undefined, plan: hash }]);
  expect(named(before[0]!)).toEqual({ 'Tea West': [4000, 60_000], 'Coffee East': [2000, 30_000] });
  await handle(state, [sale('S10', 'L1', START + 2), tick(START + 1000), sale('S10', 'L2', START + 1500)]);
  const after = state.takeCounted();
  expect(after.map(({ follows, ended }) => [follows, ended])).toEqual([[START, START + 1000], [START + 1000, undefined]]);
  expect(named(after[0]!)).toEqual({ 'Tea West': [4000, 60_000], 'Coffee East': [4000, 60_000] });
  expect(named(after[1]!)).toEqual({ 'Coffee West': [2000, 30_000] });
});

it('says the same after a restart, and nothing of what is replayed', async () => {
  const random = new Random(5);
  const values = [planned, tick(START)];
  for (let at = START + 1; at < START + 4000; at += 50) {
    values.push(sale(`S${random.below(2)}${random.below(2)}`, `L${random.below(3)}`, at));
    if (at % 1000 === 1 && at > START + 1) values.push(tick(at - 1));
  }
  const whole = new DetectPartition(options);
  await handle(whole, values);
  for (const cut of [3, 20, 47, 60]) {
    const first = new DetectPartition(options);
    await handle(first, values.slice(0, cut));
    const { snapshot } = first.takeOutput(true);
    const second = await DetectPartition.restore(options, snapshot!.meta, snapshot!.pages);
    await handle(second, values.slice(cut, 75));
    second.discardOutput();
    await handle(second, values.slice(75));
    expect(second.takeCounted().at(-1)).toEqual(whole.takeCounted().at(-1));
  }
});

it('keeps few of the ticks that nobody asked about', async () => {
  const state = new DetectPartition(options);
  await handle(state, [planned, ...Array.from({ length: 100 }, (_, i) => tick(START + 1000 * i))]);
  expect(state.takeCounted().length).toBeLessThan(20);
  await handle(state, [tick(START + 200_000)]);
  expect(state.takeCounted()).toHaveLength(2);
});
