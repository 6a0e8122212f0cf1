import { parseMonth } from '@plumbline/kernel';
import { describe, expect, it } from 'vitest';
import { compilePlan } from './compile.ts';
import { parsePlanCsv, type PlanCatalogue, type PlanFiles } from './import.ts';
import type { PlanVersion } from './types.ts';
import { encodePlan } from './version.ts';

const who = { id: 'P-7', name: 'Budget', currency: 'EUR', createdAt: 0 };
const products =
  'sku,family,name,unit,price\nA,Bakery,"Bread, white",each,2.55\nB,Bakery,Rolls,kg,0.1234\nC,Dairy,Milk,each,1\n';
const locations =
  'code,region,name,zone\nS1,North,One,Europe/Berlin\nS2,North,Two,Europe/Berlin\nS3,South,Three,Europe/London\n';
const lines =
  'family,region,month,units,revenue\nBakery,North,2026-11,100.5,256.275\nBakery,North,2026-12,80,200\nDairy,South,2026-11,10,10\nDairy,South,2026-12,0,0\n';
const files: PlanFiles = { lines, products, locations };

function imported(from: Partial<PlanFiles>, catalogue: Partial<PlanCatalogue> = {}): PlanVersion {
  const result = parsePlanCsv({ ...files, ...from }, { ...who, ...catalogue });
  expect(result.faults).toEqual([]);
  return result.version!;
}

function faultsOf(from: Partial<PlanFiles>, catalogue: Partial<PlanCatalogue> = {}): string[] {
  const result = parsePlanCsv({ ...files, ...from }, { ...who, ...catalogue });
  expect(result.version).toBeUndefined();
  return result.faults.map((fault) => `${fault.file}:${fault.row}:${fault.column}:${fault.code}`);
}

describe('parsePlanCsv', () => {
  it('reads lines, products and locations, and splits equally where nothing else is said', () => {
    const version = imported({});
    expect(version.lines[0]).toEqual({
      family: 'Bakery',
      region: 'North',
      month: parseMonth('2026-11'),
      units: 100_500,
      revenue: 2_562_750,
    });
    expect(version.products[0]).toEqual({
      sku: 'A',
      family: 'Bakery',
      name: 'Bread, white',
      unit: 'each',
      price: 25_500,
    });
    expect(version.splits[0].leaves.map((leaf) => `${leaf.sku}${leaf.location}${leaf.weight}`)).toEqual([
      'AS11',
      'AS21',
      'BS11',
      'BS21',
    ]);
    expect(compilePlan(version, 'h').leaves).toBe(5);
    expect(encodePlan(version).length).toBeGreaterThan(0);
  });

  it.each([
    ['Windows line ends', lines.replaceAll('\n', '\r\n')],
    ['a byte-order mark', `\uFEFF${lines}`],
    ['semicolons and decimal commas', lines.replaceAll(',', ';').replaceAll('.', ',')],
    ['semicolons and decimal points', lines.replaceAll(',', ';')],
    ['tabs', lines.replaceAll(',', '\t')],
    [
      'quotes, spaces and capitals',
      lines.replace('family,region', '"Family", REGION').replace('Bakery,North,2026-11', '"Bakery", North ,2026-11'),
    ],
    ['blank lines and rows of nothing', lines.replace('\nDairy', '\n\n,,,,\nDairy')],
    [
      'another order and further columns',
      'note,revenue,units,month,region,family\n' +
        lines
          .trim()
          .split('\n')
          .slice(1)
          .map((line) => `x,${line.split(',').reverse().join(',')}`)
          .join('\n'),
    ],
  ])('understands %s', (_, text) => {
    expect(imported({ lines: text }).lines).toEqual(imported({}).lines);
  });

  it('names every fault by file, row and column at once', () => {
    const bad = [
      'family,region,month,units,revenue',
      'Bakery,North,2026-11,100,1',
      'Bakery,West,2026-11,1,1',
      'Toys,North,2026-13,1,1',
      'Bakery,North,2026-11,-5,x',
      'Bakery,North,2026-12,0.0001,1.123456',
      'Dairy,South,2026-11,1',
      'Dairy,South,2026-11,,1',
      'Dairy,South,2026-12,99999999999999,1',
    ].join('\n');
    expect(faultsOf({ lines: bad, products: products.replace('0.1234', '-1').replace('kg', 'litre') })).toEqual([
      'products:3:price:negative',
      'products:3:unit:bad-unit',
      'lines:3:region:unknown-region',
      'lines:3:month:horizon-hole',
      'lines:4:family:unknown-family',
      'lines:4:month:bad-month',
      'lines:5:month:duplicate',
      'lines:5:units:negative',
      'lines:5:revenue:bad-decimal',
      'lines:6:units:too-many-decimals',
      'lines:6:revenue:too-many-decimals',
      'lines:7::cell-count',
      'lines:8:units:empty-cell',
      'lines:9:units:too-large',
      'lines:9:month:horizon-hole',
    ]);
  });

  it('finds a hole in the horizon, with rows counted as an editor does', () => {
    const gap = 'family,region,month,units,revenue\r\nBakery,North,2026-10,1,1\r\n\r\nBakery,North,2026-12,1,1\r\n';
    expect(faultsOf({ lines: gap })).toEqual(['lines:2:month:horizon-hole']);
  });

  it('says what is wrong with a header, an empty file and broken quotes', () => {
    expect(faultsOf({ lines: lines.replace('units', 'quantity') })).toEqual(['lines:1:units:missing-column']);
    expect(faultsOf({ lines: lines.replace('region', 'family') })).toEqual([
      'lines:1:family:repeated-column',
      'lines:1:region:missing-column',
    ]);
    expect(faultsOf({ lines: '' })).toEqual(['lines:1::empty-file']);
    expect(faultsOf({ lines: 'family,region,month,units,revenue\n' })).toEqual(['lines:1::empty-file']);
    expect(faultsOf({ lines: lines.replace('Dairy,', '"Dairy,') })[0]).toMatch(/^lines:\d+::broken-csv$/);
    expect(faultsOf({ locations: locations.replace('Europe/London', 'Europe/Atlantis') })).toEqual([
      'locations:4:zone:bad-zone',
    ]);
  });

  it('takes shares from a file, profiles from the base, and refuses shares that lead nowhere', () => {
    const base = imported({});
    base.splits[0].weekday = [1, 2, 3, 4, 5, 6, 0];
    base.splits[0].leaves[0].linesPerUnit = 0.25;
    const splits = 'sku;location;weight;lines_per_unit\nA;S1;3,5;\nA;S2;1;0,333333333\nC;S3;1;1\n';
    const version = imported({ products: undefined, locations: undefined, splits }, { base });
    expect(version.splits[0].weekday).toEqual([1, 2, 3, 4, 5, 6, 0]);
    expect(version.splits[0].leaves).toEqual([
      { sku: 'A', location: 'S1', weight: 3_500, linesPerUnit: 0.25 },
      { sku: 'A', location: 'S2', weight: 1_000, linesPerUnit: 0.333333333 },
    ]);
    expect(faultsOf({ splits: 'sku,location,weight\nA,S1,1\nA,S1,1\nZ,S9,-1\nC,S3,0\n' })).toEqual([
      'splits:3:sku:duplicate',
      'splits:4:sku:unknown-sku',
      'splits:4:location:unknown-location',
      'splits:4:weight:negative',
    ]);
    expect(faultsOf({ splits: 'sku,location,weight\nA,S1,1\nC,S3,0\n' })).toEqual(['lines:4:family:no-weight']);
    expect(faultsOf({ splits: 'sku,location,weight\nA,S1,1\n' })).toEqual(['lines:4:family:no-split']);
  });

  it("keeps the base's shares when there is no file of them", () => {
    const base = imported({});
    base.splits[0].leaves = base.splits[0].leaves.slice(0, 1);
    expect(imported({}, { base }).splits[0].leaves).toEqual(base.splits[0].leaves);
  });
});
