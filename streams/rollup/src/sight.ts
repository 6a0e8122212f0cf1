import { heardOf, totalNode, type Feeds, type Node, type Places, type SkuPicture } from '@plumbline/exceptions';
import type { BusinessDay, Instant } from '@plumbline/kernel';
import { LINES, PLANNED_LINES, PLANNED_UNITS, SLOTS, UNITS, type CellDays } from './cell-days.ts';
import { nothingSeen, type Seen } from './seen.ts';
import type { ReportedSkus, SkuDays } from './sku-days.ts';

/** Days a search for causes looks at: the longest window, and one as zones are not all in the same day. */
export const PICTURE_DAYS = 15;

/** What lies before the roll-up at an instant: lines and units against sensed rate and plan, by cell and reported SKU. */
export class Sight {
  readonly places: Places;
  readonly at: Instant;
  readonly latest: BusinessDay;
  readonly #days: CellDays;
  readonly skus: ReportedSkus;
  readonly #feeds: Feeds;
  /** Local day and minute of each location. */
  readonly #today: Int32Array;
  readonly #minute: Float64Array;

  constructor(days: CellDays, skus: ReportedSkus, feeds: Feeds, at: Instant) {
    const { plan } = days.places;
    this.places = days.places;
    this.at = at;
    this.latest = days.latest;
    this.#days = days;
    this.skus = skus;
    this.#feeds = feeds;
    const today = plan.zones.map((zone) => zone.dayOf(at));
    const minute = plan.zones.map((zone) => zone.minuteOf(at));
    this.#today = Int32Array.from(plan.zoneOfLocation, (zone) => today[zone]!);
    this.#minute = Float64Array.from(plan.zoneOfLocation, (zone) => minute[zone]!);
  }

  /** Fills the days of every cell that are over (`past` 1), or under way (0), into a picture's columns. */
  fillCells(lines: Float64Array, expected: Float64Array, past: 0 | 1): void {
    const width = this.places.plan.locations.length;
    for (let age = 0; age < PICTURE_DAYS; age++) {
      const day = this.latest - age;
      for (const cell of this.places.cells(totalNode)) {
        const location = cell % width;
        if (!this.#is(location, day, past)) continue;
        const seen = nothingSeen();
        if (!this.#addCell(seen, (cell - location) / width, location, day)) continue;
        lines[age * this.#days.cells + cell] = seen.lines;
        expected[age * this.#days.cells + cell] = seen.expected;
      }
    }
  }

  /** The same of a reported SKU. */
  fillSku({ lines, expected }: SkuPicture, days: SkuDays, past: 0 | 1): void {
    const { plan } = this.places;
    const width = plan.locations.length;
    for (let leaf = plan.leavesOfSku[days.sku]!; leaf < plan.leavesOfSku[days.sku + 1]!; leaf++) {
      const location = plan.leafLocation[leaf]!;
      for (let age = 0; age < PICTURE_DAYS; age++) {
        const seen = nothingSeen();
        if (!this.#is(location, this.latest - age, past) || !this.#addLeaf(seen, days, location, this.latest - age)) continue;
        lines[age * width + location] = seen.lines;
        expected[age * width + location] = seen.expected;
      }
    }
  }

  /** One business day of a node; undefined when nothing is known of it. */
  day(node: Node, day: BusinessDay): Seen | undefined {
    const sum = nothingSeen();
    return this.#addDay(sum, node, day, undefined) ? sum : undefined;
  }

  /** The days of a node from `from` on, as far as they are kept, that its locations have left behind. */
  past(node: Node, from: BusinessDay): Seen {
    const sum = nothingSeen();
    const oldest = Math.max(from, this.latest - SLOTS + 1);
    for (let day = oldest; day <= this.latest; day++) this.#addDay(sum, node, day, 1);
    return sum;
  }

  /** The same of the days under way. */
  current(node: Node, from: BusinessDay): Seen {
    const sum = nothingSeen();
    for (let day = Math.max(from, this.latest - 2); day <= this.latest; day++) this.#addDay(sum, node, day, 0);
    return sum;
  }

  /** Rises whenever what is said of the past days of some locations may change. */
  version(locations: readonly number[]): number {
    let version = 0;
    for (const location of locations) version += this.#days.versions[location]! + this.#feeds.versions[location]!;
    return version;
  }

  /** Both change whenever `past` of a node may answer otherwise: of its places, and of its SKU. */
  versions(node: Node): { places: number; sku: number } {
    return { places: this.version(this.places.locations(node)), sku: node.sku >= 0 ? (this.skus.all.get(node.sku)?.version ?? 0) : 0 };
  }

  /** Whether a location's day is over (1), or under way (0). */
  #is(location: number, day: BusinessDay, past: 0 | 1): boolean {
    const today = this.#today[location]!;
    return past === 1 ? today > day : today === day;
  }

  /** @param past 1 = of locations whose day is over, 0 = under way; absent = of all */
  #addDay(sum: Seen, node: Node, day: BusinessDay, past: 0 | 1 | undefined): boolean {
    const { plan } = this.places;
    let known = false;
    if (node.sku >= 0) {
      const days = this.skus.all.get(node.sku);
      if (!days) return false;
      for (let leaf = plan.leavesOfSku[node.sku]!; leaf < plan.leavesOfSku[node.sku + 1]!; leaf++) {
        const location = plan.leafLocation[leaf]!;
        if (node.location >= 0 ? node.location !== location : node.region >= 0 && node.region !== plan.regionOfLocation[location]) continue;
        if (past === undefined || this.#is(location, day, past)) known = this.#addLeaf(sum, days, location, day) || known;
      }
      return known;
    }
    const width = plan.locations.length;
    for (const cell of this.places.cells(node)) {
      const location = cell % width;
      if (past !== undefined && !this.#is(location, day, past)) continue;
      known = this.#addCell(sum, (cell - location) / width, location, day) || known;
    }
    return known;
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

  #addCell(sum: Seen, family: number, location: number, day: BusinessDay): boolean {
    const days = this.#days;
    if (!days.knows(location, day)) return false;
    const cell = family * this.places.plan.locations.length + location;
    const lines = days.value(LINES, cell, day);
    const whole = days.value(PLANNED_LINES, cell, day);
    const share = this.#heard(family, location, day, whole, lines);
    const planned = whole * share;
    sum.lines += lines;
    sum.units += days.value(UNITS, cell, day);
    sum.planned += planned;
    if (planned > 0) sum.expected += planned * days.sensed(cell);
    sum.plannedUnits += days.value(PLANNED_UNITS, cell, day) * share;
    return true;
  }

  #addLeaf(sum: Seen, days: SkuDays, location: number, day: BusinessDay): boolean {
    const { plan } = this.places;
    if (!this.#days.knows(location, day)) return false;
    const found = this.skus.day(days, location, day);
    if (!found) return false;
    const family = plan.familyOfSku[days.sku]!;
    const planned = found.planned * this.#heard(family, location, day, found.planned, found.lines);
    const rate = Number.isNaN(found.rate) ? this.#days.sensed(family * plan.locations.length + location) : found.rate;
    const perUnit = plan.linesPerUnitOfLeaf(plan.leafOf(days.sku, location));
    const unitsPerLine = perUnit > 0 ? 1000 / perUnit : 0;
    sum.lines += found.lines;
    sum.units += found.lines * unitsPerLine;
    sum.planned += planned;
    sum.expected += planned * rate;
    sum.plannedUnits += planned * unitsPerLine;
    return true;
  }

  /** Share of a day's plan that has passed and was heard. */
  #heard(family: number, location: number, day: BusinessDay, planned: number, lines: number): number {
    const elapsed = this.elapsed(family, location, day);
    if (elapsed <= 0 || planned <= 0 || !this.#feeds.quiet(location)) return elapsed;
    const silent = this.#feeds.silentShare(family, location, day, this.at);
    return silent <= 0 ? elapsed : heardOf(planned * elapsed, silent / elapsed, lines) / planned;
  }
}
