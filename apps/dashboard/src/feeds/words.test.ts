import type { Feed } from '@plumbline/contracts';
import { describe, expect, it } from 'vitest';
import { agoOf, arranged, likenessOf, rateOf, shareOf, stateLine } from './words.ts';

const now = Date.parse('2026-11-24T10:00:00Z');

describe('feeds in words', () => {
  it('say how long a feed has been silent, and when it last spoke', () => {
    expect(stateLine({ state: 'silent', silentSince: '2026-11-24T09:35:00Z' }, now)).toBe('silent 25 min');
    expect(stateLine({ state: 'doubtful', silentSince: '2026-11-24T09:59:30Z' }, now)).toBe('unusually quiet 30 s');
    expect(stateLine({ state: 'sending', silentSince: null }, now)).toBe('sending');
    expect([agoOf(null, now), agoOf('2026-11-24T09:59:58Z', now)]).toEqual(['never', '2 s']);
  });

  it('never round a little to nothing', () => {
    expect([0, 0.0001, 0.012, 0.43].map(shareOf)).toEqual(['0\u202f%', '<0.1\u202f%', '1.2\u202f%', '43\u202f%']);
    expect([0, 0.002, 0.2, 12.44, 1240].map(rateOf)).toEqual(['0/s', '7.2/h', '12.0/min', '12.4/s', '1,240/s']);
  });

  it('put first what needs somebody', () => {
    const feed = (name: string, region: string, state: Feed['state']): Feed => ({ name, region, state }) as Feed;
    const feeds = [feed('b', 'North', 'sending'), feed('z', 'East', 'silent'), feed('c', 'East', 'closed'), feed('a', 'North', 'sending'), feed('d', 'East', 'doubtful')];
    expect(arranged(feeds).map(({ name }) => name)).toEqual(['z', 'd', 'a', 'b', 'c']);
  });
});

describe('planning what the plan does not know', () => {
  it('asks for a likeness of each part it lacks, and waits until all are chosen', () => {
    const sale = { sku: 'NEW', location: 'L9' };
    expect(likenessOf({ ...sale, unknown: 'sku' }, { sku: '', location: '' })).toBeUndefined();
    expect(likenessOf({ ...sale, unknown: 'sku' }, { sku: '4711', location: '' })).toEqual([{ sku: 'NEW', like: '4711' }]);
    expect(likenessOf({ ...sale, unknown: 'location' }, { sku: '', location: 'L1' })).toEqual([{ location: 'L9', like: 'L1' }]);
    expect(likenessOf({ ...sale, unknown: 'both' }, { sku: '4711', location: '' })).toBeUndefined();
    expect(likenessOf({ ...sale, unknown: 'both' }, { sku: '4711', location: 'L1' })).toEqual([{ location: 'L9', like: 'L1' }, { sku: 'NEW', like: '4711' }]);
    expect(likenessOf({ ...sale, unknown: 'not-listed' }, { sku: '', location: 'L1' })).toEqual([{ sku: 'NEW', location: 'L9', like: 'L1' }]);
  });
});
