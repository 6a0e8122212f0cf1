import type { Places } from '@plumbline/exceptions';
import type { PlanIndex } from '@plumbline/plan';

/** Days kept of every cell: the longest window looked at, today, and one for zones that are ahead. */
export const SLOTS = 16;

/** Columns of a day: seen, then planned (whole day), each a Float64 a cell. Units in thousandths, money in ten-thousandths. */
export const LINES = 0;
export const UNITS = 1;
export const REVENUE = 2;
export const PLANNED_LINES = 3;
export const PLANNED_UNITS = 4;
export const PLANNED_REVENUE = 5;
const COLUMNS = 6;

/** Sensed rate of detection.md: θ̂ = clamp((n0 + C)/(n0 + E), .4, 2.5), half-life 28 days. */
const PRIOR = 20;
const KEEP = 2 ** (-1 / 28);
/** Dispersion of a cell's daily lines in the weights of C and E. */
const CELL_ALPHA = 0.1;

/**
 * What was sold and planned by cell (family × location) and business day, for the last SLOTS days of each location. The
 * plan of a day is written down when the day begins and stays: a later plan does not change what a day was compared with.
 */
export class CellDays {
  readonly places: Places;
  readonly cells: number;
  /** Current business day of each location; −1 before its first. */
  readonly day: Int32Array;
  readonly firstDay: Int32Array;
  /** By day & 15: COLUMNS × cells. */
  readonly slots: Float64Array[];
  /** Sensed rate: C and E a cell, as of the end of yesterday. */
  readonly sums: Float64Array;
  /** Days that are changed since the last snapshot, by slot; the last is for everything else. */
  readonly touched = new Uint8Array(SLOTS + 1).fill(1);
  /** By location: rises whenever something changes that is said of its past days. */
  readonly versions: Int32Array;
  readonly #width: number;

  constructor(places: Places) {
    const { families, locations } = places.plan;
    this.places = places;
    this.#width = locations.length;
    this.cells = families.length * locations.length;
    this.day = new Int32Array(locations.length).fill(-1);
    this.firstDay = new Int32Array(locations.length).fill(-1);
    this.versions = new Int32Array(locations.length);
    this.slots = Array.from({ length: SLOTS }, () => new Float64Array(COLUMNS * this.cells));
    this.sums = new Float64Array(2 * this.cells);
  }

  get latest(): number {
    let latest = -1;
    for (const day of this.day) if (day > latest) latest = day;
    return latest;
  }

  knows(location: number, day: number): boolean {
    const current = this.day[location]!;
    return day <= current && day > current - SLOTS && day >= this.firstDay[location]!;
  }

  value(column: number, cell: number, day: number): number {
    return this.slots[day & (SLOTS - 1)]![column * this.cells + cell]!;
  }

  /** Adds sales to a day that is known; returns false otherwise. */
  add(family: number, location: number, day: number, lines: number, units: number, revenue: number): boolean {
    if (!this.knows(location, day)) return false;
    const slot = this.slots[day & (SLOTS - 1)]!;
    const cell = family * this.#width + location;
    slot[LINES * this.cells + cell]! += lines;
    slot[UNITS * this.cells + cell]! += units;
    slot[REVENUE * this.cells + cell]! += revenue;
    this.touched[day & (SLOTS - 1)] = 1;
    if (day < this.day[location]!) this.versions[location]!++;
    return true;
  }

  /**
   * Begins business days up to `day` at a location.
   * @param leaves called with each day that gives up its place, before it does
   * @param observed lines a cell's day could have shown: its plan, less what was planned while its feed was silent
   */
  begin(location: number, day: number, leaves: (day: number) => void, observed: (family: number, day: number) => number): void {
    if (this.day[location]! < 0) {
      this.firstDay[location] = day;
      this.day[location] = day - 1;
    }
    while (this.day[location]! < day) {
      const closing = this.day[location]!;
      if (closing >= this.firstDay[location]!) this.#sense(location, closing, observed);
      if (closing + 1 - SLOTS >= this.firstDay[location]!) leaves(closing + 1 - SLOTS);
      this.#open(location, closing + 1);
      this.day[location] = closing + 1;
    }
  }

  /** A plan took effect: it rules from `day` on. */
  replan(location: number, day: number): void {
    for (let d = Math.max(day, this.firstDay[location]!); d <= this.day[location]!; d++) this.#plan(location, d);
  }

  /** Sensed ratio of actual rate to plan of a cell. */
  sensed(cell: number): number {
    const ratio = (PRIOR + this.sums[cell]!) / (PRIOR + this.sums[this.cells + cell]!);
    return Math.min(2.5, Math.max(0.4, ratio));
  }

  #open(location: number, day: number): void {
    const slot = this.slots[day & (SLOTS - 1)]!;
    for (let at = location; at < COLUMNS * this.cells; at += this.#width) slot[at] = 0;
    this.#plan(location, day);
  }

  #plan(location: number, day: number): void {
    const { plan } = this.places;
    const slot = this.slots[day & (SLOTS - 1)]!;
    this.versions[location]!++;
    for (let family = 0; family < plan.families.length; family++) {
      const cell = family * this.#width + location;
      slot[PLANNED_LINES * this.cells + cell] = plan.linesOfCell(family, location, day);
      slot[PLANNED_UNITS * this.cells + cell] = plan.unitsOfCell(family, location, day);
      slot[PLANNED_REVENUE * this.cells + cell] = plan.revenueOfCell(family, location, day);
    }
    this.touched[day & (SLOTS - 1)] = 1;
  }

  #sense(location: number, day: number, observed: (family: number, day: number) => number): void {
    for (let cell = location, family = 0; cell < this.cells; cell += this.#width, family++) {
      const planned = observed(family, day);
      if (planned <= 0) continue;
      const phi = 1 + CELL_ALPHA * planned;
      this.sums[cell] = KEEP * this.sums[cell]! + this.value(LINES, cell, day) / phi;
      this.sums[this.cells + cell] = KEEP * this.sums[this.cells + cell]! + planned / phi;
    }
    this.touched[SLOTS] = 1;
  }

  /**
   * The same days under a new plan's numbering, by family name and location code; cells that only the new plan knows
   * begin empty. What was sensed against the old plan is restated against the new one: E × (new plan / old plan) of
   * the week from `day` on.
   */
  renumber(places: Places, day: number): CellDays {
    const next = new CellDays(places);
    const { plan } = places;
    const before = this.places.plan;
    const families = plan.families.map((name) => before.families.indexOf(name));
    plan.locations.forEach(({ code }, location) => {
      const old = this.places.locationIndex.get(code);
      if (old === undefined) return;
      next.day[location] = this.day[old]!;
      next.firstDay[location] = this.firstDay[old]!;
      families.forEach((oldFamily, family) => {
        if (oldFamily < 0) return;
        const from = oldFamily * this.#width + old;
        const to = family * next.#width + location;
        for (let slot = 0; slot < SLOTS; slot++) {
          for (let column = 0; column < COLUMNS; column++) {
            next.slots[slot]![column * next.cells + to] = this.slots[slot]![column * this.cells + from]!;
          }
        }
        const scale = restated(before, oldFamily, old, plan, family, location, day);
        next.sums[to] = this.sums[from]!;
        next.sums[next.cells + to] = this.sums[this.cells + from]! * scale;
      });
    });
    return next;
  }
}

/** New over old planned lines of the first week, 1 where the old plan says nothing about it. */
function restated(
  before: PlanIndex,
  oldFamily: number,
  oldLocation: number,
  plan: PlanIndex,
  family: number,
  location: number,
  day: number,
): number {
  let was = 0;
  let is = 0;
  for (let d = day; d < day + 7; d++) {
    was += before.linesOfCell(oldFamily, oldLocation, d);
    is += plan.linesOfCell(family, location, d);
  }
  return was > 0 && is > 0 ? is / was : 1;
}
