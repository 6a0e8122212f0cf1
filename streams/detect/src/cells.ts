import type { CellColumns } from '@plumbline/contracts';

/**
 * Lines, units and revenue since the last tick per cell (family × location) and business day. The open day of each
 * location lies in dense arrays (the hot path); late and early days in a map, because they are few.
 */
export class Cells {
  readonly #locations: number;
  readonly #lines: Int32Array;
  readonly #units: Float64Array;
  readonly #revenue: Float64Array;
  readonly #touched: Uint32Array;
  #count = 0;
  /** Open business day per location. */
  readonly openDay: Int32Array;
  readonly #others = new Map<string, { family: number; location: number; day: number; lines: number; units: number; revenue: number }>();

  constructor(families: number, locations: number) {
    const size = families * locations;
    this.#locations = locations;
    this.#lines = new Int32Array(size);
    this.#units = new Float64Array(size);
    this.#revenue = new Float64Array(size);
    this.#touched = new Uint32Array(size);
    this.openDay = new Int32Array(locations);
  }

  add(family: number, location: number, day: number, units: number, revenue: number): void {
    if (day !== this.openDay[location]) {
      this.#addOther(family, location, day, units, revenue);
      return;
    }
    const cell = family * this.#locations + location;
    if (this.#lines[cell]!++ === 0) this.#touched[this.#count++] = cell;
    this.#units[cell]! += units;
    this.#revenue[cell]! += revenue;
  }

  get size(): number {
    return this.#count + this.#others.size;
  }

  /** Visits what is not taken yet of the open days. */
  visit(each: (family: number, location: number, units: number, revenue: number) => void): void {
    for (let i = 0; i < this.#count; i++) {
      const cell = this.#touched[i]!;
      each(Math.floor(cell / this.#locations), cell % this.#locations, this.#units[cell]!, this.#revenue[cell]!);
    }
  }

  /** Empties into columns ordered by family, location and day. */
  take(): CellColumns {
    const cells = this.#touched.slice(0, this.#count).sort();
    const others = [...this.#others.values()].sort((a, b) => a.family - b.family || a.location - b.location || a.day - b.day);
    const n = cells.length + others.length;
    const columns: CellColumns = {
      family: new Uint16Array(n),
      location: new Uint16Array(n),
      day: new Int32Array(n),
      lines: new Int32Array(n),
      units: new Float64Array(n),
      revenue: new Float64Array(n),
    };
    cells.forEach((cell, i) => {
      columns.family[i] = Math.floor(cell / this.#locations);
      columns.location[i] = cell % this.#locations;
      columns.day[i] = this.openDay[cell % this.#locations]!;
      columns.lines[i] = this.#lines[cell]!;
      columns.units[i] = this.#units[cell]!;
      columns.revenue[i] = this.#revenue[cell]!;
      this.#lines[cell] = this.#units[cell] = this.#revenue[cell] = 0;
    });
    others.forEach((other, j) => {
      const i = cells.length + j;
      columns.family[i] = other.family;
      columns.location[i] = other.location;
      columns.day[i] = other.day;
      columns.lines[i] = other.lines;
      columns.units[i] = other.units;
      columns.revenue[i] = other.revenue;
    });
    this.#count = 0;
    this.#others.clear();
    return columns;
  }

  /** What is not taken yet, by family, location and day. */
  save(): [number, number, number, number, number, number][] {
    const open = Array.from(this.#touched.subarray(0, this.#count), (cell): [number, number, number, number, number, number] => {
      const location = cell % this.#locations;
      return [Math.floor(cell / this.#locations), location, this.openDay[location]!, this.#lines[cell]!, this.#units[cell]!, this.#revenue[cell]!];
    });
    return [...open, ...[...this.#others.values()].map((o): [number, number, number, number, number, number] => [o.family, o.location, o.day, o.lines, o.units, o.revenue])];
  }

  /** Puts back what was saved, once the open days are set. */
  load(saved: ReturnType<Cells['save']>): void {
    for (const [family, location, day, lines, units, revenue] of saved) {
      if (day !== this.openDay[location]) {
        this.#others.set(`${family} ${location} ${day}`, { family, location, day, lines, units, revenue });
        continue;
      }
      const cell = family * this.#locations + location;
      this.#touched[this.#count++] = cell;
      this.#lines[cell] = lines;
      this.#units[cell] = units;
      this.#revenue[cell] = revenue;
    }
  }

  #addOther(family: number, location: number, day: number, units: number, revenue: number): void {
    const key = `${family} ${location} ${day}`;
    let other = this.#others.get(key);
    if (!other) this.#others.set(key, (other = { family, location, day, lines: 0, units: 0, revenue: 0 }));
    other.lines++;
    other.units += units;
    other.revenue += revenue;
  }
}
