import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anException } from '#live/exceptions.testing.ts';
import { comparers, facets, fromAddress, isNarrowed, matcher, NOBODY, noFilters, sorts, toAddress, views, type Filters } from './filters.ts';

const parse = (text: string): Filters => fromAddress(new URLSearchParams(text));
const matches = (filters: Partial<Filters>, more: Parameters<typeof anException>[0] = {}, viewer: string | null = null): boolean =>
  matcher({ ...noFilters, ...filters }, viewer)(anException(more));

describe('the address', () => {
  it('of the usual view is bare', () => {
    expect(toAddress(noFilters).toString()).toBe('');
    expect(parse('')).toEqual(noFilters);
  });

  it('holds all of a view, and gives it back', () => {
    const texts = fc.array(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 3 });
    const filters = fc.record({
      view: fc.constantFrom(...views),
      sort: fc.constantFrom(...sorts),
      text: fc.string(),
      region: texts,
      family: texts,
      location: texts,
      kind: fc.subarray(['demand-surge', 'zero-run']),
      owner: texts,
    });
    fc.assert(
      fc.property(filters, (given) => {
        expect(fromAddress(new URLSearchParams(toAddress(given).toString()))).toEqual(given);
      }),
    );
  });

  it('keeps what is not a filter, and loses a filter that is taken off', () => {
    const query = toAddress({ ...noFilters, region: ['North'] }, new URLSearchParams('id=X-1&family=Bakery'));
    expect(query.toString()).toBe('id=X-1&region=North');
  });

  it('with words nobody knows shows the usual', () => {
    expect(parse('view=all&sort=colour&kind=storm')).toEqual(noFilters);
  });
});

describe('a filter', () => {
  it('takes any of its values, and all filters together', () => {
    expect(matches({ region: ['South', 'North'] })).toBe(true);
    expect(matches({ region: ['South'] })).toBe(false);
    expect(matches({ region: ['North'], family: ['Dairy'] })).toBe(false);
    expect(matches({ location: ['S17'] })).toBe(false);
  });

  it('by owner knows nobody', () => {
    expect(matches({ owner: [NOBODY] })).toBe(true);
    expect(matches({ owner: [NOBODY] }, { owner: 'Ana' })).toBe(false);
    expect(matches({ owner: ['Ana'] }, { owner: 'Ana' })).toBe(true);
  });

  it('by text finds every word in any order and case', () => {
    expect(matches({ text: 'north BAKERY' })).toBe(true);
    expect(matches({ text: 'north dairy' })).toBe(false);
    expect(matches({ text: 'x-1' })).toBe(true);
  });

  it('by view parts open, mine, snoozed and closed', () => {
    const snoozed = { snoozedUntil: '2026-11-25T08:00:00Z' };
    expect(matches({ view: 'open' }, snoozed)).toBe(false);
    expect(matches({ view: 'snoozed' }, snoozed)).toBe(true);
    expect(matches({ view: 'mine' }, { owner: 'Ana' }, 'Ana')).toBe(true);
    expect(matches({ view: 'mine' }, { owner: null }, null)).toBe(false);
    expect(matches({ view: 'closed' }, { status: 'cleared' })).toBe(true);
    expect(matches({ view: 'open' }, { status: 'cleared' })).toBe(false);
  });

  it('is one whenever something is left out', () => {
    expect(isNarrowed({ ...noFilters, view: 'mine', sort: 'value' })).toBe(false);
    for (const facet of facets) expect(isNarrowed({ ...noFilters, [facet]: ['demand-drop'] })).toBe(true);
  });
});

describe('an order', () => {
  it('puts first what matters most, and equals by the latest raised', () => {
    const rows = [
      anException({ id: 'X-9', priority: 1, valueAtRisk: '900.5', raisedAt: '2026-11-24T08:00:00Z' }),
      anException({ id: 'X-10', priority: 1, valueAtRisk: '1000', raisedAt: '2026-11-24T07:00:00Z' }),
      anException({ id: 'X-2', priority: 5, valueAtRisk: '20', raisedAt: '2026-11-23T08:00:00Z' }),
    ];
    const ids = (sort: keyof typeof comparers): string[] => [...rows].sort(comparers[sort]).map(({ id }) => id);
    expect(ids('priority')).toEqual(['X-2', 'X-10', 'X-9']);
    expect(ids('value')).toEqual(['X-10', 'X-9', 'X-2']);
    expect(ids('newest')).toEqual(['X-9', 'X-10', 'X-2']);
  });
});
