import type { ActualRows } from '@plumbline/ports';

/**
 * Sales and returns since the last flush, as columns. An event costs one append; at the flush entries are brought
 * together per series, business day and local hour by a counting sort, so that a series and day become one row.
 */
export class Journal {
  #size = 0;
  #series = new Uint32Array(1024);
  #day = new Int32Array(1024);
  #hour = new Uint8Array(1024);
  #lines = new Uint8Array(1024);
  #units = new Float64Array(1024);
  #revenue = new Float64Array(1024);

  get size(): number {
    return this.#size;
  }

  /** @param lines 1 for a sale, 0 for a return @param units thousandths, negative for a return */
  add(series: number, day: number, hour: number, lines: number, units: number, revenue: number): void {
    const i = this.#size++;
    if (i === this.#series.length) this.#grow();
    this.#series[i] = series;
    this.#day[i] = day;
    this.#hour[i] = hour;
    this.#lines[i] = lines;
    this.#units[i] = units;
    this.#revenue[i] = revenue;
  }

  /** Empties the journal into rows. `name` gives the sku and location of a series index. */
  flush(seriesCount: number, name: (series: number) => { sku: string; location: string }): ActualRows | undefined {
    if (this.#size === 0) return undefined;
    const order = this.#sorted(seriesCount);
    const rows: ActualRows = { sku: [], location: [], day: [], hours: [], lines: [], units: [], revenue: [] };
    let from = 0;
    while (from < order.length) {
      const series = this.#series[order[from]!]!;
      let to = from + 1;
      while (to < order.length && this.#series[order[to]!] === series) to++;
      this.#pushSeries(rows, order.subarray(from, to), name(series));
      from = to;
    }
    this.#size = 0;
    return rows;
  }

  /** Entry indices by series (counting sort, stable). */
  #sorted(seriesCount: number): Uint32Array {
    const starts = new Uint32Array(seriesCount + 1);
    for (let i = 0; i < this.#size; i++) starts[this.#series[i]! + 1]!++;
    for (let s = 0; s < seriesCount; s++) starts[s + 1]! += starts[s]!;
    const order = new Uint32Array(this.#size);
    for (let i = 0; i < this.#size; i++) order[starts[this.#series[i]!]!++] = i;
    return order;
  }

  /** One row per day of a series; entries of one series are few, so days and hours are sorted by comparison. */
  #pushSeries(rows: ActualRows, entries: Uint32Array, name: { sku: string; location: string }): void {
    const day = this.#day;
    const hour = this.#hour;
    entries.sort((a, b) => day[a]! - day[b]! || hour[a]! - hour[b]! || a - b);
    let row = -1;
    let last = -1;
    for (let e = 0; e < entries.length; e++) {
      const i = entries[e]!;
      if (e === 0 || day[i] !== day[entries[e - 1]!]) {
        row = rows.sku.push(name.sku) - 1;
        rows.location.push(name.location);
        rows.day.push(day[i]!);
        rows.hours.push([]);
        rows.lines.push([]);
        rows.units.push([]);
        rows.revenue.push([]);
        last = -1;
      }
      const hours = rows.hours[row]!;
      if (hour[i] !== last) {
        last = hour[i]!;
        hours.push(last);
        rows.lines[row]!.push(0);
        rows.units[row]!.push(0);
        rows.revenue[row]!.push(0);
      }
      const at = hours.length - 1;
      rows.lines[row]![at]! += this.#lines[i]!;
      rows.units[row]![at]! += this.#units[i]!;
      rows.revenue[row]![at]! += this.#revenue[i]!;
    }
  }

  #grow(): void {
    const capacity = this.#series.length * 2;
    this.#series = enlarged(this.#series, new Uint32Array(capacity));
    this.#day = enlarged(this.#day, new Int32Array(capacity));
    this.#hour = enlarged(this.#hour, new Uint8Array(capacity));
    this.#lines = enlarged(this.#lines, new Uint8Array(capacity));
    this.#units = enlarged(this.#units, new Float64Array(capacity));
    this.#revenue = enlarged(this.#revenue, new Float64Array(capacity));
  }
}

function enlarged<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
