import {
  bulkCommandsResultSchema,
  encodeEvent,
  exceptionDetailSchema,
  feedsSchema,
  peoplePageSchema,
  planChangeSchema,
  unplannedPageSchema,
  type ExceptionDetail,
  type FeedsAnswer,
  type PlanChangeBody,
} from '@plumbline/contracts';
import { DetectRunner, StoredPlans } from '@plumbline/stream-detect';
import { startRollUp, type RollUpTask } from '@plumbline/stream-rollup';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, NOW, PARTITIONS, silent, testTower, type TestTower } from './tower.testing.ts';

/** The API over a real log and store with the real streams: what it answers is what detect counted and the roll-up said. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const V1 = '/api/v1';
let tower: TestTower;
let detect: DetectRunner;
let rollUp: RollUpTask;
let wall = NOW;
let clock = NOW;
const stop = new AbortController();

const products = 'sku,family,name,unit,price\nA-100,Coats,Parka,each,89.90\nA-200,Coats,Anorak,each,49.90\n';
const locations = 'code,region,name,zone\nLYON-3,South,Lyon,UTC\nNICE-1,South,Nice,UTC\nLILLE-1,North,Lille,UTC\n';
const lines = 'family,region,month,units,revenue\nCoats,South,2026-11,90000,6300000.01\nCoats,North,2026-11,45000,3150000.00\n';
const profiles = 'sku,location,weight\nA-100,LYON-3,4\nA-100,NICE-1,2\nA-200,LYON-3,3\nA-100,LILLE-1,1\nA-200,LILLE-1,1\n';

beforeAll(async () => {
  tower = await testTower({ now: () => wall });
  const { log, store, topic } = tower;
  const plans = new StoredPlans(store, 5);
  const duplicates = { days: 14, ids: 10_000 };
  detect = new DetectRunner({ log, store, topic, group: 'detect', owner: 'test', plans, detect: { duplicates, defaultZone: 'UTC' }, logger: silent, now: () => performance.now(), commitEveryMs: 20 });
  await detect.start();
  const loadPlan = async (hash: string) => (await plans.load(hash)).plan;
  rollUp = startRollUp({ store, partitions: PARTITIONS, owner: 'test', loadPlan, logger: silent, signal: stop.signal });
  const draft = await post('/plans/import', { name: 'November', currency: 'EUR', lines, products, locations, profiles }, 201);
  await post(`/plans/${draft.json<{ id: string }>().id}/commit`, {}, 200);
  await tick(10 * MINUTE);
});
afterAll(async () => {
  stop.abort();
  await rollUp?.done;
  await detect?.stop();
  await tower?.close();
});

async function post(path: string, body: object, status: number) {
  const answer = await tower.post(`${V1}${path}`, body);
  expect(answer.status, answer.text).toBe(status);
  return answer;
}

/** Time goes on to so much later, and everything up to there is worked off. */
async function tick(ms: number, heard: string[] = ['LILLE-1', 'LYON-3', 'NICE-1']): Promise<void> {
  clock += ms;
  const time = at(clock);
  const value = encodeEvent({ specversion: '1.0', id: time, source: 'urn:plumbline:clock', type: 'clock.ticked', time, data: { at: time, heard } });
  const producer = await tower.log.producer();
  await producer.append(tower.topic, Array.from({ length: PARTITIONS }, (_, partition) => ({ key: new Uint8Array(0), value, partition })));
  await producer.close();
  while ((await tower.store.rollUpTick()) < clock) await tower.store.wait('changes', 100);
}

let sent = 0;
async function sell(sku: string, location: string, count: number, some: { source?: string; currency?: string; time?: number } = {}): Promise<object[]> {
  const { source = `urn:till:${location}`, currency = 'EUR', time = clock } = some;
  const events = Array.from({ length: count }, () => ({
    specversion: '1.0',
    id: `s-${sent++}`,
    source,
    type: 'pos.sale',
    time: at(time),
    data: { sku, location, quantity: '1', price: '89.90', currency },
  }));
  await resend(events);
  return events;
}
async function resend(events: object[]): Promise<void> {
  const answer = await tower.post(`${V1}/events`, events, 'application/cloudevents-batch+json');
  expect(answer.status, answer.text).toBe(200);
}

const feeds = async (): Promise<FeedsAnswer> => feedsSchema.parse((await tower.get(`${V1}/feeds`)).json());
const feedOf = async (code: string) => (await feeds()).items.find(({ location }) => location === code)!;
const unplanned = async () => unplannedPageSchema.parse((await tower.get(`${V1}/unplanned`)).json()).items;
const change = async (path: string, body: object): Promise<PlanChangeBody> => planChangeSchema.parse((await post(path, body, 200)).json());

describe('feeds', () => {
  it('tell by location and source what came, and what of it was late, twice or refused', async () => {
    const events = await sell('A-100', 'LYON-3', 5);
    await sell('A-200', 'LYON-3', 2, { source: 'urn:web' });
    await sell('A-100', 'NICE-1', 1, { time: clock - 30 * HOUR });
    await sell('A-100', 'NICE-1', 1, { source: 'urn:web', currency: 'USD' });
    await tick(MINUTE);
    await resend(events.slice(0, 2));
    await tick(MINUTE);
    const { items, sources, totals, at: instant } = await feeds();
    expect(instant).toBe(at(clock));
    expect(items.map(({ location, state }) => [location, state])).toEqual([['LILLE-1', 'sending'], ['LYON-3', 'sending'], ['NICE-1', 'sending']]);
    expect(items[1]).toMatchObject({
      name: 'Lyon',
      region: 'South',
      timezone: 'UTC',
      sources: ['urn:till:LYON-3', 'urn:web'],
      lastEventAt: at(clock - 2 * MINUTE),
      expectedSince: 0,
      late: 0,
      duplicates: 0.222222,
      today: { lines: 7 },
      exceptionId: null,
      silentSince: null,
    });
    expect(items[1]!.today.expected).toBeGreaterThan(100);
    expect(items[1]!.silenceProbability).toBeLessThan(0.01);
    expect(items[2]).toMatchObject({ rejected: 1, sources: ['urn:till:NICE-1', 'urn:web'] });
    expect(items[0]).toMatchObject({ sources: [], lastEventAt: null });
    expect(sources.find(({ source }) => source === 'urn:web')).toMatchObject({ accepted: 2, rejected: 1, locations: 2 });
    const counters = await tower.store.counters();
    expect(totals).toMatchObject({ locations: 3, sources: 3, sending: 3, accepted: counters.accepted, duplicates: counters.duplicates, late: counters.late, rejected: 1 });
  });
});

describe('what the plan does not know', () => {
  it('is planned like something known, from then on, without moving any total', async () => {
    await sell('A-1OO', 'LYON-3', 3);
    await sell('A-200', 'NICE-1', 2);
    await sell('A-100', 'LYON-4', 1);
    await tick(MINUTE);
    const items = await unplanned();
    expect(items.map(({ sku, location, unknown, lines }) => [sku, location, unknown, lines])).toEqual([
      ['A-1OO', 'LYON-3', 'sku', 3],
      ['A-200', 'NICE-1', 'not-listed', 2],
      ['A-100', 'LYON-4', 'location', 1],
    ]);
    expect(items[0]!.suggestions.skus[0]).toMatchObject({ code: 'A-100', name: 'Parka', similarity: 0.6 });
    expect(items[1]!.suggestions.locations.map(({ code }) => code)).toEqual(['LYON-3']);
    expect(items[2]!.suggestions.locations[0]).toMatchObject({ code: 'LYON-3' });

    const wanted = [{ sku: 'A-1OO', like: 'A-100' }, { location: 'LYON-4', name: 'Lyon 4', like: 'LYON-3' }, { sku: 'A-200', location: 'NICE-1', like: 'LYON-3' }];
    const before = (await tower.store.plans()).length;
    const asked = await change('/plans/extend', { items: wanted, dryRun: true });
    expect(asked).toMatchObject({ version: null, from: { name: 'November' }, series: { added: 7, removed: 0 } });
    expect(await tower.store.plans()).toHaveLength(before);
    const made = await change('/plans/extend', { items: wanted, by: 'ana', note: 'new shop' });
    expect(made.diff).toMatchObject({ added: 0, removed: 0, changed: 0, products: { added: 1 }, locations: { added: 1 }, units: { change: '0' } });
    expect(made.version).toMatchObject({ name: 'November (with 3 new)', status: 'committed', units: '135000', series: 12 });
    const told = (await tower.records()).filter(({ event }) => event['type'] === 'plan.committed' && (event['data'] as { id: string }).id === made.version!.id);
    expect(told.map(({ partition, event }) => [partition, (event['data'] as { by: string }).by])).toEqual([[0, 'ana'], [1, 'ana'], [2, 'ana']]);

    await tick(20 * MINUTE);
    await tick(MINUTE);
    const planned = { ...(await tower.store.counters()) };
    await sell('A-1OO', 'LYON-3', 4);
    await sell('A-200', 'NICE-1', 1);
    await sell('A-1OO', 'LYON-4', 1);
    await tick(MINUTE);
    const counters = await tower.store.counters();
    expect([counters.sales - planned.sales, counters.unplanned - planned.unplanned]).toEqual([6, 0]);
    expect(await unplanned()).toEqual([]);
    expect((await tower.store.unplanned(10)).map(({ lines: count }) => count)).toEqual([3, 2, 1]);
    expect((await feedOf('LYON-4')).today.lines).toBe(1);
  });

  it('is taken back by a version equal to the one before', async () => {
    const back = await change('/plans/revert', { by: 'ana' });
    expect(back).toMatchObject({ version: { name: 'November (again)', series: 5, units: '135000' }, series: { added: 0, removed: 7 } });
    await tick(20 * MINUTE);
    await tick(MINUTE);
    await sell('A-1OO', 'LYON-3', 1);
    await tick(MINUTE);
    expect((await unplanned()).map(({ sku, location, lines: count }) => [sku, location, count])).toContainEqual(['A-1OO', 'LYON-3', 4]);
  });

  it('is refused with every reason where it cannot be planned so', async () => {
    const answer = await post('/plans/extend', { items: [{ sku: 'A-1OO', like: 'NONE' }, { sku: 'A-100', like: 'A-200' }] }, 422);
    expect(answer.json()).toMatchObject({ code: 'plan-extend', errors: [{ pointer: '/items/0/like', code: 'unknown-sku' }, { pointer: '/items/1/sku', code: 'already-planned' }] });
    await post('/plans/extend', { items: [{ like: 'A-100' }] }, 400);
    await post('/plans/revert', { to: 'P-none' }, 404);
  });
});

describe('a feed that falls silent', () => {
  const exception = async (id: string): Promise<ExceptionDetail> => exceptionDetailSchema.parse((await tower.get(`${V1}/exceptions/${id}`)).json());
  let id = '';

  it('is doubtful, then silent, with its exception', async () => {
    const states = new Set<string>();
    const since = clock;
    for (let i = 0; i < 40 && id === ''; i++) {
      await tick(3 * MINUTE, ['LILLE-1', 'NICE-1']);
      const feed = await feedOf('LYON-3');
      states.add(feed.state);
      id = feed.exceptionId ?? '';
    }
    expect([...states]).toEqual(['sending', 'doubtful', 'silent']);
    const { items, totals } = await feeds();
    expect(items[0]).toMatchObject({ location: 'LYON-3', state: 'silent', silentSince: at(since), eventsPerSecond: 0 });
    expect(items[0]!.silenceProbability).toBeGreaterThan(0.99);
    expect(items[0]!.statistic).toBeGreaterThanOrEqual(items[0]!.threshold);
    expect(totals.silent).toBe(1);
    expect(await exception(id)).toMatchObject({ kind: 'feed-silence', scope: { location: 'LYON-3' } });
  });

  it('is acted on and taken back through the log; what was before is again', async () => {
    const said = (await post(`/exceptions/${id}/assign`, { owner: 'ben', by: 'ana' }, 202)).json<{ eventId: string }>();
    await post(`/exceptions/${id}/undo`, { undoes: 'another' }, 409);
    await tick(MINUTE, []);
    expect(await exception(id)).toMatchObject({ owner: 'ben', transitions: [{ action: 'raised' }, { action: 'assigned', eventId: said.eventId }] });
    await post(`/exceptions/${id}/undo`, { undoes: said.eventId, by: 'ana' }, 202);
    await post(`/exceptions/${id}/undo`, { undoes: said.eventId, by: 'ana' }, 409);
    await tick(MINUTE, []);
    expect(await exception(id)).toMatchObject({ owner: null, status: 'open', transitions: [{}, {}, { action: 'undone', by: 'ana', from: 'open', to: 'open' }] });

    const started = (await post(`/exceptions/${id}/start`, { by: 'cy' }, 202)).json<{ eventId: string }>();
    await tick(MINUTE, []);
    expect(await exception(id)).toMatchObject({ status: 'in-progress', owner: 'cy' });
    wall += 9 * MINUTE;
    await post(`/exceptions/${id}/comment`, { note: 'too early', by: 'cy' }, 202);
    await post(`/exceptions/${id}/undo`, { undoes: started.eventId, by: 'cy' }, 202);
    await tick(MINUTE, []);
    const { status, owner, transitions } = await exception(id);
    expect([status, owner, transitions.at(-1)!.action]).toEqual(['open', null, 'undone']);
  });

  it('cannot be taken back once the tower has acted: it reopens what is resolved while it is silent', async () => {
    const said = (await post(`/exceptions/${id}/resolve`, { note: 'called them', by: 'cy' }, 202)).json<{ eventId: string }>();
    await tick(MINUTE, []);
    await tick(MINUTE, []);
    expect(await exception(id)).toMatchObject({ status: 'open', reopened: 1 });
    await post(`/exceptions/${id}/undo`, { undoes: said.eventId }, 409);
  });

  it('cannot be taken back once ten minutes have passed on the wall', async () => {
    const said = (await post(`/exceptions/${id}/acknowledge`, { by: 'ana' }, 202)).json<{ eventId: string }>();
    await tick(MINUTE, []);
    wall += 11 * MINUTE;
    expect((await post(`/exceptions/${id}/undo`, { undoes: said.eventId }, 409)).json()).toMatchObject({ code: 'command-refused' });
  });

  it('takes commands on many at once, each with its own result', async () => {
    const items = [
      { id, command: 'start', body: { by: 'dee', id: 'start-1' } },
      { id: 'X-999', command: 'acknowledge' },
      { id, command: 'dismiss', body: { by: 'dee' } },
      { id, command: 'acknowledge', body: { by: 'dee' } },
      { id, command: 'undo', body: { by: 'dee', undoes: 'start-1' } },
    ];
    const before = (await tower.records()).length;
    const result = bulkCommandsResultSchema.parse((await post('/exceptions/commands', { items }, 202)).json());
    expect(result.results.map(({ status, code }) => code ?? status)).toEqual(['accepted', 'exception-unknown', 'command-invalid', 'command-refused', 'accepted']);
    expect(result).toMatchObject({ accepted: 2, refused: 3 });
    expect((await tower.records()).length - before).toBe(2);
    await tick(MINUTE, []);
    expect((await exception(id)).transitions.slice(-2).map(({ action, eventId }) => [action, eventId])).toEqual([['started', 'start-1'], ['undone', result.results[4]!.eventId]]);
    expect(await exception(id)).toMatchObject({ status: 'acknowledged', owner: null });
    await post('/exceptions/commands', { items: [] }, 400);
  });

  it('has people who did something, the latest first', async () => {
    const people = peoplePageSchema.parse((await tower.get(`${V1}/people`)).json());
    expect(people.items.map(({ name }) => name)).toEqual(['dee', 'ana', 'cy']);
  });
});
