import type { BusinessDay, Money, Quantity } from '@plumbline/kernel';

/** String tables of a sales history; all columns hold positions in them. */
export interface HistoryTables {
  skus: readonly string[];
  /** Family and unit of each SKU. */
  families: readonly string[];
  units: readonly ('each' | 'kg')[];
  names: readonly string[];
  locations: readonly string[];
  /** Region, IANA zone and name of each location. */
  regions: readonly string[];
  zones: readonly string[];
  locationNames: readonly string[];
}

/** Daily actuals, one row per SKU, location and business day with sales; returns left out. Columns of equal length. */
export interface DailySales {
  sku: Uint32Array;
  location: Uint16Array;
  day: Int32Array;
  lines: Uint32Array;
  /** Thousandths of a unit. */
  units: Float64Array;
  /** Ten-thousandths of the currency. */
  revenue: Float64Array;
}

/** Lines per family × location, business day and local hour. Columns of equal length. */
export interface HourlyLines {
  family: Uint16Array;
  location: Uint16Array;
  day: Int32Array;
  hour: Uint8Array;
  lines: Uint32Array;
}

export interface SalesHistory {
  tables: HistoryTables;
  daily: DailySales;
  /** `family` is a position in the sorted distinct `tables.families`. */
  hourly: HourlyLines;
}

/** What the history has to know of a SKU or a location when it first appears. */
export interface HistoryCatalogue {
  product(sku: string): { family: string; unit: 'each' | 'kg'; name: string };
  location(code: string): { region: string; zone: string; name: string };
}

/**
 * Adds up sales lines, in any order, to the history a plan is derived from. Rows of one SKU, location and day are merged;
 * the result does not depend on the order of lines.
 */
export class SalesHistoryBuilder {
  readonly #catalogue: HistoryCatalogue;
  readonly #skus = new Map<string, number>();
  readonly #locations = new Map<string, number>();
  readonly #families = new Map<string, number>();
  readonly #familyOfSku: number[] = [];
  readonly #rows = new Map<number, number>();
  readonly #daily = {
    sku: [] as number[],
    location: [] as number[],
    day: [] as number[],
    lines: [] as number[],
    units: [] as number[],
    revenue: [] as number[],
  };
  readonly #hours = new Map<number, number>();

  constructor(catalogue: HistoryCatalogue) {
    this.#catalogue = catalogue;
  }

  get rows(): number {
    return this.#rows.size;
  }

  /**
   * Adds sales of one SKU at one location in one local hour of a business day (hour < 0: unknown).
   * @param day 0 or later
   */
  add(
    sku: string,
    location: string,
    day: BusinessDay,
    hour: number,
    lines: number,
    units: Quantity,
    revenue: Money,
  ): void {
    const s = this.#sku(sku);
    const l = this.#location(location);
    const key = (day * 65_536 + l) * SKUS_LIMIT + s;
    const columns = this.#daily;
    let row = this.#rows.get(key);
    if (row === undefined) {
      this.#rows.set(key, (row = columns.sku.length));
      columns.sku.push(s);
      columns.location.push(l);
      columns.day.push(day);
      columns.lines.push(0);
      columns.units.push(0);
      columns.revenue.push(0);
    }
    columns.lines[row] += lines;
    columns.units[row] += units;
    columns.revenue[row] += revenue;
    if (hour < 0) return;
    const hourKey = ((day * 65_536 + l) * 32 + hour) * 65_536 + this.#familyOfSku[s];
    this.#hours.set(hourKey, (this.#hours.get(hourKey) ?? 0) + lines);
  }

  history(): SalesHistory {
    const skus = [...this.#skus.keys()];
    const products = skus.map((sku) => this.#catalogue.product(sku));
    const locations = [...this.#locations.keys()];
    const places = locations.map((code) => this.#catalogue.location(code));
    const { sku, location, day, lines, units, revenue } = this.#daily;
    return {
      tables: {
        skus,
        families: products.map((product) => product.family),
        units: products.map((product) => product.unit),
        names: products.map((product) => product.name),
        locations,
        regions: places.map((place) => place.region),
        zones: places.map((place) => place.zone),
        locationNames: places.map((place) => place.name),
      },
      daily: {
        sku: Uint32Array.from(sku),
        location: Uint16Array.from(location),
        day: Int32Array.from(day),
        lines: Uint32Array.from(lines),
        units: Float64Array.from(units),
        revenue: Float64Array.from(revenue),
      },
      hourly: this.#hourly(),
    };
  }

  #hourly(): HourlyLines {
    const names = [...this.#families.keys()];
    const sorted = names.toSorted();
    const position = Uint16Array.from(names, (name) => sorted.indexOf(name));
    const count = this.#hours.size;
    const hourly: HourlyLines = {
      family: new Uint16Array(count),
      location: new Uint16Array(count),
      day: new Int32Array(count),
      hour: new Uint8Array(count),
      lines: new Uint32Array(count),
    };
    let row = 0;
    for (const [key, lines] of this.#hours) {
      const rest = Math.floor(key / 65_536);
      const place = Math.floor(rest / 32);
      hourly.family[row] = position[key % 65_536];
      hourly.hour[row] = rest % 32;
      hourly.location[row] = place % 65_536;
      hourly.day[row] = Math.floor(place / 65_536);
      hourly.lines[row++] = lines;
    }
    return hourly;
  }

  #sku(sku: string): number {
    let index = this.#skus.get(sku);
    if (index === undefined) {
      this.#skus.set(sku, (index = this.#skus.size));
      const { family } = this.#catalogue.product(sku);
      let at = this.#families.get(family);
      if (at === undefined) this.#families.set(family, (at = this.#families.size));
      this.#familyOfSku.push(at);
    }
    return index;
  }

  #location(code: string): number {
    let index = this.#locations.get(code);
    if (index === undefined) this.#locations.set(code, (index = this.#locations.size));
    return index;
  }
}

/** day (≤ 2^15) × 65,536 locations × this stays a safe integer. */
const SKUS_LIMIT = 2 ** 22;
