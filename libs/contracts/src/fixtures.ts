import fc from 'fast-check';
import { instantText } from './civil.ts';
import { saleEvent, type SaleLine } from './encode.ts';
import { MAX_AMOUNT, MAX_CODE_BYTES, utf8Length } from './fields.ts';

/** Generators for this library's property tests. */
const plain = fc.string({ unit: fc.constantFrom(...'ABCxyz019-_./: #'), minLength: 1, maxLength: 24 });
const wide = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  // A grapheme may be several code points of four bytes: a code has its limit in bytes.
  .filter((value) => /^\P{Cc}+$/u.test(value) && value.isWellFormed() && utf8Length(value) <= MAX_CODE_BYTES);
/** Mostly plain codes, now and then such as need escapes or more than ASCII. */
export const label = fc.oneof({ weight: 9, arbitrary: plain }, { weight: 1, arbitrary: wide });

export const saleLine: fc.Arbitrary<SaleLine> = fc
  .record(
    {
      type: fc.constantFrom('pos.sale' as const, 'pos.return' as const),
      id: label,
      source: label,
      time: fc.integer({ min: -62_000_000_000_000, max: 253_000_000_000_000 }),
      sequence: fc.maxSafeNat(),
      sku: fc.oneof(fc.constantFrom('SKU-1', 'SKU-2'), label),
      location: fc.oneof(fc.constantFrom('LONDON', 'OSLO'), label),
      quantity: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 100_000_000_000 })),
      price: fc.oneof(fc.nat(10_000_000), fc.integer({ min: 0, max: 1_000_000_000_000 })),
      currency: fc.constantFrom('EUR', 'GBP', 'USD'),
      transaction: label,
      customer: label,
      promotion: label,
    },
    { requiredKeys: ['type', 'id', 'source', 'time', 'sku', 'location', 'quantity', 'price', 'currency'] },
  )
  .filter((line) => (line.quantity / 1000) * line.price < MAX_AMOUNT * 0.999);

const offsetTime = fc
  .tuple(
    fc.integer({ min: 0, max: 4_000_000_000_000 }),
    fc.constantFrom('+00:00', '-00:00', '+05:30', '-11:45'),
    fc.nat(999_999_999),
  )
  .map(
    ([at, offset, nanos]) =>
      `${instantText(at - (at % 1000)).slice(0, 19)}.${String(nanos).padStart(9, '0').replace(/0+$/, '') || '0'}${offset}`,
  );

/** An object whose members the writer may send in any order, with white space between. */
export type Loose = Record<string, unknown>;

const shuffled = (value: Loose): fc.Arbitrary<Loose> =>
  fc
    .shuffledSubarray(Object.keys(value), { minLength: Object.keys(value).length })
    .map((keys) => Object.fromEntries(keys.map((key) => [key, value[key]])));

/** JSON texts of valid sales: any member order, white space, extensions, instants with offsets. */
export const saleText = saleLine.chain((line) => {
  const event = saleEvent(line);
  return fc
    .record({
      time: fc.option(offsetTime, { nil: undefined }),
      space: fc.constantFrom(0, 0, 1, '\t'),
      extra: fc.option(
        fc.constantFrom<Loose>(
          { traceparent: '00-ab-cd-01' },
          { partition: 4 },
          { note: { a: [1, '}'] } },
          { redrive: 'D-1' },
        ),
        {
          nil: undefined,
        },
      ),
      subject: fc.option(label, { nil: undefined }),
      schema: fc.boolean(),
    })
    .chain(({ time, space, extra, subject, schema }) =>
      shuffled(event.data as Loose).chain((data) =>
        shuffled({
          ...event,
          ...extra,
          ...(time === undefined ? {} : { time }),
          ...(subject === undefined ? {} : { subject }),
          ...(schema ? { dataschema: `urn:plumbline:event:${line.type}:1` } : {}),
          data,
        }).map((loose) => JSON.stringify(loose, null, space)),
      ),
    );
});

/** Bytes with a few flipped, removed or inserted. */
export const mutated = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .array(
      fc.record({
        at: fc.nat(bytes.length - 1),
        what: fc.constantFrom('flip', 'remove', 'insert', 'repeat', 'cut'),
        byte: fc.oneof(fc.nat(255), fc.constantFrom(...new TextEncoder().encode('",:{}[]\\.0-9Z+ etu'))),
      }),
      { minLength: 1, maxLength: 3 },
    )
    .map((changes) => {
      let now = [...bytes];
      for (const { at, what, byte } of changes) {
        if (what === 'flip') now[at] = byte;
        else if (what === 'remove') now.splice(at, 1);
        else if (what === 'insert') now.splice(at, 0, byte);
        else if (what === 'repeat') now.splice(at, 0, ...now.slice(Math.max(0, at - byte), at));
        else now = now.slice(0, at);
      }
      return Uint8Array.from(now, (value) => value ?? 0x20);
    });
