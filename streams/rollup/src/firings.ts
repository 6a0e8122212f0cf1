import type { SeriesFiring, TickDelta } from '@plumbline/contracts';
import type { Firing } from '@plumbline/detection';
import { contains, leafNode, locationNode, skuNode, type Fired } from '@plumbline/exceptions';
import { compareText, type Instant } from '@plumbline/kernel';
import type { Era } from './era.ts';
import type { Held } from './held.ts';
import type { Sight } from './sight.ts';

/** A SKU quiet for longer than this has a new rate before its next change. */
const SETTLED_DAYS = 7;

/** Firings of leaves and SKUs, by name; their sensed rates are noted on the way. Those the plan does not know are left out. */
export function seriesFired(era: Era, tick: Instant, deltas: readonly TickDelta[]): Fired[] {
  const firings = deltas.flatMap((delta) => delta.firings);
  if (firings.length === 0) return [];
  firings.sort((a, b) => compareText(a.sku, b.sku) || compareText(a.location ?? '', b.location ?? '') || compareText(a.kind, b.kind) || a.day - b.day);
  const sight = era.sight(tick);
  return firings.flatMap((firing) => oneFired(era, sight, firing) ?? []);
}

export function nodeFired(era: Era, { series, kind, ...rest }: Firing): Fired {
  return { ...rest, node: era.watch.nodeOf[series]!, kind: kind === 'surge' ? 'demand-surge' : 'demand-drop' };
}

/** The least ratio to plan that an open drop says of a location. */
export function knownRatio(era: Era, live: readonly Held[], location: number): number {
  const node = locationNode(era.plan, location);
  let ratio = 1;
  for (const held of live) {
    const outer = held.kind === 'demand-drop' ? era.nodeOf(held) : undefined;
    if (outer && contains(outer, node)) ratio = Math.min(ratio, held.theta);
  }
  return ratio;
}

function oneFired(era: Era, sight: Sight, firing: SeriesFiring): Fired | undefined {
  const { plan, places } = era;
  const sku = places.skuIndex.get(firing.sku);
  const location = firing.location === undefined ? -1 : (places.locationIndex.get(firing.location) ?? -2);
  if (sku === undefined || location === -2 || (location >= 0 && plan.leafOf(sku, location) < 0)) return undefined;
  const node = location < 0 ? skuNode(plan, sku) : leafNode(plan, sku, location);
  noteRate(era, sight, firing, sku, location);
  const kind = firing.kind === 'surge' ? 'demand-surge' : firing.kind === 'drop' ? 'demand-drop' : 'zero-run';
  const { day, since, statistic, threshold, lines, expected } = firing;
  return { node, kind, day, since, statistic, threshold, lines, expected };
}

/** The rate before the change as the detector senses it, over the plan's. The first of a series of firings holds. */
function noteRate(era: Era, sight: Sight, firing: SeriesFiring, sku: number, location: number): void {
  const { plan, days } = era;
  const reported = era.skus.of(sku, days.latest);
  const fresh = days.latest - reported.lastFired > SETTLED_DAYS;
  reported.lastFired = days.latest;
  era.skus.changed(reported);
  const node = location < 0 ? skuNode(plan, sku) : leafNode(plan, sku, location);
  let planned = 0;
  for (let day = firing.since; day <= firing.day; day++) planned += sight.day(node, day)?.planned ?? 0;
  if (planned < 1) return;
  const rate = Math.min(2.5, Math.max(0.4, firing.expected / planned));
  for (let leaf = plan.leavesOfSku[sku]!, i = 0; leaf < plan.leavesOfSku[sku + 1]!; leaf++, i++) {
    if (location >= 0 && plan.leafLocation[leaf] !== location) continue;
    if (fresh || Number.isNaN(reported.rate[i]!)) reported.rate[i] = rate;
  }
}
