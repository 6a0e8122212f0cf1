import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BEHIND, DUPLICATE, Duplicates, FRESH, OUTSIDE, SEQUENCE_WINDOW } from './duplicates.ts';

const DAY = 86_400_000;
const fresh = (): Duplicates => new Duplicates({ days: 14, ids: 1000 });

describe('numbered sources', () => {
  it('agree with a plain set for any disorder within the window', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 400 }), (sequence) => {
        const window = fresh();
        const seen = new Set<number>();
        for (const n of sequence) {
          expect(window.numbered(3, n)).toBe(seen.has(n) ? DUPLICATE : FRESH);
          seen.add(n);
        }
      }),
    );
  });

  it('call a number behind the window a repeat, and keep sources apart', () => {
    const window = fresh();
    expect(window.numbered(0, 1)).toBe(FRESH);
    expect(window.numbered(0, SEQUENCE_WINDOW + 1)).toBe(FRESH);
    expect(window.numbered(0, 1)).toBe(BEHIND);
    expect(window.numbered(0, 2)).toBe(FRESH);
    expect(window.numbered(1, 1)).toBe(FRESH);
    expect(window.numbered(90, 5)).toBe(FRESH);
    expect(window.numbered(90, 5)).toBe(DUPLICATE);
  });
});

describe('unnumbered events', () => {
  it('are recognised within the window and outside beyond it', () => {
    const window = fresh();
    expect(window.identified(1, 2, 100 * DAY)).toBe(FRESH);
    expect(window.identified(1, 2, 100 * DAY)).toBe(DUPLICATE);
    expect(window.identified(1, 3, 90 * DAY)).toBe(FRESH);
    expect(window.identified(1, 4, 80 * DAY)).toBe(OUTSIDE);
    expect(window.redriven(1, 4)).toBe(FRESH);
    expect(window.redriven(1, 4)).toBe(DUPLICATE);
  });

  it('never forget without saying so when there are more ids than the window holds', () => {
    const window = fresh();
    for (let i = 0; i < 5000; i++) expect(window.identified(i * 7919, i, i)).toBe(FRESH);
    expect(window.identified(4999 * 7919, 4999, 4999)).toBe(DUPLICATE);
    expect(window.identified(0, 0, 0)).toBe(OUTSIDE);
  });
});

it('survive a snapshot', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 80 }), fc.nat(6000), fc.nat(40))), fc.nat(), (events, cut) => {
      const whole = fresh();
      let halves = fresh();
      const at = events.length === 0 ? 0 : cut % events.length;
      events.forEach(([source, n, day], i) => {
        if (i === at) {
          const next = fresh();
          next.load(halves.save(81));
          halves = next;
        }
        expect(halves.numbered(source, n)).toBe(whole.numbered(source, n));
        expect(halves.identified(n, source, day * DAY)).toBe(whole.identified(n, source, day * DAY));
      });
    }),
    { numRuns: 30 },
  );
});
