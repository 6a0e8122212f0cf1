import {
  attribute,
  decimalMoney,
  decimalQuantity,
  headline,
  horizonEnd,
  isLive,
  familyNode,
  familyRegionNode,
  leafNode,
  locationNode,
  priorityOf,
  probabilityOf,
  ratioRange,
  regionNode,
  rounded,
  scopeOf,
  skuRegionNode,
  totalNode,
  valueAtRisk,
  type Node,
  type Part,
  type Places,
} from '@plumbline/exceptions';
import { HOUR_MS, QUANTITY_SCALE, type BusinessDay, type Instant, type Money } from '@plumbline/kernel';
import { totals, type Held, type Shown } from './held.ts';
import type { Seen, Sight } from './sight.ts';

/** A plan and an actual must differ by this much for a sentence to be told against the plan. */
const TOLD_AGAINST_PLAN = 0.05;
/** Parts beyond this many are not split further: a SKU in 300 stores is split by region. */
const MOST_PARTS = 60;

/** The numbers and the sentence of an exception as of a sight. */
export function show(held: Held, node: Node, sight: Sight, oldest: BusinessDay, alpha: number): Shown {
  const sum = totals(held, node, sight, oldest);
  const measure = node.sku >= 0 ? 'lines' : 'units';
  const actual = measure === 'lines' ? sum.lines * QUANTITY_SCALE : sum.units;
  const planned = measure === 'lines' ? sum.planned * QUANTITY_SCALE : sum.plannedUnits;
  const againstPlan = planned > 0 && (held.direction * (actual - planned)) / planned >= TOLD_AGAINST_PLAN;
  const reference = againstPlan ? planned : sum.planned > 0 ? (planned * sum.expected) / sum.planned : planned;
  const days = Math.max(1, sight.latest - held.sinceDay + 1);
  const { ratio, low, high } = ratioRange(sum.lines, sum.expected, days, alpha);
  const value = valueOf(node, sight, sum, againstPlan);
  const attribution = attribute(partsOf(node, sight, held, oldest), scopeOf(sight.places.plan, node));
  const probability = probabilityOf(held.peak);
  const variance = actual - Math.round(planned);
  return {
    headline: headline({
      ...namesOf(node, sight.places),
      kind: held.kind,
      altitude: held.altitude,
      since: held.since,
      now: sight.at,
      measure,
      basis: againstPlan ? 'plan' : 'recent',
      expected: reference,
      actual,
      valueAtRisk: value,
      currency: sight.places.plan.version.currency,
      mover: attribution.length > 1 ? attribution[0] : undefined,
    }),
    measure,
    expected: decimalQuantity(planned),
    actual: decimalQuantity(actual),
    variance: decimalQuantity(variance),
    variancePercent: planned > 0 ? rounded((100 * variance) / planned, 2) : 0,
    ratio,
    ratioLow: low,
    ratioHigh: high,
    probability: rounded(probability, 6),
    valueAtRisk: decimalMoney(value),
    priority: priorityOf(held.kind, probability, value),
    attribution,
  };
}

/** The same for a feed that is silent: what was planned for it and not heard. */
export function showSilence(held: Held, location: number, sight: Sight, unsaid: number, until: Instant): Shown {
  const { plan } = sight.places;
  const node = locationNode(plan, location);
  const ahead = aheadOf(node, sight);
  const perLine = ahead.lines > 0 ? ahead.units / ahead.lines : 0;
  const units = unsaid * perLine;
  const value = valueAtRisk({ variance: -units, ratio: 1, remainingUnits: 0, plannedUnits: ahead.units, plannedRevenue: ahead.revenue });
  const probability = probabilityOf(held.peak);
  return {
    headline: headline({
      ...namesOf(node, sight.places),
      kind: held.kind,
      altitude: held.altitude,
      since: held.since,
      now: until,
      measure: 'lines',
      basis: 'plan',
      expected: unsaid * QUANTITY_SCALE,
      actual: 0,
      valueAtRisk: value,
      currency: plan.version.currency,
      mover: undefined,
      over: !isLive(held.life.status),
    }),
    measure: 'lines',
    expected: decimalQuantity(unsaid * QUANTITY_SCALE),
    actual: '0',
    variance: decimalQuantity(-unsaid * QUANTITY_SCALE),
    variancePercent: -100,
    ratio: 0,
    ratioLow: 0,
    ratioHigh: 0,
    probability: rounded(probability, 6),
    valueAtRisk: decimalMoney(value),
    priority: priorityOf(held.kind, probability, value),
    attribution: [],
  };
}

/** The first instant of a business day at which something is planned in a node; not later than now. */
export function opening(node: Node, places: Places, day: BusinessDay, now: Instant): Instant {
  const { plan } = places;
  const location = places.locations(node)[0]!;
  const family = Math.max(0, node.family);
  const start = plan.zones[plan.zoneOfLocation[location]!]!.startOf(day);
  let hour = 0;
  while (hour < 23 && plan.elapsed(family, location, (hour + 1) * 60) <= 0) hour++;
  return Math.min(now, start + hour * HOUR_MS);
}

function namesOf(node: Node, places: Places) {
  const { plan } = places;
  const location = places.locations(node)[0]!;
  return {
    product: node.sku >= 0 ? plan.products[node.sku]!.name : node.family >= 0 ? plan.families[node.family]! : undefined,
    place: node.location >= 0 ? plan.locations[node.location]!.name : undefined,
    region: node.region >= 0 ? plan.regions[node.region]! : undefined,
    zone: plan.zones[plan.zoneOfLocation[location]!]!,
  };
}

function valueOf(node: Node, sight: Sight, sum: Seen, againstPlan: boolean): Money {
  const ahead = aheadOf(node, sight);
  const scale = againstPlan || sum.planned <= 0 ? 1 : sum.expected / sum.planned;
  const reference = sum.plannedUnits * scale;
  return valueAtRisk({
    variance: sum.units - reference,
    ratio: reference > 0 ? sum.units / reference : 1,
    remainingUnits: ahead.remaining * scale,
    plannedUnits: ahead.units,
    plannedRevenue: ahead.revenue,
  });
}

interface Ahead {
  /** Units planned from now to the horizon. */
  remaining: number;
  /** Units, revenue and lines planned over the whole days up to the horizon, a week at least: their ratios are the plan's price and line size. */
  units: number;
  revenue: Money;
  lines: number;
}

function aheadOf(node: Node, sight: Sight): Ahead {
  const { plan } = sight.places;
  const sum: Ahead = { remaining: 0, units: 0, revenue: 0, lines: 0 };
  const from = Math.max(node.family, 0);
  const to = node.family < 0 ? plan.families.length : from + 1;
  for (const location of sight.places.locations(node)) {
    const today = sight.today(location);
    const end = horizonEnd(today);
    for (let day = today; day < Math.max(end, today + 7); day++) {
      const inside = day < end ? 1 : 0;
      if (node.sku >= 0) {
        const leaf = plan.leafOf(node.sku, location);
        if (leaf < 0) continue;
        const units = plan.unitsOfLeaf(leaf, day, day + 1);
        sum.remaining += inside * units * (1 - sight.elapsed(plan.familyOfSku[node.sku]!, location, day));
        sum.units += units;
        sum.revenue += plan.revenueOfLeaf(leaf, day, day + 1);
        sum.lines += plan.linesOfLeaf(leaf, day);
        continue;
      }
      for (let family = from; family < to; family++) {
        const units = plan.unitsOfCell(family, location, day);
        sum.remaining += inside * units * (1 - sight.elapsed(family, location, day));
        sum.units += units;
        sum.revenue += plan.revenueOfCell(family, location, day);
        sum.lines += plan.linesOfCell(family, location, day);
      }
    }
  }
  return sum;
}

/** The children among which a node's variance is divided: by place below a product, by family below a place. */
function partsOf(node: Node, sight: Sight, held: Held, oldest: BusinessDay): Part[] {
  return childrenOf(node, sight.places).map(({ node: child, label }) => {
    let lines = 0;
    let expected = 0;
    for (let day = Math.max(held.sinceDay, oldest); day <= sight.latest; day++) {
      const seen = sight.day(child, day);
      lines += seen?.lines ?? 0;
      expected += seen?.planned ?? 0;
    }
    return { scope: scopeOf(sight.places.plan, child), label, lines, expected };
  });
}

function childrenOf(node: Node, places: Places): { node: Node; label: string }[] {
  const { plan } = places;
  const byRegion = (make: (region: number) => Node) => plan.regions.map((label, region) => ({ node: make(region), label }));
  const byLocation = (make: (location: number) => Node) =>
    places.locations(node).map((location) => ({ node: make(location), label: plan.locations[location]!.name }));
  switch (node.altitude) {
    case 'leaf':
      return [];
    case 'total':
      return plan.regions.length > 1 ? byRegion(regionNode) : plan.families.map((label, family) => ({ node: familyNode(family), label }));
    case 'region':
      return byLocation((location) => locationNode(plan, location));
    case 'location':
      return plan.families.map((label, family) => ({ node: { ...node, altitude: 'family-region', family } as Node, label }));
    case 'family':
      return plan.regions.length > 1
        ? byRegion((region) => familyRegionNode(node.family, region))
        : byLocation((location) => ({ ...totalNode, altitude: 'family-region', family: node.family, region: plan.regionOfLocation[location]!, location }));
    case 'family-region':
      return byLocation((location) => ({ ...node, location }));
    case 'sku':
    case 'sku-region': {
      const locations = places.locations(node).filter((location) => plan.leafOf(node.sku, location) >= 0);
      if (locations.length > MOST_PARTS) return byRegion((region) => skuRegionNode(plan, node.sku, region));
      return locations.map((location) => ({ node: leafNode(plan, node.sku, location), label: plan.locations[location]!.name }));
    }
  }
}
