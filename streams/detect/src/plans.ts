import { thresholds } from '@plumbline/exceptions';
import { KeyTable, PlumblineError } from '@plumbline/kernel';
import { compileEncoded } from '@plumbline/plan';
import type { Store } from '@plumbline/ports';
import type { CompiledForDetect, PlanSource } from './partition.ts';

/** Plan versions from the store, each compiled once and shared by all partitions of the process. */
export class StoredPlans implements PlanSource {
  readonly #store: Pick<Store, 'plan'>;
  readonly #budget: number;
  readonly #compiled = new Map<string, Promise<CompiledForDetect>>();

  /** @param budget false alarms a day of the whole tower */
  constructor(store: Pick<Store, 'plan'>, budget: number) {
    this.#store = store;
    this.#budget = budget;
  }

  load(hash: string): Promise<CompiledForDetect> {
    let compiled = this.#compiled.get(hash);
    if (!compiled) {
      compiled = this.#compile(hash);
      this.#compiled.set(hash, compiled);
      compiled.catch(() => this.#compiled.delete(hash));
      // Two versions are in force at most, and one to come; older ones go.
      if (this.#compiled.size > 4) this.#compiled.delete(this.#compiled.keys().next().value!);
    }
    return compiled;
  }

  async #compile(hash: string): Promise<CompiledForDetect> {
    const stored = await this.#store.plan(hash);
    if (!stored) {
      throw new PlumblineError('plan-unknown', `The log commits a plan version that the store does not have (${hash.slice(0, 12)}…).`, {
        fix: 'Restore the version from a backup, or import the same plan again: the same content has the same hash.',
      });
    }
    const plan = compileEncoded(stored.body, hash);
    return { plan, skus: tableOf(plan.skus), locations: tableOf(plan.locations.map(({ code }) => code)), thresholds: thresholds(plan, this.#budget) };
  }
}

function tableOf(codes: readonly string[]): KeyTable {
  const table = new KeyTable();
  for (const code of codes) table.add(code);
  return table;
}
