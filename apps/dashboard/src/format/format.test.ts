import { describe, expect, it } from 'vitest';
import { money, moneyExact, odds, percent, quantity, signed, signedPercent } from './numbers.ts';
import { dayAndClock, duration, since, zoneName } from './times.ts';

describe('numbers', () => {
  it('keep a fraction only where it matters, and sign a variance', () => {
    expect([quantity('1325.000'), quantity('0.350'), quantity('-1176'), quantity('9.5')]).toEqual(['1,325', '0.35', '−1,176', '9.5']);
    expect([signed('64'), signed('-180.000'), signed('0.000')]).toEqual(['+64', '−180', '0']);
  });

  it('never part from their unit, and never say minus nothing', () => {
    expect([percent(96.24, 1), percent(-0.2), percent(-38.4)]).toEqual(['96.2\u202f%', '0\u202f%', '−38\u202f%']);
    expect([signedPercent(64.2), signedPercent(0.3), signedPercent(-100), signedPercent(1100)]).toEqual(['+64\u202f%', '0\u202f%', '−100\u202f%', '×12']);
  });

  it('are short in a column and exact beside it', () => {
    const given = ['0.00', '812.40', '999.70', '3180.40', '48210', '999600', '1250000', '-2900'];
    expect(given.map((value) => money(value, 'EUR'))).toEqual(['€0', '€812', '€1.0k', '€3.2k', '€48.2k', '€1.0m', '€1.3m', '−€2.9k']);
    expect([moneyExact('3180.40', 'EUR'), moneyExact('-12.5', 'GBP'), moneyExact('7', null)]).toEqual(['€3,180.40', '−£12.50', '7']);
  });

  it('say evidence as a chance', () => {
    expect([odds(Math.log(7000)), odds(Math.log(412_345)), odds(0), odds(-3)]).toEqual(['1 in 7,000', '1 in 410,000', '1 in 1', '1 in 1']);
    expect(odds(100)).toBe('1 in 10⁴³');
  });
});

describe('times', () => {
  it('are those of the location', () => {
    const at = '2026-11-24T13:32:00Z';
    expect([dayAndClock(at, 'Europe/Paris'), dayAndClock(at, 'America/New_York')]).toEqual(['Tue 24 Nov 14:32', 'Tue 24 Nov 08:32']);
    expect(zoneName(at, 'Europe/London')).toBe('GMT');
  });

  it('name the day only where it is another one', () => {
    const now = '2026-11-24T13:32:00Z';
    expect(since('2026-11-24T08:40:00Z', now, 'Europe/Paris')).toBe('09:40');
    expect(since('2026-11-23T23:30:00Z', now, 'Europe/Paris')).toBe('00:30');
    expect(since('2026-11-23T22:30:00Z', now, 'Europe/Paris')).toBe('Mon 23 Nov 23:30');
  });

  it('say how long', () => {
    const minute = 60_000;
    expect([12_400, 4 * minute, 288 * minute, 120 * minute, 50 * 60 * minute, -5].map(duration)).toEqual(['12 s', '4 min', '4 h 48 m', '2 h', '2 d 2 h', '0 s']);
  });
});
