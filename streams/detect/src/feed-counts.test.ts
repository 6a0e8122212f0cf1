import { KeyTable } from '@plumbline/kernel';
import type { FeedCount } from '@plumbline/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FeedCounts, NAMED_SOURCES, OTHER_SOURCES } from './feed-counts.ts';

const places = Array.from({ length: 5 }, (_, i) => ({ code: `L${i}` }));
const sourcesOf = (count: number): KeyTable => {
  const table = new KeyTable();
  for (let i = 0; i < count; i++) table.add(`till-${i}`);
  return table;
};

const step = fc.record({
  what: fc.constantFrom('accept', 'late', 'duplicate', 'behind', 'refuse', 'outside', 'reject', 'take', 'renumber'),
  source: fc.nat(NAMED_SOURCES + 10),
  few: fc.nat(3),
  location: fc.integer({ min: -1, max: 4 }),
  time: fc.nat(1000),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The same, plainly: a count by location and source. */
class Plain {
  readonly counts = new Map<string, FeedCount>();

  apply({ what, source, location, time }: Step, codes: readonly { code: string }[]): void {
    if (what === 'take' || what === 'renumber') return;
    const name = source < NAMED_SOURCES ? `till-${source}` : OTHER_SOURCES;
    const place = what === 'reject' || location < 0 ? '' : codes[location]!.code;
    const key = `${place} ${name}`;
    const count = this.counts.get(key) ?? { location: place, source: name, accepted: 0, late: 0, duplicates: 0, outsideWindow: 0, rejected: 0, lastAt: undefined };
    this.counts.set(key, count);
    if (what === 'accept' || what === 'late') {
      count.accepted++;
      count.lastAt = Math.max(count.lastAt ?? -Infinity, time);
    }
    if (what === 'late') count.late++;
    if (what === 'duplicate' || what === 'behind') count.duplicates++;
    if (what === 'behind' || what === 'outside') count.outsideWindow++;
    if (what === 'refuse' || what === 'outside' || what === 'reject') count.rejected++;
  }
}

function apply(counts: FeedCounts, { what, source, location, time }: Step): void {
  if (what === 'accept' || what === 'late') counts.accept(source, location, time, what === 'late');
  if (what === 'duplicate' || what === 'behind') counts.duplicate(source, location, what === 'behind');
  if (what === 'refuse' || what === 'outside') counts.refuse(source, location, what === 'outside');
  if (what === 'reject') counts.reject(`till-${source}`);
}

const sorted = (counts: Iterable<FeedCount>): FeedCount[] => [...counts].sort((a, b) => (`${a.location} ${a.source}` < `${b.location} ${b.source}` ? -1 : 1));

describe('feed counts', () => {
  it('are what was counted, whatever the cuts and however often locations are numbered anew', () => {
    const sources = sourcesOf(NAMED_SOURCES + 11);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const counts = new FeedCounts(sources);
        const plain = new Plain();
        const sum = new Plain();
        let codes = places;
        const add = (taken: readonly FeedCount[]): void => {
          for (const one of taken) {
            const key = `${one.location} ${one.source}`;
            const before = sum.counts.get(key);
            if (!before) sum.counts.set(key, one);
            else {
              for (const name of ['accepted', 'late', 'duplicates', 'outsideWindow', 'rejected'] as const) before[name] += one[name];
              if (one.lastAt !== undefined) before.lastAt = Math.max(before.lastAt ?? -Infinity, one.lastAt);
            }
          }
        };
        for (const given of steps) {
          const one = given.few > 0 ? { ...given, source: given.few } : given;
          if (one.what === 'take') add(counts.take(codes));
          if (one.what === 'renumber') {
            counts.renumber(codes);
            codes = codes.toReversed();
          }
          apply(counts, one);
          plain.apply(one, codes);
        }
        add(counts.take(codes));
        expect(sorted(sum.counts.values())).toEqual(sorted(plain.counts.values()));
        expect(counts.take(codes)).toEqual([]);
      }),
    );
  });

  it('stay bounded: sources past the limit and names of rejects past theirs count as one', () => {
    const counts = new FeedCounts(sourcesOf(3));
    for (let i = 0; i < 1000; i++) counts.reject(`stranger-${i}`);
    counts.reject(undefined);
    const taken = counts.take(undefined);
    expect(taken).toHaveLength(201);
    expect(taken.find(({ source }) => source === OTHER_SOURCES)!.rejected).toBe(801);
    const again = new FeedCounts(sourcesOf(3), counts.rejecting);
    again.reject('stranger-7');
    again.reject('stranger-900');
    expect(again.take(undefined).map(({ source }) => source)).toEqual(['stranger-7', OTHER_SOURCES]);
  });

  it('grow past their first size and are gone when discarded', () => {
    const counts = new FeedCounts(sourcesOf(NAMED_SOURCES));
    for (let source = 0; source < 1500; source++) counts.accept(source, source % 5, source, false);
    expect(counts.take(places)).toHaveLength(1500);
    counts.accept(1, 1, 1, false);
    counts.reject('till-2');
    counts.discard();
    expect(counts.take(places)).toEqual([]);
  });
});
