import { Feeds, nodeOf, Places, thresholds, type Node } from '@plumbline/exceptions';
import type { Instant } from '@plumbline/kernel';
import { PlanNodes, type PlanIndex } from '@plumbline/plan';
import { Branches } from './branches.ts';
import { CellDays } from './cell-days.ts';
import type { Held } from './held.ts';
import { NodeSums } from './node-sums.ts';
import { NodeWatch } from './node-watch.ts';
import { Pictures } from './pictures.ts';
import { Sight } from './sight.ts';
import { SettledDays } from './settled-days.ts';
import { ReportedSkus } from './sku-days.ts';
import { Tally } from './tally.ts';

/** The plan in force and everything that is numbered by it. */
export class Era {
  readonly plan: PlanIndex;
  readonly places: Places;
  readonly nodes: PlanNodes;
  readonly days: CellDays;
  readonly skus: ReportedSkus;
  readonly feeds: Feeds;
  readonly watch: NodeWatch;
  readonly sums = new NodeSums();
  readonly pictures = new Pictures();
  readonly branches: Branches;
  readonly tally: Tally;
  readonly #nodes = new Map<number, Node | undefined>();

  private constructor(plan: PlanIndex, budget: number, at: Instant, make: (places: Places, nodes: PlanNodes) => Numbered) {
    this.plan = plan;
    this.places = new Places(plan);
    this.nodes = new PlanNodes(plan);
    this.branches = new Branches(this.places);
    const { days, skus, feeds, settled } = make(this.places, this.nodes);
    this.days = days;
    this.skus = skus;
    this.feeds = feeds;
    this.tally = new Tally(days, feeds, settled ?? new SettledDays(plan));
    this.watch = new NodeWatch(this.places, this.nodes, this.days, this.feeds, thresholds(plan, budget), at);
  }

  /** The first plan, in force from a tick on: what its first day had before is not missing. */
  static first(plan: PlanIndex, budget: number, at: Instant): Era {
    const era = Era.empty(plan, budget, at);
    plan.locations.forEach((_, location) => {
      era.feeds.startAt(location, at);
      era.days.begin(location, era.todayOf(location, at), () => {}, () => 0);
    });
    return era;
  }

  /** Without any state: to be filled from a snapshot. */
  static empty(plan: PlanIndex, budget: number, at: Instant): Era {
    return new Era(plan, budget, at, (places, nodes) => ({
      days: new CellDays(places),
      skus: new ReportedSkus(places),
      feeds: new Feeds(plan, nodes, at),
    }));
  }

  /**
   * The next plan, effective at an instant and taken up at tick `at`. It rules the business days that begin at or after
   * its instant; what both plans know keeps its state.
   */
  static next(before: Era, plan: PlanIndex, budget: number, effectiveAt: Instant, at: Instant): Era {
    const firstDay = (location: number): number => {
      const zone = plan.zones[plan.zoneOfLocation[location]!]!;
      const day = zone.dayOf(effectiveAt);
      return zone.startOf(day) < effectiveAt ? day + 1 : day;
    };
    const era = new Era(plan, budget, at, (places, nodes) => {
      const days = before.days.renumber(places, Math.max(...places.all.map(firstDay)));
      const skus = before.skus.renumber(places, firstDay, before.days.latest);
      const settled = before.tally.settled.renumber(plan);
      return { days, skus, settled, feeds: moveFeeds(before.feeds, new Feeds(plan, nodes, at), places, before.places) };
    });
    plan.locations.forEach((_, location) => {
      era.days.replan(location, firstDay(location));
      if (era.days.day[location]! >= 0) return;
      era.feeds.startAt(location, at);
      era.days.begin(location, era.todayOf(location, at), () => {}, () => 0);
    });
    era.watch.carryOver(before.watch);
    return era;
  }

  todayOf(location: number, at: Instant): number {
    return this.plan.zones[this.plan.zoneOfLocation[location]!]!.dayOf(at);
  }

  sight(at: Instant): Sight {
    return new Sight(this.days, this.skus, this.feeds, at);
  }

  /** Where an exception sits in this plan; undefined when the plan does not know the place or the product any more. */
  nodeOf(held: Held): Node | undefined {
    if (!this.#nodes.has(held.number)) this.#nodes.set(held.number, nodeOf(this.places, held.altitude, held.scope));
    return this.#nodes.get(held.number);
  }

  /** Dispersion of a node's daily lines. SKU nodes: independent leaves, and a part that they share. */
  alphaOf(node: Node): number {
    if (node.sku < 0) {
      if (node.altitude !== 'location' && node.location >= 0) return this.watch.alpha(this.nodes.locationNode(node.location));
      return this.watch.alpha(this.watch.seriesOf(node));
    }
    if (node.location >= 0) return this.plan.alphaOfLeaf(this.plan.leafOf(node.sku, node.location));
    let squares = 0;
    let sum = 0;
    for (let leaf = this.plan.leavesOfSku[node.sku]!; leaf < this.plan.leavesOfSku[node.sku + 1]!; leaf++) {
      const location = this.plan.leafLocation[leaf]!;
      if (node.region >= 0 && this.plan.regionOfLocation[location] !== node.region) continue;
      const weight = this.plan.linesOfLeaf(leaf, this.days.latest) + 1e-9;
      squares += this.plan.alphaOfLeaf(leaf) * weight * weight;
      sum += weight;
    }
    return SKU_COMMON_ALPHA + squares / (sum * sum);
  }
}

/** What a SKU's places share beyond their own dispersion. */
const SKU_COMMON_ALPHA = 0.03;

interface Numbered {
  days: CellDays;
  skus: ReportedSkus;
  feeds: Feeds;
  settled?: SettledDays;
}

function moveFeeds(before: Feeds, next: Feeds, places: Places, old: Places): Feeds {
  places.plan.locations.forEach(({ code }, location) => {
    const known = old.locationIndex.get(code);
    if (known === undefined) return;
    next.lastHeard[location] = before.lastHeard[known]!;
    next.usualPause[location] = before.usualPause[known]!;
    for (const silence of before.silences) if (silence.location === known) next.add({ ...silence, location });
  });
  return next;
}
