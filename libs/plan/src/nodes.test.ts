import fc from 'fast-check';
import { firstDayOfMonth, HOUR_MS, parseDay, parseInstant, parseMonth, zoneOf } from '@plumbline/kernel';
import { describe, expect, it } from 'vitest';
import { buildVersion } from './build.ts';
import { compilePlan } from './compile.ts';
import { NODES_PER_CELL, PlanNodes } from './nodes.ts';
import type { PlanVersion } from './types.ts';
import { validateVersion } from './validate.ts';
import { anyVersion } from './version.fixture.ts';

const nodesOf = (version: PlanVersion): PlanNodes => new PlanNodes(compilePlan(version, 'test'));

describe('PlanNodes', () => {
  it('gives every altitude the sum of its cells', () => {
    fc.assert(
      fc.property(anyVersion, fc.integer({ min: 0, max: 80 }), (version, offset) => {
        const nodes = nodesOf(version);
        const { plan } = nodes;
        const day = firstDayOfMonth(plan.firstMonth) + offset;
        const sums = new Map<string, number>();
        nodes.nodes.forEach((node, n) => {
          let lines = 0;
          for (const cell of nodes.cellsOf(n)) {
            lines += plan.linesOfCell(Math.floor(cell / plan.locations.length), cell % plan.locations.length, day);
            expect(nodes.nodesOfCell.subarray(cell * NODES_PER_CELL, (cell + 1) * NODES_PER_CELL)).toContain(n);
          }
          expect(nodes.linesOfDay(n, day)).toBe(lines);
          sums.set(node.altitude, (sums.get(node.altitude) ?? 0) + lines);
        });
        for (const altitude of ['region', 'family', 'family-region', 'location']) {
          expect(sums.get(altitude)).toBeCloseTo(sums.get('total')!, 3);
        }
        expect(new Set(nodes.nodes.map((node) => node.code)).size).toBe(nodes.nodes.length);
      }),
      { numRuns: 40 },
    );
  });

  it("elapses by each zone's own clock, never back, and ends with the whole day", () => {
    fc.assert(
      fc.property(anyVersion, fc.integer({ min: 0, max: 80 }), (version, offset) => {
        const nodes = nodesOf(version);
        const day = firstDayOfMonth(nodes.plan.firstMonth) + offset;
        const start = Math.min(...nodes.plan.zones.map((zone) => zone.startOf(day)));
        for (const node of [nodes.totalNode, nodes.regionNode(0), nodes.familyNode(0)]) {
          let last = nodes.elapsed(node, day, start);
          expect(last).toBe(0);
          for (let at = start; at < start + 34 * HOUR_MS; at += HOUR_MS / 3) {
            const now = nodes.elapsed(node, day, at);
            expect(now).toBeGreaterThanOrEqual(last);
            last = now;
          }
          if (nodes.linesOfDay(node, day) > 0) expect(last).toBeCloseTo(1, 12);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('adds two zones that stand at different hours', () => {
    const nodes = nodesOf(twoZones());
    const day = parseDay('2026-06-10');
    // 09:00 in London, 04:00 in New York: hours are even over the day, so 9/24 and 4/24 of half the lines each.
    const at = parseInstant('2026-06-10T08:00:00Z');
    expect(nodes.elapsedLines(nodes.totalNode, day, at)).toBeCloseTo((24 * 9) / 24 + (24 * 4) / 24, 6);
    expect(nodes.elapsed(nodes.regionNode(0), day, at)).toBeCloseTo(9 / 24, 9);
  });

  it('measures a silence between two instants over midnight, closing hours and clock changes', () => {
    const nodes = nodesOf(twoZones());
    const between = (from: string, to: string): number =>
      nodes.locationLinesBetween(0, parseInstant(from), parseInstant(to));
    expect(between('2026-06-10T08:00:00Z', '2026-06-10T10:30:00Z')).toBeCloseTo(2.5, 6);
    expect(between('2026-06-10T20:00:00Z', '2026-06-12T08:00:00Z')).toBeCloseTo(36, 5);
    expect(between('2026-06-12T08:00:00Z', '2026-06-10T20:00:00Z')).toBe(0);
    expect(between('2030-01-01T00:00:00Z', '2030-02-01T00:00:00Z')).toBe(0);
    // The clocks go back at 01:00Z on 25 October 2026; the repeated hour expects nothing twice.
    expect(between('2026-10-24T23:00:00Z', '2026-10-26T00:00:00Z')).toBeCloseTo(24, 5);
    const from = parseInstant('2026-10-25T00:00:00Z');
    const steps = Array.from({ length: 13 }, (_, i) => nodes.locationLinesBetween(0, from, from + (i * HOUR_MS) / 4));
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(steps[4]).toBeCloseTo(steps[7], 9);
  });

  it('answers the same after its cached days were dropped', () => {
    const nodes = nodesOf(twoZones());
    const first = firstDayOfMonth(nodes.plan.firstMonth);
    const before = nodes.linesOfDay(0, first);
    for (let day = first; day < first + 200; day++) nodes.linesOfDay(0, day);
    expect(nodes.linesOfDay(0, first)).toBe(before);
  });
});

describe('buildVersion', () => {
  it('gives leaves the base rate, by weekday and factor', () => {
    const version = buildVersion({
      ...base,
      profile: {
        weekday: [1, 1, 1, 1, 1, 2, 0],
        hour: Array.from({ length: 24 }, () => 1),
        closed: ['2026-06-03'],
        alpha: 0.2,
      },
    });
    expect(validateVersion(version)).toEqual([]);
    const plan = compilePlan(version, 'h');
    const leaf = plan.leafOf(0, 1);
    const saturday = parseDay('2026-06-06');
    expect(plan.linesOfLeaf(leaf, saturday)).toBeCloseTo((24 * 0.5 * 2) / 1, 3);
    expect(plan.linesOfLeaf(leaf, saturday + 1)).toBe(0);
    expect(plan.linesOfLeaf(leaf, saturday - 3)).toBe(0);
    expect(plan.unitsOfCell(0, 1, saturday) / 1000).toBeCloseTo(72, 2);
    expect(plan.revenueOfCell(0, 1, saturday)).toBeCloseTo(72 * 25_500, -2);
    expect(plan.alphaOfLeaf(leaf)).toBe(0.2);
    expect(zoneOf(plan.locations[1].zone)).toBe(plan.zones[plan.zoneOfLocation[1]]);
  });
});

const base = {
  id: 'P',
  name: 'Plan',
  currency: 'EUR',
  createdAt: 0,
  products: [
    { sku: 'A', family: 'F', name: 'A', unit: 'each' as const, price: 25_500, dailyLines: 24, unitsPerLine: 3 },
  ],
  locations: [
    { code: 'S1', region: 'Britain', name: '', zone: 'Europe/London' },
    { code: 'S2', region: 'East', name: '', zone: 'America/New_York', factor: 0.5 },
  ],
  months: { from: parseMonth('2026-01'), to: parseMonth('2026-12') },
};

const twoZones = (): PlanVersion =>
  buildVersion({
    ...base,
    locations: base.locations.map((location) => ({ ...location, factor: 1 })),
    profile: { weekday: [1, 1, 1, 1, 1, 1, 1], hour: Array.from({ length: 24 }, () => 1) },
  });
