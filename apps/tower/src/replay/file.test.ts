import { zoneOf } from '@plumbline/kernel';
import type { AppendRecord, LogProducer } from '@plumbline/ports';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { FileFeeder, type FeederOptions } from './feeder.ts';
import { inspect } from './file.ts';
import { mapped, type SalesLine } from './formats.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumbline-replay-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MAP = { sku: 'Article, no.', location: 'Shop', time: 'At', quantity: 'Qty', price: 'Price' };
const ROWS = [
  ['"Article, no."', 'Shop', 'At', 'Qty', 'Price'],
  ['A-1', 'Zürich', '2026-03-28 10:00', '1', '2.50'],
  ['A-2', 'Zürich', '2026-03-28 10:05:30', '0.350', '1'],
  ['A-1', 'Zürich', '2026-03-28 11:00', '-2', '2.50'],
];
const text = (delimiter: string, end: string): string => ROWS.map((row) => row.join(delimiter) + end).join('');

function save(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** Sends a file into a list of records. */
async function feed(path: string, more: Partial<FeederOptions> = {}): Promise<{ lines: number; records: AppendRecord[]; sales: unknown[] }> {
  const file = await inspect(path);
  const records: AppendRecord[] = [];
  const producer: LogProducer = {
    append: (_topic, added) => Promise.resolve(void records.push(...added)),
    close: () => Promise.resolve(),
  };
  const zone = zoneOf('Europe/Zurich');
  const format = mapped(file.header, MAP, zone, 'CHF', file.delimiter === ';', path);
  const feeder = new FileFeeder({
    file, format, zone, producer,
    topic: 'events', partitions: 1, firstPlan: undefined, planFor: undefined, speed: Infinity,
    onProgress: () => {}, signal: new AbortController().signal,
    ...more,
  });
  const { linesRead } = await feeder.run();
  const events = records.map(({ value }) => JSON.parse(new TextDecoder().decode(value)) as { type: string; time: string; data: Record<string, unknown> });
  const sales = events.filter(({ type }) => type.startsWith('pos.')).map(({ type, time, data }) => [type, time, data['sku'], data['location'], data['quantity'], data['price']]);
  return { lines: linesRead, records, sales };
}

const EXPECTED = [
  ['pos.sale', '2026-03-28T09:00:00Z', 'A-1', 'Zürich', '1', '2.5'],
  ['pos.sale', '2026-03-28T09:05:30Z', 'A-2', 'Zürich', '0.35', '1'],
  ['pos.return', '2026-03-28T10:00:00Z', 'A-1', 'Zürich', '2', '2.5'],
];

describe('a sales file', () => {
  it.each([
    ['commas', text(',', '\n')],
    ['semicolons and decimal points', text(';', '\n')],
    ['semicolons and decimal commas', text(';', '\r\n').replaceAll('2.50', '2,50').replace('0.350', '0,350')],
    ['tabs and a byte-order mark', `\uFEFF${text('\t', '\r\n')}`],
    ['bars and bare carriage returns', text('|', '\r')],
    ['windows-1252', Buffer.from(text(',', '\r\n'), 'latin1')],
    ['UTF-16', Buffer.from(`\uFEFF${text(',', '\n')}`, 'utf16le')],
    ['gzip', gzipSync(text(',', '\n'))],
  ])('is read with %s', async (name, content) => {
    const { lines, sales } = await feed(save(`${name}.csv`, content));
    expect(lines).toBe(3);
    expect(sales).toEqual(EXPECTED);
  });

  it('is refused as a whole when its gzip is cut off or its header lacks a column', async () => {
    const whole = gzipSync(text(',', '\n'));
    await expect(inspect(save('cut.csv.gz', whole.subarray(0, whole.length - 12)))).rejects.toMatchObject({ code: 'file-truncated' });
    await expect(feed(save('head.csv', text(',', '\n').replace('Qty', 'Pieces')))).rejects.toMatchObject({ code: 'file-header', message: expect.stringContaining('"Qty"') as string });
    await expect(inspect(save('empty.csv', ''))).rejects.toMatchObject({ code: 'file-empty' });
  });

  it('that stops being CSV says where', async () => {
    const path = save('quote.csv', `${text(',', '\n')}"A-3,Bern,2026-03-28 12:00,1,2\n`);
    await expect(feed(path)).rejects.toMatchObject({ code: 'file-row', where: `${path}, row 5` });
  });

  it('groups and decimals of a semicolon file are told apart', async () => {
    const file = await inspect(save('numbers.csv', text(';', '\n')));
    const format = mapped(file.header, MAP, zoneOf('UTC'), 'CHF', true, file.path);
    const read = (price: string): SalesLine => format.line(['A', 'B', '2026-03-28', '1', price]);
    expect(['2.50', '2,50', '1.234,50', '1.234.567', '12'].map((price) => read(price).price)).toEqual(['2.5', '2.5', '1234.5', '1234567', '12']);
  });
});

describe('a replay at a chosen speed', () => {
  it('ends at once when it is asked to, however long the next line is away', async () => {
    const stop = new AbortController();
    const told: number[] = [];
    const onProgress: FeederOptions['onProgress'] = ({ lines }) => {
      told.push(lines);
      stop.abort();
    };
    const { lines } = await feed(save('slow.csv', text(',', '\n')), { speed: 0.001, signal: stop.signal, onProgress });
    expect(lines).toBeLessThan(3);
    expect(told.length).toBeGreaterThan(0);
  });

  it('puts the chosen plan before the first tick', async () => {
    const plan = { specversion: '1.0', id: 'p', source: 'urn:plumbline:plan', type: 'plan.committed', time: '2026-03-01T00:00:00Z', data: { id: 'P', hash: '0'.repeat(64), effectiveAt: '2026-03-01T00:00:00Z' } } as const;
    const { records } = await feed(save('planned.csv', text(',', '\n')), { firstPlan: () => Promise.resolve(plan) });
    const types = records.map(({ value }) => (JSON.parse(new TextDecoder().decode(value)) as { type: string }).type);
    expect(types.slice(0, 2)).toEqual(['plan.committed', 'clock.ticked']);
  });
});
