import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffPlans } from './diff.ts';
import { anyVersion } from './version.fixture.ts';

const version = () => structuredClone(fc.sample(anyVersion, { numRuns: 1, seed: 11 })[0]);

describe('diffPlans', () => {
  it('finds nothing between a plan and itself', () => {
    const same = diffPlans(version(), version());
    expect(same.lines).toEqual([]);
    expect(same.unchanged).toBe(version().lines.length);
    expect(Object.values(same.profiles).every((count) => count === 0)).toBe(true);
  });

  it('counts what was added, removed and changed, and its changes add up to those of the totals', () => {
    const a = version();
    const b = version();
    b.lines[0].units += 500;
    b.lines[1].revenue += 7;
    const removed = b.lines.pop()!;
    b.lines.push({ ...removed, month: removed.month + 1 });
    b.splits[0].weekday[0] += 1;
    b.splits[0].leaves[0].weight += 1;
    b.splits.pop();
    b.products[0].price += 1;
    const diff = diffPlans(a, b);
    expect([diff.changed, diff.added, diff.removed, diff.unchanged]).toEqual([2, 1, 1, a.lines.length - 3]);
    expect(diff.lines.reduce((sum, line) => sum + line.units.change, 0)).toBe(diff.units.change);
    expect(diff.lines.reduce((sum, line) => sum + line.revenue.change, 0)).toBe(diff.revenue.change);
    expect(diff.units.change).toBe(500);
    expect(diff.profiles).toMatchObject({ weekday: 1, shares: 1, removed: 1, added: 0 });
    expect(diff.products).toEqual({ added: 0, removed: 0, changed: 1 });
  });
});
