import {
  firstDayOfMonth,
  formatDay,
  MONEY_SCALE,
  monthOf,
  Random,
  weekdayOf,
  type BusinessDay,
} from '@plumbline/kernel';
import type { Location, Product } from '@plumbline/plan';
import { RANGE, type FamilyRange } from './range.ts';
import { REGIONS, type RegionRange } from './regions.ts';
import { mix } from './seed.ts';

export interface RetailerOptions {
  seed: number;
  /** Number of SKUs; default 400. Others scale every family. */
  skus?: number;
  /** Multiplies every expected rate; default 1 (about 48 000 lines a day). */
  volume?: number;
}

/** How a family's demand spreads over a region's week and day: integer weights, as the plan's split profile has them. */
export interface Profile {
  weekday: readonly number[];
  weekdaySum: number;
  hour: readonly number[];
  /** Share of the day before local hour h; 25 entries, 0 … 1. */
  cumulative: Float64Array;
}

/** A promotion announced in the plan: a family in a region for a calendar month, dearer demand at a lower price. */
export interface Promotion {
  month: number;
  family: number;
  region: number;
  uplift: number;
  /** Price paid as a share of the list price. */
  price: number;
}

/**
 * The demo retailer's truth: the base rates its demand is drawn from. The plan (`demoPlan`) is made from the same
 * numbers, so that without injected causes and plan error the retailer is on plan.
 * SKUs and locations are in code order; leaf = sku · locations + location.
 */
export interface Retailer {
  readonly seed: number;
  readonly currency: string;
  readonly products: readonly Product[];
  readonly locations: readonly Location[];
  readonly families: readonly FamilyRange[];
  readonly regions: readonly RegionRange[];
  readonly familyOfSku: Uint16Array;
  readonly regionOfLocation: Uint16Array;
  /** Mean units (or kilograms) on a sales line of each SKU. */
  readonly unitsPerLine: Float64Array;
  /** Expected thousandths of a unit in an ordinary week, per leaf; 0 = the location does not list the SKU. */
  readonly weeklyUnits: Float64Array;
  profile(family: number, region: number): Profile;
  promotion(family: number, region: number, month: number): Promotion | undefined;
  /** Seasonal factor × promotion uplift of a month. */
  level(family: number, region: number, month: number): number;
  /** Share of an ordinary week's demand that falls on a day; 0 when closed. */
  dayShare(family: number, region: number, day: BusinessDay): number;
  /** True mean of sales lines of a leaf on a business day, without causes. */
  meanLines(leaf: number, day: BusinessDay): number;
}

/** Holidays on which no location trades, as "MM-DD". */
const HOLIDAYS = ['01-01', '12-25'];

export const closedDates = (fromMonth: number, months: number): string[] => {
  const dates: string[] = [];
  for (let day = firstDayOfMonth(fromMonth); day < firstDayOfMonth(fromMonth + months); day++) {
    const date = formatDay(day);
    if (HOLIDAYS.includes(date.slice(5))) dates.push(date);
  }
  return dates;
};

/** Builds the retailer; the same options give the same retailer. */
export function makeRetailer(options: RetailerOptions): Retailer {
  const { seed, skus = 400, volume = 1 } = options;
  const places = REGIONS.flatMap((region, index) =>
    region.cities.map(([code, name, size]) => ({ code, name, size, region: index })),
  ).sort((a, b) => (a.code < b.code ? -1 : 1));
  const locations = places.map(({ code, name, region }): Location => ({
    code,
    name,
    region: REGIONS[region]!.name,
    zone: REGIONS[region]!.zone,
  }));
  const range = makeProducts(new Random(mix(seed, 1)), skus);
  const weeklyUnits = new Float64Array(skus * places.length);
  const random = new Random(mix(seed, 2));
  for (let sku = 0; sku < skus; sku++) {
    const { family, popularity, unitsPerLine } = range[sku]!;
    places.forEach((place, location) => {
      const lines =
        RANGE[family]!.lines * volume * popularity * place.size * Math.exp(0.25 * random.normal() - 0.03125);
      if (lines >= 0.03 * volume)
        weeklyUnits[sku * places.length + location] = Math.round(lines * 7 * unitsPerLine * 1000);
    });
  }
  return new SeededRetailer(
    seed,
    range.map((item) => item.product),
    locations,
    {
      familyOfSku: Uint16Array.from(range, (item) => item.family),
      regionOfLocation: Uint16Array.from(places, (place) => place.region),
      unitsPerLine: Float64Array.from(range, (item) => item.unitsPerLine),
      weeklyUnits,
    },
  );
}

interface RangeItem {
  product: Product;
  family: number;
  popularity: number;
  unitsPerLine: number;
}

/** Names, prices and popularity of every SKU, in code order. Popularity averages 1 within a family. */
function makeProducts(random: Random, skus: number): RangeItem[] {
  const items: RangeItem[] = [];
  RANGE.forEach((family, index) => {
    const count = Math.round((family.count * skus) / 400);
    const share = index === RANGE.length - 1 ? skus - items.length : count;
    const popularity = Array.from({ length: share }, () => Math.exp(0.8 * random.normal()));
    const mean = popularity.reduce((sum, p) => sum + p, 0) / share;
    for (let i = 0; i < share; i++) {
      const unitsPerLine = Math.max(
        family.unit === 'kg' ? 0.2 : 1,
        family.unitsPerLine * (0.85 + 0.3 * random.uniform()),
      );
      items.push({
        product: {
          sku: `${family.prefix}${String(i + 1).padStart(3, '0')}`,
          family: family.name,
          name: productName(family, i),
          unit: family.unit,
          price: productPrice(family, random),
        },
        family: index,
        popularity: popularity[i]! / mean,
        unitsPerLine,
      });
    }
  });
  return items;
}

function productName(family: FamilyRange, i: number): string {
  const stems = family.stems.split(', ');
  const variants = family.variants.split(', ');
  const stem = stems[i % stems.length]!;
  const variant = variants[Math.floor(i / stems.length) % variants.length]!;
  const again = Math.floor(i / (stems.length * variants.length));
  return again === 0 ? `${stem}, ${variant}` : `${stem}, ${variant} (${again + 1})`;
}

/** A shelf price between the family's bounds, ending in 9 or 5 cents. */
function productPrice(family: FamilyRange, random: Random): number {
  const [low, high] = family.price;
  const price = low * (high / low) ** random.uniform();
  const cents = price >= 15 ? Math.round(price) * 100 - 5 : Math.max(1, Math.round(price * 10)) * 10 - 1;
  return (cents * MONEY_SCALE) / 100;
}

interface RetailerColumns {
  familyOfSku: Uint16Array;
  regionOfLocation: Uint16Array;
  unitsPerLine: Float64Array;
  weeklyUnits: Float64Array;
}

class SeededRetailer implements Retailer {
  readonly currency = 'EUR';
  readonly families = RANGE;
  readonly regions = REGIONS;
  readonly familyOfSku: Uint16Array;
  readonly regionOfLocation: Uint16Array;
  readonly unitsPerLine: Float64Array;
  readonly weeklyUnits: Float64Array;
  readonly #profiles: Profile[];
  readonly #promotions = new Map<number, Promotion[]>();
  readonly #calendar = new Map<BusinessDay, { month: number; holiday: boolean }>();

  constructor(
    readonly seed: number,
    readonly products: readonly Product[],
    readonly locations: readonly Location[],
    columns: RetailerColumns,
  ) {
    this.familyOfSku = columns.familyOfSku;
    this.regionOfLocation = columns.regionOfLocation;
    this.unitsPerLine = columns.unitsPerLine;
    this.weeklyUnits = columns.weeklyUnits;
    this.#profiles = RANGE.flatMap((family) => REGIONS.map((region) => makeProfile(family, region)));
  }

  profile(family: number, region: number): Profile {
    return this.#profiles[family * REGIONS.length + region]!;
  }

  promotion(family: number, region: number, month: number): Promotion | undefined {
    let promotions = this.#promotions.get(month);
    if (!promotions) this.#promotions.set(month, (promotions = makePromotions(this.seed, month)));
    return promotions.find((p) => p.family === family && p.region === region);
  }

  level(family: number, region: number, month: number): number {
    return RANGE[family]!.season[((month % 12) + 12) % 12]! * (this.promotion(family, region, month)?.uplift ?? 1);
  }

  dayShare(family: number, region: number, day: BusinessDay): number {
    if (this.#calendarOf(day).holiday) return 0;
    const profile = this.profile(family, region);
    return profile.weekday[weekdayOf(day)]! / profile.weekdaySum;
  }

  #calendarOf(day: BusinessDay): { month: number; holiday: boolean } {
    let entry = this.#calendar.get(day);
    if (!entry)
      this.#calendar.set(day, (entry = { month: monthOf(day), holiday: HOLIDAYS.includes(formatDay(day).slice(5)) }));
    return entry;
  }

  meanLines(leaf: number, day: BusinessDay): number {
    const sku = Math.floor(leaf / this.locations.length);
    const family = this.familyOfSku[sku]!;
    const region = this.regionOfLocation[leaf % this.locations.length]!;
    const units = this.weeklyUnits[leaf]! / 1000 / this.unitsPerLine[sku]!;
    return units * this.dayShare(family, region, day) * this.level(family, region, this.#calendarOf(day).month);
  }
}

function makeProfile(family: FamilyRange, region: RegionRange): Profile {
  const { open, close, evening } = region.trading;
  const weekday = region.trading.weekday.map((weight, i) => Math.round(weight * family.weekday[i]! * 1000));
  const hour = Array.from({ length: 24 }, (_, h) => {
    if (h < open || h > close) return 0;
    const ramp = h === open || h === close ? 0.5 : 1;
    const late = h <= 15 ? 1 : 1 + ((evening - 1) * (h - 15)) / (close - 15);
    const peak = Math.exp(-family.peakSharpness * 0.25 * (h - family.peakHour) ** 2);
    return Math.max(1, Math.round(1000 * ramp * late * (0.15 + 0.85 * peak)));
  });
  const total = hour.reduce((sum, weight) => sum + weight, 0);
  const cumulative = new Float64Array(25);
  hour.forEach((weight, h) => (cumulative[h + 1] = cumulative[h]! + weight / total));
  return { weekday, weekdaySum: weekday.reduce((sum, weight) => sum + weight, 0), hour, cumulative };
}

/** Some six promotions a month, each a family in one region for the whole month. */
function makePromotions(seed: number, month: number): Promotion[] {
  const random = new Random(mix(seed, 3, month));
  const promotions = new Map<string, Promotion>();
  for (let i = 0; i < 6; i++) {
    const family = random.below(RANGE.length);
    const region = random.below(REGIONS.length);
    promotions.set(`${family}/${region}`, {
      month,
      family,
      region,
      uplift: 1.2 + Math.round(random.uniform() * 4) / 20,
      price: 0.9,
    });
  }
  return [...promotions.values()];
}
