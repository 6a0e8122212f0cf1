import type { PlanLike } from '@plumbline/contracts';
import type { Location, PlanVersion, Product, SplitProfile } from './types.ts';

/** Why an item cannot be planned so. `index` counts the items from 0, `member` names the one of the item at fault. */
export interface ExtendFault {
  index: number;
  member: 'sku' | 'location' | 'like';
  code: 'already-planned' | 'unknown-sku' | 'unknown-location' | 'not-sold-there' | 'other-region' | 'like-itself';
  message: string;
}

export type Extended = { version: PlanVersion; series: number } | { faults: ExtendFault[] };

type Leaf = SplitProfile['leaves'][number];

/**
 * A version in which new SKUs and locations are planned like known ones: a SKU takes the other's family, price, lines
 * per unit and weights everywhere, a location the other's region, zone and weights of everything. The plan lines stay as
 * they are, so what the new ones get their neighbours in the same family and region give: every total of family × region
 * × month is kept to the unit and the cent. Items are applied in order; with any fault nothing is.
 */
export function extendVersion(base: PlanVersion, items: readonly PlanLike[], head: Pick<PlanVersion, 'id' | 'name' | 'createdAt'>): Extended {
  const extension = new Extension(base);
  const faults = items.flatMap((item, index): ExtendFault[] => {
    const fault = extension.add(item);
    return fault ? [{ index, ...fault }] : [];
  });
  if (faults.length > 0) return { faults };
  return { version: { ...base, ...head, ...extension.parts() }, series: extension.added };
}

/** The same plan as another version, under a name of its own. */
export const againVersion = (old: PlanVersion, head: Pick<PlanVersion, 'id' | 'name' | 'createdAt'>): PlanVersion => ({ ...old, ...head });

type Fault = Omit<ExtendFault, 'index'>;

class Extension {
  readonly #base: PlanVersion;
  readonly #products: Map<string, Product>;
  readonly #locations: Map<string, Location>;
  /** Leaves by SKU and location, and the split each lies in. */
  readonly #bySku = new Map<string, Map<string, { leaf: Leaf; split: number }>>();
  readonly #news: Leaf[][];
  added = 0;

  constructor(base: PlanVersion) {
    this.#base = base;
    this.#products = new Map(base.products.map((product) => [product.sku, product]));
    this.#locations = new Map(base.locations.map((location) => [location.code, location]));
    this.#news = base.splits.map(() => []);
    base.splits.forEach(({ leaves }, split) => {
      for (const leaf of leaves) this.#index(leaf, split);
    });
  }

  parts(): Pick<PlanVersion, 'products' | 'locations' | 'splits'> {
    return {
      products: [...this.#products.values()],
      locations: [...this.#locations.values()],
      splits: this.#base.splits.map((split, i) => (this.#news[i]!.length === 0 ? split : { ...split, leaves: [...split.leaves, ...this.#news[i]!] })),
    };
  }

  add(item: PlanLike): Fault | undefined {
    if ('sku' in item && 'location' in item) return this.#list(item);
    return 'sku' in item ? this.#newSku(item) : this.#newLocation(item);
  }

  #newSku({ sku, name, like }: { sku: string; name?: string | undefined; like: string }): Fault | undefined {
    if (sku === like) return { member: 'like', code: 'like-itself', message: `SKU ${sku} cannot be planned like itself: name another one` };
    if (this.#products.has(sku)) return { member: 'sku', code: 'already-planned', message: `SKU ${sku} is in the plan already` };
    const model = this.#products.get(like);
    if (!model) return { member: 'like', code: 'unknown-sku', message: `the plan knows no SKU ${like} that ${sku} could be like` };
    this.#products.set(sku, { ...model, sku, name: name ?? sku });
    for (const { leaf, split } of [...(this.#bySku.get(like)?.values() ?? [])]) this.#plan({ ...leaf, sku }, split);
    return undefined;
  }

  #newLocation({ location, name, like }: { location: string; name?: string | undefined; like: string }): Fault | undefined {
    if (location === like) return { member: 'like', code: 'like-itself', message: `location ${location} cannot be planned like itself: name another one` };
    if (this.#locations.has(location)) return { member: 'location', code: 'already-planned', message: `location ${location} is in the plan already` };
    const model = this.#locations.get(like);
    if (!model) return { member: 'like', code: 'unknown-location', message: `the plan knows no location ${like} that ${location} could be like` };
    this.#locations.set(location, { ...model, code: location, name: name ?? location });
    for (const leaves of this.#bySku.values()) {
      const found = leaves.get(like);
      if (found) this.#plan({ ...found.leaf, location }, found.split);
    }
    return undefined;
  }

  /** A known SKU at a known location. Weights are shares of a family and region, so the model lies in the same region. */
  #list({ sku, location, like }: { sku: string; location: string; like: string }): Fault | undefined {
    const [place, model] = [this.#locations.get(location), this.#locations.get(like)];
    if (!this.#products.has(sku)) return { member: 'sku', code: 'unknown-sku', message: `the plan knows no SKU ${sku}` };
    if (!place) return { member: 'location', code: 'unknown-location', message: `the plan knows no location ${location}` };
    if (!model) return { member: 'like', code: 'unknown-location', message: `the plan knows no location ${like}` };
    const leaves = this.#bySku.get(sku);
    if (leaves?.has(location)) return { member: 'location', code: 'already-planned', message: `SKU ${sku} is planned at ${location} already` };
    const found = leaves?.get(like);
    if (!found) return { member: 'like', code: 'not-sold-there', message: `nothing of SKU ${sku} is planned at ${like}` };
    if (place.region !== model.region) {
      return { member: 'like', code: 'other-region', message: `${like} lies in ${model.region}, ${location} in ${place.region}: name a location of ${place.region}` };
    }
    this.#plan({ ...found.leaf, location }, found.split);
    return undefined;
  }

  #plan(leaf: Leaf, split: number): void {
    this.#news[split]!.push(leaf);
    this.#index(leaf, split);
    this.added++;
  }

  #index(leaf: Leaf, split: number): void {
    const known = this.#bySku.get(leaf.sku);
    if (known) known.set(leaf.location, { leaf, split });
    else this.#bySku.set(leaf.sku, new Map([[leaf.location, { leaf, split }]]));
  }
}
