import type { TickDelta } from '@plumbline/contracts';
import type { SeriesBank } from '@plumbline/detection';
import { DAY_MS, type Instant } from '@plumbline/kernel';
import type { PartitionWatch } from './watch.ts';

/** How long after its last firing a SKU's lines go on being reported. */
const REPORT_MS = 28 * DAY_MS;

/**
 * SKUs whose lines the roll-up wants to see by location and day: from a first firing (with the days the bank keeps)
 * until four weeks after the last. Values are absolute, so that saying one twice does no harm.
 */
export class Reported {
  readonly #watch: PartitionWatch;
  /** Local SKU → reported until. */
  readonly #until = new Map<number, Instant>();
  /** Local SKUs whose kept days have not been sent yet. */
  readonly #news = new Set<number>();
  /** Local leaf → days whose lines changed since the last tick. */
  readonly #touched = new Map<number, Set<number>>();

  constructor(watch: PartitionWatch) {
    this.#watch = watch;
  }

  get any(): boolean {
    return this.#until.size > 0;
  }

  report(sku: number, at: Instant): void {
    if (sku < 0) return;
    if (!this.#until.has(sku)) this.#news.add(sku);
    this.#until.set(sku, at + REPORT_MS);
  }

  touch(sku: number, leaf: number, day: number): void {
    if (!this.#until.has(sku)) return;
    const days = this.#touched.get(leaf);
    if (days) days.add(day);
    else this.#touched.set(leaf, new Set([day]));
  }

  /** Lines that changed, ordered by leaf and day; forgets SKUs whose time is over. */
  take(at: Instant, bank: SeriesBank): TickDelta['skuLines'] {
    if (this.#until.size === 0) return [];
    for (const sku of this.#news) this.#touchKept(sku, bank);
    this.#news.clear();
    const lines: TickDelta['skuLines'] = [];
    for (const leaf of [...this.#touched.keys()].sort((a, b) => a - b)) {
      const name = this.#watch.nameOfPlanLeaf(this.#watch.leaves[leaf]!);
      const { fromDay, lines: kept } = bank.history(leaf);
      for (const day of [...this.#touched.get(leaf)!].sort((a, b) => a - b)) {
        const count = kept[day - fromDay];
        // A day ahead of the open one stays touched until it opens.
        if (count !== undefined) lines.push({ ...name, day, lines: count });
      }
    }
    this.#forget(at, bank);
    return lines;
  }

  #touchKept(sku: number, bank: SeriesBank): void {
    const { plan, skus, leafShift } = this.#watch;
    const planSku = skus[sku]!;
    for (let leaf = plan.leavesOfSku[planSku]!; leaf < plan.leavesOfSku[planSku + 1]!; leaf++) {
      const local = leaf + leafShift[planSku]!;
      const { fromDay, lines } = bank.history(local);
      lines.forEach((count, i) => {
        if (count > 0) this.touch(sku, local, fromDay + i);
      });
    }
  }

  #forget(at: Instant, bank: SeriesBank): void {
    for (const [leaf, days] of this.#touched) {
      const { fromDay } = bank.history(leaf);
      for (const day of days) if (day < fromDay + 8) days.delete(day);
      if (days.size === 0) this.#touched.delete(leaf);
    }
    for (const [sku, until] of this.#until) if (until < at) this.#until.delete(sku);
  }

  /** By name, so that the state fits any numbering. */
  save(): { until: [string, Instant][]; news: string[]; touched: [string, string, number[]][] } {
    const { plan, skus, leaves } = this.#watch;
    const nameOf = (sku: number): string => plan.skus[skus[sku]!]!;
    return {
      until: [...this.#until].map(([sku, until]) => [nameOf(sku), until]),
      news: [...this.#news].map(nameOf),
      touched: [...this.#touched].map(([leaf, days]) => {
        const { sku, location } = this.#watch.nameOfPlanLeaf(leaves[leaf]!);
        return [sku, location, [...days]];
      }),
    };
  }

  load(saved: ReturnType<Reported['save']>): void {
    for (const [name, until] of saved.until) {
      const sku = this.#watch.localSkuNamed(name);
      if (sku >= 0) this.#until.set(sku, until);
    }
    for (const name of saved.news) {
      const sku = this.#watch.localSkuNamed(name);
      if (sku >= 0) this.#news.add(sku);
    }
    for (const [sku, location, days] of saved.touched) {
      const leaf = this.#watch.localLeafNamed({ sku, location });
      if (leaf >= 0) this.#touched.set(leaf, new Set(days));
    }
  }

  inherit(before: Reported): void {
    this.load(before.save());
  }
}
