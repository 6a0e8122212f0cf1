import { formatMonth, parseDay, PlumblineError, zoneOf } from '@plumbline/kernel';
import { splitKey } from './columns.ts';
import { EXACT_LIMIT } from './exact.ts';
import type { Location, PlanLine, PlanVersion, Product, SplitProfile } from './types.ts';

/** One thing wrong with a plan version. Codes are stable. */
export interface VersionFault {
  code: VersionFaultCode;
  /** Which part of the version: "lines: Bakery × North 2026-11". */
  where: string;
  message: string;
}

export type VersionFaultCode =
  | 'missing-text'
  | 'bad-instant'
  | 'duplicate-product'
  | 'duplicate-location'
  | 'duplicate-line'
  | 'duplicate-split'
  | 'duplicate-leaf'
  | 'bad-unit'
  | 'bad-price'
  | 'bad-zone'
  | 'bad-month'
  | 'bad-units'
  | 'bad-revenue'
  | 'too-many'
  | 'too-large'
  | 'no-lines'
  | 'unknown-family'
  | 'unknown-region'
  | 'unknown-sku'
  | 'unknown-location'
  | 'outside-split'
  | 'horizon-hole'
  | 'bad-weekday'
  | 'bad-hour'
  | 'bad-closed'
  | 'bad-alpha'
  | 'bad-weight'
  | 'bad-lines-per-unit'
  | 'no-split'
  | 'no-weight';

const PROFILE_LIMIT = 1_000_000;
const MONTHS_LIMIT = 120;

/** Every fault of a version; empty when it can be encoded, compiled and committed. */
export function validateVersion(version: PlanVersion): VersionFault[] {
  return new VersionCheck(version).faults;
}

/** @throws PlumblineError 'plan-invalid' with all faults in its message (the first twenty spelled out) */
export function assertValid(version: PlanVersion): void {
  const faults = validateVersion(version);
  if (faults.length === 0) return;
  const listed = faults.slice(0, 20).map((fault) => `${fault.where}: ${fault.message} [${fault.code}]`);
  if (faults.length > 20) listed.push(`and ${faults.length - 20} more`);
  throw new PlumblineError(
    'plan-invalid',
    `plan version ${version.id} has ${faults.length} fault(s):\n  ${listed.join('\n  ')}`,
    {
      where: faults[0].where,
      fix: 'Correct the version and try again; nothing was stored.',
    },
  );
}

const isCount = (value: number, limit: number): boolean => Number.isInteger(value) && value >= 0 && value <= limit;

class VersionCheck {
  readonly faults: VersionFault[] = [];
  readonly #products = new Map<string, { family: string; at: number }>();
  readonly #locations = new Map<string, { region: string; at: number }>();
  readonly #families = new Set<string>();
  readonly #regions = new Set<string>();
  readonly #splits = new Map<string, SplitProfile>();

  constructor(version: PlanVersion) {
    for (const member of ['id', 'name', 'currency'] as const) {
      if (version[member].trim() === '') this.#fault('missing-text', 'version', `its ${member} is empty`);
    }
    if (!Number.isSafeInteger(version.createdAt))
      this.#fault('bad-instant', 'version', 'createdAt is no instant in milliseconds');
    version.products.forEach((product) => this.#product(product));
    version.locations.forEach((location) => this.#location(location));
    this.#tooMany('families', this.#families.size);
    this.#tooMany('locations', this.#locations.size);
    version.splits.forEach((split) => this.#split(split));
    this.#lines(version.lines);
  }

  #fault(code: VersionFaultCode, where: string, message: string): void {
    this.faults.push({ code, where, message });
  }

  #tooMany(what: string, count: number): void {
    if (count > 65_535) this.#fault('too-many', what, `${count} are more than the 65,535 a version can hold`);
  }

  #product(product: Product): void {
    const where = `products: ${product.sku}`;
    if (product.sku === '' || product.family === '')
      this.#fault('missing-text', where, 'SKU and family must not be empty');
    if (this.#products.has(product.sku)) this.#fault('duplicate-product', where, 'this SKU is there more than once');
    if (product.unit !== 'each' && product.unit !== 'kg')
      this.#fault('bad-unit', where, `unit "${String(product.unit)}" is neither each nor kg`);
    if (!isCount(product.price, EXACT_LIMIT))
      this.#fault('bad-price', where, 'the price is no amount of ten-thousandths from 0 to 2^50');
    if (!this.#products.has(product.sku))
      this.#products.set(product.sku, { family: product.family, at: this.#products.size });
    this.#families.add(product.family);
  }

  #location(location: Location): void {
    const where = `locations: ${location.code}`;
    if (location.code === '' || location.region === '')
      this.#fault('missing-text', where, 'code and region must not be empty');
    if (this.#locations.has(location.code))
      this.#fault('duplicate-location', where, 'this location is there more than once');
    try {
      zoneOf(location.zone);
    } catch {
      this.#fault('bad-zone', where, `"${location.zone}" is no IANA time zone`);
    }
    if (!this.#locations.has(location.code))
      this.#locations.set(location.code, { region: location.region, at: this.#locations.size });
    this.#regions.add(location.region);
  }

  #split(split: SplitProfile): void {
    const where = `splits: ${split.family} × ${split.region}`;
    this.#familyRegion(split, where);
    const key = splitKey(split.family, split.region);
    if (this.#splits.has(key)) this.#fault('duplicate-split', where, 'this family and region has more than one split');
    this.#splits.set(key, split);
    this.#profile('bad-weekday', where, 'weekday', split.weekday, 7);
    this.#profile('bad-hour', where, 'hour', split.hour, 24);
    for (const date of split.closed) {
      if (Number.isNaN(parseDay(date))) this.#fault('bad-closed', where, `closed date "${date}" is no calendar date`);
    }
    if (!(split.alpha >= 0 && split.alpha <= 1_000))
      this.#fault('bad-alpha', where, `alpha ${split.alpha} is not within 0…1000`);
    this.#leaves(split, where);
  }

  #profile(code: VersionFaultCode, where: string, what: string, weights: readonly number[], count: number): void {
    if (weights.length !== count || !weights.every((weight) => isCount(weight, PROFILE_LIMIT))) {
      this.#fault(code, where, `the ${what} profile must be ${count} integers of 0…${PROFILE_LIMIT}`);
    } else if (weights.every((weight) => weight === 0)) {
      this.#fault(code, where, `the ${what} profile must not be all zero`);
    }
  }

  #leaves(split: SplitProfile, where: string): void {
    const keys = new Float64Array(split.leaves.length);
    let total = 0;
    split.leaves.forEach((leaf, i) => {
      const at = `${where}: ${leaf.sku} @ ${leaf.location}`;
      const product = this.#products.get(leaf.sku);
      const location = this.#locations.get(leaf.location);
      if (!product) this.#fault('unknown-sku', at, 'the SKU is not among the products');
      else if (product.family !== split.family)
        this.#fault('outside-split', at, `the SKU belongs to family ${product.family}`);
      if (!location) this.#fault('unknown-location', at, 'the location is not among the locations');
      else if (location.region !== split.region)
        this.#fault('outside-split', at, `the location belongs to region ${location.region}`);
      keys[i] = product && location ? product.at * this.#locations.size + location.at : -1 - i;
      if (!isCount(leaf.weight, 2 ** 32 - 1))
        this.#fault('bad-weight', at, 'the weight is no integer of 0…4,294,967,295');
      if (!(leaf.linesPerUnit >= 0 && leaf.linesPerUnit <= 1e9))
        this.#fault('bad-lines-per-unit', at, 'lines per unit must be 0…1e9');
      total += leaf.weight;
    });
    this.#duplicates(keys, where);
    if (total > EXACT_LIMIT) this.#fault('too-large', where, 'its weights add up to more than 2^50');
  }

  /** Keys are sku × locations + location, which sorting brings together; a set of a million strings would be large. */
  #duplicates(keys: Float64Array, where: string): void {
    keys.sort();
    const skus = [...this.#products.keys()];
    const codes = [...this.#locations.keys()];
    for (let i = 1; i < keys.length; i++) {
      if (keys[i] !== keys[i - 1]) continue;
      const leaf = `${skus[Math.floor(keys[i] / codes.length)]} @ ${codes[keys[i] % codes.length]}`;
      this.#fault('duplicate-leaf', `${where}: ${leaf}`, 'this SKU and location is there more than once');
    }
  }

  #familyRegion(part: { family: string; region: string }, where: string): void {
    if (!this.#families.has(part.family))
      this.#fault('unknown-family', where, `no product belongs to family ${part.family}`);
    if (!this.#regions.has(part.region))
      this.#fault('unknown-region', where, `no location belongs to region ${part.region}`);
  }

  #lines(lines: readonly PlanLine[]): void {
    if (lines.length === 0) return this.#fault('no-lines', 'lines', 'the version plans nothing');
    const months = new Map<string, Set<number>>();
    let first = Infinity;
    let last = -Infinity;
    let units = 0;
    let revenue = 0;
    for (const line of lines) {
      this.#line(line, months);
      first = Math.min(first, line.month);
      last = Math.max(last, line.month);
      units += line.units;
      revenue += line.revenue;
    }
    if (units > Number.MAX_SAFE_INTEGER || revenue > Number.MAX_SAFE_INTEGER)
      this.#fault('too-large', 'lines', 'the totals are too large to be exact');
    if (!(last - first < MONTHS_LIMIT))
      return this.#fault('too-many', 'lines', `the horizon is longer than ${MONTHS_LIMIT} months`);
    for (const [key, present] of months) {
      for (let month = first; month <= last; month++) {
        if (!present.has(month))
          this.#fault('horizon-hole', `lines: ${key.replace('\u0000', ' × ')}`, `${formatMonth(month)} is missing`);
      }
    }
  }

  #line(line: PlanLine, months: Map<string, Set<number>>): void {
    const month = Number.isInteger(line.month) ? formatMonth(line.month) : String(line.month);
    const where = `lines: ${line.family} × ${line.region} ${month}`;
    this.#familyRegion(line, where);
    if (!Number.isInteger(line.month) || line.month < 360 || line.month > 1_080)
      this.#fault('bad-month', where, 'the month must lie in 2000…2059');
    if (!isCount(line.units, EXACT_LIMIT))
      this.#fault('bad-units', where, 'units are no integer of thousandths from 0 to 2^50');
    if (!isCount(line.revenue, EXACT_LIMIT))
      this.#fault('bad-revenue', where, 'revenue is no integer of ten-thousandths from 0 to 2^50');
    const key = splitKey(line.family, line.region);
    const present = months.get(key) ?? new Set<number>();
    if (present.has(line.month))
      this.#fault('duplicate-line', where, 'this family, region and month is there more than once');
    months.set(key, present.add(line.month));
    if (line.units === 0 && line.revenue === 0) return;
    const split = this.#splits.get(key);
    if (!split) this.#fault('no-split', where, 'nothing says how it is split to SKUs and locations');
    else if (!split.leaves.some((leaf) => leaf.weight > 0))
      this.#fault('no-weight', where, 'its split has no leaf with a weight');
  }
}
