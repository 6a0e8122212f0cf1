import {
  feedFactSchema,
  type Feed,
  type FeedFact,
  type FeedsAnswer,
  type FeedSource,
  type FeedState,
  type Unplanned,
  type UnplannedPage,
} from '@plumbline/contracts';
import { formatInstant, PlumblineError } from '@plumbline/kernel';
import { decodePlan, likest } from '@plumbline/plan';
import type { FeedTally } from '@plumbline/ports';
import type { Plans } from './plans.ts';
import type { Source } from './source.ts';

const ORDER: Record<FeedState, number> = { silent: 0, doubtful: 1, sending: 2, closed: 3 };
const SOURCES_OF_A_FEED = 20;
const SOURCES_SHOWN = 500;
const SUGGESTED = 5;
/** Suggestions remembered for the plan in force. */
const REMEMBERED = 5000;

interface Known {
  code: string;
  name: string;
}

/** What the plan in force knows, as far as unplanned sales ask for it. */
interface Catalogue {
  hash: string;
  skus: readonly Known[];
  locations: readonly (Known & { region: string })[];
  names: { sku: ReadonlySet<string>; location: ReadonlyMap<string, string> };
  /** Locations that a SKU is planned at. */
  sold: ReadonlyMap<string, ReadonlySet<string>>;
  suggested: Map<string, Unplanned['suggestions']['skus']>;
}

/** What sends, and what is sent that the plan does not know. */
export class Feeds {
  readonly #source: Source;
  readonly #plans: Plans;
  #catalogue: Promise<Catalogue> | undefined;
  #hash: string | undefined;

  constructor(source: Source, plans: Plans) {
    this.#source = source;
    this.#plans = plans;
  }

  async list(): Promise<FeedsAnswer> {
    const [counts, stored] = await Promise.all([this.#source.store.feedCounts(), this.#source.store.feedFacts()]);
    const facts = stored === undefined ? [] : factsOf(stored.body);
    const byLocation = Map.groupBy(counts, ({ location }) => location);
    const items = facts
      .map((fact) => feedOf(fact, byLocation.get(fact.location) ?? []))
      .sort((a, b) => ORDER[a.state] - ORDER[b.state] || (a.location < b.location ? -1 : 1));
    const sources = [...Map.groupBy(counts, ({ source }) => source)].map(([source, tallies]) => sourceOf(source, tallies));
    const inState = (state: FeedState): number => items.filter((item) => item.state === state).length;
    return {
      at: stored && Number.isFinite(stored.tick) ? formatInstant(stored.tick) : null,
      items,
      sources: sources.sort((a, b) => b.accepted - a.accepted || (a.source < b.source ? -1 : 1)).slice(0, SOURCES_SHOWN),
      totals: {
        locations: items.length,
        sources: sources.length,
        sending: inState('sending'),
        doubtful: inState('doubtful'),
        silent: inState('silent'),
        closed: inState('closed'),
        ...summed(counts),
      },
    };
  }

  /** Sales of SKUs or locations that the plan did not know, and what they may be. Without a plan nothing is known. */
  async unplanned(limit: number): Promise<UnplannedPage> {
    const [rows, plan] = await Promise.all([this.#source.store.unplanned(limit), this.#plans.inForce()]);
    const catalogue = plan && (await this.#catalogueOf(plan.hash));
    const items = rows.flatMap((row): Unplanned[] => {
      const unknown = catalogue ? unknownOf(catalogue, row) : 'both';
      if (unknown === undefined) return [];
      const suggestions = catalogue ? suggestionsOf(catalogue, row, unknown) : { skus: [], locations: [] };
      return [{ ...row, lastAt: formatInstant(row.lastAt), unknown, suggestions }];
    });
    return { items, next: null };
  }

  #catalogueOf(hash: string): Promise<Catalogue> {
    if (this.#hash !== hash || !this.#catalogue) {
      this.#hash = hash;
      const loading = this.#load(hash);
      this.#catalogue = loading;
      loading.catch(() => (this.#catalogue = undefined));
    }
    return this.#catalogue;
  }

  async #load(hash: string): Promise<Catalogue> {
    const stored = await this.#source.store.plan(hash);
    if (!stored) throw new PlumblineError('plan-unknown', `There is no plan version ${hash}.`, { where: 'version', fix: 'List them with "plumbline plan list".' });
    const { products, locations, splits } = decodePlan(stored.body);
    const sold = new Map<string, Set<string>>();
    for (const { leaves } of splits) {
      for (const { sku, location } of leaves) {
        const places = sold.get(sku);
        if (places) places.add(location);
        else sold.set(sku, new Set([location]));
      }
    }
    return {
      hash,
      skus: products.map(({ sku, name }) => ({ code: sku, name })),
      locations,
      names: { sku: new Set(products.map(({ sku }) => sku)), location: new Map(locations.map(({ code, region }) => [code, region])) },
      sold,
      suggested: new Map(),
    };
  }
}

/** Written by a roll-up of another version, facts may lack members: then they are as good as none. */
function factsOf(body: string): FeedFact[] {
  const parsed = feedFactSchema.array().safeParse(JSON.parse(body));
  return parsed.success ? parsed.data : [];
}

function feedOf(fact: FeedFact, counts: readonly FeedTally[]): Feed {
  const { accepted, late, duplicates, rejected, eventsPerSecond } = summed(counts);
  const busiest = counts.toSorted((a, b) => b.accepted - a.accepted || (a.source < b.source ? -1 : 1));
  return {
    ...fact,
    sources: busiest.slice(0, SOURCES_OF_A_FEED).map(({ source }) => source),
    lastEventAt: lastOf(counts),
    eventsPerSecond,
    late: share(late, accepted),
    duplicates: share(duplicates, accepted + duplicates),
    rejected,
  };
}

const sourceOf = (source: string, counts: readonly FeedTally[]): FeedSource => ({
  source,
  lastEventAt: lastOf(counts),
  locations: counts.filter(({ location }) => location !== '').length,
  ...summed(counts),
});

type Counted = Pick<FeedTally, 'accepted' | 'late' | 'duplicates' | 'outsideWindow' | 'rejected' | 'eventsPerSecond'>;

function summed(counts: readonly FeedTally[]): Counted {
  const sum: Counted = { accepted: 0, late: 0, duplicates: 0, outsideWindow: 0, rejected: 0, eventsPerSecond: 0 };
  for (const count of counts) for (const name of Object.keys(sum) as (keyof Counted)[]) sum[name] += count[name];
  return { ...sum, eventsPerSecond: Math.round(1000 * sum.eventsPerSecond) / 1000 };
}

function lastOf(counts: readonly FeedTally[]): string | null {
  const last = counts.reduce((latest, { lastAt }) => Math.max(latest, lastAt ?? -Infinity), -Infinity);
  return last === -Infinity ? null : formatInstant(last);
}

const share = (part: number, whole: number): number => (whole > 0 ? Math.round((1e6 * part) / whole) / 1e6 : 0);

/** Undefined once the plan in force plans it: what came before stays counted as unplanned, but nothing is left to do. */
function unknownOf({ names, sold }: Catalogue, { sku, location }: { sku: string; location: string }): Unplanned['unknown'] | undefined {
  const [product, place] = [names.sku.has(sku), names.location.has(location)];
  if (product && place) return sold.get(sku)?.has(location) ? undefined : 'not-listed';
  return product ? 'location' : place ? 'sku' : 'both';
}

function suggestionsOf(catalogue: Catalogue, { sku, location }: { sku: string; location: string }, unknown: Unplanned['unknown']): Unplanned['suggestions'] {
  const { skus, locations, names, sold } = catalogue;
  if (unknown === 'not-listed') {
    const region = names.location.get(location);
    const selling = locations.filter((place) => place.region === region && sold.get(sku)?.has(place.code));
    const like = likest(location, selling, SUGGESTED, 0);
    return { skus: [], locations: like };
  }
  return {
    skus: unknown === 'location' ? [] : remembered(catalogue, `sku ${sku}`, () => likest(sku, skus, SUGGESTED)),
    locations: unknown === 'sku' ? [] : remembered(catalogue, `location ${location}`, () => likest(location, locations, SUGGESTED)),
  };
}

function remembered({ suggested }: Catalogue, key: string, make: () => Unplanned['suggestions']['skus']): Unplanned['suggestions']['skus'] {
  let known = suggested.get(key);
  if (!known) {
    known = make();
    if (suggested.size >= REMEMBERED) suggested.delete(suggested.keys().next().value!);
    suggested.set(key, known);
  }
  return known;
}
