import {
  API_ROOT,
  asyncApiDocument,
  eventTypes,
  exceptionDetailSchema,
  exceptionPageSchema,
  healthSchema,
  problemSchema,
  routes,
  statusSchema,
  type Exception,
  type ExceptionTransition,
  type InjectedCauseBody,
  type SimulatorState,
} from '@plumbline/contracts';
import { PlumblineError } from '@plumbline/kernel';
import type { Cause } from '@plumbline/simulator';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exceptionOf, transitionOf } from './exception.testing.ts';
import { ask, at, example, NOW, testTower, type TestTower } from './tower.testing.ts';

let tower: TestTower;
beforeAll(async () => {
  tower = await testTower({ work: () => ({ handled: 7, commits: 2, commitMs: 500, detectMs: 250 }) });
});
afterAll(async () => {
  await tower?.close();
});

describe('the contract', () => {
  it('is served whole: every route of the document answers', async () => {
    for (const { method, path } of routes) {
      const url = `${tower.api.url}${API_ROOT}${path.replaceAll(/\{\w+\}/g, 'none')}`;
      const init = method === 'GET' ? {} : { method, headers: { 'content-type': 'application/json' }, body: '{"strange":true}' };
      const answer = await ask(url, init);
      const missing = answer.status === 404 && answer.json().code === 'not-found';
      expect(missing, `${method} ${path}`).toBe(false);
      expect(answer.status, `${method} ${path}: ${answer.text}`).not.toBe(500);
    }
  });

  it('names every route that is served', async () => {
    const documented = (await tower.get(`${API_ROOT}/openapi.json`)).json<{ paths: Record<string, object>; servers: unknown }>();
    const served = routes.map(({ method, path }) => `${method} ${API_ROOT}${path}`);
    const named = Object.entries(documented.paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`));
    expect(named.toSorted()).toEqual(served.toSorted());
    expect(documented.servers).toEqual([{ url: '/' }]);
  });

  it('is told in problem details wherever a request is refused', async () => {
    const unknown = await tower.get('/api/v1/nothing');
    expect([unknown.status, problemSchema.parse(unknown.json()).code]).toEqual([404, 'not-found']);
    const unfit = await tower.get('/api/v1/exceptions?limit=0&sort=best&status=open,shut');
    expect(unfit.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    const problem = problemSchema.parse(unfit.json());
    expect([problem.status, problem.code, problem.instance]).toEqual([400, 'unfit', '/api/v1/exceptions?limit=0&sort=best&status=open,shut']);
    expect(problem.errors?.map(({ pointer }) => pointer).toSorted()).toEqual(['limit', 'sort', 'status.1']);
    const cursor = await tower.get('/api/v1/exceptions?cursor=nonsense');
    expect([cursor.status, cursor.json().code]).toEqual([400, 'invalid-cursor']);
    const broken = await tower.post('/api/v1/plans/derive', '{"before":');
    expect([broken.status, broken.json().code]).toEqual([400, 'not-json']);
    const method = await ask(`${tower.api.url}/api/v1/exceptions`, { method: 'DELETE' });
    expect([method.status, method.json().code]).toEqual([404, 'not-found']);
    expect((await tower.get('/api/v1/exceptions/%zz')).status).toBe(400);
    const plan = await tower.post('/api/v1/plans/import', { name: 'First', lines: 'family' });
    expect([plan.status, plan.json().errors?.[0]?.code]).toEqual([422, 'no-currency']);
  });

  it('publishes the documents and the page, from files of our own', async () => {
    expect((await tower.get('/api/asyncapi.json')).json()).toEqual(asyncApiDocument('0.1.0'));
    expect(Object.keys((await tower.get('/api/schemas')).json<object>())).toEqual(eventTypes);
    expect((await tower.get('/api/schemas/pos.sale.json')).json<{ title: string }>().title).toBe('pos.sale');
    expect((await tower.get('/api/schemas/pos.sail')).json().code).toBe('schema-unknown');
    const page = await tower.get('/api/docs');
    expect(page.text).toContain('swagger-ui-bundle.js');
    expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect((await tower.get('/api/docs/swagger-ui-bundle.js')).status).toBe(200);
  });
});

describe('answers', () => {
  const encoding = async (path: string, body?: string): Promise<string | null> => {
    const sent = body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' } };
    const answer = await fetch(`${tower.api.url}${path}`, sent);
    await answer.text();
    return answer.headers.get('content-encoding');
  };

  it('are compressed where they are long', async () => {
    expect(await Promise.all([encoding('/api/v1/openapi.json'), encoding('/api/v1/status')])).toEqual(['gzip', null]);
  });

  it('are not where each line is sent when it is known', async () => {
    expect(await encoding('/api/v1/events', '{"no":"event"}\n'.repeat(200))).toBeNull();
  });
});

describe('the tower', () => {
  it('says how it is', async () => {
    expect(healthSchema.parse((await tower.get('/health/live')).json()).status).toBe('ok');
    for (const path of ['/health/ready', `${API_ROOT}/ready`]) {
      const { checks } = healthSchema.parse((await tower.get(path)).json());
      expect(checks.map(({ name, ok }) => [name, ok])).toEqual([['store', true], ['log', true], ['detect', true], ['roll-up', true]]);
    }
    const status = statusSchema.parse((await tower.get(`${API_ROOT}/status`)).json());
    expect(status).toMatchObject({ version: '0.1.0', log: { kind: 'embedded', partitions: 3, healthy: true }, plan: null });
    expect(status.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
  });

  it('is not ready when what has work to do does not move, and says which part', async () => {
    let now = NOW;
    const api = await tower.another({ now: () => now });
    await tower.post('/api/v1/events', [example('inventory.counted', 'c-1'), { specversion: '1.0' }]);
    expect((await ask(`${api.url}/health/ready`)).status).toBe(200);
    now += 31_000;
    const stuck = await ask(`${api.url}/health/ready`);
    expect(stuck.status).toBe(503);
    expect(stuck.json()).toMatchObject({ code: 'not-ready', checks: [{ ok: true }, { ok: true }, { name: 'detect', ok: false }, { name: 'roll-up', ok: true }] });
    await api.close();
  });

  it('gives its figures to Prometheus', async () => {
    const { text, headers } = await tower.get('/metrics');
    expect(headers.get('content-type')).toContain('text/plain');
    expect((await tower.get(`${API_ROOT}/metrics`)).status).toBe(200);
    for (const line of ['plumbline_store_up 1', 'plumbline_detect_seconds_total 0.25', 'plumbline_commit_seconds_total 0.5', 'plumbline_exceptions_open{kind="demand-surge"} 0', 'plumbline_lag_events{partition="0"}', 'process_resident_memory_bytes ', 'plumbline_ingest_events_total{outcome="rejected",reason="']) {
      expect(text).toContain(line);
    }
    expect(text).toMatch(/plumbline_http_request_seconds_count\{method="GET",route="\/api\/v1\/exceptions\/:id",status="404"\} \d/);
  });

  it('protects its page and its changes from pages of other sites', async () => {
    const { headers } = await tower.get('/');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    const foreign = await tower.post('/api/v1/exceptions/X-1/acknowledge', undefined, '', { origin: 'http://evil.example' });
    expect([foreign.status, foreign.json().code]).toEqual([403, 'foreign-origin']);
    const renamed = await answerFor(tower.api.url, 'evil.example');
    expect(renamed).toBe(421);
    expect(await answerFor(tower.api.url, 'localhost:7070')).toBe(200);
    const own = await tower.post('/api/v1/exceptions/X-1/acknowledge', undefined, '', { origin: tower.api.url });
    expect(own.status).toBe(404);
  });

  it('says what to do when the port is taken, and closes in time with a request under way', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as { port: number };
    const refused = await tower.another({ port }).catch((error: PlumblineError) => error);
    expect(refused).toMatchObject({ code: 'port-in-use', where: `127.0.0.1:${port}` });
    blocker.close();
    const api = await tower.another({});
    const body = new ReadableStream<Uint8Array>({ start: (stream) => stream.enqueue(Uint8Array.of(32)) });
    const hanging = fetch(`${api.url}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body, duplex: 'half' } as RequestInit).catch((error: Error) => error);
    await expect.poll(() => api.services.ingest.underWay).toBeGreaterThan(0);
    const closed = await Promise.race([api.close().then(() => 'closed'), new Promise((resolve) => setTimeout(() => resolve('late'), 5000))]);
    expect(closed).toBe('closed');
    await hanging;
  });
});

/** Status of the health of a tower asked for under a name: fetch does not let the name be chosen. */
const answerFor = (url: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(`${url}/health/live`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });

describe('the simulator', () => {
  it('refuses when the demo is off', async () => {
    expect((await tower.get('/api/v1/simulator')).json()).toMatchObject({ status: 404, code: 'demo-off' });
  });

  it('is steered through the API', async () => {
    const causes: Cause[] = [];
    const status = { at: NOW, rate: 300, paused: false, lines: 12, causes: [] };
    const run = { status, setRate: (rate: number) => void (status.rate = rate), pause: () => void (status.paused = true), resume: () => void (status.paused = false) };
    const inject = (cause: Cause) => {
      causes.push(cause);
      return Promise.resolve({ ...cause, expected: { kind: 'demand-surge' as const, altitude: 'family' as const, scope: cause.scope } });
    };
    const api = await tower.another({ demo: { run, inject } });
    const put = (body: object) => ask(`${api.url}/api/v1/simulator`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    expect((await put({ rate: 60, paused: true })).json<SimulatorState>()).toMatchObject({ at: at(NOW), rate: 60, paused: true, lines: 12 });
    expect((await put({})).status).toBe(400);
    const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ cause: 'drift', target: { family: 'Coats' }, hours: 2 }) };
    const injected = await ask(`${api.url}/api/v1/simulator/inject`, sent);
    expect(injected.status).toBe(201);
    expect(injected.json<InjectedCauseBody>()).toMatchObject({ cause: 'drift', scope: { family: 'Coats' }, from: at(NOW), to: at(NOW + 7_200_000), factor: 1.3 });
    expect(causes).toHaveLength(1);
    const nowhere = await ask(`${api.url}/api/v1/simulator/inject`, { ...sent, body: '{"cause":"drift"}' });
    expect([nowhere.status, nowhere.json().code]).toEqual([400, 'cause-invalid']);
    await api.close();
  });
});

describe('exceptions', () => {
  const numbers = [1, 2, 3, 4, 5, 6, 7];
  beforeAll(async () => {
    const exceptions = numbers.map((number): Exception => exceptionOf(number, { priority: number % 3, kind: number === 7 ? 'feed-silence' : 'demand-surge', status: number === 6 ? 'dismissed' : 'open' }));
    const transitions = numbers.map((number): ExceptionTransition => transitionOf(`X-${number}`, 1, { change: number }));
    await tower.rollUp({ exceptions, transitions });
  });
  const say = (id: string, command: string, body: object, headers: Record<string, string> = {}) => tower.post(`/api/v1/exceptions/${id}/${command}`, body, 'application/json', headers);
  const commands = async (id: string) => (await tower.records()).filter(({ key }) => key === id).map(({ event }) => event);

  it('are listed page by page, each once, and filtered', async () => {
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const answer = await tower.get(`/api/v1/exceptions?limit=3${next === '' ? '' : `&cursor=${encodeURIComponent(next)}`}`);
      const page: { items: Exception[]; next: string | null } = exceptionPageSchema.parse(answer.json());
      seen.push(...page.items.map(({ id }) => id));
      next = page.next;
    }
    expect(seen).toEqual(['X-5', 'X-2', 'X-7', 'X-4', 'X-1', 'X-6', 'X-3']);
    const filtered = exceptionPageSchema.parse((await tower.get('/api/v1/exceptions?status=open,acknowledged&kind=feed-silence')).json());
    expect(filtered.items.map(({ id }) => id)).toEqual(['X-7']);
  });

  it('are shown with their history', async () => {
    const shown = exceptionDetailSchema.parse((await tower.get('/api/v1/exceptions/X-2')).json());
    expect(shown.transitions.map(({ action }) => action)).toEqual(['raised']);
    expect((await tower.get(`${API_ROOT}/status`)).json<{ exceptions: object }>().exceptions).toMatchObject({ open: 6, byKind: { 'feed-silence': 1 } });
  });

  it('take commands as events of the log, at the tower’s own time', async () => {
    const answer = await say('X-1', 'assign', { owner: 'jonas', by: 'amelie', note: 'yours' });
    expect(answer.status).toBe(202);
    const accepted = answer.json<{ eventId: string }>();
    expect(accepted).toEqual({ exceptionId: 'X-1', eventId: accepted.eventId, type: 'exception.assigned' });
    expect(await commands('X-1')).toMatchObject([
      { id: accepted.eventId, source: 'urn:plumbline:people', type: 'exception.assigned', time: at(NOW), data: { exceptionId: 'X-1', by: 'amelie', owner: 'jonas', note: 'yours' } },
    ]);
  });

  it('take one with an id once, and one after another before the first has taken effect', async () => {
    const first = await say('X-2', 'resolve', { note: 'reallocated', id: 'r-1' });
    expect((await say('X-2', 'resolve', { note: 'reallocated', id: 'r-1' })).json()).toEqual(first.json());
    expect((await say('X-2', 'reopen', {})).status).toBe(202);
    expect((await commands('X-2')).map(({ type }) => type)).toEqual(['exception.resolved', 'exception.reopened']);
  });

  it('refuse what their status does not allow, what is not said whole, and what is not there', async () => {
    const answers = await Promise.all([
      say('X-6', 'acknowledge', {}),
      say('X-3', 'dismiss', {}),
      say('X-3', 'snooze', { until: at(NOW - 1000) }),
      say('X-99', 'acknowledge', {}),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([409, 400, 400, 404]);
    expect(answers.map((answer) => answer.json().code)).toEqual(['command-refused', 'unfit', 'command-invalid', 'exception-unknown']);
    expect(answers[0]!.json().detail).toContain('dismissed');
    expect(await commands('X-6')).toEqual([]);
  });

  it('are waited for on request, until the roll-up has applied the command', async () => {
    const answer = say('X-4', 'acknowledge', { by: 'amelie' }, { prefer: 'wait=8' });
    await expect.poll(async () => (await commands('X-4')).length).toBe(1);
    await tower.rollUp({
      tick: NOW + 1000,
      exceptions: [exceptionOf(4, { status: 'acknowledged', change: 8 })],
      transitions: [transitionOf('X-4', 2, { action: 'acknowledged', from: 'open', to: 'acknowledged', by: 'amelie', change: 8 })],
    });
    expect((await answer).json()).toMatchObject({ exceptionId: 'X-4', applied: true, exception: { status: 'acknowledged' } });
  });
});
