import { parseDay, QUANTITY_SCALE } from '@plumbline/kernel';
import { monthDays, openWeight } from './calendar.ts';
import type { Location, PlanVersion, Product, SplitProfile } from './types.ts';

export interface BuildProduct extends Product {
  /** Sales lines on a day of average weekday weight at a location of factor 1. */
  dailyLines: number;
  /** Units of one line (default 1). */
  unitsPerLine?: number;
}

export interface BuildLocation extends Location {
  /** Multiplies every product's daily lines (default 1). */
  factor?: number;
}

export interface BuildProfile {
  /** 7 weights, Monday first; 0 = closed. Integers. */
  weekday: number[];
  /** 24 weights of the local hour. Integers. */
  hour: number[];
  closed?: string[];
  alpha?: number;
}

export interface BuildOptions {
  id: string;
  name: string;
  currency: string;
  /** Milliseconds UTC. */
  createdAt: number;
  products: readonly BuildProduct[];
  locations: readonly BuildLocation[];
  /** The profile of all families and regions, or of each. */
  profile: BuildProfile | ((family: string, region: string) => BuildProfile);
  /** Months since 1970-01, [from, to]. */
  months: { from: number; to: number };
  /** Multiplies a month's lines (season, growth); default 1. */
  season?: (family: string, region: string, month: number) => number;
  /** Multiplies one leaf's lines, 0 = not sold there; default 1. */
  assortment?: (sku: string, location: string) => number;
}

/**
 * A plan version from base rates: a leaf's expected lines on day d are
 * dailyLines × factor × weekday weight of d ÷ mean weekday weight × season, units that times units per line.
 * Rates are kept to one part in 10,000 of a line a day.
 */
export function buildVersion(options: BuildOptions): PlanVersion {
  const groups = groupBy(options.products, (product) => product.family);
  const places = groupBy(options.locations, (location) => location.region);
  const lines: PlanVersion['lines'] = [];
  const splits: SplitProfile[] = [];
  const months = monthDays(options.months.from, options.months.to + 1);
  for (const [family, products] of groups) {
    for (const [region, locations] of places) {
      const profile = typeof options.profile === 'function' ? options.profile(family, region) : options.profile;
      const { leaves, units, revenue } = buildLeaves(options, products, locations);
      if (leaves.length === 0) continue;
      const { weekday, hour, closed = [], alpha = 0.1 } = profile;
      splits.push({ family, region, weekday: [...weekday], hour: [...hour], closed: [...closed], alpha, leaves });
      const mean = weekday.reduce((sum, weight) => sum + weight, 0) / weekday.length;
      const shut = new Set(closed.map(parseDay));
      for (const month of months) {
        const days = (openWeight(month, weekday, shut) / mean) * (options.season?.(family, region, month.month) ?? 1);
        lines.push({
          family,
          region,
          month: month.month,
          units: Math.round(units * days * QUANTITY_SCALE),
          revenue: Math.round(revenue * days),
        });
      }
    }
  }
  return {
    id: options.id,
    name: options.name,
    currency: options.currency,
    createdAt: options.createdAt,
    products: options.products.map(({ sku, family, name, unit, price }) => ({ sku, family, name, unit, price })),
    locations: options.locations.map(({ code, region, name, zone }) => ({ code, region, name, zone })),
    lines,
    splits,
  };
}

const WEIGHT_PER_UNIT = 10_000;

function buildLeaves(
  options: BuildOptions,
  products: readonly BuildProduct[],
  locations: readonly BuildLocation[],
): { leaves: SplitProfile['leaves']; units: number; revenue: number } {
  const leaves: SplitProfile['leaves'] = [];
  let units = 0;
  let revenue = 0;
  for (const { sku, dailyLines, unitsPerLine = 1, price } of products) {
    for (const { code, factor = 1 } of locations) {
      const daily = dailyLines * factor * (options.assortment?.(sku, code) ?? 1) * unitsPerLine;
      const weight = Math.round(daily * WEIGHT_PER_UNIT);
      if (weight <= 0) continue;
      leaves.push({ sku, location: code, weight, linesPerUnit: 1 / unitsPerLine });
      units += weight / WEIGHT_PER_UNIT;
      revenue += (weight / WEIGHT_PER_UNIT) * price;
    }
  }
  return { leaves, units, revenue };
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
