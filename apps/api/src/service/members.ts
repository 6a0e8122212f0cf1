import { PlumblineError } from '@plumbline/kernel';
import { decodePlan } from '@plumbline/plan';
import type { Store } from '@plumbline/ports';
import type { Plans } from './plans.ts';

/** Products and places by name: lists of codes, or what belongs to a family or region of the plan in force. */
export interface Named {
  skus?: readonly string[] | undefined;
  locations?: readonly string[] | undefined;
  family?: string | undefined;
  region?: string | undefined;
}

/** Absent = all of them. */
export interface Members {
  skus?: string[];
  locations?: string[];
}

/** The codes that are named in every way given. @throws PlumblineError 'no-plan' when a family or region is named and no plan is in force */
export async function membersOf(store: Pick<Store, 'plan'>, plans: Plans, { skus, locations, family, region }: Named): Promise<Members> {
  const known = family === undefined && region === undefined ? {} : await membersInForce(store, plans, family, region);
  const [bothSkus, bothLocations] = [both(skus, known.skus), both(locations, known.locations)];
  return { ...(bothSkus ? { skus: bothSkus } : {}), ...(bothLocations ? { locations: bothLocations } : {}) };
}

async function membersInForce(store: Pick<Store, 'plan'>, plans: Plans, family: string | undefined, region: string | undefined): Promise<Members> {
  const inForce = await plans.inForce();
  const stored = inForce && (await store.plan(inForce.hash));
  if (!stored) throw new PlumblineError('no-plan', 'No plan is in force that would say what belongs to a family or region.', { where: 'family', fix: 'Commit a plan, or name SKUs and locations.' });
  const { products, locations } = decodePlan(stored.body);
  return {
    ...(family === undefined ? {} : { skus: products.filter((product) => product.family === family).map((product) => product.sku) }),
    ...(region === undefined ? {} : { locations: locations.filter((place) => place.region === region).map((place) => place.code) }),
  };
}

/** Codes that are in both lists; a list that is absent says "all". */
function both(a: readonly string[] | undefined, b: readonly string[] | undefined): string[] | undefined {
  if (!a || !b) return a || b ? [...(a ?? b)!] : undefined;
  const kept = new Set(b);
  return a.filter((code) => kept.has(code));
}
