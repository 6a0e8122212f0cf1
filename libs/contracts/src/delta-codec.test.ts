import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsOf, decodeDelta, encodeDelta } from './delta-codec.ts';
import { label } from './fixtures.ts';
import type { CellColumns, ExceptionCommand, SeriesFiring, TickDelta } from './tick-delta.ts';

const day = fc.integer({ min: -1000, max: 40_000 });
const amount = fc.oneof(fc.nat(1_000_000), fc.maxSafeInteger());
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);

const cells = fc
  .array(fc.tuple(fc.nat(65_535), fc.nat(65_535), fc.integer(), fc.integer(), amount, amount), { maxLength: 40 })
  .map((rows): CellColumns => {
    const columns = cellsOf(rows.length);
    rows.forEach(([family, location, on, lines, units, revenue], i) => {
      columns.family[i] = family;
      columns.location[i] = location;
      columns.day[i] = on;
      columns.lines[i] = lines;
      columns.units[i] = units;
      columns.revenue[i] = revenue;
    });
    return columns;
  });

const firing: fc.Arbitrary<SeriesFiring> = fc.record({
  sku: label,
  location: fc.option(label, { nil: undefined }),
  kind: fc.constantFrom('surge', 'drop', 'zero-run'),
  day,
  since: day,
  statistic: finite,
  threshold: finite,
  lines: fc.nat(),
  expected: finite,
});

const command: fc.Arbitrary<ExceptionCommand> = fc.record(
  {
    type: fc.constantFrom('exception.assigned', 'exception.snoozed', 'exception.dismissed'),
    id: label,
    exceptionId: label,
    by: label,
    at: fc.nat(),
    owner: label,
    until: fc.nat(),
    reason: label,
    note: label,
  },
  { requiredKeys: ['type', 'id', 'exceptionId', 'by', 'at'] },
);

const delta: fc.Arbitrary<TickDelta> = fc.record({
  partition: fc.nat(1000),
  tick: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  cells,
  firings: fc.array(firing, { maxLength: 5 }),
  skuLines: fc.array(fc.record({ sku: label, location: label, day, lines: fc.nat() }), { maxLength: 5 }),
  commands: fc.array(command, { maxLength: 4 }),
  plans: fc.array(fc.record({ id: label, hash: label, effectiveAt: fc.nat() }), { maxLength: 2 }),
  heard: fc.array(label, { maxLength: 5 }),
});

describe('tick deltas as bytes', () => {
  it('come back as they went, and equal ones are equal bytes', () => {
    fc.assert(
      fc.property(delta, (given) => {
        const bytes = encodeDelta(given);
        const back = decodeDelta(bytes);
        expect(back).toEqual(given);
        expect(encodeDelta(back)).toEqual(bytes);
        expect(encodeDelta({ ...given, commands: given.commands.map(reversed) })).toEqual(bytes);
      }),
    );
  });

  it('refuse what is cut short or changed, with a stable code, and never give another delta silently short', () => {
    fc.assert(
      fc.property(delta, fc.double({ min: 0, max: 0.999 }), (given, part) => {
        const bytes = encodeDelta(given);
        expect(() => decodeDelta(bytes.subarray(0, Math.floor(bytes.length * part)))).toThrow(
          expect.objectContaining({ code: 'delta-corrupt' }),
        );
      }),
    );
  });

  it('refuse sums that are not exact', () => {
    const columns = cellsOf(1);
    const given: TickDelta = {
      partition: 0,
      tick: 0,
      cells: columns,
      firings: [],
      skuLines: [],
      commands: [],
      plans: [],
      heard: [],
    };
    columns.units[0] = 0.5;
    expect(() => encodeDelta(given)).toThrow(expect.objectContaining({ code: 'delta-not-integer' }));
    columns.units[0] = 1;
    const firings: SeriesFiring[] = [
      {
        sku: 'A',
        location: undefined,
        kind: 'surge',
        day: 1,
        since: 1,
        statistic: Infinity,
        threshold: 1,
        lines: 1,
        expected: 1,
      },
    ];
    expect(() => encodeDelta({ ...given, firings })).toThrow(expect.objectContaining({ code: 'delta-not-finite' }));
  });

  it('take about ten bytes a cell', () => {
    const columns = cellsOf(480);
    for (let i = 0; i < 480; i++) {
      columns.family[i] = Math.floor(i / 40);
      columns.location[i] = i % 40;
      columns.day[i] = 20_780;
      columns.lines[i] = 5 + (i % 7);
      columns.units[i] = 1000 * (9 + (i % 11));
      columns.revenue[i] = 25_500 * (9 + (i % 11));
    }
    const bytes = encodeDelta({
      partition: 0,
      tick: 0,
      cells: columns,
      firings: [],
      skuLines: [],
      commands: [],
      plans: [],
      heard: [],
    });
    expect(bytes.length).toBeLessThan(480 * 11);
  });
});

/** The same object with its members in the opposite order. */
const reversed = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).reverse()) as T;
