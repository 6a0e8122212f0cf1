import type { Exception } from '@plumbline/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exceptionOf } from '../exception.testing.ts';
import { ChangeRing } from './change-ring.ts';

it('gives the last state of everything that changed after a number, or says that it cannot', () => {
  const steps = fc.array(fc.record({ id: fc.nat(12), gap: fc.integer({ min: 1, max: 3 }) }), { maxLength: 120 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), fc.nat(50), (moves, capacity, floor) => {
      const ring = new ChangeRing(capacity);
      ring.reset(floor);
      const all: Exception[] = [];
      let change = floor;
      for (const { id, gap } of moves) {
        change += gap;
        all.push(exceptionOf(id, { id: `X-${id}`, change }));
        ring.push(all.at(-1)!);
      }
      expect(ring.after(ring.floor - 1)).toBeUndefined();
      // As many as it is to hold, it holds.
      if (all.length > 0) expect(ring.floor).toBeLessThanOrEqual(all.at(-capacity)?.change ?? floor);
      for (let after = ring.floor; after <= change; after++) {
        const last = new Map(all.filter((one) => one.change > after).map((one) => [one.id, one]));
        expect(ring.after(after)).toEqual([...last.values()].sort((a, b) => a.change - b.change));
      }
    }),
  );
});
