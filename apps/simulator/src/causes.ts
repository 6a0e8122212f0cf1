import { DAY_MS, HOUR_MS, Random, type Instant } from '@plumbline/kernel';
import type { Altitude, ExceptionKind, Scope } from '@plumbline/contracts';
import type { Retailer } from './retailer.ts';
import { mix } from './seed.ts';

export const causeKinds = [
  'family-surge',
  'region-drop',
  'store-silence',
  'off-shelf',
  'price-mistake',
  'drift',
] as const;
export type CauseKind = (typeof causeKinds)[number];

/**
 * Something that happens to the retailer and that its plan does not know. The scope says to what: all members given
 * must match, absent ones are "all".
 */
export interface Cause {
  id: string;
  kind: CauseKind;
  scope: Scope;
  /** Event time, [from, to). Nothing sold before `from` is touched. */
  from: Instant;
  to: Instant;
  /** Demand becomes factor × its base rate (a drift reaches it at `to`). Not used by store-silence. */
  factor: number;
  /** Price paid becomes this share of the list price; default 1. */
  price?: number;
  /** store-silence only: what the tills do with sales made meanwhile. */
  unsent?: 'lost' | 'buffered';
}

/** A cause with what the tower should make of it: the truth that a test holds the tower to. */
export interface InjectedCause extends Cause {
  expected: { kind: ExceptionKind; altitude: Altitude; scope: Scope };
}

/** Longest silence: what tills buffer must arrive while late lines are still taken (7 days). */
export const LONGEST_SILENCE_MS = 2 * DAY_MS;

export function expectedOf(cause: Cause): InjectedCause['expected'] {
  const { scope } = cause;
  switch (cause.kind) {
    case 'store-silence':
      return { kind: 'feed-silence', altitude: 'location', scope };
    case 'off-shelf':
      return { kind: 'zero-run', altitude: altitudeOf(scope), scope };
    default:
      return { kind: cause.factor >= 1 ? 'demand-surge' : 'demand-drop', altitude: altitudeOf(scope), scope };
  }
}

export function altitudeOf({ sku, family, location, region }: Scope): Altitude {
  if (sku) return location ? 'leaf' : region ? 'sku-region' : 'sku';
  if (location) return 'location';
  if (family) return region ? 'family-region' : 'family';
  return region ? 'region' : 'total';
}

/** Length of one round of the demo's schedule. */
export const ROUND_MS = 21 * DAY_MS;

/**
 * The demo's causes from `start` on: every 21 days a round of store silence, family surge, off-shelf, price mistake
 * and region drop, at places that do not touch one another in the same days. (No drift: sensing absorbs it.) The first four begin within 57
 * hours: six minutes at 600 event seconds a second. In the first round they are drastic, because a tower that has just
 * been started watches with a wide dead band (14 days of cold start, δ = .5); later ones are as they come in life.
 * A silent store loses its sales; a till that keeps them and sends them later is an option of `Cause`.
 * @param start the first event-time instant, at best the small hours of a Monday (UTC)
 */
export function demoSchedule(retailer: Retailer, start: Instant, rounds: number): Cause[] {
  return Array.from({ length: rounds }, (_, round) => roundOf(retailer, start + round * ROUND_MS, round)).flat();
}

const BRISK = ['Bakery', 'Produce', 'Dairy', 'Drinks'];
const SURGING = ['North', 'South-West', 'Centre', 'South', 'West', 'East'];
const DROPPING = ['West', 'South', 'East'];
const SILENT = ['LYS', 'TMP', 'BRS', 'STR', 'BOR', 'PAR'];

function roundOf(retailer: Retailer, start: Instant, round: number): Cause[] {
  const random = new Random(mix(retailer.seed, 5, round));
  const at = (day: number, hour: number): Instant => start + day * DAY_MS + hour * HOUR_MS;
  const turn = (names: readonly string[]): string => names[round % names.length]!;
  const cold = round === 0;
  const family = turn(BRISK);
  const region = turn(SURGING);
  const silent = turn(SILENT);
  const off = pickLeaf(
    retailer,
    random,
    (leaf) => leaf.region !== region && leaf.region !== turn(DROPPING) && leaf.location !== silent,
  );
  return [
    {
      kind: 'store-silence' as const,
      scope: { location: silent },
      from: at(0, 10),
      to: at(0, 16),
      factor: 1,
      unsent: 'lost' as const,
    },
    { kind: 'family-surge' as const, scope: { family, region }, from: at(1, 8), to: at(3, 20), factor: cold ? 3 : 1.8 },
    { kind: 'off-shelf' as const, scope: off, from: at(1, 4), to: at(7, 4), factor: 0 },
    {
      kind: 'price-mistake' as const,
      scope: { sku: pickSku(retailer, random, 'Baby') },
      from: at(2, 9),
      to: at(4, 9),
      factor: cold ? 8 : 3,
      price: 0.1,
    },
    {
      kind: 'region-drop' as const,
      scope: { region: turn(DROPPING) },
      from: at(7, 6),
      to: cold ? at(8, 20) : at(9, 20),
      factor: cold ? 0.3 : 0.6,
    },
  ].map((cause) => ({ id: `C${round + 1}-${cause.kind}`, ...cause }));
}

/** A SKU of a family that sells well, for a cause that must be seen in a day or two. */
function pickSku(retailer: Retailer, random: Random, family: string): string {
  const places = retailer.locations.length;
  const index = retailer.families.findIndex((f) => f.name === family);
  const total = (sku: number): number =>
    retailer.weeklyUnits.subarray(sku * places, (sku + 1) * places).reduce((a, b) => a + b, 0);
  const ranked = [...retailer.products.keys()]
    .filter((sku) => retailer.familyOfSku[sku] === index)
    .sort((a, b) => total(b) - total(a));
  return retailer.products[ranked[random.below(5)]!]!.sku;
}

/** A fast-moving SKU in one location that suits: off the shelf it is missed within a day or two. */
function pickLeaf(
  retailer: Retailer,
  random: Random,
  suits: (leaf: { location: string; region: string }) => boolean,
): Scope {
  const places = retailer.locations.length;
  const ranked = [...retailer.weeklyUnits.keys()]
    .filter((leaf) => {
      const { code, region } = retailer.locations[leaf % places]!;
      return suits({ location: code, region });
    })
    .map((leaf) => ({ leaf, lines: retailer.weeklyUnits[leaf]! / retailer.unitsPerLine[Math.floor(leaf / places)]! }))
    .sort((a, b) => b.lines - a.lines || a.leaf - b.leaf);
  const { leaf } = ranked[random.below(40)]!;
  return { sku: retailer.products[Math.floor(leaf / places)]!.sku, location: retailer.locations[leaf % places]!.code };
}
