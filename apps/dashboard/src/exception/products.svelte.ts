import type { ComparisonAnswer, Scope } from '@plumbline/contracts';
import { get, ProblemError } from '#live/api.ts';
import { places } from '#live/places.svelte.ts';

/** Names of products by SKU, learned a family at a time when an exception needs them; until then codes stand for them. */
class Products {
  byCode = $state.raw<ReadonlyMap<string, string>>(new Map());
  readonly #asked = new Set<string>();

  /** @param at event time, for the day whose plan names them */
  async learn({ family, sku }: Scope, at: number): Promise<void> {
    const key = sku ?? family ?? '';
    if (this.#asked.has(key)) return;
    this.#asked.add(key);
    const [from, to] = [at, at + 24 * 3_600_000].map((instant) => new Date(instant).toISOString().slice(0, 10));
    try {
      const { rows } = await get<ComparisonAnswer>('/comparison', { from, to, rows: 'sku', columns: 'none', family, sku, trend: 0, limit: 500 });
      this.byCode = new Map([...this.byCode, ...rows.map(({ code, name }) => [code, name] as const)]);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      this.#asked.delete(key);
    }
  }

  product(code: string): string {
    return this.byCode.get(code) ?? code;
  }

  place(code: string): string {
    return places.byCode.get(code)?.name ?? code;
  }

  /** "Croissant · Lyon", by what is known now. */
  namer(): (scope: Scope) => string {
    const [skus, locations] = [this.byCode, places.byCode];
    return ({ sku, family, location, region }) => {
      const what = sku === undefined ? family : (skus.get(sku) ?? sku);
      const where = location === undefined ? region : (locations.get(location)?.name ?? location);
      return [what, where].filter(Boolean).join(' · ') || 'whole business';
    };
  }
}

export const products = new Products();
