import { Temporal } from 'temporal-polyfill';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, firstDayOfMonth, formatDay, formatInstant, formatMonth, monthOf, parseDay, parseInstant, parseMonth, weekdayOf, zoneOf } from './index.ts';

const zones = ['UTC', 'Europe/London', 'Europe/Helsinki', 'America/St_Johns', 'America/Sao_Paulo', 'Pacific/Apia', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
const instant = fc.integer({ min: Date.UTC(2001, 0, 1), max: Date.UTC(2050, 0, 1) });

describe('a zone as a table', () => {
  it('agrees with the calendar library on day and minute', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), instant, (id, at) => {
        const zone = zoneOf(id);
        const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(id);
        expect(formatDay(zone.dayOf(at))).toBe(local.toPlainDate().toString());
        expect(Math.floor(zone.minuteOf(at))).toBe(local.hour * 60 + local.minute);
        expect(zone.hourOf(at)).toBe(local.hour);
      }),
      { numRuns: 300 },
    );
  });

  it('knows where a business day begins, clock changes at midnight included', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 12_000, max: 28_000 }), (id, day) => {
        const zone = zoneOf(id);
        const begin = zone.startOf(day);
        const date = Temporal.PlainDate.from(formatDay(day));
        expect(begin).toBe(date.toZonedDateTime(id).epochMilliseconds);
      }),
      { numRuns: 300 },
    );
    const changed = zoneOf('Europe/London').startOf(parseDay('2026-03-30')) - zoneOf('Europe/London').startOf(parseDay('2026-03-29'));
    expect(changed).toBe(DAY_MS - 3_600_000);
  });

  it('refuses a zone that does not exist', () => {
    expect(() => zoneOf('Mars/Olympus')).toThrow(RangeError);
  });
});

it('reads and writes days, months and instants', () => {
  expect(weekdayOf(parseDay('2026-11-23'))).toBe(0);
  expect(formatDay(parseDay('2024-02-29'))).toBe('2024-02-29');
  for (const text of ['2026-02-30', '2026-2-3', 'today', '']) expect(parseDay(text)).toBeNaN();
  expect(formatMonth(parseMonth('1969-12'))).toBe('1969-12');
  expect(parseMonth('2026-13')).toBeNaN();
  expect(formatDay(firstDayOfMonth(monthOf(parseDay('2026-11-23'))))).toBe('2026-11-01');
  expect(formatInstant(parseInstant('2026-11-23T10:00:00.5+01:00'))).toBe('2026-11-23T09:00:00.500Z');
  expect(parseInstant('2026-11-23T10:00:00')).toBeNaN();
});

it('writes instants as the calendar library does', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_000_000_000_000, max: 250_000_000_000_000 }), fc.boolean(), (given, whole) => {
      const at = whole ? Math.floor(given / 1000) * 1000 : given;
      const smallestUnit = at % 1000 === 0 ? 'second' : 'millisecond';
      expect(formatInstant(at)).toBe(Temporal.Instant.fromEpochMilliseconds(at).toString({ smallestUnit }));
    }),
  );
});
