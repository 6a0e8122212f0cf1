import { SOCKET_VERSION, type Exception, type Figures, type Watch } from '@plumbline/contracts';
import { Random } from '@plumbline/kernel';
import { openStore, type PostgresStore } from '@plumbline/store-postgres';
import { testPostgres, type TestPostgres } from '@plumbline/testkit';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exceptionOf } from '../exception.testing.ts';
import { NOW } from '../tower.testing.ts';
import { digestOf, eventually } from './client.testing.ts';
import type { FiguresSource } from './figures-source.ts';
import { figuresOf } from './figures.testing.ts';
import { Hub, type HubLimits } from './hub.ts';
import { LineClient as Client } from './hub.testing.ts';
import type { SnapshotReason } from './viewer.ts';

let postgres: TestPostgres;
let server: pg.Client;
let store: PostgresStore;
let hub: Hub;
let reasons: SnapshotReason[];
let number: number;
let show: (figures: Figures) => void;

const figures: FiguresSource = {
  subscribe(listener) {
    show = listener;
    return () => undefined;
  },
};

function open(limits: Partial<HubLimits> = {}): Hub {
  reasons = [];
  hub = new Hub({
    store,
    figures,
    logger: { warn: (details, message) => expect.fail(`${message} ${JSON.stringify(details)}`) },
    now: () => performance.now(),
    observe: { sent: () => undefined, snapshot: (reason) => reasons.push(reason), figuresSent: () => undefined },
    limits: { everyMs: 5, ...limits },
  });
  hub.start();
  return hub;
}

async function commit(...changes: Partial<Exception>[]): Promise<void> {
  const { epoch } = await store.claim('rollup', -1, 'test');
  const exceptions = changes.map((some) => {
    const change = ++number;
    return { ...exceptionOf(change, some), change };
  });
  await store.commitRollUp({ epoch, tick: NOW, exceptions, transitions: [], snapshot: { meta: Uint8Array.of(1), pages: [], pageCount: 0 }, figures: undefined });
}

const liveDigest = async (): Promise<string> => digestOf((await store.exceptions({ status: ['open'], limit: 10_000 })).items);
const watching = (some: Omit<Watch, 'figures'>): Watch => ({ figures: 'none', ...some });

beforeAll(async () => {
  postgres = await testPostgres();
  const url = await postgres.database();
  store = await openStore({ url });
  await store.migrate();
  server = new pg.Client({ connectionString: url });
  await server.connect();
});
beforeEach(async () => {
  await server.query('TRUNCATE exception, live_figures');
  number = 0;
});
afterEach(async () => {
  await hub.stop();
});
afterAll(async () => {
  await server?.end();
  await store?.close();
  await postgres?.close();
});

describe('a client that joins', () => {
  it('with nothing gets a snapshot of what is live', async () => {
    await commit({}, {}, { status: 'cleared' });
    const client = new Client(open());
    await eventually('snapshot', () => client.change === 3);
    expect([...client.has.keys()]).toEqual(['X-2', 'X-1']);
    expect(client.names).toEqual(['snapshot']);
  });

  it('with its last number gets what changed since, closed ones too', async () => {
    await commit({}, {}, {});
    open();
    const client = new Client(hub);
    await eventually('snapshot', () => client.change === 3);
    hub.leave(client.viewer);
    await commit({ id: 'X-1', status: 'dismissed' }, { id: 'X-2', headline: 'twice' }, { id: 'X-2', headline: 'thrice' });
    const { store: name } = await store.lastChange();
    await eventually('read', () => hub.change === 6);
    const again = new Client(hub, { after: 3, store: name });
    again.change = 3;
    await eventually('delta', () => again.change === 6);
    const { message } = again.messages[0]!;
    expect(again.names).toEqual(['delta']);
    expect(message.exceptions.map(({ id, status, headline }) => [id, status, headline])).toEqual([
      ['X-1', 'dismissed', expect.any(String)],
      ['X-2', 'open', 'thrice'],
    ]);
  });

  it('is answered though nothing has changed', async () => {
    await commit({});
    const client = new Client(open(), { after: 1 });
    client.change = 1;
    await eventually('answer', () => client.messages.length === 1);
    expect(client.messages[0]!.message).toMatchObject({ from: 1, change: 1, exceptions: [], figures: null });
  });

  it.each([
    ['has a number above ours', 9, undefined, 'ahead'],
    ['has a number of another store', 2, 'another', 'ahead'],
    ['has nothing', undefined, undefined, 'first'],
  ] as const)('gets a snapshot when it %s', async (_, after, name, reason) => {
    await commit({}, {}, {});
    const client = new Client(open(), { after, store: name });
    await eventually('snapshot', () => client.change === 3);
    expect([client.names, reasons]).toEqual([['snapshot'], [reason]]);
  });

  it('gets a snapshot when what it missed is no longer at hand', async () => {
    for (let i = 0; i < 30; i++) await commit({ id: `X-${i % 3}` });
    const client = new Client(open({ ring: 10 }), { after: 15 });
    await eventually('snapshot', () => client.change === 30);
    expect(reasons).toEqual(['behind']);
    const near = new Client(hub, { after: 25 });
    near.change = 25;
    await eventually('delta', () => near.change === 30);
    expect(near.names).toEqual(['delta']);
  });
});

describe('a client that has joined', () => {
  it('is told only what it watches', async () => {
    await commit({ kind: 'demand-drop' }, {}, { scope: { region: 'South' }, altitude: 'region' });
    open();
    const drops = new Client(hub, { watch: watching({ kind: ['demand-drop'] }) });
    const south = new Client(hub, { watch: watching({ region: ['South', 'East'] }) });
    const both = new Client(hub, { watch: watching({ region: ['North'], sku: ['A-1'] }) });
    await eventually('snapshots', () => [drops, south, both].every(({ change }) => change === 3));
    expect([drops, south, both].map(({ has }) => [...has.keys()].sort())).toEqual([['X-1'], ['X-3'], ['X-1', 'X-2']]);
    await commit({ scope: { location: 'L9', region: 'East' }, altitude: 'location' });
    await eventually('east', () => south.has.has('X-4'));
    hub.watch(drops.viewer, watching({ region: ['East'] }));
    await eventually('watches another region', () => drops.has.has('X-4'));
    expect([...drops.has.keys()]).toEqual(['X-4']);
    expect([both.messages.length, drops.names, reasons.at(-1)]).toEqual([1, ['snapshot', 'snapshot'], 'watch']);
  });

  it('gets the figures it watches, and later only members that changed', async () => {
    open();
    show(figuresOf(1));
    const none = new Client(hub, { watch: { figures: 'none' } });
    const tiles = new Client(hub, { watch: { figures: 'tiles' } });
    const all = new Client(hub, { watch: { figures: 'all' } });
    await eventually('snapshots', () => [none, tiles, all].every(({ messages }) => messages.length === 1));
    expect([none.figures, tiles.figures, all.figures]).toEqual([null, { ...figuresOf(1), cells: [] }, figuresOf(1)]);
    show(figuresOf(1, { valueAtRisk: '12.50' }));
    await eventually('value', () => [tiles, all].every((client) => client.figures?.valueAtRisk === '12.50'));
    expect(tiles.messages[1]!.message.figures).toEqual({ valueAtRisk: '12.50' });
    show(figuresOf(1, { valueAtRisk: '12.50', cells: [] }));
    await eventually('cells', () => all.figures?.cells?.length === 0);
    expect([tiles.messages.length, none.messages.length]).toEqual([2, 1]);
    show(figuresOf(2));
    await eventually('new cells', () => all.figures?.cells?.length === 1);
    hub.watch(tiles.viewer, { figures: 'all' });
    await eventually('cells at last', () => tiles.figures?.cells?.length === 1);
    expect([tiles.figures, tiles.names]).toEqual([figuresOf(2), ['snapshot', 'delta', 'delta', 'delta']]);
  });

  it('is told several changes at once: the last state of each', async () => {
    const client = new Client(open({ everyMs: 200 }));
    await eventually('snapshot', () => client.change === 0);
    for (let i = 0; i < 12; i++) await commit({ id: `X-${i % 4}`, headline: `state ${i}` });
    await eventually('all', () => client.change === 12);
    expect([...client.has.values()].map(({ headline }) => headline).sort()).toEqual(['state 10', 'state 11', 'state 8', 'state 9']);
    expect(client.messages.length).toBeLessThan(8);
  });

  it('has one message at a time, and gets all it missed when it reads again', async () => {
    open({ ring: 20 });
    const slow = new Client(hub, {}, false);
    const fast = new Client(hub);
    await eventually('snapshots', () => slow.messages.length === 1 && fast.change === 0);
    for (let i = 0; i < 15; i++) await commit({});
    await eventually('the fast one', () => fast.change === 15);
    expect(slow.messages).toHaveLength(1);
    slow.reads = true;
    slow.read();
    await eventually('the slow one', () => slow.change === 15);
    expect(slow.names).toEqual(['snapshot', 'delta']);
    slow.reads = false;
    await commit({});
    await eventually('it stops reading', () => slow.unacknowledged === 1);
    for (let i = 0; i < 50; i++) await commit({ id: 'X-1' });
    await eventually('the fast one', () => fast.change === 66);
    expect(slow.names).toEqual(['snapshot', 'delta', 'delta']);
    slow.reads = true;
    slow.read();
    await eventually('the slow one', () => slow.change === 66);
    expect([slow.names.at(-1), reasons.at(-1)]).toEqual(['snapshot', 'behind']);
    expect(digestOf(slow.has.values())).toBe(await liveDigest());
  });

  it('loses its connection when it does not read for long', async () => {
    const client = new Client(open({ acknowledgeMs: 50 }), {}, false);
    await eventually('dropped', () => client.dropped);
    expect([client.told.map(({ reason }) => reason), hub.clients]).toEqual([['behind'], 0]);
  });

  it('is told now and then that there is nothing new', async () => {
    const client = new Client(open({ quietMs: 50 }));
    await eventually('two words', () => client.messages.length === 3);
    expect(client.messages.at(-1)!.message).toMatchObject({ from: 0, change: 0, exceptions: [] });
  });

  it('gets a snapshot when it joins again while a message is on its way', async () => {
    const client = new Client(open(), {}, false);
    await eventually('snapshot', () => client.messages.length === 1);
    hub.rejoin(client.viewer, { after: 0, watch: { figures: 'none' } });
    client.reads = true;
    client.read();
    await eventually('another', () => client.messages.length === 2);
    expect([client.names, reasons]).toEqual([['snapshot', 'snapshot'], ['first', 'rejoined']]);
  });

  it('hears last who looks at what it looks at, one message at a time', async () => {
    const client = new Client(open(), {}, false);
    await eventually('snapshot', () => client.messages.length === 1);
    for (const names of [['ana'], ['ana', 'ben']]) hub.lookers(client.viewer, { version: SOCKET_VERSION, exceptionId: 'X-1', names });
    client.read();
    expect(client.messages.slice(1).map(({ message }) => message.names)).toEqual([['ana', 'ben']]);
  });
});

describe('a long snapshot', () => {
  const names = (client: Client): string[] => client.messages.map(({ name, message }) => (name === 'delta' ? name : `${name} ${message.exceptions.map(({ id }) => id).join(' ')} +${message.rest}`));

  it('comes in parts, most urgent first', async () => {
    await commit({ priority: 3 }, { priority: 9 }, { priority: 1 }, { priority: 5 }, { priority: 7 });
    const client = new Client(open({ part: 2, everyMs: 1000 }));
    await eventually('all', () => client.has.size === 5);
    expect(names(client)).toEqual(['snapshot X-2 X-5 +3', 'part X-4 X-1 +1', 'part X-3 +0']);
    expect(reasons).toEqual(['first']);
  });

  it('lets deltas through between its parts, and is as new as they are', async () => {
    await commit({ priority: 3 }, { priority: 2 }, { priority: 1 });
    const client = new Client(open({ part: 1 }), {}, false);
    await eventually('snapshot', () => client.messages.length === 1);
    await commit({ id: 'X-2', status: 'resolved' }, { id: 'X-3', headline: 'newer' }, { priority: 8 });
    await eventually('read', () => hub.change === 6);
    await new Promise((resolve) => setTimeout(resolve, 10));
    client.reads = true;
    client.read();
    await eventually('all', () => client.change === 6 && client.rest === 0);
    expect(names(client)).toEqual(['snapshot X-1 +2', 'delta', 'part X-3 +0']);
    expect(digestOf(client.has.values())).toBe(await liveDigest());
  });

  it('begins anew when another filter comes between', async () => {
    await commit({ priority: 3 }, { priority: 2 }, { priority: 1, kind: 'demand-drop' });
    const client = new Client(open({ part: 1 }), {}, false);
    await eventually('snapshot', () => client.messages.length === 1);
    hub.watch(client.viewer, watching({ kind: ['demand-drop'] }));
    client.reads = true;
    client.read();
    await eventually('another', () => client.has.has('X-3'));
    expect(names(client)).toEqual(['snapshot X-1 +2', 'snapshot X-3 +0']);
  });
});

describe('the hub', () => {
  it('gives snapshots a few at a time', async () => {
    open({ snapshots: 2 });
    const clients = Array.from({ length: 5 }, () => new Client(hub, {}, false));
    await eventually('two', () => clients.filter(({ messages }) => messages.length > 0).length === 2);
    const [first] = clients.filter(({ messages }) => messages.length > 0);
    hub.leave(first!.viewer);
    await eventually('a third', () => clients.filter(({ messages }) => messages.length > 0).length === 3);
    for (const client of clients) client.reads = true;
    clients.filter(({ messages }) => messages.length > 0).forEach((client) => client.read());
    await eventually('all', () => clients.every((client) => client === first || client.change === 0));
  });

  it('gives everyone a snapshot when the database is set back', async () => {
    await commit({}, {}, {}, {});
    const client = new Client(open());
    await eventually('snapshot', () => client.change === 4);
    await server.query('DELETE FROM exception WHERE change > 2');
    number = 2;
    await eventually('set back', () => client.change === 2);
    expect([[...client.has.keys()].sort(), reasons]).toEqual([['X-1', 'X-2'], ['first', 'restored']]);
    await commit({ headline: 'after that' });
    await eventually('goes on', () => client.has.get('X-3')?.headline === 'after that');
  });

  it('says that it stops', async () => {
    const client = new Client(open());
    await eventually('snapshot', () => client.messages.length === 1);
    await hub.stop();
    expect(client.told.map(({ reason }) => reason)).toEqual(['stopping']);
  });

  it('leaves every client with exactly the state, whenever they go, come back and are slow', async () => {
    const random = new Random(20_261_123);
    open({ everyMs: 2, ring: 40, part: 7 });
    const { store: name } = await store.lastChange();
    const clients = Array.from({ length: 12 }, () => new Client(hub));
    for (let step = 0; step < 150; step++) {
      const moved = 1 + random.below(6);
      await commit(...Array.from({ length: moved }, () => ({ id: `X-${random.below(40)}`, status: random.uniform() < 0.3 ? ('resolved' as const) : ('open' as const), headline: `step ${step}` })));
      const i = random.below(clients.length);
      const client = clients[i]!;
      if (random.uniform() < 0.5) {
        hub.leave(client.viewer);
        const whole = client.rest === 0;
        const again = new Client(hub, whole ? { after: client.change, store: name } : {}, random.uniform() < 0.7);
        for (const [id, exception] of client.has) again.has.set(id, exception);
        if (whole) again.change = client.change;
        clients[i] = again;
      } else if (!client.reads) {
        client.reads = true;
        if (client.messages.length > 0) client.read();
      }
      if (random.uniform() < 0.3) await new Promise((resolve) => setTimeout(resolve, random.below(6)));
    }
    for (const client of clients) {
      client.reads = true;
      if (client.messages.length > 0) client.read();
    }
    await eventually('all have the last change', () => clients.every(({ change, rest }) => change === number && rest === 0));
    const state = await liveDigest();
    expect(clients.map(({ has }) => digestOf(has.values()))).toEqual(clients.map(() => state));
    expect(reasons).toContain('behind');
  });
});
