import type { Session } from './database.ts';

/** Ids of series that are safely in the database, kept in memory. */
export class SeriesIds {
  readonly #known = new Map<string, Map<string, number>>();

  /**
   * Ids for parallel columns of SKUs and locations; new series are added in the caller's transaction. They are
   * remembered only when the caller, having committed, calls `commit`: a rolled-back id may never exist.
   */
  async resolve(session: Session, sku: readonly string[], location: readonly string[]): Promise<{ ids: Int32Array; commit: () => void }> {
    const ids = new Int32Array(sku.length);
    const missing = new Map<string, Set<string>>();
    for (let i = 0; i < sku.length; i++) {
      const id = this.#known.get(sku[i]!)?.get(location[i]!);
      if (id !== undefined) ids[i] = id;
      else addTo(missing, sku[i]!, location[i]!);
    }
    if (missing.size === 0) return { ids, commit: () => undefined };
    const added = await this.#add(session, missing);
    for (let i = 0; i < sku.length; i++) if (ids[i] === 0) ids[i] = added.get(sku[i]!)!.get(location[i]!)!;
    return { ids, commit: () => this.#remember(added) };
  }

  #remember(added: Map<string, Map<string, number>>): void {
    for (const [sku, byLocation] of added) {
      const known = this.#known.get(sku);
      if (!known) this.#known.set(sku, byLocation);
      else for (const [location, id] of byLocation) known.set(location, id);
    }
  }

  async #add(session: Session, missing: Map<string, Set<string>>): Promise<Map<string, Map<string, number>>> {
    const pairs = [...missing].flatMap(([sku, locations]) => [...locations].map((location) => [sku, location] as const));
    const columns = [pairs.map(([sku]) => sku), pairs.map(([, location]) => location)];
    // In one order everywhere, so that two transactions adding the same series wait for each other and never deadlock.
    await session.run(
      `INSERT INTO series (sku, location)
       SELECT DISTINCT sku, location FROM unnest($1::text[], $2::text[]) AS w (sku, location)
       WHERE NOT EXISTS (SELECT FROM series s WHERE s.sku = w.sku COLLATE "C" AND s.location = w.location COLLATE "C")
       ORDER BY 1, 2 ON CONFLICT (sku, location) DO NOTHING`,
      columns,
    );
    const rows = await session.rows<{ place: number; id: number }>(
      `SELECT w.place, s.id FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (sku, location, place)
       JOIN series s ON s.sku = w.sku COLLATE "C" AND s.location = w.location COLLATE "C"`,
      columns,
    );
    const added = new Map<string, Map<string, number>>();
    for (const { place, id } of rows) {
      const [sku, location] = pairs[place - 1]!;
      const byLocation = added.get(sku) ?? new Map<string, number>();
      byLocation.set(location, id);
      added.set(sku, byLocation);
    }
    return added;
  }
}

function addTo(sets: Map<string, Set<string>>, sku: string, location: string): void {
  const set = sets.get(sku);
  if (set) set.add(location);
  else sets.set(sku, new Set([location]));
}
