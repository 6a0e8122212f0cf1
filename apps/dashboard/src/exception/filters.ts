import type { Exception, ExceptionKind } from '@plumbline/contracts';
import { isClosed } from '#live/merge.ts';

/** Which exceptions the queue shows, and in which order: the whole of it stands in the address. */
export type View = 'open' | 'mine' | 'snoozed' | 'closed';
export type Sort = 'priority' | 'newest' | 'value';
export const views: readonly View[] = ['open', 'mine', 'snoozed', 'closed'];
export const sorts: readonly Sort[] = ['priority', 'newest', 'value'];
export const kinds: readonly ExceptionKind[] = ['demand-surge', 'demand-drop', 'zero-run', 'feed-silence'];

/** Owner's name in the address for what nobody has. */
export const NOBODY = '-';

export interface Filters {
  view: View;
  sort: Sort;
  text: string;
  region: readonly string[];
  family: readonly string[];
  location: readonly string[];
  kind: readonly string[];
  owner: readonly string[];
}
export const facets = ['region', 'family', 'location', 'kind', 'owner'] as const;
export type Facet = (typeof facets)[number];

export const noFilters: Filters = {
  view: 'open',
  sort: 'priority',
  text: '',
  region: [],
  family: [],
  location: [],
  kind: [],
  owner: [],
};

const oneOf = <T extends string>(known: readonly T[], text: string | null): T => known.find((one) => one === text) ?? known[0]!;
/** A facet of several values stands in the address several times: no character of a value needs a meaning of its own. */
const listOf = (query: URLSearchParams, name: string): string[] => query.getAll(name).filter((one) => one !== '');

/** What is unknown in an address is passed over. */
export function fromAddress(query: URLSearchParams): Filters {
  return {
    view: oneOf(views, query.get('view')),
    sort: oneOf(sorts, query.get('sort')),
    text: query.get('q') ?? '',
    region: listOf(query, 'region'),
    family: listOf(query, 'family'),
    location: listOf(query, 'location'),
    kind: listOf(query, 'kind').filter((kind) => kinds.some((known) => known === kind)),
    owner: listOf(query, 'owner'),
  };
}

/** Only what differs from the usual is written; other members of the address (the opened exception) stay. */
export function toAddress(filters: Filters, query: URLSearchParams = new URLSearchParams()): URLSearchParams {
  const next = new URLSearchParams(query);
  const write = (name: string, value: string): void => (value === '' ? next.delete(name) : next.set(name, value));
  write('view', filters.view === noFilters.view ? '' : filters.view);
  write('sort', filters.sort === noFilters.sort ? '' : filters.sort);
  write('q', filters.text);
  for (const facet of facets) {
    next.delete(facet);
    for (const one of filters[facet]) next.append(facet, one);
  }
  return next;
}

export const isNarrowed = (filters: Filters): boolean =>
  filters.text !== '' || facets.some((facet) => filters[facet].length > 0);

const among = (wanted: readonly string[], value: string | undefined): boolean =>
  wanted.length === 0 || (value !== undefined && wanted.includes(value));

/** Text a row is found by; made once for each state of an exception. */
const searched = new WeakMap<Exception, string>();
function searchText(exception: Exception): string {
  let text = searched.get(exception);
  if (text === undefined) {
    const { id, headline, scope, owner } = exception;
    text = [id, headline, ...Object.values(scope), owner ?? ''].join(' ').toLowerCase();
    searched.set(exception, text);
  }
  return text;
}

/** @param words lower case, each of which must occur */
function says(exception: Exception, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = searchText(exception);
  return words.every((word) => text.includes(word));
}

/** A test for one exception, prepared once for many. @param viewer the viewer's name */
export function matcher(filters: Filters, viewer: string | null): (exception: Exception) => boolean {
  const words = filters.text.toLowerCase().split(/\s+/).filter(Boolean);
  return (exception) => {
    const { scope, owner } = exception;
    return (
      inView(exception, filters.view, viewer) &&
      among(filters.region, scope.region) &&
      among(filters.family, scope.family) &&
      among(filters.location, scope.location) &&
      among(filters.kind, exception.kind) &&
      among(filters.owner, owner ?? NOBODY) &&
      says(exception, words)
    );
  };
}

export function inView(exception: Exception, view: View, viewer: string | null): boolean {
  if (view === 'closed') return isClosed(exception);
  if (isClosed(exception)) return false;
  if (view === 'snoozed') return exception.snoozedUntil !== null;
  if (exception.snoozedUntil !== null) return false;
  return view === 'open' || (viewer !== null && exception.owner === viewer);
}

const number = (exception: Exception): number => Number(exception.id.slice(exception.id.lastIndexOf('-') + 1));
/** Equal ones stand in the order of raising, the latest first, so that an order is one order. */
const byRaising = (one: Exception, other: Exception): number => number(other) - number(one);

export const comparers: Record<Sort, (one: Exception, other: Exception) => number> = {
  priority: (one, other) => other.priority - one.priority || byRaising(one, other),
  newest: (one, other) => (one.raisedAt < other.raisedAt ? 1 : one.raisedAt > other.raisedAt ? -1 : byRaising(one, other)),
  value: (one, other) => Number(other.valueAtRisk) - Number(one.valueAtRisk) || byRaising(one, other),
};
