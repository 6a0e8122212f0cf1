import fc from 'fast-check';
import { PlumblineError } from '@plumbline/kernel';
import { describe, expect, it } from 'vitest';
import { actionsToCommit, nextPlanStatus, planTransitions } from './lifecycle.ts';
import type { PlanVersion } from './types.ts';
import { validateVersion } from './validate.ts';
import { decodePlan, encodePlan, hashPlan, summarise } from './version.ts';
import { anyVersion } from './version.fixture.ts';

const sample = (): PlanVersion => structuredClone(fc.sample(anyVersion, { numRuns: 1, seed: 7 })[0]);

function shuffled(version: PlanVersion): PlanVersion {
  return {
    ...version,
    products: version.products.toReversed(),
    locations: version.locations.toReversed(),
    lines: version.lines.toReversed(),
    splits: version.splits
      .toReversed()
      .map((split) => ({ ...split, closed: split.closed.toReversed(), leaves: split.leaves.toReversed() })),
  };
}

describe('encodePlan', () => {
  it('does not depend on the order of anything, and decodes to the same plan', () => {
    fc.assert(
      fc.property(anyVersion, (version) => {
        const bytes = encodePlan(version);
        expect(hashPlan(encodePlan(shuffled(version)))).toBe(hashPlan(bytes));
        const decoded = decodePlan(bytes);
        expect(encodePlan(decoded)).toEqual(bytes);
        expect(decoded.lines.length).toBe(version.lines.length);
        expect(new Set(decoded.splits.flatMap((s) => s.leaves.map((l) => JSON.stringify(l))))).toEqual(
          new Set(version.splits.flatMap((s) => s.leaves.map((l) => JSON.stringify(l)))),
        );
      }),
      { numRuns: 25 },
    );
  });

  it('changes its hash with one thousandth of a unit', () => {
    const version = sample();
    const before = hashPlan(encodePlan(version));
    version.lines[0].units += 1;
    expect(hashPlan(encodePlan(version))).not.toBe(before);
    expect(before).toMatch(/^[0-9a-f]{64}$/);
  });

  it('refuses bytes that are no plan, cut short or of another format', () => {
    const bytes = encodePlan(sample());
    const newer = bytes.slice();
    newer[4] = 9;
    for (const bad of [
      new Uint8Array(3),
      bytes.slice(0, -1),
      newer,
      new TextEncoder().encode('no plan at all, only words'),
    ]) {
      expect(() => decodePlan(bad)).toThrow(PlumblineError);
    }
  });
});

describe('validateVersion', () => {
  it('finds nothing in a good version', () => {
    fc.assert(
      fc.property(anyVersion, (version) => {
        expect(validateVersion(version)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('names all faults at once', () => {
    const version = sample();
    version.currency = ' ';
    version.products.push({ ...version.products[0], price: -1 });
    version.locations[0].zone = 'Mars/Olympus';
    version.lines.push({ ...version.lines[0], family: 'Nowhere', units: 0.5 });
    version.lines[0].revenue = Number.MAX_SAFE_INTEGER;
    version.splits[0].weekday = [1, 2, 3];
    version.splits[0].hour.fill(0);
    version.splits[0].closed.push('2026-02-30');
    version.splits[0].alpha = NaN;
    version.splits[0].leaves.push(
      { ...version.splits[0].leaves[0] },
      { sku: 'none', location: 'none', weight: -1, linesPerUnit: Infinity },
    );
    const codes = new Set(validateVersion(version).map((fault) => fault.code));
    const expected = [
      'missing-text',
      'duplicate-product',
      'bad-price',
      'bad-zone',
      'unknown-family',
      'bad-units',
      'bad-revenue',
      'bad-weekday',
      'bad-hour',
      'bad-closed',
      'bad-alpha',
      'duplicate-leaf',
      'unknown-sku',
      'unknown-location',
      'bad-weight',
      'bad-lines-per-unit',
    ];
    for (const code of expected) expect(codes).toContain(code);
    expect(() => encodePlan(version)).toThrow(/fault\(s\)/);
  });

  it('finds holes, duplicates and lines nothing splits', () => {
    const version = sample();
    const line = version.lines[0];
    version.lines.push({ ...line }, { ...line, month: line.month + 5, units: 10 });
    version.splits = version.splits.filter((split) => split.family !== line.family);
    const codes = new Set(validateVersion(version).map((fault) => fault.code));
    expect(codes).toEqual(new Set(['duplicate-line', 'horizon-hole', 'no-split']));
  });

  it('knows leaves that belong to another family or region', () => {
    const version = sample();
    version.products.push({ sku: 'other', family: 'Other', name: '', unit: 'each', price: 1 });
    version.splits[0].leaves.push({
      sku: 'other',
      location: version.splits[0].leaves[0].location,
      weight: 1,
      linesPerUnit: 1,
    });
    expect(validateVersion(version).map((fault) => fault.code)).toEqual(['outside-split']);
  });
});

describe('summarise', () => {
  it('counts and adds up in exact decimals', () => {
    const version = sample();
    const summary = summarise(version, { hash: 'h', status: 'committed', committedAt: 1_764_547_200_000 });
    expect(summary.status).toBe('committed');
    expect(summary.effectiveAt).toBeNull();
    expect(summary.committedAt).toBe('2025-12-01T00:00:00Z');
    expect(summary.series).toBe(version.splits.reduce((sum, split) => sum + split.leaves.length, 0));
    expect(Math.round(Number(summary.units) * 1000)).toBe(version.lines.reduce((sum, line) => sum + line.units, 0));
  });
});

describe('lifecycle', () => {
  it('leads from draft to committed and lets a committed version only be superseded', () => {
    expect(actionsToCommit('draft')).toEqual(['submit', 'recommend', 'commit']);
    expect(actionsToCommit('committed')).toEqual([]);
    expect(Object.keys(planTransitions.committed)).toEqual(['supersede']);
    expect(nextPlanStatus('in-review', 'return')).toBe('draft');
    expect(() => nextPlanStatus('committed', 'return')).toThrow(/cannot return/);
    expect(() => nextPlanStatus('superseded', 'commit')).toThrow(PlumblineError);
  });
});
