import { parseInstant, zoneOf } from '@plumbline/kernel';
import { describe, expect, it } from 'vitest';
import { duration, headline, money, type Telling } from './headline.ts';

const bakery: Telling = {
  kind: 'demand-drop',
  altitude: 'family-region',
  product: 'Bakery',
  place: undefined,
  region: 'North',
  since: parseInstant('2026-11-24T08:40:00Z'),
  now: parseInstant('2026-11-24T13:32:00Z'),
  zone: zoneOf('Europe/Paris'),
  measure: 'units',
  basis: 'plan',
  expected: 665_000,
  actual: 412_000,
  valueAtRisk: 31_800_000,
  currency: 'EUR',
  mover: { label: 'Store 17', share: 0.712 },
};

describe('headlines', () => {
  it('tell a drop as a planner would', () => {
    expect(headline(bakery)).toBe(
      'Bakery in North sells 38\u202f% under plan since 09:40: 412 of 665 units, €3,180 at risk. Store 17 alone explains 71\u202f%.',
    );
  });

  it('name the day when it began earlier, in the place’s own zone', () => {
    const tokyo = { ...bakery, zone: zoneOf('Asia/Tokyo'), since: parseInstant('2026-11-22T15:10:00Z'), mover: undefined };
    expect(headline(tokyo)).toContain('under plan since Mon 23 Nov: 412 of 665 units');
  });

  it('tell surges, and what is above the recent rate though not above plan', () => {
    const surge = { ...bakery, kind: 'demand-surge', actual: 2_061_500, mover: undefined } as const;
    expect(headline(surge)).toContain('sells 210\u202f% over plan');
    expect(headline({ ...surge, basis: 'recent' })).toContain('sells 210\u202f% over its recent rate');
  });

  it('tell silence and zero runs', () => {
    const silent = {
      ...bakery,
      kind: 'feed-silence',
      altitude: 'location',
      place: 'Store 31',
      region: 'Lyon',
      since: parseInstant('2026-11-24T13:20:00Z'),
      expected: 40_200,
      actual: 0,
    } as const;
    expect(headline(silent)).toBe('Store 31 in Lyon is silent for 12 minutes: 40 sales expected since 14:20.');
    const shoe = {
      ...bakery,
      kind: 'zero-run',
      altitude: 'leaf',
      product: 'Trail shoe 42',
      place: 'Store 08',
      measure: 'lines',
      since: parseInstant('2026-11-21T13:00:00Z'),
      expected: 12_000,
      actual: 0,
    } as const;
    expect(headline(shoe)).toBe('Trail shoe 42 in Store 08: no sale for 3 days, 12 expected.');
  });

  it('write amounts and spans', () => {
    expect(money(12_345_678_0000, 'EUR')).toBe('€12,345,678');
    expect(money(-31_800_000, 'CHF')).toBe('−CHF\u202f3,180');
    expect(duration(60_000)).toBe('1 minute');
    expect(duration(3 * 3_600_000)).toBe('3 hours');
  });
});
