import { SOCKET_PATH, SOCKET_VERSION } from '@plumbline/contracts';
import type { Api } from '../api.ts';
import { connect } from 'node:net';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { exceptionOf } from '../exception.testing.ts';
import { testTower, type TestTower } from '../tower.testing.ts';
import { digestOf, eventually, LiveClient, type LiveClientOptions } from './client.testing.ts';
import { figuresOf } from './figures.testing.ts';

let tower: TestTower;
let clients: LiveClient[] = [];
let number = 0;
beforeAll(async () => {
  tower = await testTower();
});
afterEach(() => {
  for (const client of clients) client.close();
  expect(clients.flatMap(({ faults }) => faults)).toEqual([]);
  clients = [];
});
afterAll(async () => {
  await tower?.close();
});

function client(options: LiveClientOptions = {}, url = tower.api.url): LiveClient {
  const made = new LiveClient(url, options);
  clients.push(made);
  return made;
}

/** A new exception, or a new state of one. */
async function raise(some: Parameters<typeof exceptionOf>[1] = {}): Promise<string> {
  const change = ++number;
  const exception = exceptionOf(change, some);
  await tower.rollUp({ exceptions: [{ ...exception, change }] });
  return exception.id;
}

const live = async (): Promise<string> => digestOf((await tower.store.exceptions({ status: ['open', 'acknowledged', 'in-progress'], limit: 1000 })).items);

it('gives the state to a client that joins, then what changes', async () => {
  const first = await raise();
  await tower.rollUp({ figures: JSON.stringify(figuresOf(1)) });
  // What is committed reaches the API a moment later; who joins before gets it as a change.
  const early = client();
  await eventually('the first exception', () => early.exceptions.has(first));
  const one = client();
  await eventually('snapshot', () => one.snapshots.length === 1);
  expect(one.change).toBe(number);
  expect([...one.exceptions.keys()]).toContain(first);
  await eventually('figures', () => one.figures?.today?.units === '1');
  expect(one.figures?.cells ?? []).toEqual([]);
  const second = await raise();
  await eventually('the second exception', () => one.exceptions.has(second));
  await raise({ id: first, status: 'resolved' });
  await eventually('the first gone', () => !one.exceptions.has(first));
  expect(one.deltas.at(-1)!.exceptions.map(({ status }) => status)).toEqual(['resolved']);
  expect(one.snapshots).toHaveLength(1);
  expect(one.digest).toBe(await live());
});

it('goes on after a break from the last change, without a snapshot', async () => {
  const one = client();
  await eventually('snapshot', () => one.snapshots.length === 1);
  one.drop();
  const ids = [await raise(), await raise()];
  await eventually('what was missed', () => ids.every((id) => one.exceptions.has(id)));
  expect(one.snapshots).toHaveLength(1);
  expect(one.digest).toBe(await live());
});

it('refuses to speak with a client of another version', async () => {
  const one = client({ version: SOCKET_VERSION + 1 });
  await eventually('stale', () => one.stale.length > 0);
  expect(one.stale[0]).toMatchObject({ version: SOCKET_VERSION, reason: 'version' });
  await eventually('disconnected', () => !one.socket.connected);
  expect(one.messages).toBe(0);
});

it.each([
  ['a join that does not fit', 'join', { version: SOCKET_VERSION, watch: { figures: 'much' } }, /watch\.figures/],
  ['a look before the join', 'looking', { version: SOCKET_VERSION, exceptionId: 'X-1' }, /Join first/],
  ['nothing at all', 'watch', null, /expected object/],
])('says what was wrong with %s', async (_, name, message, detail) => {
  const one = client();
  await eventually('joined', () => one.snapshots.length === 1);
  const socket = io(tower.api.url, { path: SOCKET_PATH, transports: ['websocket'], forceNew: true });
  const told = new Promise((resolve) => socket.once('stale', resolve));
  socket.emit(name, message);
  expect(await told).toMatchObject({ reason: 'unfit', detail: expect.stringMatching(detail) });
  socket.disconnect();
});

/** What a handshake is answered with. */
function handshake(headers: Record<string, string>, transport = 'websocket'): Promise<string> {
  const { hostname, port } = new URL(tower.api.url);
  const all = { host: `${hostname}:${port}`, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', ...headers };
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('utf8'));
    });
    socket.write(`GET ${SOCKET_PATH}/?EIO=4&transport=${transport} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  });
}

it('is for this machine’s own pages and programs alone, over WebSocket alone', async () => {
  const { host } = new URL(tower.api.url);
  expect(await handshake({})).toMatch(/ 101 /);
  expect(await handshake({ origin: `http://${host}` })).toMatch(/ 101 /);
  expect(await handshake({ origin: 'https://elsewhere.example' })).toMatch(/^HTTP.1.1 400 [^]*page of https:..elsewhere/);
  expect(await handshake({ host: 'elsewhere.example', origin: 'http://elsewhere.example' })).toMatch(/^HTTP.1.1 400 [^]*not this machine/);
  expect(await handshake({}, 'polling')).toMatch(/ 400 /);
  expect((await tower.get(`${SOCKET_PATH}/?EIO=4&transport=polling`)).status).toBe(400);
});

it('lets pages connect to it and to nothing else', async () => {
  expect((await tower.get('/api/docs')).headers.get('content-security-policy')).toContain("connect-src 'self'");
});

it('does not let a client that stops reading slow the others', async () => {
  const [fast, slow] = [client(), client({ hold: true })];
  await eventually('snapshot', () => fast.snapshots.length === 1);
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push(await raise());
  await eventually('the fast one', () => ids.every((id) => fast.exceptions.has(id)));
  expect(slow.change).toBeUndefined();
  slow.goOn();
  await eventually('the slow one', () => ids.every((id) => slow.exceptions.has(id)));
  expect(slow.digest).toBe(await live());
});

it('counts what it does', async () => {
  const one = client();
  const mute = client({ hold: true });
  await eventually('snapshot', () => one.snapshots.length === 1);
  const figure = async (name: string): Promise<number> => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await tower.get('/api/v1/metrics')).text)?.[1]);
  await eventually('clients', async () => (await figure('plumbline_live_clients')) === 2);
  await eventually('the oldest message', async () => (await figure('plumbline_live_unacknowledged_seconds')) > 0);
  expect(await figure('plumbline_live_messages_total{kind="snapshot"}')).toBeGreaterThan(0);
  expect(await figure('plumbline_live_snapshots_total{reason="first"}')).toBeGreaterThan(0);
  mute.goOn();
});

it('is missed for a while when the server starts again, and has the same state after it', async () => {
  const api = await tower.another({});
  const port = Number(new URL(api.url).port);
  const [one, two] = [client({}, api.url), client({ watch: { figures: 'none', kind: ['demand-drop'] } }, api.url)];
  await eventually('snapshots', () => one.snapshots.length === 1 && two.snapshots.length === 1);
  const began = performance.now();
  await api.close();
  // Not a benchmark: requests under way have two seconds to end, and these clients must not need them.
  expect(performance.now() - began).toBeLessThan(2000);
  expect(one.stale.map(({ reason }) => reason)).toEqual(['stopping']);
  const drop = await raise({ kind: 'demand-drop' });
  const again = await tower.another({ port });
  try {
    await eventually('both go on', () => one.exceptions.has(drop) && two.exceptions.has(drop));
    expect([one.snapshots.length, two.snapshots.length]).toEqual([1, 1]);
    expect(one.digest).toBe(await live());
    expect([...two.exceptions.keys()]).toEqual([drop]);
  } finally {
    await again.close();
  }
});

it('ends while clients neither read nor answer', async () => {
  const api = await tower.another({});
  const mute = client({ hold: true }, api.url);
  await eventually('connected', () => mute.socket.connected);
  await raise();
  await api.close();
  expect(mute.faults).toEqual([]);
});

it('shows to all who look at an exception, through whichever replica, and when they leave', async () => {
  const other: Api = await tower.another({});
  const id = await raise();
  const [ana, ben, eve] = [client({ by: 'ana' }), client({ by: 'ben' }, other.url), client({ by: 'eve' }, other.url)];
  await eventually('joined', () => [ana, ben, eve].every((one) => one.snapshots.length === 1));
  const seen = (one: LiveClient): string[] | undefined => one.lookers.at(-1)?.names;
  const both = (names: string[]): Promise<void> => eventually(names.join(), () => [ana, ben].every((one) => JSON.stringify(seen(one)) === JSON.stringify(names)));
  ana.look(id);
  await eventually('ana', () => seen(ana)?.length === 1);
  ben.look(id);
  await both(['ana', 'ben']);
  eve.look('X-999');
  await eventually('eve alone', () => seen(eve)?.join() === 'eve');
  eve.look(id);
  await both(['ana', 'ben', 'eve']);
  eve.look(null);
  await both(['ana', 'ben']);
  eve.look(id);
  await both(['ana', 'ben', 'eve']);
  eve.close();
  await both(['ana', 'ben']);
  await other.close();
  await eventually('ana alone', () => seen(ana)?.join() === 'ana');
});

it('tells through one replica what was done through the other', async () => {
  const other = await tower.another({});
  try {
    const id = await raise();
    const [here, there] = [client(), client({}, other.url)];
    await eventually('both have it', () => [here, there].every((one) => one.exceptions.has(id)));
    const accepted = await tower.post(`/api/v1/exceptions/${id}/acknowledge`, { by: 'ana' });
    expect(accepted.status).toBe(202);
    const said = (await tower.records()).find(({ key }) => key === id);
    expect(said?.event['type']).toBe('exception.acknowledged');
    // What the roll-up would make of that event.
    await raise({ id, status: 'acknowledged' });
    await eventually('both see it', () => [here, there].every((one) => one.exceptions.get(id)?.status === 'acknowledged'));
  } finally {
    await other.close();
  }
});
