import type { Node } from '@plumbline/exceptions';
import type { BusinessDay } from '@plumbline/kernel';
import { add, nothingSeen, type Seen } from './seen.ts';
import type { Sight } from './sight.ts';

interface Kept {
  from: BusinessDay;
  latest: BusinessDay;
  places: number;
  sku: number;
  past: Seen;
}

/**
 * Sums over a node's days, its past ones kept until something is said otherwise of them (a late line, a day's end, a
 * silence). The same numbers as without keeping: past and current days are always summed apart, in the same order.
 */
export class NodeSums {
  readonly #kept = new WeakMap<Node, Kept>();

  since(sight: Sight, node: Node, from: BusinessDay): Seen {
    const { places, sku } = sight.versions(node);
    let kept = this.#kept.get(node);
    if (!kept || kept.from !== from || kept.latest !== sight.latest || kept.places !== places || kept.sku !== sku) {
      kept = { from, latest: sight.latest, places, sku, past: sight.past(node, from) };
      this.#kept.set(node, kept);
    }
    const sum = nothingSeen();
    add(sum, kept.past);
    add(sum, sight.current(node, from));
    return sum;
  }
}
