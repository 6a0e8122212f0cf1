import type { Expectation } from '@plumbline/detection';
import { DAY_MS, MINUTE_MS, partitionOf, type Instant } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';

/** Alarm thresholds of a plan, the same in every partition: a function of the plan and the budget alone. */
export interface Thresholds {
  leaf(leaf: number): number;
  sku(sku: number): number;
}

/** Dead bands δ of detection.md by altitude. */
const LEAF_BAND = 0.25;
const SKU_BAND = 0.15;
/** Closed days the banks keep for late lines. */
const KEPT_DAYS = 7;

/**
 * The part of a committed plan that one partition watches: its SKUs (by Kafka's partitioner) and their leaves, numbered
 * locally in plan order. Answers what the banks ask; days before the plan took effect are answered by its predecessor.
 */
export class PartitionWatch {
  readonly plan: PlanIndex;
  readonly effectiveAt: Instant;
  readonly thresholds: Thresholds;
  /** Local number of a plan SKU, or −1 when it lives in another partition. */
  readonly localSku: Int32Array;
  /** First local leaf of a plan SKU minus its first plan leaf: local = plan leaf + shift[sku]. */
  readonly leafShift: Int32Array;
  /** Plan SKU of a local SKU, plan leaf of a local leaf. */
  readonly skus: Uint32Array;
  readonly leaves: Uint32Array;
  /** First business day compared with this plan, per plan zone. */
  readonly #firstDay: Int32Array;
  #predecessor: PartitionWatch | undefined;
  /** Planned lines of the first week per local leaf: the leaves' weights in their SKU's day. */
  readonly #weight: Float32Array;
  readonly #leafBefore: Int32Array | undefined;
  readonly #skuBefore: Int32Array | undefined;
  /** Zone whose day begins first; SKU series count their minutes from its midnight. */
  readonly leadZone: number;

  constructor(plan: PlanIndex, effectiveAt: Instant, partition: number, partitions: number, thresholds: Thresholds, predecessor?: PartitionWatch) {
    this.plan = plan;
    this.effectiveAt = effectiveAt;
    this.thresholds = thresholds;
    this.localSku = new Int32Array(plan.skus.length).fill(-1);
    this.leafShift = new Int32Array(plan.skus.length);
    const utf8 = new TextEncoder();
    const skus: number[] = [];
    let leaves = 0;
    for (let sku = 0; sku < plan.skus.length; sku++) {
      if (partitionOf(utf8.encode(plan.skus[sku]!), partitions) !== partition) continue;
      this.localSku[sku] = skus.push(sku) - 1;
      this.leafShift[sku] = leaves - plan.leavesOfSku[sku]!;
      leaves += plan.leavesOfSku[sku + 1]! - plan.leavesOfSku[sku]!;
    }
    this.skus = Uint32Array.from(skus);
    this.leaves = new Uint32Array(leaves);
    let at = 0;
    for (const sku of skus) for (let l = plan.leavesOfSku[sku]!; l < plan.leavesOfSku[sku + 1]!; l++) this.leaves[at++] = l;
    this.#firstDay = Int32Array.from(plan.zones, (zone) => {
      const day = zone.dayOf(effectiveAt);
      return predecessor && zone.startOf(day) < effectiveAt ? day + 1 : day;
    });
    this.leadZone = leadingZone(plan, effectiveAt);
    this.#predecessor = predecessor;
    this.#weight = Float32Array.from(this.leaves, (leaf) => firstWeek(plan, leaf, this.#firstDay[this.leadZone]!));
    if (predecessor) {
      predecessor.#forgetBefore(effectiveAt - (KEPT_DAYS + 2) * DAY_MS);
      this.#leafBefore = Int32Array.from(this.leaves, (leaf) => predecessor.localLeafNamed(this.nameOfPlanLeaf(leaf)));
      this.#skuBefore = Int32Array.from(this.skus, (sku) => predecessor.localSkuNamed(plan.skus[sku]!));
    }
  }

  /** Days of a plan older than the late window are never asked for again: chains would grow by a plan a month. */
  #forgetBefore(instant: Instant): void {
    if (this.effectiveAt < instant) this.#predecessor = undefined;
    else if (this.#predecessor) this.#predecessor.#forgetBefore(instant);
  }

  nameOfPlanLeaf(leaf: number): { sku: string; location: string } {
    return { sku: this.plan.skus[this.plan.leafSku[leaf]!]!, location: this.plan.locations[this.plan.leafLocation[leaf]!]!.code };
  }

  /** Local leaf with this name, or −1. */
  localLeafNamed(name: { sku: string; location: string }): number {
    const sku = indexOf(this.plan.skus, name.sku);
    const location = this.plan.locations.findIndex((l) => l.code === name.location);
    if (sku < 0 || location < 0 || this.localSku[sku]! < 0) return -1;
    const leaf = this.plan.leafOf(sku, location);
    return leaf < 0 ? -1 : leaf + this.leafShift[sku]!;
  }

  localSkuNamed(sku: string): number {
    const index = indexOf(this.plan.skus, sku);
    return index < 0 ? -1 : this.localSku[index]!;
  }

  /** True when both plans watch the same series in the same order, so that state needs no move. */
  sameSeries(other: PartitionWatch): boolean {
    return (
      this.leaves.length === other.leaves.length &&
      this.leaves.every((leaf, i) => {
        const a = this.nameOfPlanLeaf(leaf);
        const b = other.nameOfPlanLeaf(other.leaves[i]!);
        return a.sku === b.sku && a.location === b.location;
      })
    );
  }

  zoneOfLeaf(local: number): number {
    return this.plan.zoneOfLocation[this.plan.leafLocation[this.leaves[local]!]!]!;
  }

  leafLines(local: number, day: number): number {
    const leaf = this.leaves[local]!;
    if (day < this.#firstDay[this.plan.zoneOfLocation[this.plan.leafLocation[leaf]!]!]!) {
      const before = this.#leafBefore?.[local] ?? -1;
      return before < 0 ? 0 : this.#predecessor!.leafLines(before, day);
    }
    return this.plan.linesOfLeaf(leaf, day);
  }

  skuLines(local: number, day: number): number {
    const sku = this.skus[local]!;
    if (day < this.#firstDay[this.leadZone]!) {
      const before = this.#skuBefore?.[local] ?? -1;
      return before < 0 ? 0 : this.#predecessor!.skuLines(before, day);
    }
    let lines = 0;
    for (let l = this.plan.leavesOfSku[sku]!; l < this.plan.leavesOfSku[sku + 1]!; l++) lines += this.plan.linesOfLeaf(l, day);
    return lines;
  }

  leafExpectation(): Expectation {
    const { plan, leaves } = this;
    return {
      linesOfDay: (series, day) => this.leafLines(series, day),
      elapsed: (series, minute) => {
        const leaf = leaves[series]!;
        return plan.elapsed(plan.familyOfSku[plan.leafSku[leaf]!]!, plan.leafLocation[leaf]!, Math.min(1440, minute));
      },
      alpha: (series) => plan.alphaOfLeaf(leaves[series]!),
      deadBand: () => LEAF_BAND,
      lnThreshold: (series) => this.thresholds.leaf(leaves[series]!),
    };
  }

  /**
   * A SKU's day is its leading zone's; minutes run on past 1440 until the last zone's day has ended, so `minute` shifts
   * by each zone's offset from the leading one.
   */
  skuExpectation(at: () => Instant): Expectation {
    const { plan, skus } = this;
    return {
      linesOfDay: (series, day) => this.skuLines(series, day),
      elapsed: (series, minute) => {
        const sku = skus[series]!;
        const lead = plan.zones[this.leadZone]!.offsetAt(at());
        let elapsed = 0;
        let total = 0;
        for (let leaf = plan.leavesOfSku[sku]!; leaf < plan.leavesOfSku[sku + 1]!; leaf++) {
          const location = plan.leafLocation[leaf]!;
          const behind = (lead - plan.zones[plan.zoneOfLocation[location]!]!.offsetAt(at())) / MINUTE_MS;
          const weight = this.#weight[leaf + this.leafShift[sku]!]!;
          elapsed += weight * plan.elapsed(plan.familyOfSku[sku]!, location, Math.max(0, Math.min(1440, minute - behind)));
          total += weight;
        }
        return total > 0 ? elapsed / total : Math.min(1, minute / 1440);
      },
      // Frailty of a SKU's leaves is partly common; the mean of the leaves' dispersions over-covers independent leaves.
      alpha: (series) => plan.alphaOfLeaf(plan.leavesOfSku[skus[series]!]!),
      deadBand: () => SKU_BAND,
      lnThreshold: (series) => this.thresholds.sku(skus[series]!),
    };
  }

  /** Minutes from the leading zone's midnight of `day` to an instant. */
  leadMinute(day: number, at: Instant): number {
    return (at + this.plan.zones[this.leadZone]!.offsetAt(at) - day * DAY_MS) / MINUTE_MS;
  }

  /** The business day that every zone has reached: SKU series' open day. */
  commonDay(at: Instant): number {
    return this.plan.zones.reduce((day, zone) => Math.min(day, zone.dayOf(at)), Infinity);
  }
}

function leadingZone(plan: PlanIndex, at: Instant): number {
  let lead = 0;
  plan.zones.forEach((zone, i) => {
    if (zone.offsetAt(at) > plan.zones[lead]!.offsetAt(at)) lead = i;
  });
  return lead;
}

function firstWeek(plan: PlanIndex, leaf: number, day: number): number {
  let lines = 0;
  for (let d = day; d < day + 7; d++) lines += plan.linesOfLeaf(leaf, d);
  return lines;
}

function indexOf(sorted: readonly string[], wanted: string): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = sorted[middle]!;
    if (found === wanted) return middle;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
