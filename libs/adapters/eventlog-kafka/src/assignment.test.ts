import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAssignment, decodeClaim, encodeAssignment, encodeClaim, share, type Claim } from './assignment.ts';

const claim = (memberId: string, owned: number[] = [], generation = 1): Claim => ({
  memberId,
  topic: 't',
  owned,
  generation,
});

/** Plays rounds as the members do: what is missing is given up, what came is owned, until nothing changes. */
function settle(claims: Claim[], count: number): { shares: Map<string, number[]>; rounds: number } {
  let current = claims;
  for (let rounds = 1; ; rounds++) {
    const shares = share(current, count);
    const next = current.map(({ memberId, owned }) => {
      const mine = shares.get(memberId)!;
      const gone = owned.some((p) => !mine.includes(p));
      return claim(memberId, gone ? owned.filter((p) => mine.includes(p)) : mine, rounds + 1);
    });
    if (JSON.stringify(next.map((c) => c.owned)) === JSON.stringify(current.map((c) => [...c.owned])))
      return { shares, rounds };
    if (rounds > 5) throw new Error('does not settle');
    current = next;
  }
}

describe('share', () => {
  it('gives a single member everything', () => {
    expect(share([claim('a')], 3)).toEqual(new Map([['a', [0, 1, 2]]]));
  });

  it('withholds what has to move until its owner has given it up', () => {
    const first = share([claim('a', [0, 1, 2, 3]), claim('b')], 4);
    expect(first).toEqual(
      new Map([
        ['a', [0, 1]],
        ['b', []],
      ]),
    );
    expect(share([claim('a', [0, 1]), claim('b')], 4)).toEqual(
      new Map([
        ['a', [0, 1]],
        ['b', [2, 3]],
      ]),
    );
  });

  it('believes the later of two claims', () => {
    const shares = share([claim('left-behind', [0, 1], 3), claim('current', [0, 1], 4)], 2);
    expect(shares.get('current')).toEqual([0]);
    expect(shares.get('left-behind')).toEqual([]);
  });

  it('leaves a spare member without', () => {
    expect(share([claim('a', [0]), claim('b')], 1)).toEqual(
      new Map([
        ['a', [0]],
        ['b', []],
      ]),
    );
  });

  const groups = fc.record({
    count: fc.integer({ min: 1, max: 24 }),
    members: fc.integer({ min: 1, max: 8 }),
    owners: fc.array(fc.nat(8), { maxLength: 24 }),
  });

  it('never gives a partition to two, nor one that another still owns; settles evenly; moves no more than it must', () => {
    fc.assert(
      fc.property(groups, ({ count, members, owners }) => {
        const claims = Array.from({ length: members }, (_, m) =>
          claim(
            `m${m}`,
            owners.flatMap((owner, p) => (owner === m && p < count ? [p] : [])),
          ),
        );
        const shares = share(claims, count);
        const given = [...shares.values()].flat();
        expect(new Set(given).size).toBe(given.length);
        for (const { memberId, owned } of claims)
          for (const [other, partitions] of shares)
            if (other !== memberId) expect(partitions.filter((p) => owned.includes(p))).toEqual([]);
        const { shares: settled, rounds } = settle(claims, count);
        const sizes = [...settled.values()].map((partitions) => partitions.length);
        expect([...settled.values()].flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, p) => p));
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(rounds).toBeLessThanOrEqual(3);
        const most = Math.ceil(count / members);
        for (const { memberId, owned } of claims) {
          const kept = owned.filter((p) => settled.get(memberId)!.includes(p)).length;
          expect(kept).toBeGreaterThanOrEqual(Math.min(owned.length, most) - 1);
        }
      }),
    );
  });
});

describe('what members tell each other', () => {
  it('survives the wire', () => {
    expect(decodeClaim('m', encodeClaim('t', [3, 1], 7))).toEqual({
      memberId: 'm',
      topic: 't',
      owned: [3, 1],
      generation: 7,
    });
    expect(decodeAssignment('t', encodeAssignment('t', [0, 5]))).toEqual([0, 5]);
    expect(decodeAssignment('t', Buffer.alloc(0))).toEqual([]);
  });
});
