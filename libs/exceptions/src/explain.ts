import type { ExceptionKind } from '@plumbline/contracts';
import { contains, familyNode, familyRegionNode, leafNode, locationNode, overlaps, regionNode, skuNode, skuRegionNode, totalNode, type Node, type Places } from './nodes.ts';
import { LEAST_RATIO, type Daily, type Picture } from './picture.ts';

/** A node whose statistic passed its threshold. */
export interface Fired {
  node: Node;
  kind: Exclude<ExceptionKind, 'feed-silence'>;
  /** Business day of the evidence, and the first day of the change as the detector estimates it. */
  day: number;
  since: number;
  /** Natural logarithms. */
  statistic: number;
  threshold: number;
  /** Lines seen and expected since `since`. */
  lines: number;
  expected: number;
}

export type Direction = 1 | -1;

/** One cause found: the node where it sits, since when and how strong, and the firings that it accounts for. */
export interface Cause {
  node: Node;
  direction: Direction;
  /** Days back, today included. */
  window: number;
  /** Actual rate / expectation over the window. */
  theta: number;
  /** The evidence in nats, and what its level asks for. */
  statistic: number;
  threshold: number;
  /** Evidence less the penalties; may be negative for the first cause of a firing. */
  gain: number;
  fired: Fired[];
}

/** Dispersion of a node's daily lines: variance = μ + alpha·μ². */
export type AlphaOf = (node: Node) => number;

export const WINDOWS = [1, 2, 3, 5, 7, 10, 14] as const;
const LEVELS = 8;
/** A further cause must explain this much more than it costs (nats). */
const MARGIN = 3;
const MOST_CAUSES = 5;
/** A cause must take this share of a firing's evidence to account for it: less of what lies wholly inside it. */
const LEAST_SHARE = 0.5;
const LEAST_SHARE_INSIDE = 0.15;
/** Lines of the window's ratio mixed into a single day's, so that a quiet day is not fitted to its noise. */
const PRIOR_LINES = 20;

export const directionOf = (fired: Fired): Direction => (fired.kind === 'demand-surge' ? 1 : -1);

/**
 * Finds the causes of what fired: the fewest nodes whose change of rate makes the firings unsurprising. Greedy: take
 * the node with the largest windowed negative-binomial log-likelihood ratio at θ̂ = lines/expected, less ln(nodes at its
 * level) and ln(levels); change the expectation of its leaves; drop the firings that are now accounted for; again.
 * Firings that no cause touches get one of their own, so nothing that fired is lost.
 * @param picture changed: its expectation afterwards includes the causes
 */
export function findCauses(picture: Picture, fired: readonly Fired[], alphaOf: AlphaOf): Cause[] {
  const causes: Cause[] = [];
  let left = [...fired];
  while (left.length > 0) {
    const group: Cause[] = [];
    while (left.length > 0 && group.length < MOST_CAUSES) {
      const cause = strongest(picture, left, alphaOf, group.length > 0);
      if (!cause) break;
      applyCause(picture, cause);
      left = left.filter((one) => !cause.fired.includes(one));
      group.push(cause);
    }
    if (group.length === 0) break;
    causes.push(...group);
    left = left.filter((one) => !attach(group, one));
  }
  return causes;
}

/** A firing left over goes as evidence to a cause that touches it and has its direction. */
function attach(group: readonly Cause[], one: Fired): boolean {
  const cause = group.find((known) => known.direction === directionOf(one) && overlaps(known.node, one.node));
  cause?.fired.push(one);
  return cause !== undefined;
}

function strongest(picture: Picture, left: readonly Fired[], alphaOf: AlphaOf, further: boolean): Cause | undefined {
  const ranked = left.map((one) => scoreFired(picture, one, alphaOf));
  for (const direction of [1, -1] as const) {
    const touched = left.filter((one) => directionOf(one) === direction);
    for (const node of candidates(picture, touched)) {
      const scored = score(picture, node, direction, alphaOf);
      if (scored) ranked.push(scored);
    }
  }
  ranked.sort((a, b) => b.gain - a.gain);
  const before = new Map(left.map((one) => [one, ownRatio(picture, one, alphaOf)]));
  const taken = (scored: Scored): Cause | undefined => {
    const accounted = picture.trying(
      () => applyCause(picture, scored),
      () => left.filter((one) => accountsFor(scored, one, picture, before.get(one)!, alphaOf)),
    );
    return accounted.length > 0 ? { ...scored, fired: accounted } : undefined;
  };
  for (const narrow of ranked) {
    if (further && narrow.gain <= MARGIN) return undefined;
    const wide = widened(picture, narrow, ranked, alphaOf);
    const cause = taken(wide) ?? (wide === narrow ? undefined : taken(narrow));
    if (cause) return cause;
  }
  return undefined;
}

/**
 * Chance makes one child stand out: of a region that rises as a whole, some family more than the rest. So a wider node
 * takes the place of the strongest when it is still needed beside it, and the strongest is not needed beside the wider.
 */
function widened(picture: Picture, narrow: Scored, ranked: readonly Scored[], alphaOf: AlphaOf): Scored {
  const seen = new Set<string>();
  for (const wide of ranked) {
    if (wide.gain <= MARGIN) break;
    if (wide.direction !== narrow.direction || sameNode(wide.node, narrow.node) || !contains(wide.node, narrow.node)) continue;
    if (seen.has(wide.node.altitude)) continue;
    seen.add(wide.node.altitude);
    if (gainBeside(picture, wide, narrow, alphaOf) > 0 && gainBeside(picture, narrow, wide, alphaOf) <= 0) {
      return widened(picture, wide, ranked, alphaOf);
    }
  }
  return narrow;
}

/** What a node gains once another is taken as a cause. */
function gainBeside(picture: Picture, one: Scored, other: Scored, alphaOf: AlphaOf): number {
  return picture.trying(
    () => applyCause(picture, other),
    () => score(picture, one.node, one.direction, alphaOf)?.gain ?? -Infinity,
  );
}

type Scored = Omit<Cause, 'fired'>;

const penalty = (places: Places, node: Node): number => Math.log(places.size(node.altitude)) + Math.log(LEVELS);

/**
 * A node that fired has its detector's evidence too, which reaches further back than the days kept here. It counts for
 * little: a detector's statistic sums over many beginnings, and so exceeds a wider node's ratio that is the better cause.
 */
function scoreFired(picture: Picture, fired: Fired, alphaOf: AlphaOf): Scored {
  const { node } = fired;
  const scored = score(picture, node, directionOf(fired), alphaOf);
  const since = Math.min(Math.max(fired.day - fired.since + 1, 1), picture.days);
  const theta = fired.expected > 0 ? Math.max(fired.lines / fired.expected, LEAST_RATIO) : 1;
  const { statistic, threshold } = fired;
  const gain = Math.min(MARGIN, statistic - penalty(picture.places, node));
  const direction = directionOf(fired);
  if (scored && scored.gain >= gain) return { ...scored, threshold };
  return { node, direction, window: scored?.window ?? since, theta: scored?.theta ?? theta, statistic, threshold, gain };
}

function score(picture: Picture, node: Node, direction: Direction, alphaOf: AlphaOf): Scored | undefined {
  const best = bestWindow(picture.daily(node), direction, alphaOf(node));
  if (!best) return undefined;
  const { window, theta, llr } = best;
  const threshold = penalty(picture.places, node);
  return { node, direction, window, theta, statistic: llr, threshold, gain: llr - threshold };
}

/** The window with the largest log-likelihood ratio in a direction; undefined when no window moves that way. */
export function bestWindow(
  daily: Daily,
  direction: Direction,
  alpha: number,
): { window: number; theta: number; llr: number } | undefined {
  let best: { window: number; theta: number; llr: number } | undefined;
  for (const window of WINDOWS) {
    if (window > daily.lines.length) break;
    let lines = 0;
    let expected = 0;
    for (let age = 0; age < window; age++) {
      if (daily.expected[age]! <= 0) continue;
      lines += daily.lines[age]!;
      expected += daily.expected[age]!;
    }
    if (expected <= 0) continue;
    const theta = Math.max(lines / expected, LEAST_RATIO);
    if (direction > 0 ? theta <= 1 : theta >= 1) continue;
    let llr = 0;
    for (let age = 0; age < window; age++) llr += logRatio(daily.lines[age]!, daily.expected[age]!, theta, alpha);
    if (!best || llr > best.llr) best = { window, theta, llr };
  }
  return best;
}

/** ln of NB(y; θμ) / NB(y; μ) at dispersion alpha; 0 on a day that expects nothing. */
export function logRatio(lines: number, expected: number, theta: number, alpha: number): number {
  if (expected <= 0) return 0;
  if (alpha < 1e-9) return lines * Math.log(theta) - expected * (theta - 1);
  const k = 1 / alpha;
  return lines * Math.log(theta) + (lines + k) * Math.log((k + expected) / (k + theta * expected));
}

/** Nodes that may stand for the cause of the firings: every aggregate that touches one, and the reported SKUs' nodes. */
function candidates(picture: Picture, fired: readonly Fired[]): Node[] {
  if (fired.length === 0) return [];
  const { places } = picture;
  const { plan } = places;
  const touched = (node: Node): boolean => fired.some((one) => overlaps(one.node, node));
  const nodes = aggregates(places).filter(touched);
  const leaves = new Set(fired.flatMap(({ node }) => (node.altitude === 'leaf' ? [`${node.sku} ${node.location}`] : [])));
  for (const sku of [...picture.skus.keys()].sort((a, b) => a - b)) {
    const whole = skuNode(plan, sku);
    if (!touched(whole)) continue;
    const parts = [whole, ...plan.regions.map((_, region) => skuRegionNode(plan, sku, region))];
    nodes.push(...parts.filter((node) => touched(node) && places.distinct(node)));
    if (leaves.size === 0) continue;
    for (const location of places.all) {
      if (leaves.has(`${sku} ${location}`)) nodes.push(leafNode(plan, sku, location));
    }
  }
  return nodes;
}

const aggregatesOf = new WeakMap<Places, Node[]>();

function aggregates(places: Places): Node[] {
  const known = aggregatesOf.get(places);
  if (known) return known;
  const { plan } = places;
  const nodes: Node[] = [totalNode];
  plan.regions.forEach((_, region) => nodes.push(regionNode(region)));
  plan.families.forEach((_, family) => {
    nodes.push(familyNode(family));
    plan.regions.forEach((_, region) => nodes.push(familyRegionNode(family, region)));
  });
  plan.locations.forEach((_, location) => nodes.push(locationNode(plan, location)));
  const distinct = nodes.filter((node) => places.distinct(node));
  aggregatesOf.set(places, distinct);
  return distinct;
}

/**
 * Whether a cause accounts for a firing: with it the firing's own evidence falls below what its level asks for, and by
 * a good share, so that a weak firing is not swept up by a cause that only brushes it.
 * @param explained the picture with the cause in it
 * @param before the firing's own ratio without it
 */
export function accountsFor(
  cause: Pick<Cause, 'node' | 'direction'>,
  fired: Fired,
  explained: Picture,
  before: number,
  alphaOf: AlphaOf,
): boolean {
  if (cause.direction !== directionOf(fired) || !overlaps(cause.node, fired.node)) return false;
  if (sameNode(cause.node, fired.node)) return true;
  if (before < MARGIN) return false;
  const after = ownRatio(explained, fired, alphaOf);
  const share = contains(cause.node, fired.node) ? LEAST_SHARE_INSIDE : LEAST_SHARE;
  return after < penalty(explained.places, fired.node) + MARGIN && after <= (1 - share) * before;
}

/** A firing's own log-likelihood ratio over its best window. */
export const ownRatio = (picture: Picture, fired: Fired, alphaOf: AlphaOf): number =>
  bestWindow(picture.daily(fired.node), directionOf(fired), alphaOf(fired.node))?.llr ?? 0;

export const sameNode = (a: Node, b: Node): boolean =>
  a.altitude === b.altitude && a.sku === b.sku && a.family === b.family && a.region === b.region && a.location === b.location;

/**
 * Changes the expectation of a cause's leaves by its ratio of each day, drawn towards the window's.
 * @param daily the picture's of the cause's node, where it is at hand
 */
export function applyCause(picture: Picture, cause: Pick<Cause, 'node' | 'window' | 'direction' | 'theta'>, daily = picture.daily(cause.node)): void {
  const { lines, expected } = daily;
  const factors = new Float64Array(Math.min(cause.window, picture.days));
  for (let age = 0; age < factors.length; age++) {
    const ratio = (lines[age]! + PRIOR_LINES * cause.theta) / (expected[age]! + PRIOR_LINES);
    factors[age] = cause.direction > 0 ? Math.max(ratio, 1) : Math.min(Math.max(ratio, LEAST_RATIO), 1);
  }
  picture.explain(cause.node, factors);
}
