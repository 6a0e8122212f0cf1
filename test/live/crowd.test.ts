import { exceptionStatuses, figuresSchema, type Exception } from '@plumbline/contracts';
import { Random } from '@plumbline/kernel';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LiveHost, retailer } from './host.ts';

const SECONDS = Number(process.env['LIVE_SECONDS'] ?? 120);
const CLIENTS = 200;
const RATE = 2000;

let host: LiveHost;
beforeAll(async () => {
  host = await LiveHost.start();
}, 180_000);
afterAll(async () => {
  await host?.close();
});

const live = exceptionStatuses.slice(0, 3);
const exceptions = async (): Promise<Exception[]> => (await host.store.exceptions({ status: live, limit: 100_000 })).items;

/** People at work: they acknowledge, assign and resolve what is there. */
async function people(random: Random, signal: AbortSignal): Promise<number> {
  let said = 0;
  while (!signal.aborted) {
    const list = await exceptions();
    const one = list[random.below(Math.max(1, list.length))];
    if (one) {
      const [command, body] = [['acknowledge', {}], ['assign', { owner: 'ben' }], ['resolve', { note: 'second delivery' }], ['comment', { note: 'known' }]][random.below(4)]!;
      const answer = await fetch(`${host.url}/api/v1/exceptions/${one.id}/${command as string}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ by: 'ana', ...(body as object) }) });
      if (answer.status === 202) said++;
      await answer.arrayBuffer();
    }
    await new Promise((again) => setTimeout(again, 250));
  }
  return said;
}

it(`leaves ${CLIENTS} clients with exactly the server's state after ${SECONDS} s of ${RATE} events/s`, { timeout: (SECONDS + 200) * 1000 }, async () => {
  const before = (await host.store.lastChange()).change;
  const order = { clients: CLIENTS / 2, families: retailer.families.map(({ name }) => name), regions: retailer.regions.map(({ name }) => name) };
  const crowds = [1, 2].map((seed) => host.crowd({ ...order, seed }));
  await Promise.all(crowds.map(({ joined }) => joined));
  const stop = new AbortController();
  const said = people(new Random(7), stop.signal);
  const fed = await host.feed(RATE, SECONDS);
  stop.abort();
  const commands = await said;
  // One tick more, for what people said last.
  await host.feed(RATE, 0.2);
  await host.reached();
  const truth = { exceptions: await exceptions(), figures: figuresSchema.parse(JSON.parse((await host.store.figures())!.body)) };
  const reports = await Promise.all(crowds.map((crowd) => crowd.settle(truth)));
  const { change } = await host.store.lastChange();
  const used = await host.stopTower();
  const sum = (of: 'messages' | 'snapshots' | 'deltas' | 'pauses'): number => reports.reduce((total, report) => total + report[of], 0);
  const told = { perSecond: Math.round(fed.sent / fed.seconds), ...fed, commands, changes: change - before, live: truth.exceptions.length, messages: sum('messages'), snapshots: sum('snapshots'), deltas: sum('deltas'), crowds: reports.map(({ breaks, lagMs }) => ({ breaks, lagMs })), pauses: sum('pauses'), tower: used };
  if (process.env['LIVE_SECONDS'] !== undefined) process.stdout.write(`${JSON.stringify(told)}\n`);
  expect(reports.flatMap(({ faults }) => faults)).toEqual([]);
  expect(reports.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(used.code).toBe(0);
  // What would make all that an empty promise.
  expect(told.changes).toBeGreaterThan(20);
  expect(reports.reduce((sum, { breaks }) => sum + (breaks['forced close'] ?? 0), 0)).toBeGreaterThan(CLIENTS / 4);
  expect(told.deltas).toBeGreaterThan(2 * CLIENTS);
  expect(told.snapshots).toBeGreaterThanOrEqual(CLIENTS);
});
