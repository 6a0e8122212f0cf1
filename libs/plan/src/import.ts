import { formatMonth, parseMonth, zoneOf } from '@plumbline/kernel';
import { splitKey } from './columns.ts';
import { CsvFile, type ImportFault } from './csv.ts';
import type { Location, PlanLine, PlanVersion, Product, SplitProfile } from './types.ts';
import { validateVersion } from './validate.ts';

/**
 * Texts of the files of a plan. Columns, in any order and case; others are ignored:
 * lines: family, region, month (2026-11), units, revenue
 * products: sku, family, name, unit (each | kg), price
 * locations: code, region, name, zone
 * splits: sku, location, weight (exact decimal), and optionally lines_per_unit
 */
export interface PlanFiles {
  lines: string;
  products?: string | undefined;
  locations?: string | undefined;
  splits?: string | undefined;
}

/** What the files are read against: who the version is, and where the rest of it comes from. */
export interface PlanCatalogue {
  id: string;
  name: string;
  currency: string;
  /** Milliseconds UTC. */
  createdAt: number;
  /** Products and locations where there is no file of them (default: the base's). */
  products?: readonly Product[];
  locations?: readonly Location[];
  /** Its split profiles are taken over; families and regions it does not have are split equally. */
  base?: PlanVersion;
}

export type PlanImport = { version: PlanVersion; faults: [] } | { version: undefined; faults: ImportFault[] };

/** A plan version from CSV texts, or every fault of them by file, row and column. Nothing is half-imported. */
export function parsePlanCsv(files: PlanFiles, catalogue: PlanCatalogue): PlanImport {
  const faults: ImportFault[] = [];
  const products =
    files.products === undefined
      ? [...(catalogue.products ?? catalogue.base?.products ?? [])]
      : readProducts(files.products, faults);
  const locations =
    files.locations === undefined
      ? [...(catalogue.locations ?? catalogue.base?.locations ?? [])]
      : readLocations(files.locations, faults);
  const lines = readLines(files.lines, products, locations, faults);
  const leaves =
    files.splits === undefined ? undefined : readLeaves(files.splits, products, locations, catalogue.base, faults);
  if (faults.length > 0) return { version: undefined, faults: sorted(faults) };
  const { id, name, currency, createdAt } = catalogue;
  const splits = splitsFor(lines, products, locations, leaves, catalogue.base);
  const version = { id, name, currency, createdAt, products, locations, lines: lines.map(({ line }) => line), splits };
  const splitOf = new Map(splits.map((split) => [splitKey(split.family, split.region), split]));
  for (const read of lines) faults.push(...splitFault(read, splitOf.get(splitKey(read.line.family, read.line.region))));
  if (faults.length === 0) {
    faults.push(
      ...validateVersion(version).map(({ where, message }) => ({
        file: 'lines',
        row: 0,
        column: where,
        code: 'plan-invalid' as const,
        message,
      })),
    );
  }
  return faults.length > 0 ? { version: undefined, faults: sorted(faults) } : { version, faults: [] };
}

const FILES = ['products', 'locations', 'lines', 'splits'];
const sorted = (faults: ImportFault[]): ImportFault[] =>
  faults.sort((a, b) => FILES.indexOf(a.file) - FILES.indexOf(b.file) || a.row - b.row);

function readProducts(text: string, faults: ImportFault[]): Product[] {
  const file = new CsvFile('products', text, ['sku', 'family', 'name', 'unit', 'price'], faults);
  const seen = new Set<string>();
  return file.rows.flatMap((row) => {
    const [sku, family, name, unit] = ['sku', 'family', 'name', 'unit'].map((column) => row.cell(column));
    const price = file.money(row, 'price');
    if (seen.has(sku)) file.fault(row.row, 'sku', 'duplicate', `SKU ${sku} is there more than once`);
    seen.add(sku);
    if (unit !== 'each' && unit !== 'kg') {
      file.fault(row.row, 'unit', 'bad-unit', `"${unit}" is neither each nor kg`);
      return [];
    }
    return [{ sku, family, name, unit, price }];
  });
}

function readLocations(text: string, faults: ImportFault[]): Location[] {
  const file = new CsvFile('locations', text, ['code', 'region', 'name', 'zone'], faults);
  const seen = new Set<string>();
  return file.rows.map((row) => {
    const [code, region, name, zone] = ['code', 'region', 'name', 'zone'].map((column) => row.cell(column));
    if (seen.has(code)) file.fault(row.row, 'code', 'duplicate', `location ${code} is there more than once`);
    seen.add(code);
    try {
      zoneOf(zone);
    } catch {
      file.fault(row.row, 'zone', 'bad-zone', `"${zone}" is no IANA time zone such as Europe/Berlin`);
    }
    return { code, region, name, zone };
  });
}

interface ReadLine {
  row: number;
  line: PlanLine;
}

function readLines(
  text: string,
  products: readonly Product[],
  locations: readonly Location[],
  faults: ImportFault[],
): ReadLine[] {
  const file = new CsvFile('lines', text, ['family', 'region', 'month', 'units', 'revenue'], faults);
  const families = new Set(products.map((product) => product.family));
  const regions = new Set(locations.map((location) => location.region));
  const seen = new Map<string, number>();
  const lines = file.rows.map((row): ReadLine => {
    const family = row.cell('family');
    const region = row.cell('region');
    const month = parseMonth(row.cell('month'));
    if (!families.has(family))
      file.fault(row.row, 'family', 'unknown-family', `no product belongs to family "${family}"`);
    if (!regions.has(region))
      file.fault(row.row, 'region', 'unknown-region', `no location belongs to region "${region}"`);
    if (!(month >= 360 && month <= 1_080)) {
      file.fault(row.row, 'month', 'bad-month', `"${row.cell('month')}" is no month such as 2026-11`);
    } else {
      const key = `${splitKey(family, region)}\u0000${month}`;
      const before = seen.get(key);
      if (before !== undefined)
        file.fault(
          row.row,
          'month',
          'duplicate',
          `${family} × ${region} ${formatMonth(month)} was given in row ${before}`,
        );
      else seen.set(key, row.row);
    }
    return {
      row: row.row,
      line: { family, region, month, units: file.quantity(row, 'units'), revenue: file.money(row, 'revenue') },
    };
  });
  if (lines.length === 0 && faults.length === 0) file.fault(1, '', 'empty-file', 'there is a header but no plan line');
  holes(
    file,
    lines.filter(({ line }) => line.month >= 360 && line.month <= 1_080),
  );
  return lines;
}

/** Every family × region must have each month of the plan's horizon; a fault names its last row before the hole. */
function holes(file: CsvFile, lines: readonly ReadLine[]): void {
  const months = lines.map(({ line }) => line.month);
  const first = months.reduce((a, b) => Math.min(a, b), Infinity);
  const last = months.reduce((a, b) => Math.max(a, b), -Infinity);
  const groups = new Map<string, ReadLine[]>();
  for (const read of lines) {
    const key = splitKey(read.line.family, read.line.region);
    const group = groups.get(key);
    if (group) group.push(read);
    else groups.set(key, [read]);
  }
  for (const group of groups.values()) {
    const rows = new Map(group.map(({ line, row }) => [line.month, row]));
    let row = group[0].row;
    for (let month = first; month <= last; month++) {
      const here = rows.get(month);
      if (here !== undefined) row = here;
      else {
        const { family, region } = group[0].line;
        file.fault(
          row,
          'month',
          'horizon-hole',
          `${family} × ${region} has no line for ${formatMonth(month)} (the plan runs ${formatMonth(first)} to ${formatMonth(last)})`,
        );
      }
    }
  }
}

interface ReadLeaf {
  family: string;
  region: string;
  leaf: SplitProfile['leaves'][number];
}

function readLeaves(
  text: string,
  products: readonly Product[],
  locations: readonly Location[],
  base: PlanVersion | undefined,
  faults: ImportFault[],
): ReadLeaf[] {
  const file = new CsvFile('splits', text, ['sku', 'location', 'weight'], faults);
  const families = new Map(products.map((product) => [product.sku, product.family]));
  const regions = new Map(locations.map((location) => [location.code, location.region]));
  const known = new Map(
    base?.splits.flatMap((split) =>
      split.leaves.map((leaf) => [splitKey(leaf.sku, leaf.location), leaf.linesPerUnit] as const),
    ),
  );
  const seen = new Set<string>();
  return file.rows.map((row) => {
    const sku = row.cell('sku');
    const location = row.cell('location');
    const key = splitKey(sku, location);
    if (!families.has(sku)) file.fault(row.row, 'sku', 'unknown-sku', `SKU "${sku}" is not among the products`);
    if (!regions.has(location))
      file.fault(row.row, 'location', 'unknown-location', `location "${location}" is not among the locations`);
    if (seen.has(key)) file.fault(row.row, 'sku', 'duplicate', `${sku} at ${location} is there more than once`);
    seen.add(key);
    const weight = file.quantity(row, 'weight');
    if (weight > 2 ** 32 - 1)
      file.fault(row.row, 'weight', 'too-large', `${row.cell('weight')} is more than 4,294,967.295`);
    const given = row.cell('lines_per_unit') === '' ? undefined : file.ratio(row, 'lines_per_unit');
    return {
      family: families.get(sku) ?? '',
      region: regions.get(location) ?? '',
      leaf: { sku, location, weight, linesPerUnit: given ?? known.get(key) ?? 1 },
    };
  });
}

/** Even profiles, for a family × region nobody has described yet. */
const EVEN = { weekday: [1, 1, 1, 1, 1, 1, 1], hour: new Array<number>(24).fill(1), closed: [], alpha: 0.3 };

function splitsFor(
  lines: readonly ReadLine[],
  products: readonly Product[],
  locations: readonly Location[],
  leaves: readonly ReadLeaf[] | undefined,
  base: PlanVersion | undefined,
): SplitProfile[] {
  const known = new Map(base?.splits.map((split) => [splitKey(split.family, split.region), split]));
  const given = new Map<string, SplitProfile['leaves']>();
  for (const { family, region, leaf } of leaves ?? []) {
    const key = splitKey(family, region);
    const group = given.get(key);
    if (group) group.push(leaf);
    else given.set(key, [leaf]);
  }
  const wanted = new Map(lines.map(({ line }) => [splitKey(line.family, line.region), line]));
  return [...wanted].map(([key, { family, region }]) => {
    const { weekday, hour, closed, alpha } = known.get(key) ?? EVEN;
    return {
      family,
      region,
      weekday: [...weekday],
      hour: [...hour],
      closed: [...closed],
      alpha,
      leaves: leaves ? (given.get(key) ?? []) : leavesOfBase(known.get(key), family, region, products, locations),
    };
  });
}

/** The base's leaves as far as their SKU and location still are where they were; equal shares without a base. */
function leavesOfBase(
  split: SplitProfile | undefined,
  family: string,
  region: string,
  products: readonly Product[],
  locations: readonly Location[],
): SplitProfile['leaves'] {
  const skus = products.filter((product) => product.family === family).map((product) => product.sku);
  const codes = locations.filter((location) => location.region === region).map((location) => location.code);
  if (!split) return skus.flatMap((sku) => codes.map((location) => ({ sku, location, weight: 1, linesPerUnit: 1 })));
  const hasSku = new Set(skus);
  const hasCode = new Set(codes);
  return split.leaves.filter((leaf) => hasSku.has(leaf.sku) && hasCode.has(leaf.location)).map((leaf) => ({ ...leaf }));
}

function splitFault({ row, line }: ReadLine, split: SplitProfile | undefined): ImportFault[] {
  if (line.units === 0 && line.revenue === 0) return [];
  if (split?.leaves.some((leaf) => leaf.weight > 0)) return [];
  const code = split && split.leaves.length > 0 ? 'no-weight' : 'no-split';
  return [
    {
      file: 'lines',
      row,
      column: 'family',
      code,
      message: `nothing says how ${line.family} × ${line.region} is split to SKUs and locations`,
    },
  ];
}
