import {
  accountsFor,
  applyCause,
  contains,
  directionOf,
  findCauses,
  LEAST_RATIO,
  overlaps,
  ownRatio,
  sameNode,
  skuNode,
  type Cause,
  type Fired,
  type Node,
  type Picture,
} from '@plumbline/exceptions';
import type { Instant } from '@plumbline/kernel';
import type { Book } from './book.ts';
import type { Era } from './era.ts';
import type { Held } from './held.ts';
import type { SkuDays } from './sku-days.ts';

type Explanation = Pick<Cause, 'node' | 'direction' | 'window' | 'theta'> & { held: Held };

/** A SKU that fired this lately may be the cause of what fires above it. */
const SUSPECT_DAYS = 7;

/**
 * Finds a place for everything that fired: as evidence of a silence or of an open exception that accounts for it, else
 * as new causes; what a new cause accounts for among narrower open exceptions becomes part of it.
 */
export function search(era: Era, book: Book, fired: readonly Fired[], at: Instant): void {
  const explaining = book.explaining(at);
  const strange = fired.filter((one) => {
    const host = silenceOf(era, book, one) ?? ofSameNode(era, explaining, one);
    if (host) book.join(era, host, one, at);
    return !host;
  });
  if (strange.length > 0) searchAmong(era, book, explaining, strange, at);
}

/** The open exception of the very node that fired, again in its direction: most firings are of these. */
const ofSameNode = (era: Era, explaining: readonly Held[], fired: Fired): Held | undefined =>
  explaining.find((held) => {
    if (held.altitude !== fired.node.altitude || held.direction !== directionOf(fired)) return false;
    const node = era.nodeOf(held);
    return node !== undefined && sameNode(node, fired.node);
  });

function searchAmong(era: Era, book: Book, explaining: readonly Held[], fired: readonly Fired[], at: Instant): void {
  const alphaOf = (node: Node): number => era.alphaOf(node);
  const touched = (node: Node): boolean => fired.some((one) => overlaps(one.node, node));
  // What is said of other SKUs' exceptions moves a wide candidate by little, and what fired not at all.
  const near = explaining.filter((held) => {
    const node = era.nodeOf(held);
    return node !== undefined && (node.sku < 0 || touched(node));
  });
  const skus = new Set<number>();
  for (const { node } of fired) skus.add(node.sku);
  for (const held of near) skus.add(era.nodeOf(held)!.sku);
  const suspect = (days: SkuDays): boolean => era.days.latest - days.lastFired < SUSPECT_DAYS && touched(skuNode(era.plan, days.sku));
  const picture = era.pictures.of(era.sight(at), (days) => skus.has(days.sku) || suspect(days));
  const raw = picture.copy();
  const open = near.flatMap((held) => explanationOf(era, held, picture));
  const left: Fired[] = [];
  for (const one of fired) {
    const host = hostOf(open, one, raw, picture, alphaOf);
    if (!host) left.push(one);
    else book.join(era, host, one, at);
  }
  if (left.length === 0) return;
  for (const cause of findCauses(picture, left, alphaOf)) {
    const held = book.raise(era, cause, at);
    foldInto(era, book, held, cause, at);
  }
}

/** Narrower exceptions that a new cause accounts for become part of it. */
function foldInto(era: Era, book: Book, held: Held, cause: Cause, at: Instant): void {
  const narrower = book.inside(era, held);
  if (narrower.length === 0) return;
  const alphaOf = (node: Node): number => era.alphaOf(node);
  const skus = new Set(narrower.map((child) => era.nodeOf(child)!.sku).concat(cause.node.sku));
  const raw = era.pictures.of(era.sight(at), (days) => skus.has(days.sku));
  const inside = narrower.map((child) => {
    const one = firedOf(child, era.nodeOf(child)!, era.days.latest);
    return { child, one, before: ownRatio(raw, one, alphaOf) };
  });
  applyCause(raw, cause);
  const children = inside.filter(({ one, before }) => accountsFor(cause, one, raw, before, alphaOf));
  book.fold(era, held, children.map(({ child }) => child), at);
}

/** Puts an open exception's change into the picture's expectation; nothing when the change is over or unseen. */
function explanationOf(era: Era, held: Held, picture: Picture): Explanation[] {
  const node = era.nodeOf(held);
  if (!node) return [];
  const window = Math.min(Math.max(era.days.latest - held.sinceDay + 1, 1), picture.days);
  const daily = picture.daily(node);
  let lines = 0;
  let expected = 0;
  for (let age = 0; age < window; age++) {
    if (daily.expected[age]! <= 0) continue;
    lines += daily.lines[age]!;
    expected += daily.expected[age]!;
  }
  if (expected <= 0) return [];
  const ratio = Math.max(LEAST_RATIO, lines / expected);
  const theta = held.direction > 0 ? Math.max(1, ratio) : Math.min(1, ratio);
  const explanation = { held, node, direction: held.direction, window, theta };
  applyCause(picture, explanation, daily);
  return [explanation];
}

/** The open exception that accounts for a firing: the narrowest that holds it, else one that touches it. */
function hostOf(
  open: readonly Explanation[],
  fired: Fired,
  raw: Picture,
  explained: Picture,
  alphaOf: (node: Node) => number,
): Held | undefined {
  const before = ownRatio(raw, fired, alphaOf);
  const hosts = open.filter((explanation) => accountsFor(explanation, fired, explained, before, alphaOf));
  const size = (node: Node): number => raw.places.size(node.altitude);
  hosts.sort(
    (a, b) =>
      Number(contains(b.node, fired.node)) - Number(contains(a.node, fired.node)) ||
      size(b.node) - size(a.node) ||
      a.held.number - b.held.number,
  );
  return hosts[0]?.held;
}

/** A silent location accounts for every drop and zero run inside it. */
function silenceOf(era: Era, book: Book, fired: Fired): Held | undefined {
  if (fired.kind === 'demand-surge' || fired.node.location < 0 || !era.feeds.silenceOf(fired.node.location)) return undefined;
  const code = era.plan.locations[fired.node.location]!.code;
  return book.live().find((held) => held.kind === 'feed-silence' && held.scope.location === code);
}

const firedOf = (held: Held, node: Node, day: number): Fired => ({
  node,
  kind: held.kind === 'feed-silence' ? 'demand-drop' : held.kind,
  day,
  since: held.sinceDay,
  statistic: held.peak,
  threshold: held.threshold,
  lines: 0,
  expected: 0,
});
