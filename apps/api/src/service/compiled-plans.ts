import { PlumblineError } from '@plumbline/kernel';
import { compileEncoded, type CompiledPlan } from '@plumbline/plan';
import type { Store } from '@plumbline/ports';

/** Versions kept: the one in force, the one before it and one under review. */
const KEPT = 3;

/** Plan versions as flat arrays, by hash. A version never changes, so a compiled one is never stale. */
export class CompiledPlans {
  readonly #store: Pick<Store, 'plan'>;
  readonly #plans = new Map<string, Promise<CompiledPlan>>();

  constructor(store: Pick<Store, 'plan'>) {
    this.#store = store;
  }

  /** @throws PlumblineError 'plan-unknown' */
  of(hash: string): Promise<CompiledPlan> {
    const known = this.#plans.get(hash);
    const plan = known ?? this.#compile(hash);
    this.#plans.delete(hash);
    this.#plans.set(hash, plan);
    if (known) return plan;
    plan.catch(() => this.#plans.delete(hash));
    for (const oldest of this.#plans.keys()) {
      if (this.#plans.size <= KEPT) break;
      this.#plans.delete(oldest);
    }
    return plan;
  }

  async #compile(hash: string): Promise<CompiledPlan> {
    const stored = await this.#store.plan(hash);
    if (!stored) throw new PlumblineError('plan-unknown', `There is no plan version ${hash}.`, { where: 'version', fix: 'List them with "plumbline plan list".' });
    return compileEncoded(stored.body, stored.summary.hash);
  }
}
