import { describe, expect, it } from 'vitest';
import { headlineParts, offersFor, scopeWords } from './words.ts';

describe('a headline', () => {
  it.each([
    ['Bakery in North sells 38\u202f% under plan since 09:40: 412 of 665 units, €3,180 at risk.', '38\u202f% under plan'],
    ['Oat milk sells 1,204\u202f% over its recent rate since Mon 23 Nov: 7.5 of 0.6 sales.', '1,204\u202f% over its recent rate'],
    ['Store 31 in South is silent for 12 minutes: 40 sales expected since 11:00.', 'is silent for 12 minutes'],
    ['Lyon in South was silent for 6 hours: 779 sales expected since 11:00.', 'was silent for 6 hours'],
    ['Mushrooms, local in Paris: no sale for 2 days, 104 expected.', 'no sale for 2 days'],
    ['Coffee in East sells on plan since 08:00: 10 of 10 units.', 'on plan'],
  ])('carries its colour where it tells the deviation: %s', (headline, told) => {
    const parts = headlineParts(headline);
    expect(parts.told).toBe(told);
    expect(parts.before + parts.told + parts.after).toBe(headline);
  });

  it('is shown whole where it tells none', () => {
    expect(headlineParts('Something else happened.')).toEqual({ before: 'Something else happened.', told: '', after: '' });
  });
});

it('offers what the status allows, and each key once', () => {
  expect(offersFor('open')[0]!.act).toBe('acknowledge');
  expect(offersFor('acknowledged').map(({ act }) => act)).not.toContain('acknowledge');
  expect(offersFor('in-progress').map(({ act }) => act)).not.toContain('start');
  for (const status of ['resolved', 'cleared', 'dismissed'] as const) expect(offersFor(status).map(({ act }) => act)).toEqual(['reopen', 'comment']);
  const keys = offersFor('open').map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

it('names a scope by what it holds', () => {
  expect(scopeWords({ family: 'Bakery', region: 'North' })).toBe('Bakery · North');
  expect(scopeWords({ sku: '4711', family: 'Bakery', location: 'LYS', region: 'South' })).toBe('4711 · LYS');
  expect(scopeWords({})).toBe('whole business');
});
