import fc from 'fast-check';
import { expect, it } from 'vitest';
import { placeLabels } from './labels.ts';

const label = fc.record({ y: fc.double({ min: -50, max: 450, noNaN: true }), height: fc.integer({ min: 8, max: 34 }) });

it('keeps labels where they want to be while there is room', () => {
  expect(placeLabels([{ y: 100, height: 16 }, { y: 30, height: 16 }], 0, 200)).toEqual([100, 30]);
});

it('parts two that want the same place evenly', () => {
  expect(placeLabels([{ y: 100, height: 20 }, { y: 100, height: 20 }], 0, 200)).toEqual([90, 110]);
});

it('never lets labels overlap or leave the column, and keeps their order', () => {
  fc.assert(
    fc.property(fc.array(label, { maxLength: 8 }), (wanted) => {
      const placed = placeLabels(wanted, 0, 400);
      const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]!.y - wanted[b]!.y || a - b);
      order.forEach((index, rank) => {
        const { height } = wanted[index]!;
        expect(placed[index]! - height / 2).toBeGreaterThanOrEqual(-1e-6);
        expect(placed[index]! + height / 2).toBeLessThanOrEqual(400 + 1e-6);
        if (rank === 0) return;
        const above = order[rank - 1]!;
        expect(placed[index]! - height / 2).toBeGreaterThanOrEqual(placed[above]! + wanted[above]!.height / 2 - 1e-6);
      });
    }),
  );
});
