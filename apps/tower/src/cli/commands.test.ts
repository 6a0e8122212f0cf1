import {
  backtestAnswerSchema,
  deadLetterPageSchema,
  digestSchema,
  doctorReportSchema,
  encodeSale,
  exceptionDetailSchema,
  exceptionPageSchema,
  planDetailSchema,
  planDiffSchema,
  planImportResultSchema,
  planChangeSchema,
  planPageSchema,
  planVersionSummarySchema,
  redriveResultSchema,
} from '@plumbline/contracts';
import { parseMonth } from '@plumbline/kernel';
import { buildVersion, decodePlan, encodePlan, hashPlan, summarise } from '@plumbline/plan';
import { openPlatform, type Platform } from '@plumbline/platform';
import { processLogger, readConfig } from '@plumbline/runtime';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exceptionOf, raisedOf } from './exception.testing.ts';
import { perform } from './perform.ts';
import { readArguments } from './program.ts';
import { Terminal } from './terminal.ts';

/** Commands against a real database and log that another part of this process runs, as a tower would. */
const folder = mkdtempSync(join(tmpdir(), 'plumbline-commands-'));
const data = join(folder, 'data');
const TICK = Date.UTC(2026, 10, 23, 15);
let platform: Platform;

beforeAll(async () => {
  chmodSync(folder, 0o711); // under root PostgreSQL runs as another account, which has to pass
  platform = await openPlatform({ config: readConfig({ PLUMBLINE_DATA: data }), logger: processLogger('error', 'test'), mode: 'own', durability: 'fast' });
  await fill(platform);
});

afterAll(async () => {
  await platform.close();
  rmSync(folder, { recursive: true, force: true });
});

async function fill({ store }: Platform): Promise<void> {
  const { epoch } = await store.claim('rollup', -1, 'test');
  const exceptions = [exceptionOf(1), exceptionOf(2, { status: 'resolved', reason: 'done', scope: { sku: 'B-2', location: 'S1' }, altitude: 'leaf' })];
  const snapshot = { meta: Uint8Array.of(1), pages: [], pageCount: 0 };
  await store.commitRollUp({ epoch, tick: TICK, exceptions, transitions: exceptions.map(({ id, change }) => raisedOf(id, change)), snapshot, figures: undefined });
  const payload = new TextEncoder().encode('{"specversion":"1.0"}');
  await store.addDeadLetters([{ key: 'k1', reason: 'schema', detail: 'type: missing', source: undefined, eventId: undefined, payload, at: TICK }]);
}

interface Result {
  code: number;
  out: string;
  err: string;
}

async function cli(args: readonly string[], env: Record<string, string> = {}): Promise<Result> {
  const result: Result = { code: 0, out: '', err: '' };
  const [out, err] = [(text: string) => (result.out += text), (text: string) => (result.err += text)];
  const request = readArguments(args, { out, err });
  if ('exit' in request) return { ...result, code: request.exit };
  const terminal = new Terminal({ write: out }, { write: err }, {});
  const code = await perform(request.action, { terminal, env: { PLUMBLINE_DATA: data, ...env }, signal: new AbortController().signal, json: request.json });
  return { ...result, code };
}

const json = async (...args: string[]): Promise<unknown> => JSON.parse((await cli([...args, '--json'])).out);
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

it('lists and shows exceptions, for people and for programs', async () => {
  const [list, page, shown, detail, unknown, unfit] = await Promise.all([
    cli(['exceptions', 'list']),
    json('exceptions', 'list', '--all', '--sort', 'newest'),
    cli(['exceptions', 'show', 'X-1']),
    json('exceptions', 'show', 'X-2'),
    cli(['exceptions', 'show', 'X-9']),
    cli(['exceptions', 'list', '--status', 'shut']),
  ]);
  expect(list).toMatchObject({ code: 0, err: '' });
  expect(list.out).toContain('Bakery in North sells 38');
  expect(list.out).not.toContain('X-2');
  expect(exceptionPageSchema.parse(page).items.map(({ id }) => id)).toHaveLength(2);
  expect(shown.out).toContain('Why it fired');
  expect(exceptionDetailSchema.parse(detail).transitions).toHaveLength(1);
  expect(unknown).toMatchObject({ code: 3, out: '' });
  expect(unknown.err).toContain('There is no exception X-9');
  expect(unfit.code).toBe(2);
});

it('appends what is said about exceptions to the log, and refuses what the lifecycle does not allow', async () => {
  const [said, refused] = await Promise.all([cli(['exceptions', 'assign', 'X-1', '--owner', 'maria', '--by', 'jo', '--no-wait', '--json']), cli(['exceptions', 'ack', 'X-2', 'X-9'])]);
  expect(said.code).toBe(0);
  expect(JSON.parse(said.out)).toMatchObject({ exceptionId: 'X-1', type: 'exception.assigned', applied: false });
  expect(refused.code).toBe(4);
  expect(refused.err).toContain('cannot be acknowledged');
  expect(refused.err).toContain('There is no exception X-9');
  const snoozed = await cli(['exceptions', 'snooze', 'X-1', '--for', '4h', '--no-wait']);
  expect(snoozed).toMatchObject({ code: 0, out: 'X-1: noted; it takes effect at the next tick.\n' });
  const sent = await events();
  expect(sent.find(({ type }) => type === 'exception.assigned')).toMatchObject({ data: { exceptionId: 'X-1', by: 'jo', owner: 'maria' } });
  expect(sent.find(({ type }) => type === 'exception.snoozed')).toMatchObject({ data: { until: new Date(TICK + 4 * 3_600_000).toISOString().replace('.000', '') } });
});

async function events(): Promise<{ type: string; data: unknown }[]> {
  const { log, config } = platform;
  const found: { type: string; data: unknown }[] = [];
  for (const { partition, low, high } of await log.offsets(config.topic)) {
    for (const { value } of await log.read(config.topic, partition, low, high - low)) found.push(JSON.parse(new TextDecoder().decode(value)) as { type: string; data: unknown });
  }
  return found;
}

it('lists dead letters and sends them again, corrected', async () => {
  const [page, dry] = await Promise.all([json('dead-letters', 'list'), cli(['dead-letters', 'redrive', '--reason', 'schema', '--dry-run'])]);
  const { items } = deadLetterPageSchema.parse(page);
  expect(items).toHaveLength(1);
  expect(dry).toMatchObject({ code: 4 });
  expect(dry.out).toContain('Nothing was sent');
  const sale = encodeSale({ type: 'pos.sale', id: 's-1', source: 'urn:till', time: TICK - 60_000, sku: 'B-1', location: 'S17', quantity: 1000, price: 25_000, currency: 'EUR' });
  const [sent, none, neither] = await Promise.all([
    cli(['dead-letters', 'redrive', items[0]!.id, '--payload', file('corrected.json', new TextDecoder().decode(sale)), '--json']),
    cli(['dead-letters', 'redrive', 'nope']),
    cli(['dead-letters', 'redrive']),
  ]);
  expect(redriveResultSchema.parse(JSON.parse(sent.out))).toEqual({ redriven: 1, refused: [] });
  expect([sent.code, none.code, neither.code]).toEqual([0, 3, 2]);
});

it('takes a plan from files to its commitment', async () => {
  const products = file('products.csv', 'sku,family,name,unit,price\nT1,Tea,Green tea,each,2.5\n');
  const locations = file('locations.csv', 'code,region,name,zone\nL1,North,Lille,Europe/Paris\n');
  const others = ['--products', products, '--locations', locations, '--currency', 'EUR'];
  const faulty = file('faulty.csv', 'family,region,month,units,revenue\nTea,North,2026-13,abc,100\n');
  const good = file('good.csv', '\uFEFFfamily;region;month;units;revenue\r\nTea;North;2026-11;120;300\r\n');
  const [refused, faults, imported, missing] = await Promise.all([
    cli(['plan', 'import', faulty, ...others]),
    cli(['plan', 'import', faulty, ...others, '--json']),
    cli(['plan', 'import', good, ...others, '--name', 'Tea', '--json']),
    cli(['plan', 'import', join(folder, 'none.csv')]),
  ]);
  expect([refused.code, faults.code, imported.code, missing.code]).toEqual([4, 4, 0, 3]);
  for (const part of ['2 faults', faulty, 'units', 'month']) expect(refused.out).toContain(part);
  expect(planImportResultSchema.parse(JSON.parse(faults.out))).toMatchObject({ imported: false, faults: [{ row: 2 }, { row: 2 }] });
  const result = planImportResultSchema.parse(JSON.parse(imported.out));
  const id = result.imported ? result.version.id : '';
  const committed = planVersionSummarySchema.parse(await json('plan', 'commit', id));
  expect(committed).toMatchObject({ id, status: 'committed' });
  const [again, list, detail, diff, derived] = await Promise.all([
    cli(['plan', 'commit', id, '--at', '2027-01-01T00:00:00Z']),
    json('plan', 'list'),
    json('plan', 'show', id),
    json('plan', 'diff', id, id),
    cli(['plan', 'derive', '--before', '2026-11-01']),
  ]);
  expect([again.code, derived.code]).toEqual([4, 4]);
  expect(planPageSchema.parse(list).items).toHaveLength(1);
  expect(planDetailSchema.parse(detail).lines).toHaveLength(1);
  expect(planDiffSchema.parse(diff)).toMatchObject({ added: 0, removed: 0, changed: 0, unchanged: 1 });
  expect((await events()).filter(({ type }) => type === 'plan.committed')).toHaveLength(platform.partitions);
});

it('prints the digest of the store', async () => {
  expect(digestSchema.parse(await json('digest'))).toEqual(await platform.store.digest());
});

it('examines an installation and says what to do', async () => {
  const [well, ill] = await Promise.all([cli(['doctor', '--json'], { PLUMBLINE_PORT: '0' }), cli(['doctor'], { PLUMBLINE_PORT: 'x', PLUMBLINE_ZONE: 'Mars/Olympus' })]);
  const report = doctorReportSchema.parse(JSON.parse(well.out));
  expect(report.findings.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.findings.map(({ check }) => check)).toEqual(expect.arrayContaining(['configuration', 'Node', 'database', 'migrations', 'event log', 'topic', 'streams', 'API', 'Java', 'disk space']));
  expect(well.code).toBe(0);
  expect(ill.code).toBe(1);
  for (const part of ['failed', '2 faults', 'PLUMBLINE_PORT', 'PLUMBLINE_ZONE', 'README']) expect(ill.out).toContain(part);
});

it('backtests an exception against the plan it names, and says which plan is missing', async () => {
  const { store } = platform;
  const plan = buildVersion({
    id: 'P-BT',
    name: 'Backtested',
    currency: 'EUR',
    createdAt: 0,
    products: [{ sku: 'B-1', family: 'Bakery', name: 'Bun', unit: 'each', price: 20_000, dailyLines: 100 }],
    locations: [{ code: 'S17', region: 'North', name: 'Oslo', zone: 'Europe/Oslo' }],
    profile: { weekday: [1, 1, 1, 1, 1, 1, 1], hour: new Array<number>(24).fill(1) },
    months: { from: parseMonth('2026-11'), to: parseMonth('2026-11') },
  });
  const body = encodePlan(plan);
  const hash = hashPlan(body);
  const instant = '2026-10-31T00:00:00Z';
  await store.savePlan({ summary: { ...summarise(plan, { hash, status: 'committed' }), committedAt: instant, effectiveAt: instant }, body });
  const { epoch } = await store.claim('rollup', -1, 'test');
  const snapshot = { meta: Uint8Array.of(1), pages: [], pageCount: 0 };
  const exception = exceptionOf(5, { planVersion: { id: plan.id, name: plan.name, hash }, change: 50, status: 'resolved' });
  await store.commitRollUp({ epoch, tick: TICK, exceptions: [exception], transitions: [raisedOf('X-5', 50)], snapshot, figures: undefined });
  const [shown, answer, missing, unfit] = await Promise.all([
    cli(['exceptions', 'backtest', 'X-5', '--budget', '1']),
    json('exceptions', 'backtest', 'X-5', '--tolerance', '0.2', '--days', '7', '--rule', 'tower,ewma'),
    cli(['exceptions', 'backtest', 'X-1']),
    cli(['exceptions', 'backtest', 'X-5', '--budget', 'little']),
  ]);
  expect(shown).toMatchObject({ code: 0, err: '' });
  for (const part of ['X-5: begun 2026-11-23 10:40', 'The tower fired', '±20 % month to date', 'NB-CUSUM']) expect(shown.out).toContain(part);
  expect(backtestAnswerSchema.parse(answer)).toMatchObject({ timezone: 'Europe/Oslo', from: '2026-11-15T23:00:00Z', rules: [{ id: 'tower' }, { id: 'ewma' }] });
  expect(missing.code).toBe(3);
  expect(missing.err).toContain('Restore the version from a backup');
  expect(unfit.code).toBe(2);
  expect(unfit.err).toContain('--budget');
});

it('plans a new SKU like a known one, takes that back, and says why something cannot be planned so', async () => {
  const hint = await cli(['plan', 'extend', '--like', 'X']);
  const unknown = await cli(['plan', 'extend', '--sku', 'NEW-SKU', '--like', 'NO-SUCH']);
  expect([hint.code, unknown.code]).toEqual([2, 4]);
  expect(unknown.err).toContain('knows no SKU NO-SUCH');
  const { version } = planChangeSchema.parse(await json('plan', 'revert', '--dry-run', '--by', 'ana', (await platform.store.plans())[0]!.id));
  expect(version).toBeNull();
  const ruling = (await platform.store.plans()).filter(({ effectiveAt }) => effectiveAt !== null && Date.parse(effectiveAt) <= TICK + 15 * 60_000);
  const base = ruling.toSorted((a, b) => Date.parse(b.effectiveAt!) - Date.parse(a.effectiveAt!) || Date.parse(b.committedAt!) - Date.parse(a.committedAt!))[0]!;
  const { products } = decodePlan((await platform.store.plan(base.id))!.body);
  const dry = await cli(['plan', 'extend', '--sku', 'NEW-SKU', '--like', products[0]!.sku, '--dry-run']);
  expect(dry).toMatchObject({ code: 0 });
  expect(dry.out).toContain('Nothing was changed');
  const made = planChangeSchema.parse(await json('plan', 'extend', '--sku', 'NEW-SKU', '--like', products[0]!.sku));
  expect(made).toMatchObject({ version: { status: 'committed', units: base.units }, diff: { products: { added: 1 }, changed: 0 } });
  const back = await cli(['plan', 'revert', '--note', 'a mistake']);
  expect(back).toMatchObject({ code: 0 });
  expect(back.out).toContain(`in place of ${made.version!.id}`);
});

it('takes a command back by its event', async () => {
  const said = JSON.parse((await cli(['exceptions', 'start', 'X-1', '--no-wait', '--json'])).out) as { eventId: string };
  const refused = await cli(['exceptions', 'undo', 'X-1', 'another', '--no-wait']);
  expect(refused.code).toBe(4);
  expect(refused.err).toContain('Only the last change can be undone');
  expect(said.eventId).not.toBe('');
  const nothing = await cli(['exceptions', 'undo', 'X-2']);
  expect(nothing.code).toBe(4);
  expect(nothing.err).toContain('Nobody has done anything to X-2');
});
