import { canonicalJson, compareText, type Money, type Quantity } from '@plumbline/kernel';
import { splitKey } from './columns.ts';
import type { PlanLine, PlanVersion, SplitProfile } from './types.ts';

/** One family × region × month that differs. Amounts are thousandths and ten-thousandths; absent = 0. */
export interface PlanLineChange {
  kind: 'added' | 'removed' | 'changed';
  family: string;
  region: string;
  month: number;
  units: { from: Quantity; to: Quantity; change: Quantity };
  revenue: { from: Money; to: Money; change: Money };
}

export interface PlanDiff {
  from: { id: string; name: string };
  to: { id: string; name: string };
  /** By family, region, month. */
  lines: PlanLineChange[];
  added: number;
  removed: number;
  changed: number;
  unchanged: number;
  units: { from: Quantity; to: Quantity; change: Quantity };
  revenue: { from: Money; to: Money; change: Money };
  /** Split profiles (family × region). */
  profiles: {
    added: number;
    removed: number;
    weekday: number;
    hour: number;
    closed: number;
    alpha: number;
    shares: number;
  };
  products: { added: number; removed: number; changed: number };
  locations: { added: number; removed: number; changed: number };
}

/** What changes when plan b takes the place of plan a. */
export function diffPlans(a: PlanVersion, b: PlanVersion): PlanDiff {
  const lines = diffLines(a.lines, b.lines);
  const count = (kind: PlanLineChange['kind']): number => lines.filter((line) => line.kind === kind).length;
  return {
    from: { id: a.id, name: a.name },
    to: { id: b.id, name: b.name },
    lines,
    added: count('added'),
    removed: count('removed'),
    changed: count('changed'),
    unchanged: b.lines.length - count('added') - count('changed'),
    units: step(total(a.lines, 'units'), total(b.lines, 'units')),
    revenue: step(total(a.lines, 'revenue'), total(b.lines, 'revenue')),
    profiles: diffProfiles(a.splits, b.splits),
    products: diffKeyed(a.products, b.products, (product) => product.sku),
    locations: diffKeyed(a.locations, b.locations, (location) => location.code),
  };
}

const step = (from: number, to: number): { from: number; to: number; change: number } => ({
  from,
  to,
  change: to - from,
});
const total = (lines: readonly PlanLine[], measure: 'units' | 'revenue'): number =>
  lines.reduce((sum, line) => sum + line[measure], 0);

function diffLines(a: readonly PlanLine[], b: readonly PlanLine[]): PlanLineChange[] {
  const key = (line: PlanLine): string => `${splitKey(line.family, line.region)}\u0000${line.month}`;
  const before = new Map(a.map((line) => [key(line), line]));
  const after = new Map(b.map((line) => [key(line), line]));
  const changes: PlanLineChange[] = [];
  for (const at of new Set([...before.keys(), ...after.keys()])) {
    const from = before.get(at);
    const to = after.get(at);
    const line = to ?? from;
    if (!line || (from?.units === to?.units && from?.revenue === to?.revenue)) continue;
    changes.push({
      kind: from === undefined ? 'added' : to === undefined ? 'removed' : 'changed',
      family: line.family,
      region: line.region,
      month: line.month,
      units: step(from?.units ?? 0, to?.units ?? 0),
      revenue: step(from?.revenue ?? 0, to?.revenue ?? 0),
    });
  }
  return changes.sort(
    (x, y) => compareText(x.family, y.family) || compareText(x.region, y.region) || x.month - y.month,
  );
}

function diffProfiles(a: readonly SplitProfile[], b: readonly SplitProfile[]): PlanDiff['profiles'] {
  const key = (split: SplitProfile): string => splitKey(split.family, split.region);
  const before = new Map(a.map((split) => [key(split), split]));
  const counts = { added: 0, removed: 0, weekday: 0, hour: 0, closed: 0, alpha: 0, shares: 0 };
  for (const split of b) {
    const old = before.get(key(split));
    before.delete(key(split));
    if (!old) {
      counts.added++;
      continue;
    }
    if (split.weekday.join() !== old.weekday.join()) counts.weekday++;
    if (split.hour.join() !== old.hour.join()) counts.hour++;
    if ([...split.closed].sort().join() !== [...old.closed].sort().join()) counts.closed++;
    if (split.alpha !== old.alpha) counts.alpha++;
    if (!sameShares(old, split)) counts.shares++;
  }
  counts.removed = before.size;
  return counts;
}

function sameShares(a: SplitProfile, b: SplitProfile): boolean {
  if (a.leaves.length !== b.leaves.length) return false;
  const before = new Map(a.leaves.map((leaf) => [splitKey(leaf.sku, leaf.location), leaf]));
  return b.leaves.every((leaf) => {
    const old = before.get(splitKey(leaf.sku, leaf.location));
    return old !== undefined && old.weight === leaf.weight && old.linesPerUnit === leaf.linesPerUnit;
  });
}

function diffKeyed<T>(
  a: readonly T[],
  b: readonly T[],
  key: (item: T) => string,
): { added: number; removed: number; changed: number } {
  const before = new Map(a.map((item) => [key(item), item]));
  const counts = { added: 0, removed: 0, changed: 0 };
  for (const item of b) {
    const old = before.get(key(item));
    before.delete(key(item));
    if (old === undefined) counts.added++;
    else if (canonicalJson(old) !== canonicalJson(item)) counts.changed++;
  }
  counts.removed = before.size;
  return counts;
}
