import { KeyTable, parseInstant } from '@plumbline/kernel';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { instantOfBytes, instantText } from './civil.ts';
import { EventDecoder } from './codec.ts';
import {
  COMMAND,
  DecodedEvent,
  MAX_EVENT_BYTES,
  OTHER,
  packCurrency,
  PLAN,
  RETURN,
  SALE,
  TICK,
  unpackCurrency,
  type HeaderOf,
} from './decoded.ts';
import { encodeBinary, encodeEvent, encodeSale, saleEvent, type SaleLine } from './encode.ts';
import { parseEvent, type PlumblineEvent } from './events.ts';
import { eventTime } from './fields.ts';
import { mutated, saleLine, saleText } from './fixtures.ts';

const encoder = new TextEncoder();
const bytesOf = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

function tables() {
  const skus = new KeyTable();
  const locations = new KeyTable();
  for (const code of ['SKU-1', 'SKU-2']) skus.add(code);
  for (const code of ['LONDON', 'OSLO']) locations.add(code);
  return { skus, locations, sources: new KeyTable() };
}

/** Everything a decoder says about a record, with texts in place of byte ranges. */
function reading(decoder: EventDecoder, value: Uint8Array, header?: HeaderOf) {
  const out = new DecodedEvent();
  const fault = decoder.decode(value, header, out);
  if (fault) return { fault };
  const { bytes, skuStart, skuEnd, locationStart, locationEnd, ...rest } = out;
  const textAt = (start: number, end: number) => new TextDecoder().decode(bytes.subarray(start, end));
  return { ...rest, skuText: textAt(skuStart, skuEnd), locationText: textAt(locationStart, locationEnd) };
}

/** Sources of both decoders grow alike, so their indices are comparable. */
const pair = () => ({ fast: new EventDecoder(tables()), slow: new EventDecoder(tables(), { fastPath: false }) });

const sale: SaleLine = {
  type: 'pos.sale',
  id: 'a-1',
  source: 'urn:till:7',
  time: Date.UTC(2026, 10, 23, 9, 41, 2),
  sequence: 42,
  sku: 'SKU-2',
  location: 'OSLO',
  quantity: 350,
  price: 25_500,
  currency: 'EUR',
};
const event = (type: string, data: unknown): PlumblineEvent =>
  ({ specversion: '1.0', id: 'e-1', source: 's', time: '2026-11-23T09:41:02Z', type, data }) as PlumblineEvent;

describe('decoding a sale', () => {
  it('gives integers and indices', () => {
    expect(reading(pair().fast, encodeSale(sale))).toMatchObject({
      kind: SALE,
      source: 0,
      sequence: 42,
      time: sale.time,
      sku: 1,
      location: 1,
      quantity: 350,
      price: 25_500,
      amount: 8_925,
      currency: packCurrency('EUR'),
      redrive: false,
      event: undefined,
    });
    expect(unpackCurrency(packCurrency('GBP'))).toBe('GBP');
  });

  it('names an unknown SKU and location, and tells returns and redriven events', () => {
    const value = bytesOf({
      ...saleEvent({ ...sale, type: 'pos.return', sku: 'NEW', location: 'Zürich' }),
      redrive: 'D-9',
    });
    expect(reading(pair().fast, value)).toMatchObject({
      kind: RETURN,
      sku: -1,
      skuText: 'NEW',
      location: -1,
      locationText: 'Zürich',
      redrive: true,
      quantity: 350,
    });
  });

  it('hashes source and id apart, whatever the mode', () => {
    const { fast } = pair();
    const hashes = (line: SaleLine) => {
      const { idHashA, idHashB } = reading(fast, encodeSale(line)) as { idHashA: number; idHashB: number };
      return `${idHashA} ${idHashB}`;
    };
    expect(hashes({ ...sale, source: 'ab', id: 'c' })).not.toBe(hashes({ ...sale, source: 'a', id: 'bc' }));
    expect(hashes(sale)).toBe(hashes({ ...sale, sku: 'SKU-1' }));
    const ids = Array.from({ length: 20_000 }, (_, i) => hashes({ ...sale, id: String(i) }));
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids.map((id) => id.split(' ')[0])).size).toBeGreaterThan(19_990);
    expect(new Set(ids.map((id) => id.split(' ')[1])).size).toBeGreaterThan(19_990);
  });
});

describe('the fast path against the schema', () => {
  it('agrees on every valid sale', () => {
    const { fast, slow } = pair();
    fc.assert(
      fc.property(saleText, (json) => {
        const value = encoder.encode(json);
        const told = reading(slow, value);
        expect(told).not.toHaveProperty('fault');
        expect(reading(fast, value)).toEqual(told);
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees on mutated ones, and never throws', () => {
    const { fast, slow } = pair();
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        saleText.chain((json) => mutated(encoder.encode(json))),
        (value) => {
          const told = reading(slow, value);
          if ('fault' in told) refused++;
          else accepted++;
          expect(reading(fast, value)).toEqual(told);
        },
      ),
      { numRuns: 3000 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(50);
  });

  it('agrees on events written like the one before, and on mutated ones of them', () => {
    const { fast, slow } = pair();
    const alike = fc
      .tuple(saleLine, saleLine)
      .map(([first, second]) => [encodeSale(first), encodeSale({ ...first, ...second, type: first.type })] as const);
    fc.assert(
      fc.property(
        alike.chain(([first, second]) => fc.tuple(fc.constant(first), fc.constant(second), mutated(second))),
        (values) => {
          for (const value of values) expect(reading(fast, value)).toEqual(reading(slow, value));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('reads plain events without the parser', () => {
    const parse = vi.spyOn(JSON, 'parse');
    const { fast } = pair();
    for (const line of [sale, { ...sale, id: 'a-2' }, { ...sale, type: 'pos.return' as const, promotion: 'X' }]) {
      const { value, headers } = encodeBinary(saleEvent(line));
      expect(reading(fast, encodeSale(line))).not.toHaveProperty('fault');
      expect(reading(fast, value, (name) => headers[name])).not.toHaveProperty('fault');
    }
    expect(parse).not.toHaveBeenCalled();
    expect(reading(fast, encodeSale({ ...sale, id: 'é' }))).not.toHaveProperty('fault');
    expect(parse).toHaveBeenCalledTimes(1);
    parse.mockRestore();
  });

  it('agrees in binary mode', () => {
    const { fast, slow } = pair();
    fc.assert(
      fc.property(saleLine, fc.nat(), fc.boolean(), (line, seed, spoil) => {
        const { value, headers } = encodeBinary(saleEvent(line));
        if (spoil) value[seed % value.length] = seed & 127;
        const header: HeaderOf = (name) => headers[name];
        const told = reading(slow, value, header);
        expect(reading(fast, value, header)).toEqual(told);
        if (!spoil) expect(told).toEqual(reading(slow, encodeSale(line)));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    [
      'a member given twice: the last counts',
      '{"specversion":"1.0","id":"a","id":"b","source":"s","type":"pos.sale","time":"2026-01-01T00:00:00Z","data":DATA}',
    ],
    ['a leap second', JSON.stringify({ ...saleEvent(sale), time: '2026-12-31T23:59:60Z' })],
    ['30 February', JSON.stringify({ ...saleEvent(sale), time: '2026-02-30T00:00:00Z' })],
    ['29 February of a leap year', JSON.stringify({ ...saleEvent(sale), time: '2024-02-29T00:00:00Z' })],
    ['29 February 2100', JSON.stringify({ ...saleEvent(sale), time: '2100-02-29T00:00:00Z' })],
    ['no seconds', JSON.stringify({ ...saleEvent(sale), time: '2026-02-03T00:00Z' })],
    ['a sequence with a point', JSON.stringify({ ...saleEvent(sale), sequence: '4.0' })],
    ['a sequence of zeros', JSON.stringify({ ...saleEvent(sale), sequence: '000' })],
    ['two objects', `${JSON.stringify(saleEvent(sale))}{}`],
    ['a trailing comma', '{"specversion":"1.0",}'],
    ['a byte-order mark', `\u{feff}${JSON.stringify(saleEvent(sale))}`],
    ['nothing', ''],
    ['an empty object', '{}'],
    ['a list', '[]'],
    ['deep nesting', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    [
      'a deeply nested member',
      `{"specversion":"1.0","type":"pos.sale","id":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
    ],
  ])('agrees on %s', (_, json) => {
    const { fast, slow } = pair();
    const value = encoder.encode(json.replace('DATA', JSON.stringify(saleEvent(sale).data)));
    expect(reading(fast, value)).toEqual(reading(slow, value));
  });

  it.each([
    [
      'quantity',
      [
        '1',
        '0.350',
        '0.3500',
        '0.0001',
        '0',
        '0.000',
        '-1',
        '+1',
        '1e3',
        '1.',
        '.5',
        '',
        '100000000',
        '100000000.001',
        '000000000000000001',
        1,
        null,
        ' 1',
      ],
    ],
    ['price', ['0', '0.00', '2.55', '0.00001', '100000000', '100000001', '-0', '1,5', 2.55]],
    ['currency', ['EUR', 'eur', 'EU', 'EURO', '']],
    [
      'sku',
      [
        '',
        'x'.repeat(64),
        'x'.repeat(65),
        'é'.repeat(32),
        'é'.repeat(33),
        'a\u0000b',
        'a\u007fb',
        '\ud800',
        'a"b',
        'a\\b',
        7,
      ],
    ],
    ['promotion', ['', 'p'.repeat(128), 'p'.repeat(129), null]],
  ])('agrees on data.%s', (member, values) => {
    const { fast, slow } = pair();
    for (const given of values) {
      const value = bytesOf({ ...saleEvent(sale), data: { ...saleEvent(sale).data, [member]: given } });
      expect(reading(fast, value)).toEqual(reading(slow, value));
    }
  });
});

describe('decoding the rest', () => {
  it.each([
    ['clock.ticked', { at: '2026-11-23T10:00:00Z', heard: ['OSLO'] }, TICK, Date.UTC(2026, 10, 23, 10)],
    ['plan.committed', { id: 'P-1', hash: 'a'.repeat(64), effectiveAt: '2026-12-01T00:00:00Z' }, PLAN, sale.time],
    ['exception.assigned', { exceptionId: 'X-1', by: 'Ada', owner: 'Bo' }, COMMAND, sale.time],
    ['inventory.counted', { sku: 'SKU-1', location: 'OSLO', quantity: '0' }, OTHER, sale.time],
  ])('%s', (type, data, kind, time) => {
    const given = event(type, data);
    expect(reading(pair().fast, encodeEvent(given))).toMatchObject({ kind, time, event: given, amount: 0 });
    const { value, headers } = encodeBinary(given);
    expect(reading(pair().fast, value, (name) => headers[name])).toMatchObject({ kind, time });
  });

  it('says what is wrong, and whose it is', () => {
    const { fast } = pair();
    const faulty = (value: Uint8Array) => (reading(fast, value) as { fault: { reason: string; detail: string } }).fault;
    expect(faulty(encoder.encode('{"a":'))).toMatchObject({
      reason: 'not-json',
      detail: expect.stringContaining('send one'),
    });
    expect(faulty(Uint8Array.of(0x7b, 0xff))).toMatchObject({ reason: 'not-json' });
    expect(faulty(bytesOf(4))).toMatchObject({ reason: 'not-object' });
    expect(faulty(bytesOf({ ...saleEvent(sale), type: 'pos.sail' }))).toMatchObject({
      reason: 'unknown-type',
      source: 'urn:till:7',
      id: 'a-1',
    });
    expect(faulty(bytesOf({ ...saleEvent(sale), specversion: '0.3' }))).toMatchObject({ reason: 'unknown-version' });
    expect(faulty(new Uint8Array(MAX_EVENT_BYTES + 1))).toMatchObject({ reason: 'too-large' });
    const fault = faulty(
      bytesOf({ ...saleEvent(sale), id: 'a\u0000', data: { ...saleEvent(sale).data, quantity: 0.35 } }),
    );
    expect(fault).toMatchObject({ reason: 'schema', id: undefined });
    expect(fault.detail).toContain('data.quantity: must be an exact decimal');
    expect(fault.detail).toContain('found 0.35');
    expect(fault.detail).not.toContain('\u0000');
  });
});

describe('encoding', () => {
  it('writes a sale as the event would be written, and reads back as it', () => {
    fc.assert(
      fc.property(saleLine, (line) => {
        const given = saleEvent(line);
        expect(new TextDecoder().decode(encodeSale(line))).toBe(new TextDecoder().decode(encodeEvent(given)));
        expect(parseEvent(JSON.parse(new TextDecoder().decode(encodeSale(line))))).toEqual({ ok: true, event: given });
      }),
    );
  });
});

describe('instants', () => {
  it('that the schema takes are instants to the calendar library, and no others', () => {
    const digits = (length: number) =>
      fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length });
    const parts = fc.tuple(
      digits(4),
      fc.nat(13),
      fc.nat(32),
      fc.nat(24),
      fc.nat(60),
      fc.nat(60),
      fc.nat(10).chain(digits),
      fc.constantFrom('Z', '+00:00', '-00:00', '+23:59', '-12:30', '+24:00', ''),
    );
    const two = (value: number) => String(value).padStart(2, '0');
    fc.assert(
      fc.property(parts, ([year, month, day, hour, minute, second, fraction, offset]) => {
        const written = `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}${fraction === '' ? '' : `.${fraction}`}${offset}`;
        const taken = eventTime.safeParse(written).success;
        const bytes = encoder.encode(written);
        if (taken) expect(instantOfBytes(bytes, 0, bytes.length)).toBe(parseInstant(written));
        else expect(instantOfBytes(bytes, 0, bytes.length)).toBeNaN();
        if (second < 60) expect(Number.isFinite(parseInstant(written)), written).toBe(taken);
      }),
      { numRuns: 3000 },
    );
  });

  it('agree with the calendar library', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), (at) => {
        const written = instantText(at);
        expect(parseInstant(written)).toBe(at);
        expect(instantOfBytes(encoder.encode(written), 0, written.length)).toBe(at);
      }),
      { numRuns: 2000 },
    );
  });
});
