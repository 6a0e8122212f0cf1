import {
  actualsAnswerSchema,
  archivedEventPageSchema,
  deadLetterPageSchema,
  digestSchema,
  encodeEvent,
  injectableCauses,
  planDetailSchema,
  planDiffSchema,
  planPageSchema,
  redrivePreviewSchema,
  redriveResultSchema,
  unplannedPageSchema,
  type ArchivedEventPage,
  type PlanVersionSummary,
} from '@plumbline/contracts';
import type { ActualRows, NewDeadLetter } from '@plumbline/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cause } from '@plumbline/simulator';
import { Events } from './service/events.ts';
import { currencyOfSales } from './service/plan-history.ts';
import { at, example, MONDAY, NOW, PARTITIONS, saleText, testTower, type TestTower } from './tower.testing.ts';

let tower: TestTower;
beforeAll(async () => {
  tower = await testTower();
});
afterAll(async () => {
  await tower?.close();
});

const NDJSON = 'application/x-ndjson';
const products = 'sku,family,name,unit,price\nA-1,Coats,Parka,each,89.90\nB-1,Hats,Beanie,each,12\n';
const locations = 'code,region,name,zone\nLYON-3,South,Lyon,Europe/Paris\nLILLE-1,North,Lille,Europe/Paris\n';
const lines = (units: string): string => `family,region,month,units,revenue\nCoats,South,2026-11,${units},8990.00\nHats,North,2026-11,40,480.00\n`;
const wholePlan = { name: 'November', currency: 'EUR', lines: lines('100'), products, locations };

describe('dead letters', () => {
  const letter = (key: string, payload: string | Uint8Array, some: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
    key,
    reason: 'schema',
    detail: 'time is missing',
    source: 'urn:till',
    eventId: key,
    payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
    at: NOW,
    ...some,
  });
  const list = async (query = '') => deadLetterPageSchema.parse((await tower.get(`/api/v1/dead-letters?${query}`)).json());

  beforeAll(async () => {
    await tower.store.addDeadLetters([
      letter('late-1', saleText(1), { reason: 'outside-duplicate-window' }),
      letter('late-2', saleText(2), { reason: 'outside-duplicate-window' }),
      letter('half', '{"specversion":"1.0"'),
      letter('bytes', Uint8Array.of(0xff, 0xfe), { source: undefined, eventId: undefined }),
      letter('wrong', JSON.stringify({ ...example('pos.sale', 'fixable'), time: 'yesterday' })),
      letter('tick', JSON.stringify(example('clock.ticked', 'tick'))),
    ]);
  });

  it('are listed page by page with their counts, text as text and bytes as base64', async () => {
    const first = await list('limit=4');
    const second = await list(`limit=4&cursor=${encodeURIComponent(first.next!)}`);
    const all = [...first.items, ...second.items];
    expect([all.length, second.next]).toEqual([6, null]);
    expect(first.counts).toEqual([{ reason: 'outside-duplicate-window', open: 2, redriven: 0 }, { reason: 'schema', open: 4, redriven: 0 }]);
    expect(all.find(({ payloadEncoding }) => payloadEncoding === 'base64')).toMatchObject({ payload: '//4=', source: null });
    expect((await list('reason=schema&state=redriven')).items).toEqual([]);
  });

  it('are sent again by reason, marked with the letter they answer', async () => {
    const letters = (await list('reason=outside-duplicate-window')).items;
    const result = redriveResultSchema.parse((await tower.post('/api/v1/dead-letters/redrive', { reason: 'outside-duplicate-window' })).json());
    expect(result).toEqual({ redriven: 2, refused: [] });
    const sent = (await tower.records()).filter(({ event }) => event['redrive'] !== undefined);
    expect(sent.map(({ key, event }) => [key, event['id'], event['redrive']]).toSorted()).toEqual(letters.map(({ id, payload }) => ['A-1', (JSON.parse(payload) as { id: string }).id, id]).toSorted());
    expect((await list('state=redriven')).items).toHaveLength(2);
    expect((await tower.post('/api/v1/dead-letters/redrive', { ids: [letters[0]!.id] })).json<object>()).toMatchObject({ redriven: 0, refused: [{ reason: 'already-redriven' }] });
  });

  it('are refused again as long as they are faulty; a corrected one goes', async () => {
    const items = (await list('reason=schema')).items;
    const idOf = (part: string): string => items.find(({ payload }) => payload.includes(part))!.id;
    const ids = [...items.map(({ id }) => id), '999999'];
    const refused = redriveResultSchema.parse((await tower.post('/api/v1/dead-letters/redrive', { ids })).json());
    expect(refused.redriven).toBe(0);
    expect(refused.refused.map(({ reason }) => reason).toSorted()).toEqual(['not-accepted-here', 'not-json', 'not-json', 'schema', 'unknown']);
    const payload = JSON.stringify(example('pos.sale', 'fixable'));
    const preview = await tower.api.services.deadLetters.preview({ ids: [idOf('fixable')], payload });
    expect(preview).toMatchObject([{ ok: true, event: { id: 'fixable', redrive: idOf('fixable') } }]);
    const previewed = async (body: object) => redrivePreviewSchema.parse((await tower.post('/api/v1/dead-letters/preview', body)).json()).items;
    expect(await previewed({ ids: [idOf('fixable')], payload })).toEqual([{ id: idOf('fixable'), outcome: 'accepted', event: { ...(JSON.parse(payload) as object), redrive: idOf('fixable') } }]);
    const judged = await previewed({ ids });
    expect(judged.map((one) => [one.id, one.outcome === 'refused' && one.reason]).toSorted()).toEqual(refused.refused.map(({ id, reason }) => [id, reason]).toSorted());
    expect(await previewed({ reason: 'schema' })).toHaveLength(items.length);
    expect((await tower.post('/api/v1/dead-letters/preview', { ids: ['424242'] })).json()).toMatchObject({ status: 404, code: 'dead-letter-unknown' });
    expect((await list('reason=schema&state=redriven')).items).toEqual([]);
    const sent = await tower.post('/api/v1/dead-letters/redrive', { ids: [idOf('fixable')], payload });
    expect(sent.json<object>()).toEqual({ redriven: 1, refused: [] });
    expect((await tower.post('/api/v1/dead-letters/redrive', { ids: ['424242'] })).json()).toMatchObject({ status: 404, code: 'dead-letter-unknown' });
    expect((await tower.post('/api/v1/dead-letters/redrive', {})).status).toBe(400);
  });
});

describe('plans', () => {
  let first: PlanVersionSummary;
  const commits = async (id: string) => (await tower.records()).filter(({ event }) => (event['data'] as { id?: string } | undefined)?.id === id);

  it('are imported whole or not at all, with every fault by file, row and column', async () => {
    const faulty = { ...wholePlan, lines: `${lines('many')}Gloves,South,2026-13,1,1\n`, locations: locations.replace('Europe/Paris', 'Mars') };
    const answer = await tower.post('/api/v1/plans/import', faulty);
    expect([answer.status, answer.json().code]).toEqual([422, 'plan-faults']);
    const errors = answer.json().errors!;
    expect(errors.map(({ file, row, column }) => `${file} ${row} ${column}`).toSorted()).toEqual(['lines 2 units', 'lines 4 family', 'lines 4 month', 'locations 2 zone']);
    expect(planPageSchema.parse((await tower.get('/api/v1/plans')).json()).items).toEqual([]);
  });

  it('are drafts after import, the same files once', async () => {
    const answer = await tower.post('/api/v1/plans/import', wholePlan);
    expect(answer.status).toBe(201);
    first = answer.json<PlanVersionSummary>();
    expect(first).toMatchObject({ name: 'November', status: 'draft', families: 2, regions: 2, units: '140', revenue: '9470', from: '2026-11', to: '2026-11' });
    expect((await tower.post('/api/v1/plans/import', wholePlan)).json()).toEqual(first);
    const shown = planDetailSchema.parse((await tower.get(`/api/v1/plans/${first.hash}`)).json());
    expect(shown.lines[0]).toEqual({ family: 'Coats', region: 'South', month: '2026-11', units: '100', revenue: '8990' });
  });

  it('are committed into every partition, once; a repeat only tells again', async () => {
    const answer = await tower.post(`/api/v1/plans/${first.id}/commit`, { by: 'amelie', effectiveAt: at(NOW - 60_000) });
    expect(answer.json<object>()).toMatchObject({ id: first.id, hash: first.hash, status: 'committed', committedAt: at(NOW), effectiveAt: at(NOW - 60_000) });
    const events = await commits(first.id);
    expect(events.map(({ partition }) => partition)).toEqual([...Array(PARTITIONS).keys()]);
    expect(new Set(events.map(({ event }) => JSON.stringify(event))).size).toBe(1);
    expect(events[0]!.event).toMatchObject({ type: 'plan.committed', data: { hash: first.hash, effectiveAt: at(NOW - 60_000) } });
    const again = await tower.post(`/api/v1/plans/${first.id}/commit`, {});
    expect(again.json()).toEqual(answer.json());
    expect(new Set((await commits(first.id)).map(({ event }) => event['id'])).size).toBe(1);
    const other = await tower.post(`/api/v1/plans/${first.id}/commit`, { effectiveAt: at(NOW) });
    expect([other.status, other.json().code]).toEqual([409, 'plan-transition']);
  });

  it('supersede the one before, take over what they leave out, and differ by line', async () => {
    const second = (await tower.post('/api/v1/plans/import', { name: 'Revised', lines: lines('120') })).json<PlanVersionSummary>();
    const diff = planDiffSchema.parse((await tower.get(`/api/v1/plans/${second.id}/diff?with=${first.id}`)).json());
    expect(diff).toMatchObject({ from: { id: first.id }, to: { id: second.id }, added: 0, removed: 0, changed: 1, unchanged: 1, units: { from: '140', to: '160', change: '20' } });
    expect(diff.lines).toMatchObject([{ kind: 'changed', family: 'Coats', month: '2026-11', units: { change: '20' } }]);
    const soon = (await tower.post(`/api/v1/plans/${second.id}/commit`, {})).json<PlanVersionSummary>();
    expect(soon.effectiveAt).toBe(at(NOW + 5000));
    expect((await tower.get('/api/v1/status')).json<{ plan: PlanVersionSummary }>().plan.id).toBe(first.id);
    await tower.rollUp({ tick: NOW + 6000 });
    const { items } = planPageSchema.parse((await tower.get('/api/v1/plans')).json());
    expect(Object.fromEntries(items.map(({ id, status }) => [id, status]))).toEqual({ [first.id]: 'superseded', [second.id]: 'committed' });
    expect((await tower.get('/api/v1/status')).json<{ plan: PlanVersionSummary }>().plan.id).toBe(second.id);
    expect((await tower.post(`/api/v1/plans/${first.id}/commit`, {})).status).toBe(409);
    expect((await tower.get('/api/v1/plans/none')).json()).toMatchObject({ status: 404, code: 'plan-unknown' });
  });

  it('are derived from what was sold before a day', async () => {
    expect((await tower.post('/api/v1/plans/derive', { before: '2020-01-01' })).json()).toMatchObject({ status: 422, code: 'no-history' });
    await sell([
      ...Array.from({ length: 28 }, (_, i): Sale => ['A-1', 'LYON-3', MONDAY - 28 + i, 10, 4]),
      ...Array.from({ length: 28 }, (_, i): Sale => ['NEW-1', 'LILLE-1', MONDAY - 28 + i, 15, 2]),
      ['A-1', 'LYON-3', MONDAY, 10, 9999],
    ]);
    const derived = await tower.post('/api/v1/plans/derive', { before: '2026-11-23', weeks: 4 });
    expect(derived.status).toBe(201);
    const draft = planDetailSchema.parse((await tower.get(`/api/v1/plans/${derived.json<PlanVersionSummary>().id}`)).json());
    expect(draft).toMatchObject({ status: 'draft', currency: 'EUR', name: 'As in the 4 weeks before 2026-11-23' });
    // 28 open days of 4 and 2 units; November has 30.
    expect(draft.lines.map(({ family, region, units }) => [family, region, units])).toEqual([['Coats', 'South', '120'], ['Unassigned', 'North', '60']]);
  });
});

describe('actuals and events', () => {
  it('answer by series, by the plan’s hierarchies, and exactly', async () => {
    const answer = actualsAnswerSchema.parse((await tower.get('/api/v1/actuals?sku=A-1&from=2026-11-21&to=2026-11-23')).json());
    expect(answer).toEqual({ currency: 'EUR', items: [{ day: '2026-11-21', lines: 2, units: '4', revenue: '359.6' }, { day: '2026-11-22', lines: 2, units: '4', revenue: '359.6' }] });
    const request = { from: '2026-11-21', to: '2026-11-23', bucket: 'total' as const };
    const north = await tower.api.services.actuals.query({ ...request, region: 'North' });
    expect(north.items).toEqual([{ day: '2026-11-21', lines: 4, units: '4', revenue: '359.6' }]);
    const ofNorth = actualsAnswerSchema.parse((await tower.get('/api/v1/actuals?region=North&from=2026-11-21&to=2026-11-23&bucket=total')).json());
    expect(ofNorth).toEqual(north);
    const both = actualsAnswerSchema.parse((await tower.get('/api/v1/actuals?family=Coats&region=North&from=2026-11-21&to=2026-11-23')).json());
    expect(both.items).toEqual([]);
    expect((await tower.get('/api/v1/actuals?from=2026-11-23&to=2026-11-21')).json().code).toBe('range-invalid');
    expect((await tower.get('/api/v1/actuals?from=2020-01-01&to=2026-11-21&bucket=hour')).json().code).toBe('range-invalid');
    expect(unplannedPageSchema.parse((await tower.get('/api/v1/unplanned')).json()).items).toMatchObject([{ sku: 'NEW-1', location: 'LILLE-1', lines: 56, lastAt: at(NOW) }]);
    expect(digestSchema.parse((await tower.get('/api/v1/digest')).json())).toEqual(await tower.store.digest());
  });

  it('drill down to the events of a SKU, location and day, past ticks and other SKUs', async () => {
    const { log, topic } = tower;
    const producer = await log.producer();
    const tick = (ms: number) => ({ specversion: '1.0' as const, id: at(ms), source: 'urn:plumbline:clock', type: 'clock.ticked' as const, time: at(ms), data: { at: at(ms), heard: [] } });
    const HOUR = 3_600_000;
    const sent: Promise<void>[] = [];
    for (let hour = 0; hour < 400; hour++) {
      const now = NOW + hour * HOUR;
      const sales = Array.from({ length: 30 }, (_, n) => ({ ...(JSON.parse(saleText(0, n % 3 === 0 ? 'DRILL' : `O-${n}`, n % 2 === 0 ? 'LYON-3' : 'LILLE-1')) as object), id: `${hour}-${n}`, time: at(now + n * 1000) }));
      const records = sales.map((sale) => ({ key: new TextEncoder().encode((sale as unknown as { data: { sku: string } }).data.sku), value: new TextEncoder().encode(JSON.stringify(sale)) }));
      const ticks = Array.from({ length: PARTITIONS }, (_, partition) => ({ key: new Uint8Array(0), value: encodeEvent(tick(now + HOUR)), partition }));
      sent.push(producer.append(topic, [...records, ...ticks]));
    }
    await Promise.all(sent);
    await producer.close();
    const from = NOW + 300 * HOUR;
    const page = archivedEventPageSchema.parse((await tower.get(`/api/v1/events?sku=DRILL&location=LYON-3&from=${at(from)}&to=${at(from + 3 * HOUR)}`)).json());
    const wanted = [300, 301, 302].flatMap((hour) => [0, 6, 12, 18, 24].map((n) => `${hour}-${n}`));
    expect(page.items.map(({ event }) => event['id'])).toEqual(wanted);
    const all = archivedEventPageSchema.parse((await tower.get(`/api/v1/events?from=${at(from)}&to=${at(from + HOUR)}&limit=7`)).json());
    expect(all.items.map(({ event }) => event['id'])).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `300-${n}`));
    expect((await tower.get(`/api/v1/events?from=${at(NOW)}&to=${at(NOW)}`)).json().code).toBe('range-invalid');
  });

  it('drill down page by page: every event once, whatever the size of the page', async () => {
    const HOUR = 3_600_000;
    const from = NOW + 100 * HOUR;
    const pages = async (query: string): Promise<string[]> => {
      const ids: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const answer = await tower.get(`/api/v1/events?from=${at(from)}&to=${at(from + 3 * HOUR)}&${query}${cursor === '' ? '' : `&cursor=${cursor}`}`);
        const page: ArchivedEventPage = archivedEventPageSchema.parse(answer.json());
        const times = page.items.map(({ time }) => time);
        expect(times).toEqual(times.toSorted());
        ids.push(...page.items.map(({ event }) => event['id'] as string));
        cursor = page.next;
      }
      return ids;
    };
    const wanted = [100, 101, 102].flatMap((hour) => Array.from({ length: 30 }, (_, n) => `${hour}-${n}`));
    for (const limit of [7, 90, 1000]) {
      const ids = await pages(`limit=${limit}`);
      expect(ids.length).toBe(90);
      expect(ids.toSorted()).toEqual(wanted.toSorted());
    }
    expect((await pages('limit=4&sku=DRILL&location=LYON-3')).toSorted()).toEqual([100, 101, 102].flatMap((hour) => [0, 6, 12, 18, 24].map((n) => `${hour}-${n}`)).toSorted());
    expect((await pages('limit=13&region=North')).length).toBe(45);
    expect(await pages('family=Hats')).toEqual([]);
    expect((await tower.get(`/api/v1/events?from=${at(from)}&to=${at(from + HOUR)}&cursor=nonsense`)).json()).toMatchObject({ status: 400, code: 'invalid-cursor' });
  });

  it('come from the archive where the log is Kafka', async () => {
    const { epoch } = await tower.store.claim('archive', 0, 'test');
    const events = [1, 2, 3].map((n) => ({ offset: n, sku: `K-${n % 2}`, location: 'LYON-3', time: NOW + n * 1000, value: new TextEncoder().encode(saleText(n)) }));
    await tower.store.archive('archive', epoch, 0, events, 4);
    const archived = new Events({ log: tower.log, store: tower.store, config: { topic: tower.topic, log: 'kafka', zone: 'UTC' }, partitions: PARTITIONS }, tower.api.services.plans);
    const page = archivedEventPageSchema.parse(await archived.list({ sku: 'K-1', from: at(NOW), to: at(NOW + 10_000), limit: 10 }));
    expect(page.items.map(({ offset, time, event }) => [offset, time, event['id']])).toEqual([[1, at(NOW + 1000), 's-1'], [3, at(NOW + 3000), 's-3']]);
    const range = { from: at(NOW), to: at(NOW + 10_000), limit: 2 };
    const first = await archived.list(range);
    const second = await archived.list({ ...range, cursor: first.next! });
    expect([first.items.length, second.items.map(({ offset }) => offset), second.next]).toEqual([2, [3], null]);
    expect((await archived.list({ ...range, region: 'South' })).items).toHaveLength(2);
    expect((await archived.list({ ...range, region: 'North' })).items).toEqual([]);
  });

  it('take the currency of a first plan from the sales in the log', async () => {
    await tower.post('/api/v1/events', `${saleText(9)}\n`, NDJSON);
    expect(await currencyOfSales({ log: tower.log, store: tower.store, config: { topic: tower.topic, log: 'embedded', zone: 'UTC' }, partitions: PARTITIONS })).toBe('EUR');
  });
});

describe('the simulator', () => {
  it('chooses a place from the plan in force that suits the cause', async () => {
    const causes: Cause[] = [];
    const run = { status: { at: NOW, rate: 1, paused: false, lines: 0, causes: [] }, setRate: () => {}, pause: () => {}, resume: () => {} };
    const inject = (cause: Cause) => {
      causes.push(cause);
      return Promise.resolve({ ...cause, expected: { kind: 'demand-surge' as const, altitude: 'family' as const, scope: cause.scope } });
    };
    const api = await tower.another({ demo: { run, inject } });
    for (const cause of injectableCauses) await api.services.simulator.inject({ cause });
    expect(causes.map(({ kind, scope }) => [kind, scope])).toEqual([
      ['family-surge', { family: 'Coats', region: 'South' }],
      ['region-drop', { region: 'South' }],
      ['store-silence', { location: 'LILLE-1' }],
      ['off-shelf', { sku: expect.any(String) as string, location: expect.any(String) as string }],
      ['price-mistake', { sku: expect.any(String) as string }],
      ['drift', { family: 'Coats' }],
    ]);
    await api.close();
  });
});

type Sale = [sku: string, location: string, day: number, hour: number, units: number];

/** Hours of sales as detect would commit them, two lines each, at 89.90 a unit; NEW-1 as unplanned. */
async function sell(sales: readonly Sale[]): Promise<void> {
  const actuals: ActualRows = {
    sku: sales.map(([sku]) => sku),
    location: sales.map(([, location]) => location),
    day: sales.map(([, , day]) => day),
    hours: sales.map(([, , , hour]) => [hour]),
    lines: sales.map(() => [2]),
    units: sales.map(([, , , , units]) => [units * 1000]),
    revenue: sales.map(([, , , , units]) => [units * 899_000]),
  };
  const { epoch } = await tower.store.claim('detect', 0, 'test');
  await tower.store.commitDetect([
    {
      partition: 0,
      epoch,
      offset: 1,
      tick: NOW,
      deltas: [],
      actuals,
      deadLetters: [],
      counters: { accepted: sales.length, sales: sales.length, returns: 0, other: 0, duplicates: 0, outsideWindow: 0, late: 0, unplanned: 56, rejected: {} },
      unplanned: [{ sku: 'NEW-1', location: 'LILLE-1', lines: 56, lastAt: NOW }],
      snapshot: undefined,
    },
  ]);
}
