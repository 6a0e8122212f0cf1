import type { Feeds } from '@plumbline/exceptions';
import { firstDayOfMonth, monthOf, weekdayOf, type BusinessDay, type Instant } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';
import { PLANNED_REVENUE, PLANNED_UNITS, REVENUE, UNITS, type CellDays } from './cell-days.ts';
import { SettledDays, SUM_PLANNED_REVENUE, SUM_PLANNED_UNITS, SUM_REVENUE, SUM_UNITS, SUMS } from './settled-days.ts';
import type { Sight } from './sight.ts';

/** Sums of a period, and Σmin(actual, plan) over its family × region × day buckets; whole numbers. */
export interface Attained {
  units: number;
  plannedUnits: number;
  metUnits: number;
  revenue: number;
  plannedRevenue: number;
  metRevenue: number;
}

export interface Tallied {
  /** SUMS columns by family × region, the day under way. */
  cells: Float64Array;
  today: Attained;
  week: Attained;
  month: Attained;
  /** Where the days under way differ, the latest. */
  from: { today: BusinessDay; week: BusinessDay; month: BusinessDay };
}

const none = (): Attained => ({ units: 0, plannedUnits: 0, metUnits: 0, revenue: 0, plannedRevenue: 0, metRevenue: 0 });

const mondayOf = (day: BusinessDay): BusinessDay => day - weekdayOf(day);

/**
 * Sums of the tower's tiles: each location's day under way, its week and its month to date. Plan values are rounded
 * where they are read, so that every sum is of whole numbers and does not depend on its order.
 */
export class Tally {
  readonly settled: SettledDays;
  readonly #plan: PlanIndex;
  readonly #days: CellDays;
  readonly #feeds: Feeds;
  readonly #months = new Map<BusinessDay, BusinessDay>();
  #past: { begins: BusinessDay; version: number; week: Attained; month: Attained } | undefined;

  constructor(days: CellDays, feeds: Feeds, settled: SettledDays) {
    this.#plan = days.places.plan;
    this.#days = days;
    this.#feeds = feeds;
    this.settled = settled;
  }

  take(sight: Sight): Tallied {
    const { families, regions, locations } = this.#plan;
    const cells = new Float64Array(SUMS * families.length * regions.length);
    locations.forEach((_, location) => {
      const day = sight.today(location);
      for (let family = 0; family < families.length; family++) this.#add(cells, this.#cell(family, location), family, location, day, sight);
    });
    const today = attained(cells);
    const { week, month } = this.#before(sight);
    const { latest } = sight;
    return {
      cells,
      today,
      week: sumOf(week, today),
      month: sumOf(month, today),
      from: { today: latest, week: mondayOf(latest), month: this.#monthOf(latest) },
    };
  }

  /** A day is about to leave the kept ones: it stays in the month's sums. */
  settle(location: number, day: BusinessDay, at: Instant): void {
    const zone = this.#plan.zoneOfLocation[location]!;
    const sums = this.settled.day(day);
    for (let family = 0; family < this.#plan.families.length; family++) {
      this.#add(sums, this.settled.at(zone, family, this.#plan.regionOfLocation[location]!), family, location, day, undefined);
    }
    const earliest = this.#plan.zones.reduce((least, each) => Math.min(least, each.dayOf(at)), Infinity);
    this.settled.forget(this.#monthOf(earliest));
  }

  #cell(family: number, location: number): number {
    return SUMS * (family * this.#plan.regions.length + this.#plan.regionOfLocation[location]!);
  }

  /** @param sight absent: the whole day */
  #add(sums: Float64Array, at: number, family: number, location: number, day: BusinessDay, sight: Sight | undefined): void {
    const days = this.#days;
    if (!days.knows(location, day)) return;
    const cell = family * this.#plan.locations.length + location;
    let elapsed = sight ? sight.elapsed(family, location, day) : 1;
    // What the first day had before the tower began is not missing.
    if (day === days.firstDay[location]) elapsed = Math.max(0, elapsed - this.#feeds.silentShare(family, location, day, sight ? sight.at : Infinity));
    sums[at + SUM_UNITS]! += days.value(UNITS, cell, day);
    sums[at + SUM_PLANNED_UNITS]! += Math.round(days.value(PLANNED_UNITS, cell, day) * elapsed);
    sums[at + SUM_REVENUE]! += days.value(REVENUE, cell, day);
    sums[at + SUM_PLANNED_REVENUE]! += Math.round(days.value(PLANNED_REVENUE, cell, day) * elapsed);
  }

  /** Week and month up to each location's last midnight; worked out anew when something is said of a day that is over. */
  #before(sight: Sight): { week: Attained; month: Attained } {
    const { all } = sight.places;
    const { firstDay, versions } = this.#days;
    const today = all.reduce((least, location) => Math.min(least, sight.today(location)), Infinity);
    const begins = Math.min(mondayOf(today), this.#monthOf(today));
    // Silences count on the day a location's sums begin, and on no other.
    const version = all.reduce((sum, location) => sum + versions[location]! + (firstDay[location]! >= begins ? this.#feeds.versions[location]! : 0), 0);
    if (this.#past?.begins !== begins || this.#past.version !== version) {
      this.#past = { begins, version, week: this.#over(sight, mondayOf), month: this.#over(sight, (day) => this.#monthOf(day)) };
    }
    return this.#past;
  }

  #over(sight: Sight, begins: (today: BusinessDay) => BusinessDay): Attained {
    const { places } = sight;
    const { plan } = places;
    const sum = none();
    const starts = Array.from(places.all, (location) => begins(sight.today(location)));
    const first = starts.reduce((least, start) => Math.min(least, start), Infinity);
    const buckets = new Float64Array(SUMS * plan.families.length * plan.regions.length);
    for (let day = first; day < sight.latest; day++) {
      buckets.fill(0);
      places.all.forEach((location, i) => {
        if (day < starts[i]! || day >= sight.today(location) || !this.#days.knows(location, day)) return;
        for (let family = 0; family < plan.families.length; family++) this.#add(buckets, this.#cell(family, location), family, location, day, undefined);
      });
      this.#addSettled(buckets, day, sight, begins);
      into(sum, attained(buckets));
    }
    return sum;
  }

  #addSettled(buckets: Float64Array, day: BusinessDay, sight: Sight, begins: (today: BusinessDay) => BusinessDay): void {
    const settled = this.settled.days.get(day);
    if (!settled) return;
    this.#plan.zones.forEach((zone, z) => {
      if (day < begins(zone.dayOf(sight.at))) return;
      const from = this.settled.at(z, 0, 0);
      for (let i = 0; i < buckets.length; i++) buckets[i]! += settled[from + i]!;
    });
  }

  #monthOf(day: BusinessDay): BusinessDay {
    let first = this.#months.get(day);
    if (first === undefined) {
      if (this.#months.size > 60) this.#months.clear();
      this.#months.set(day, (first = firstDayOfMonth(monthOf(day))));
    }
    return first;
  }
}

function attained(cells: Float64Array): Attained {
  const sum = none();
  for (let at = 0; at < cells.length; at += SUMS) {
    const units = cells[at + SUM_UNITS]!;
    const plannedUnits = cells[at + SUM_PLANNED_UNITS]!;
    const revenue = cells[at + SUM_REVENUE]!;
    const plannedRevenue = cells[at + SUM_PLANNED_REVENUE]!;
    sum.units += units;
    sum.plannedUnits += plannedUnits;
    sum.metUnits += Math.min(units, plannedUnits);
    sum.revenue += revenue;
    sum.plannedRevenue += plannedRevenue;
    sum.metRevenue += Math.min(revenue, plannedRevenue);
  }
  return sum;
}

function into(sum: Attained, other: Attained): void {
  for (const key of Object.keys(sum) as (keyof Attained)[]) sum[key] += other[key];
}

function sumOf(one: Attained, other: Attained): Attained {
  const sum = { ...one };
  into(sum, other);
  return sum;
}
