import { DAY_MS, HOUR_MS, MINUTE_MS, monthOf, Random, zoneOf, type BusinessDay } from '@plumbline/kernel';
import { influencesOf, type Influences } from './influence.ts';
import type { Cause } from './causes.ts';
import { salePrice } from './plan.ts';
import type { Retailer } from './retailer.ts';
import { mix } from './seed.ts';
import { MALFORMED, RETURN, SALE, UNKNOWN_SKU, type Sends } from './sends.ts';

/** How unclean the feed is: shares of all lines. */
export interface Dirt {
  /** Brought back: a pos.return besides the sale. */
  returns: number;
  /** Sent twice with the same source, id and sequence. */
  duplicates: number;
  /** Sent hours to days after the sale. */
  late: number;
  unknownSku: number;
  malformed: number;
}

export const DEMO_DIRT: Dirt = {
  returns: 0.015,
  duplicates: 0.005,
  late: 0.005,
  unknownSku: 0.0004,
  malformed: 0.00005,
};

/** A late line arrives at most this long after the sale; with the longest silence it stays within the 7 days allowed. */
export const LONGEST_DELAY_MS = 5 * DAY_MS;
/** A repeat follows its original within this time, so that a bounded duplicate window can know it. */
export const LONGEST_REPEAT_MS = 10 * MINUTE_MS;

/**
 * Draws the lines of one business day at every location and hands each to `into`.
 *
 * Per series and day: frailty g ~ Gamma(1/α, α), N ~ Poisson(μg), so N is negative binomial with variance μ + αμ²;
 * the local hour is drawn from the profile, the instant within it uniformly. Causes draw from streams of their own:
 * a day's ordinary lines are the same with and without them, and lines before a cause begins are never touched.
 * The result is a function of (retailer, day, dirt, causes) only.
 */
export function drawDay(retailer: Retailer, day: BusinessDay, dirt: Dirt, causes: readonly Cause[], into: Sends): void {
  for (let location = 0; location < retailer.locations.length; location++) {
    new LocationDay(retailer, day, location, dirt, into).draw(causes);
  }
}

/** One location's business day. */
class LocationDay {
  readonly #random: Random;
  readonly #month: number;
  readonly #region: number;
  /** Milliseconds UTC of local midnight, by the offset that holds in trading hours. */
  readonly #midnight: number;

  constructor(
    readonly retailer: Retailer,
    readonly day: BusinessDay,
    readonly location: number,
    readonly dirt: Dirt,
    readonly into: Sends,
  ) {
    this.#random = new Random(mix(retailer.seed, 6, day, location));
    this.#month = monthOf(day);
    this.#region = retailer.regionOfLocation[location]!;
    const zone = zoneOf(retailer.locations[location]!.zone);
    const noon = day * DAY_MS + 12 * HOUR_MS;
    this.#midnight = day * DAY_MS - zone.offsetAt(noon - zone.offsetAt(noon));
  }

  draw(causes: readonly Cause[]): void {
    const { retailer, location } = this;
    const influences = influencesOf(retailer, causes, location, this.#midnight, this.#midnight + DAY_MS);
    const shares = retailer.families.map(
      (_, f) => retailer.dayShare(f, this.#region, this.day) * retailer.level(f, this.#region, this.#month),
    );
    const paid = retailer.families.map((_, f) => retailer.promotion(f, this.#region, this.#month)?.price ?? 1);
    const places = retailer.locations.length;
    for (let sku = 0; sku < retailer.products.length; sku++) {
      const leaf = sku * places + location;
      const family = retailer.familyOfSku[sku]!;
      const mean = (retailer.weeklyUnits[leaf]! / 1000 / retailer.unitsPerLine[sku]!) * shares[family]!;
      if (mean <= 0) continue;
      const alpha = retailer.families[family]!.alpha;
      const rate = mean * this.#random.gamma(1 / alpha, alpha);
      const price = salePrice(retailer.products[sku]!.price, paid[family]!);
      const touched = influences?.ofSku(sku);
      const count = this.#random.poisson(rate);
      for (let i = 0; i < count; i++) this.#line(this.#random, leaf, sku, price, touched);
      touched?.extra(rate, (random, accept) => this.#line(random, leaf, sku, price, touched, accept));
    }
  }

  /** Draws one line; `accept` keeps the added lines of a surge within its time. */
  #line(
    random: Random,
    leaf: number,
    sku: number,
    price: number,
    touched: Influences | undefined,
    accept?: (time: number) => boolean,
  ): void {
    const { dirt, retailer, into } = this;
    const time = this.#midnight + this.#minutes(random, retailer.familyOfSku[sku]!);
    const quantity = drawQuantity(random, retailer.unitsPerLine[sku]!, retailer.products[sku]!.unit === 'kg');
    const odd = random.uniform();
    const aside = random.uniform();
    if (accept ? !accept(time) : touched && !touched.keeps(time)) return;
    let kind = SALE;
    let sentAt = time;
    let repeat = 0;
    let edge = dirt.returns;
    if (odd < edge) this.#comeBack(time, aside, leaf, quantity, price, touched);
    else if (odd < (edge += dirt.duplicates)) repeat = 1000 + Math.floor(aside * (LONGEST_REPEAT_MS - 1000));
    else if (odd < (edge += dirt.late))
      sentAt += Math.round(2 * HOUR_MS + aside * aside * (LONGEST_DELAY_MS - 2 * HOUR_MS));
    else if (odd < (edge += dirt.unknownSku)) kind = UNKNOWN_SKU;
    else if (odd < edge + dirt.malformed) kind = MALFORMED;
    if (touched) {
      const sent = touched.sent(sentAt);
      if (sent < 0) return;
      if (repeat > 0 && touched.sent(sent + repeat) !== sent + repeat) repeat = 0;
      sentAt = sent;
      price = touched.price(price, time);
    }
    into.push(sentAt, time, leaf, quantity, price, kind, repeat);
  }

  /** A sale brought back: within the hour, so that it falls into trading hours too. */
  #comeBack(
    soldAt: number,
    when: number,
    leaf: number,
    quantity: number,
    price: number,
    touched: Influences | undefined,
  ): void {
    const time = soldAt + Math.floor((2 + 50 * when) * MINUTE_MS);
    const sent = touched ? touched.sent(time) : time;
    if (sent >= 0)
      this.into.push(sent, time, leaf, quantity, touched ? touched.price(price, soldAt) : price, RETURN, 0);
  }

  /** Milliseconds after local midnight, by the hour profile. */
  #minutes(random: Random, family: number): number {
    const { cumulative } = this.retailer.profile(family, this.#region);
    const u = random.uniform();
    let hour = 6;
    while (cumulative[hour + 1]! <= u) hour++;
    const within = (u - cumulative[hour]!) / (cumulative[hour + 1]! - cumulative[hour]!);
    return Math.floor((hour + within) * HOUR_MS);
  }
}

/** Thousandths of a unit on a line: pieces are 1 + geometric-like, kilograms uniform ±60 % in steps of 5 g; mean kept. */
function drawQuantity(random: Random, mean: number, byWeight: boolean): number {
  if (byWeight) return Math.max(5, Math.round(mean * (0.4 + 1.2 * random.uniform()) * 200) * 5);
  const more = (mean - 1) / mean;
  let pieces = 1;
  while (pieces < 99 && random.uniform() < more) pieces++;
  return pieces * 1000;
}
