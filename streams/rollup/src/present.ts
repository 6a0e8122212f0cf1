import {
  attribute,
  decimalMoney,
  decimalQuantity,
  headline,
  isLive,
  locationNode,
  priorityOf,
  probabilityOf,
  ratioRange,
  rounded,
  scopeOf,
  valueAtRisk,
  type Node,
  type Places,
} from '@plumbline/exceptions';
import { HOUR_MS, QUANTITY_SCALE, type BusinessDay, type Instant, type Money } from '@plumbline/kernel';
import type { Ahead, Branches } from './branches.ts';
import type { Held, Shown } from './held.ts';
import type { NodeSums } from './node-sums.ts';
import type { Seen } from './seen.ts';
import type { Sight } from './sight.ts';

/** A plan and an actual must differ by this much for a sentence to be told against the plan. */
const TOLD_AGAINST_PLAN = 0.05;

/** What is measured of a node and how it stands against the plan, in thousandths of a line or unit, and in percent. */
export function againstPlanOf(node: Node, sum: Seen) {
  const measure: Shown['measure'] = node.sku >= 0 ? 'lines' : 'units';
  const actual = measure === 'lines' ? sum.lines * QUANTITY_SCALE : sum.units;
  const planned = measure === 'lines' ? sum.planned * QUANTITY_SCALE : sum.plannedUnits;
  const variance = actual - Math.round(planned);
  return { measure, actual, planned, variance, variancePercent: planned > 0 ? rounded((100 * variance) / planned, 2) : 0 };
}

/**
 * The numbers and the sentence of an exception as of a sight.
 * @param sum its totals there
 */
export function show(held: Held, node: Node, sum: Seen, sight: Sight, branch: Branches, sums: NodeSums, alpha: number): Shown {
  const { measure, actual, planned, variance, variancePercent } = againstPlanOf(node, sum);
  const againstPlan = planned > 0 && (held.direction * (actual - planned)) / planned >= TOLD_AGAINST_PLAN;
  const reference = againstPlan ? planned : sum.planned > 0 ? (planned * sum.expected) / sum.planned : planned;
  const days = Math.max(1, sight.latest - held.sinceDay + 1);
  const { ratio, low, high } = ratioRange(sum.lines, sum.expected, days, alpha);
  const value = valueOf(branch.ahead(node, sight), sum, againstPlan);
  const attribution = attribute(branch.parts(node, sight, sums, held.sinceDay), scopeOf(sight.places.plan, node));
  const probability = probabilityOf(held.peak);
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
    variancePercent,
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
export function showSilence(held: Held, location: number, sight: Sight, branch: Branches, unsaid: number, until: Instant): Shown {
  const { plan } = sight.places;
  const node = locationNode(plan, location);
  const ahead = branch.ahead(node, sight);
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

function valueOf(ahead: Ahead, sum: Seen, againstPlan: boolean): Money {
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
