import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readBack, widthFor, type Window } from './backwards.ts';

const MOST = 20;

it('reads everything once, newest first, a page at a time, whatever the density', async () => {
  const times = fc.array(fc.integer({ min: 0, max: 5_000_000 }), { maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(times, fc.integer({ min: 1, max: 10_000_000 }), async (instants, width) => {
      // At most a few in any second: a stretch of one second is never divided.
      const all = [...new Set(instants)];
      const read = async (from: number, to: number) => {
        const within = all.filter((time) => time >= from && time < to).sort((a, b) => a - b);
        return { items: within.slice(0, MOST), whole: within.length <= MOST };
      };
      const got: number[] = [];
      let window: Window = { edge: 5_000_001, width };
      while (window.edge > 0) {
        const page = await readBack(window, 0, 10, read, (time) => time);
        got.push(...page.items);
        window = page.window;
      }
      const dense = all.some((time) => all.filter((other) => other >= time && other < time + 1000).length > MOST);
      if (!dense) expect(got).toEqual([...all].sort((a, b) => b - a));
    }),
    { numRuns: 50 },
  );
});

it('begins with a width in which about a page lies', () => {
  expect(widthFor(50, 500, 3_600_000)).toBe(360_000);
  expect(widthFor(50, 0, 3_600_000)).toBe(7 * 24 * 3_600_000);
});
