import type { ComparisonColumnGrain, ComparisonRowGrain } from '@plumbline/contracts';
import { daysProblem, presets, type Range } from './range.ts';

export type Measure = 'units' | 'revenue';
export const sorts = ['name', 'variance'] as const;
export type Sort = (typeof sorts)[number];

/** What the page shows. All of it is in its address. */
export interface View {
  range: Range;
  family: string | undefined;
  sku: string | undefined;
  region: string | undefined;
  location: string | undefined;
  measure: Measure;
  as: 'chart' | 'table';
  sort: Sort;
  /** On a narrow page the one column shown; '': all of them together. */
  column: string;
}

export const usual: View = {
  range: 'month',
  family: undefined,
  sku: undefined,
  region: undefined,
  location: undefined,
  measure: 'units',
  as: 'chart',
  sort: 'name',
  column: '',
};

/** What is unknown in an address is passed over. */
export function fromAddress(query: URLSearchParams): View {
  const text = (name: string): string | undefined => query.get(name) || undefined;
  return {
    range: rangeFrom(query),
    family: text('family'),
    sku: text('sku'),
    region: text('region'),
    location: text('location'),
    measure: query.get('measure') === 'revenue' ? 'revenue' : 'units',
    as: query.get('as') === 'table' ? 'table' : 'chart',
    sort: query.get('sort') === 'variance' ? 'variance' : 'name',
    column: query.get('column') ?? '',
  };
}

function rangeFrom(query: URLSearchParams): Range {
  const days = { from: query.get('from') ?? '', to: query.get('to') ?? '' };
  if (daysProblem(days) === undefined) return days;
  return presets.find((preset) => preset === query.get('range')) ?? usual.range;
}

/** Only what differs from the usual is written. */
export function toAddress(view: View): string {
  const query = new URLSearchParams();
  const write = (name: string, value: string | undefined, unless: string | undefined): void => {
    if (value !== undefined && value !== '' && value !== unless) query.set(name, value);
  };
  if (typeof view.range === 'string') write('range', view.range, 'month');
  else for (const end of ['from', 'to'] as const) write(end, view.range[end], undefined);
  for (const name of ['family', 'sku', 'region', 'location'] as const) write(name, view[name], undefined);
  for (const name of ['measure', 'as', 'sort', 'column'] as const) write(name, view[name], usual[name]);
  const text = query.toString();
  return text === '' ? '/plan' : `/plan?${text}`;
}

/** What rows and columns are at this depth. Products and places are drilled independently, in any order. */
export function grains({ family, sku, region, location }: View): { rows: ComparisonRowGrain; columns: ComparisonColumnGrain } {
  return {
    rows: family === undefined && sku === undefined ? 'family' : 'sku',
    columns: region === undefined && location === undefined ? 'region' : 'location',
  };
}

/** One SKU at one location: nothing below it but events. */
export const isLeaf = ({ sku, location }: View): boolean => sku !== undefined && location !== undefined;

/** The view one level down, in products, in places, or in both; undefined when there is nothing below. */
export function drilled(view: View, row: string | undefined, column: string | undefined): View | undefined {
  const { rows, columns } = grains(view);
  const next = { ...view, column: '' };
  if (row) Object.assign(next, rows === 'family' ? { family: row } : { sku: row });
  if (column) Object.assign(next, columns === 'region' ? { region: column } : { location: column });
  const moved = (['family', 'sku', 'region', 'location'] as const).some((name) => next[name] !== view[name]);
  return moved ? next : undefined;
}

export interface Crumb {
  label: string;
  /** Where it leads; undefined for where one is. */
  to: View | undefined;
}

/** The way down in products and in places; each step leads back without leaving the other's. */
export function crumbs(view: View, nameOf: (code: string) => string = (code) => code): { products: Crumb[]; places: Crumb[] } {
  const trail = (all: string, broad: 'family' | 'region', narrow: 'sku' | 'location'): Crumb[] => {
    const steps: Crumb[] = [{ label: all, to: { ...view, [broad]: undefined, [narrow]: undefined, column: '' } }];
    const [wide, close] = [view[broad], view[narrow]];
    if (wide !== undefined) steps.push({ label: wide, to: { ...view, [narrow]: undefined, column: '' } });
    if (close !== undefined) steps.push({ label: nameOf(close), to: undefined });
    steps.at(-1)!.to = undefined;
    return steps;
  };
  return { products: trail('All families', 'family', 'sku'), places: trail('All regions', 'region', 'location') };
}
