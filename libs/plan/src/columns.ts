import { compareText, PlumblineError } from '@plumbline/kernel';
import type { Location, PlanLine, PlanVersion, Product, SplitProfile } from './types.ts';

/** A split profile without its leaves. */
export type SplitHead = Omit<SplitProfile, 'leaves'>;

/** Everything of a plan version but its leaves, in canonical order. Small enough for JSON. */
export interface PlanHead {
  id: string;
  name: string;
  currency: string;
  createdAt: number;
  products: Product[];
  locations: Location[];
  lines: PlanLine[];
  splits: SplitHead[];
}

/**
 * A plan version in canonical order with its leaves as columns: products by sku, locations by code, lines by family,
 * region and month, splits by family and region, leaves by (sku, location) as positions in `head.products` and
 * `head.locations`. A leaf's split follows from its product's family and its location's region.
 */
export interface PlanColumns {
  head: PlanHead;
  leafSku: Uint32Array;
  leafLocation: Uint16Array;
  weight: Uint32Array;
  linesPerUnit: Float64Array;
}

const byFamilyRegion = (a: { family: string; region: string }, b: { family: string; region: string }): number =>
  compareText(a.family, b.family) || compareText(a.region, b.region);

/** @throws PlumblineError 'plan-invalid' for a leaf whose SKU or location is unknown */
export function toColumns(version: PlanVersion): PlanColumns {
  const head = canonicalHead(version);
  const skus = new Map(head.products.map((product, i) => [product.sku, i]));
  const codes = new Map(head.locations.map((location, i) => [location.code, i]));
  const count = version.splits.reduce((sum, split) => sum + split.leaves.length, 0);
  const sku = new Uint32Array(count);
  const location = new Uint16Array(count);
  const weight = new Uint32Array(count);
  const linesPerUnit = new Float64Array(count);
  let i = 0;
  for (const split of version.splits) {
    for (const leaf of split.leaves) {
      const skuIndex = skus.get(leaf.sku);
      const locationIndex = codes.get(leaf.location);
      if (skuIndex === undefined || locationIndex === undefined) throw unknownLeaf(leaf.sku, leaf.location);
      sku[i] = skuIndex;
      location[i] = locationIndex;
      weight[i] = leaf.weight;
      linesPerUnit[i++] = leaf.linesPerUnit;
    }
  }
  const order = stableOrder(stableOrder(undefined, location, head.locations.length), sku, head.products.length);
  return {
    head,
    leafSku: sku.map((_, at) => sku[order[at]]),
    leafLocation: location.map((_, at) => location[order[at]]),
    weight: weight.map((_, at) => weight[order[at]]),
    linesPerUnit: linesPerUnit.map((_, at) => linesPerUnit[order[at]]),
  };
}

const unknownLeaf = (sku: string, location: string): PlumblineError =>
  new PlumblineError('plan-invalid', `a split names SKU ${sku} at ${location}, and one of them is not in the version`, {
    where: `splits: ${sku} @ ${location}`,
    fix: 'Add the product or the location to the version, or take the leaf out of the split.',
  });

function canonicalHead(version: PlanVersion): PlanHead {
  return {
    id: version.id,
    name: version.name,
    currency: version.currency,
    createdAt: version.createdAt,
    products: version.products
      .map(({ sku, family, name, unit, price }) => ({ sku, family, name, unit, price }))
      .sort((a, b) => compareText(a.sku, b.sku)),
    locations: version.locations
      .map(({ code, region, name, zone }) => ({ code, region, name, zone }))
      .sort((a, b) => compareText(a.code, b.code)),
    lines: version.lines
      .map(({ family, region, month, units, revenue }) => ({ family, region, month, units, revenue }))
      .sort((a, b) => byFamilyRegion(a, b) || a.month - b.month),
    splits: version.splits
      .map(({ family, region, weekday, hour, closed, alpha }) => ({
        family,
        region,
        weekday: [...weekday],
        hour: [...hour],
        closed: [...new Set(closed)].sort(compareText),
        alpha,
      }))
      .sort(byFamilyRegion),
  };
}

/** Counting sort of positions by key, keeping the given order among equals. */
function stableOrder(before: Uint32Array | undefined, key: Uint32Array | Uint16Array, keys: number): Uint32Array {
  const starts = new Uint32Array(keys + 1);
  for (const k of key) starts[k + 1]++;
  for (let k = 0; k < keys; k++) starts[k + 1] += starts[k];
  const order = new Uint32Array(key.length);
  for (let at = 0; at < key.length; at++) {
    const i = before ? before[at] : at;
    order[starts[key[i]]++] = i;
  }
  return order;
}

/** The version in canonical order. */
export function toVersion(columns: PlanColumns): PlanVersion {
  const { head } = columns;
  const splits: SplitProfile[] = head.splits.map((split) => ({ ...split, leaves: [] }));
  const splitOf = new Map(splits.map((split) => [splitKey(split.family, split.region), split]));
  for (let i = 0; i < columns.leafSku.length; i++) {
    const product = head.products[columns.leafSku[i]];
    const location = head.locations[columns.leafLocation[i]];
    const split = splitOf.get(splitKey(product.family, location.region));
    if (!split) throw unknownLeaf(product.sku, location.code);
    split.leaves.push({
      sku: product.sku,
      location: location.code,
      weight: columns.weight[i],
      linesPerUnit: columns.linesPerUnit[i],
    });
  }
  return { ...head, splits };
}

/** A key of family × region; the separator sorts before every printable character. */
export const splitKey = (family: string, region: string): string => `${family}\u0000${region}`;
