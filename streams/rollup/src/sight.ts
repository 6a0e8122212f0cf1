import { heardOf, Picture, type Feeds, type Node, type Places, type SkuPicture } from '@plumbline/exceptions';
import type { BusinessDay, Instant } from '@plumbline/kernel';
import { LINES, PLANNED_LINES, PLANNED_UNITS, UNITS, type CellDays } from './cell-days.ts';
import type { ReportedSkus, SkuDays } from './sku-days.ts';

/** Days a search for causes looks at: the longest window, and one as zones are not all in the same day. */
export const PICTURE_DAYS = 15;

/** One business day of a node: seen; expected by the rate sensed before; planned. Only what could be heard, up to now. */
export interface Seen {
  lines: number;
  units: number;
  expected: number;
  planned: number;
  plannedUnits: number;
}

/** What lies before the roll-up at an instant: lines and units against sensed rate and plan, by cell and reported SKU. */
export class Sight {
  readonly places: Places;
  readonly at: Instant;
  readonly latest: BusinessDay;
  readonly #days: CellDays;
  readonly #skus: ReportedSkus;
  readonly #feeds: Feeds;
  /** Local day and minute of each location. */
  readonly #today: Int32Array;
  readonly #minute: Float64Array;
  readonly #quiet = new Map<BusinessDay, ReadonlySet<number>>();

  constructor(days: CellDays, skus: ReportedSkus, feeds: Feeds, at: Instant) {
    const { plan } = days.places;
    this.places = days.places;
    this.at = at;
    this.latest = days.latest;
    this.#days = days;
    this.#skus = skus;
    this.#feeds = feeds;
    this.#today = Int32Array.from(plan.zoneOfLocation, (zone) => plan.zones[zone]!.dayOf(at));
    this.#minute = Float64Array.from(plan.zoneOfLocation, (zone) => plan.zones[zone]!.minuteOf(at));
  }

  picture(): Picture {
    const { plan } = this.places;
    const cells = this.#days.cells;
    const lines = new Float64Array(PICTURE_DAYS * cells);
    const expected = new Float64Array(PICTURE_DAYS * cells);
    for (let age = 0; age < PICTURE_DAYS; age++) {
      for (let family = 0, cell = 0; family < plan.families.length; family++) {
        for (let location = 0; location < plan.locations.length; location++, cell++) {
          const seen = this.#cell(family, location, this.latest - age);
          if (!seen) continue;
          lines[age * cells + cell] = seen.lines;
          expected[age * cells + cell] = seen.expected;
        }
      }
    }
    const skus = new Map<number, SkuPicture>();
    for (const days of this.#skus.all.values()) skus.set(days.sku, this.#skuPicture(days));
    return new Picture(this.places, PICTURE_DAYS, lines, expected, skus);
  }

  #skuPicture(days: SkuDays): SkuPicture {
    const { plan } = this.places;
    const width = plan.locations.length;
    const picture = { lines: new Float64Array(PICTURE_DAYS * width), expected: new Float64Array(PICTURE_DAYS * width) };
    for (let leaf = plan.leavesOfSku[days.sku]!; leaf < plan.leavesOfSku[days.sku + 1]!; leaf++) {
      const location = plan.leafLocation[leaf]!;
      for (let age = 0; age < PICTURE_DAYS; age++) {
        const seen = this.#leaf(days, location, this.latest - age);
        if (!seen) continue;
        picture.lines[age * width + location] = seen.lines;
        picture.expected[age * width + location] = seen.expected;
      }
    }
    return picture;
  }

  /** One business day of a node; undefined when nothing is known of it. */
  day(node: Node, day: BusinessDay): Seen | undefined {
    const sum: Seen = { lines: 0, units: 0, expected: 0, planned: 0, plannedUnits: 0 };
    const { plan } = this.places;
    let known = false;
    const add = (seen: Seen | undefined): void => {
      if (!seen) return;
      known = true;
      sum.lines += seen.lines;
      sum.units += seen.units;
      sum.expected += seen.expected;
      sum.planned += seen.planned;
      sum.plannedUnits += seen.plannedUnits;
    };
    const locations = this.places.locations(node);
    if (node.sku >= 0) {
      const days = this.#skus.all.get(node.sku);
      if (days) for (const location of locations) add(this.#leaf(days, location, day));
      return known ? sum : undefined;
    }
    const from = Math.max(node.family, 0);
    const to = node.family < 0 ? plan.families.length : from + 1;
    for (let family = from; family < to; family++) for (const location of locations) add(this.#cell(family, location, day));
    return known ? sum : undefined;
  }

  /** Whether every location of a node has left a business day behind. */
  over(node: Node, day: BusinessDay): boolean {
    return this.places.locations(node).every((location) => this.#today[location]! > day);
  }

  /** A location's business day now. */
  today(location: number): BusinessDay {
    return this.#today[location]!;
  }

  /** Share of a cell's business day that is over. */
  elapsed(family: number, location: number, day: BusinessDay): number {
    const today = this.#today[location]!;
    if (day !== today) return day < today ? 1 : 0;
    return this.places.plan.elapsed(family, location, this.#minute[location]!);
  }

  #cell(family: number, location: number, day: BusinessDay): Seen | undefined {
    const days = this.#days;
    if (!days.knows(location, day)) return undefined;
    const cell = family * this.places.plan.locations.length + location;
    const lines = days.value(LINES, cell, day);
    const share = this.#heard(family, location, day, days.value(PLANNED_LINES, cell, day), lines);
    const planned = days.value(PLANNED_LINES, cell, day) * share;
    return {
      lines,
      units: days.value(UNITS, cell, day),
      expected: planned * days.sensed(cell),
      planned,
      plannedUnits: days.value(PLANNED_UNITS, cell, day) * share,
    };
  }

  #leaf(days: SkuDays, location: number, day: BusinessDay): Seen | undefined {
    const { plan } = this.places;
    if (!this.#days.knows(location, day)) return undefined;
    const found = this.#skus.day(days, location, day);
    if (!found) return undefined;
    const family = plan.familyOfSku[days.sku]!;
    const planned = found.planned * this.#heard(family, location, day, found.planned, found.lines);
    const rate = Number.isNaN(found.rate) ? this.#days.sensed(family * plan.locations.length + location) : found.rate;
    const perUnit = plan.linesPerUnitOfLeaf(plan.leafOf(days.sku, location));
    const units = (n: number): number => (perUnit > 0 ? (1000 * n) / perUnit : 0);
    return { lines: found.lines, units: units(found.lines), expected: planned * rate, planned, plannedUnits: units(planned) };
  }

  /** Share of a day's plan that has passed and was heard. */
  #heard(family: number, location: number, day: BusinessDay, planned: number, lines: number): number {
    const elapsed = this.elapsed(family, location, day);
    if (elapsed <= 0 || planned <= 0) return elapsed;
    const quiet = this.#quiet.get(day) ?? this.#feeds.quietOn(day);
    this.#quiet.set(day, quiet);
    if (!quiet.has(location)) return elapsed;
    const silent = this.#feeds.silentShare(family, location, day, this.at);
    return heardOf(planned * elapsed, silent / elapsed, lines) / planned;
  }
}
