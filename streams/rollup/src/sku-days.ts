import type { Places } from '@plumbline/exceptions';
import { SLOTS } from './cell-days.ts';

/** Days a SKU is followed after its last firing; detect reports it as long. */
const FOLLOWED_DAYS = 28;
/** Closed days that come with a SKU's first report. */
const FIRST_REPORT_DAYS = 7;

/** Lines of one reported SKU by leaf and business day. */
export interface SkuDays {
  sku: number;
  /** First day known, and the last day it fired. */
  from: number;
  lastFired: number;
  /** [day & 15][leaf of the SKU]. */
  lines: Int32Array;
  /** Planned lines of the whole day, as of the day's beginning. */
  planned: Float64Array;
  /** Sensed rate over plan as the detectors saw it before the change; NaN = use the cell's. */
  rate: Float64Array;
  touched: boolean;
  /** Changes whenever something changes that is said of its past days; never twice the same. */
  version: number;
}

/** The reported SKUs. Days are written by day & 15 and go with their location's calendar (CellDays). */
export class ReportedSkus {
  readonly places: Places;
  readonly all = new Map<number, SkuDays>();
  #version = 0;

  constructor(places: Places) {
    this.places = places;
  }

  /** The SKU's days, begun when it is reported for the first time. `latest` = the latest business day anywhere. */
  of(sku: number, latest: number): SkuDays {
    const known = this.all.get(sku);
    if (known) return known;
    const { plan } = this.places;
    const first = plan.leavesOfSku[sku]!;
    const leaves = plan.leavesOfSku[sku + 1]! - first;
    const days: SkuDays = {
      sku,
      from: latest - FIRST_REPORT_DAYS,
      lastFired: latest,
      lines: new Int32Array(SLOTS * leaves),
      planned: new Float64Array(SLOTS * leaves),
      rate: new Float64Array(leaves).fill(NaN),
      touched: true,
      version: ++this.#version,
    };
    for (let day = days.from; day <= latest; day++) {
      for (let leaf = 0; leaf < leaves; leaf++) days.planned[at(day, leaves, leaf)] = plan.linesOfLeaf(first + leaf, day);
    }
    this.all.set(sku, days);
    return days;
  }

  /** Something said of a SKU's past days has changed. */
  changed(days: SkuDays): void {
    days.touched = true;
    days.version = ++this.#version;
  }

  /** Takes over what detect reports: absolute lines of a leaf's day. */
  report(sku: number, location: number, day: number, lines: number, latest: number): void {
    const leaf = this.places.plan.leafOf(sku, location);
    if (leaf < 0 || day <= latest - SLOTS) return;
    const days = this.of(sku, latest);
    const leaves = days.rate.length;
    days.lines[at(day, leaves, leaf - this.places.plan.leavesOfSku[sku]!)] = lines;
    days.touched = true;
    if (day < latest) this.changed(days);
  }

  /** A business day begins at a location: its place is emptied and its plan written down. */
  begin(location: number, day: number): void {
    const { plan } = this.places;
    for (const days of this.all.values()) {
      const leaf = plan.leafOf(days.sku, location);
      if (leaf < 0) continue;
      const i = at(day, days.rate.length, leaf - plan.leavesOfSku[days.sku]!);
      days.lines[i] = 0;
      days.planned[i] = plan.linesOfLeaf(leaf, day);
      days.touched = true;
    }
  }

  /** Forgets SKUs whose last firing lies four weeks back, unless `held` says that an exception needs them. */
  forget(latest: number, held: (sku: number) => boolean): void {
    for (const [sku, days] of this.all) {
      if (latest - days.lastFired > FOLLOWED_DAYS && !held(sku)) this.all.delete(sku);
    }
  }

  /** Lines and plan of a leaf's day; undefined when the day is not known. */
  day(days: SkuDays, location: number, day: number): { lines: number; planned: number; rate: number } | undefined {
    const { plan } = this.places;
    const leaf = plan.leafOf(days.sku, location);
    if (leaf < 0 || day < days.from) return undefined;
    const local = leaf - plan.leavesOfSku[days.sku]!;
    const i = at(day, days.rate.length, local);
    return { lines: days.lines[i]!, planned: days.planned[i]!, rate: days.rate[local]! };
  }

  /** The same under a new plan's numbering, which rules the days from `fromDay(location)` on. */
  renumber(places: Places, fromDay: (location: number) => number, latest: number): ReportedSkus {
    const next = new ReportedSkus(places);
    const before = this.places.plan;
    const { plan } = places;
    for (const days of this.all.values()) {
      const sku = places.skuIndex.get(before.skus[days.sku]!);
      if (sku === undefined) continue;
      const moved = next.of(sku, latest);
      moved.from = days.from;
      moved.lastFired = days.lastFired;
      for (let leaf = plan.leavesOfSku[sku]!; leaf < plan.leavesOfSku[sku + 1]!; leaf++) {
        const location = plan.leafLocation[leaf]!;
        const old = this.places.locationIndex.get(plan.locations[location]!.code);
        if (old === undefined) continue;
        this.#move(days, old, moved, leaf - plan.leavesOfSku[sku]!, latest, fromDay(location));
      }
    }
    return next;
  }

  #move(days: SkuDays, oldLocation: number, moved: SkuDays, leaf: number, latest: number, fromDay: number): void {
    for (let day = Math.max(days.from, latest - SLOTS + 1); day <= latest; day++) {
      const was = this.day(days, oldLocation, day);
      if (!was) continue;
      const i = at(day, moved.rate.length, leaf);
      moved.lines[i] = was.lines;
      if (day < fromDay) moved.planned[i] = was.planned;
    }
  }
}

const at = (day: number, leaves: number, leaf: number): number => (day & (SLOTS - 1)) * leaves + leaf;
