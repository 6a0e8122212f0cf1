import { ingestResultSchema, type IngestLine, type IngestResult } from '@plumbline/contracts';
import { partitionOf } from '@plumbline/kernel';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, at, example, NOW, PARTITIONS, saleBytes, saleText, testTower, type TestTower } from './tower.testing.ts';
import { INGEST_LIMITS } from './service/ingest.ts';
import { linesOf } from './service/ndjson.ts';

const SINGLE = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const NDJSON = 'application/x-ndjson';
const EVENTS = '/api/v1/events';

let tower: TestTower;
beforeAll(async () => {
  tower = await testTower({ limits: { requestBytes: 300_000, batch: 500, eventBytes: 20_000 } });
});
afterAll(async () => {
  await tower?.close();
});

const ids = async (): Promise<unknown[]> => (await tower.records()).map(({ event }) => event['id']);

describe('POST /events', () => {
  it('takes one event and keys it by SKU', async () => {
    const answer = await tower.post(EVENTS, saleText(1, 'SKU-7'), SINGLE);
    expect(answer.status).toBe(200);
    expect(ingestResultSchema.parse(answer.json())).toEqual({ received: 1, accepted: 1, duplicates: 0, rejected: 0, results: [{ index: 0, id: 's-1', status: 'accepted' }] });
    const record = (await tower.records()).find(({ event }) => event['id'] === 's-1');
    expect(record).toMatchObject({ key: 'SKU-7', partition: partitionOf(new TextEncoder().encode('SKU-7'), PARTITIONS) });
  });

  it('takes application/json: an event, a list, or data with ce- headers', async () => {
    expect((await tower.post(EVENTS, example('inventory.counted', 'count-1'))).json<IngestResult>().accepted).toBe(1);
    expect((await tower.post(EVENTS, [example('order.created', 'o-1'), example('order.changed', 'o-2')])).json<IngestResult>().accepted).toBe(2);
    const headers = { 'ce-specversion': '1.0', 'ce-id': 'bin%201', 'ce-source': 'urn:till', 'ce-type': 'pos.return', 'ce-time': at(NOW) };
    const answer = await tower.post(EVENTS, { sku: 'A-1', location: 'LYON-3', quantity: '1', price: '2.5', currency: 'EUR' }, 'application/json', headers);
    expect(answer.json<IngestResult>().results).toEqual([{ index: 0, id: 'bin 1', status: 'accepted' }]);
    expect(await ids()).toEqual(expect.arrayContaining(['count-1', 'o-1', 'o-2', 'bin 1']));
  });

  it('keys commands by their exception', async () => {
    await tower.post(EVENTS, example('exception.acknowledged', 'cmd-1'), SINGLE);
    expect((await tower.records()).find(({ event }) => event['id'] === 'cmd-1')).toMatchObject({ key: 'X-17' });
  });

  it('says of each event of a batch what became of it, and keeps the faulty ones', async () => {
    const faulty = { ...example('pos.sale', 'bad-1'), time: 'yesterday' };
    const batch = [example('pos.sale', 'b-1'), faulty, 42, example('pos.sale', 'b-1'), example('clock.ticked', 't-1'), example('plan.committed', 'p-1')];
    const answer = await tower.post(EVENTS, batch, BATCH);
    const result = ingestResultSchema.parse(answer.json());
    expect(result).toMatchObject({ received: 6, accepted: 1, duplicates: 1, rejected: 4 });
    expect(result.results.map(({ index, id, status, reason }) => [index, id, status, reason])).toEqual([
      [0, 'b-1', 'accepted', undefined],
      [1, 'bad-1', 'rejected', 'schema'],
      [2, null, 'rejected', 'not-object'],
      [3, 'b-1', 'duplicate-in-request', undefined],
      [4, 't-1', 'rejected', 'not-accepted-here'],
      [5, 'p-1', 'rejected', 'not-accepted-here'],
    ]);
    expect(result.results[1]!.detail).toContain('time');
    const { items } = await tower.store.deadLetters({ limit: 50 });
    const letters = items.map(({ reason, eventId }) => [reason, eventId]);
    expect(letters).toEqual(expect.arrayContaining([['schema', 'bad-1'], ['not-object', undefined]]));
    expect(letters.flat()).not.toContain('t-1');
    expect((await ids()).filter((id) => id === 'b-1')).toHaveLength(1);
    await tower.post(EVENTS, batch, BATCH);
    expect((await tower.store.deadLetters({ limit: 50 })).items).toHaveLength(items.length);
  });

  it('takes NDJSON line by line, with blank lines, CRLF, a byte-order mark and no last newline', async () => {
    const lines = `\uFEFF${saleText(100)}\r\n\r\n{"half\n${saleText(101)}\n   \n${saleText(101)}`;
    const result = ingestResultSchema.parse((await tower.post(EVENTS, lines, NDJSON)).json());
    expect(result.results.map(({ index, id, status, reason }) => [index, id, status, reason])).toEqual([
      [0, 's-100', 'accepted', undefined],
      [1, null, 'rejected', 'not-json'],
      [2, 's-101', 'accepted', undefined],
      [3, 's-101', 'duplicate-in-request', undefined],
    ]);
  });

  it('streams NDJSON both ways past the size of a request', async () => {
    const count = 5000;
    const chunks = Array.from({ length: count }, (_, n) => `${saleText(10_000 + n, `S-${n % 50}`)}\n`);
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= count) return controller.close();
        controller.enqueue(new TextEncoder().encode(chunks.slice(at, at + 700).join('')));
        at += 700;
      },
    });
    const answer = await ask(`${tower.api.url}${EVENTS}`, { method: 'POST', headers: { 'content-type': NDJSON, accept: NDJSON }, body, duplex: 'half' } as RequestInit);
    expect(answer.headers.get('content-type')).toContain(NDJSON);
    const lines = answer.text.trimEnd().split('\n').map((line) => JSON.parse(line) as IngestLine & IngestResult);
    expect(lines).toHaveLength(count + 1);
    expect(lines[4999]).toEqual({ index: 4999, id: 's-14999', status: 'accepted' });
    expect(lines[count]).toEqual({ received: count, accepted: count, duplicates: 0, rejected: 0 });
    const records = await tower.records();
    const stored = records.filter(({ event }) => Number(String(event['id']).slice(2)) >= 10_000);
    expect(new Set(stored.map(({ event }) => event['id'])).size).toBe(count);
    expect(stored.filter(({ key }) => key === 'S-7').map(({ event }) => event['id'])).toEqual(Array.from({ length: 100 }, (_, n) => `s-${10_007 + n * 50}`));
  });

  it('refuses what holds no events, another type, or too much', async () => {
    const codes = async (...args: Parameters<TestTower['post']>): Promise<[number, string]> => {
      const answer = await tower.post(...args);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      return [answer.status, answer.json().code];
    };
    expect(await codes(EVENTS, '[]', BATCH)).toEqual([400, 'no-events']);
    expect(await codes(EVENTS, '{"a":', BATCH)).toEqual([400, 'no-events']);
    expect(await codes(EVENTS, '\n\n', NDJSON)).toEqual([400, 'no-events']);
    expect(await codes(EVENTS, '{"id": 1}', SINGLE)).toEqual([400, 'event-unfit']);
    expect(await codes(EVENTS, saleText(1), 'text/plain')).toEqual([415, 'media-type']);
    expect(await codes(EVENTS, Array.from({ length: 501 }, () => 1), BATCH)).toEqual([413, 'batch-too-large']);
    expect(await codes(EVENTS, `[${' '.repeat(400_000)}]`, BATCH)).toEqual([413, 'request-too-large']);
    expect(await codes(EVENTS, `${saleText(1)}\n`.repeat(2000), NDJSON)).toEqual([413, 'request-too-large']);
    expect(await codes(EVENTS, { ...example('pos.sale', 'fat'), subject: 'x'.repeat(21_000) }, SINGLE)).toEqual([413, 'request-too-large']);
  });

  it('refuses a line past the size of an event and goes on with the next', async () => {
    const fat = `{"id":"${'x'.repeat(50_000)}"}`;
    const { results } = (await tower.post(EVENTS, `${fat}\n${saleText(200)}\n`, NDJSON)).json<IngestResult>();
    expect(results.map(({ status, reason }) => [status, reason])).toEqual([
      ['rejected', 'too-large'],
      ['accepted', undefined],
    ]);
    expect(results[0]!.detail).toContain('50009 bytes');
  });
});

describe('back-pressure', () => {
  it('answers 429 with Retry-After while too much is under way, and takes in again afterwards', async () => {
    const release = tower.api.services.ingest.admit(INGEST_LIMITS.underWayBytes);
    const refused = await tower.post(EVENTS, saleText(300), SINGLE);
    expect([refused.status, refused.headers.get('retry-after'), refused.json().code]).toEqual([429, '1', 'retry-later']);
    release();
    expect((await tower.post(EVENTS, saleText(300), SINGLE)).status).toBe(200);
    await expect.poll(() => tower.api.services.ingest.underWay).toBe(0);
  });

  it('gives the room back of requests that fail or are cut off', async () => {
    await tower.post(EVENTS, '[]', BATCH);
    const controller = new AbortController();
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => stream.enqueue(new TextEncoder().encode(`${saleText(400)}\n`)),
    });
    const init = { method: 'POST', headers: { 'content-type': NDJSON }, body, duplex: 'half', signal: controller.signal } as RequestInit;
    const cut = ask(`${tower.api.url}${EVENTS}`, init).catch((error: Error) => error.name);
    await expect.poll(() => tower.api.services.ingest.underWay).toBeGreaterThan(0);
    controller.abort();
    expect(await cut).toBe('AbortError');
    await expect.poll(() => tower.api.services.ingest.underWay).toBe(0);
  });
});

describe('redelivery of a request', () => {
  it('gives the log the same bytes again: the stream recognises them', async () => {
    await tower.post(EVENTS, saleText(500), SINGLE);
    await tower.post(EVENTS, saleText(500), SINGLE);
    const twice = (await tower.records()).filter(({ event }) => event['id'] === 's-500');
    expect(twice).toHaveLength(2);
    expect(twice[0]).toEqual(twice[1]);
  });
});

describe('linesOf', () => {
  it('cuts the same lines wherever the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ maxLength: 30 })), fc.array(fc.nat(40)), async (texts, cuts) => {
        const lines = texts.map((text) => text.replaceAll(/[\r\n\uFEFF]/g, '').trim());
        const bytes = new TextEncoder().encode(lines.join('\r\n'));
        const read: string[] = [];
        for await (const { bytes: line, length } of linesOf(chunked(bytes, cuts), 1000)) {
          expect(length).toBe(line.length);
          read.push(new TextDecoder().decode(line));
        }
        const blank = (line: string): boolean => /^[ \t]*$/.test(line);
        expect(read.map((line) => line.trim())).toEqual(lines.filter((line) => !blank(line)));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps no more of a line than the limit', async () => {
    const found = [];
    for await (const line of linesOf(chunked(saleBytes(1), [7, 30, 90]), 10)) found.push([line.bytes.length, line.length]);
    expect(found).toEqual([[10, saleBytes(1).length]]);
  });
});

async function* chunked(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of cuts) {
    yield bytes.subarray(from, from + cut);
    from += cut;
  }
  yield bytes.subarray(from);
}
