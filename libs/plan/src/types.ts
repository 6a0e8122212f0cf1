import type { BusinessDay, Money, Quantity, Zone } from '@plumbline/kernel';

/** Product hierarchy: SKU → family. */
export interface Product {
  sku: string;
  family: string;
  name: string;
  /** The base unit a quantity counts thousandths of. */
  unit: 'each' | 'kg';
  /** Plan price of one unit. */
  price: Money;
}

/** Place hierarchy: location → region. */
export interface Location {
  code: string;
  region: string;
  name: string;
  /** IANA zone; a business day is this zone's calendar day. */
  zone: string;
}

/** One committed number: family × region × month. */
export interface PlanLine {
  family: string;
  region: string;
  /** Months since 1970-01. */
  month: number;
  units: Quantity;
  revenue: Money;
}

/**
 * How a family × region's month is split to SKU-location × day × hour. Weights are non-negative integers; only their
 * ratios matter.
 */
export interface SplitProfile {
  family: string;
  region: string;
  /** 7 weights, Monday first; 0 = closed. */
  weekday: number[];
  /** 24 weights of the local hour of day. */
  hour: number[];
  /** Local calendar dates without business ("2026-12-25"). */
  closed: string[];
  /** Dispersion of daily lines at SKU-location: variance = μ + alpha·μ². */
  alpha: number;
  leaves: { sku: string; location: string; weight: number; /** Sales lines per unit sold. */ linesPerUnit: number }[];
}

export interface PlanVersion {
  id: string;
  name: string;
  currency: string;
  /** Milliseconds UTC. */
  createdAt: number;
  products: Product[];
  locations: Location[];
  lines: PlanLine[];
  splits: SplitProfile[];
}

/**
 * A plan version as flat arrays, for the streams. Indices are positions in lists sorted by code unit:
 * products by sku, locations by code, families and regions by name; leaves by (sku, location).
 */
export interface PlanIndex {
  readonly version: { id: string; name: string; hash: string; currency: string };
  readonly skus: readonly string[];
  readonly products: readonly Product[];
  readonly locations: readonly Location[];
  readonly zones: readonly Zone[];
  readonly families: readonly string[];
  readonly regions: readonly string[];
  /** sku → family, location → region, location → index into `zones`. */
  readonly familyOfSku: Uint16Array;
  readonly regionOfLocation: Uint16Array;
  readonly zoneOfLocation: Uint16Array;

  readonly leaves: number;
  readonly leafSku: Uint32Array;
  readonly leafLocation: Uint16Array;
  /** First leaf of each sku, and one past the last at index sku + 1. */
  readonly leavesOfSku: Uint32Array;
  /** Leaf of a sku and location index, or −1. */
  leafOf(sku: number, location: number): number;

  /** Months covered: [firstMonth, endMonth). Outside them everything is 0. */
  readonly firstMonth: number;
  readonly endMonth: number;

  /** Exact planned units (thousandths) of a leaf over [fromDay, toDay); sums to the plan line to the unit. O(1) a month. */
  unitsOfLeaf(leaf: number, fromDay: BusinessDay, toDay: BusinessDay): Quantity;
  /** Exact planned units of a leaf over local hours [fromHour, toHour) of one day. O(1). */
  unitsOfLeafHours(leaf: number, day: BusinessDay, fromHour: number, toHour: number): Quantity;
  /** Exact planned revenue of a leaf over [fromDay, toDay); sums to the plan line to the ten-thousandth. */
  revenueOfLeaf(leaf: number, fromDay: BusinessDay, toDay: BusinessDay): Money;

  /** Expected sales lines of a leaf on a business day (smooth, for detection); 0 when closed or outside the plan. O(1). */
  linesOfLeaf(leaf: number, day: BusinessDay): number;
  /** Expected lines of a cell (family × location) on a business day. O(1). */
  linesOfCell(family: number, location: number, day: BusinessDay): number;
  /** Expected units (thousandths) and revenue of a cell on a business day (smooth). O(1). */
  unitsOfCell(family: number, location: number, day: BusinessDay): number;
  revenueOfCell(family: number, location: number, day: BusinessDay): number;
  /** Share of a cell's business day elapsed at a local minute (0…1440): 0…1, nondecreasing, linear within the hour. */
  elapsed(family: number, location: number, minute: number): number;
  /** Dispersion of daily lines of a leaf as planned (class pool). */
  alphaOfLeaf(leaf: number): number;
  /** Plan price of one unit of a leaf's SKU, and planned lines per unit. */
  priceOfLeaf(leaf: number): Money;
  linesPerUnitOfLeaf(leaf: number): number;
}
