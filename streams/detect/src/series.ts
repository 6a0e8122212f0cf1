import { packCurrency, type CellColumns, type SeriesFiring, type TickDelta } from '@plumbline/contracts';
import { LATE, SeriesBank, type Expectation, type Firing } from '@plumbline/detection';
import { Feeds, heardOf, type Silence } from '@plumbline/exceptions';
import { PlumblineError, type Instant, type Zone } from '@plumbline/kernel';
import { PlanNodes } from '@plumbline/plan';
import type { SnapshotPage } from '@plumbline/ports';
import { crc32 } from './bytes.ts';
import { Cells } from './cells.ts';
import { Reported } from './reported.ts';
import { SinceTick } from './since-tick.ts';
import type { CompiledForDetect } from './partition.ts';
import { PartitionWatch } from './watch.ts';

/** What of a SeriesWatch is not in its banks' pages. */
export interface WatchState {
  plans: { hash: string; effectiveAt: Instant }[];
  heard: number[];
  pauses: number[];
  silences: { location: number; from: Instant; to: Instant | null }[];
  /** Local SKU, business day, share of it that could be seen; absent in older snapshots. */
  seen?: [sku: number, day: number, share: number][];
  reported: ReturnType<Reported['save']>;
  cells: ReturnType<Cells['save']>;
  leafPages: number;
  at: Instant;
}

export interface TickResult {
  cells: CellColumns;
  firings: SeriesFiring[];
  skuLines: TickDelta['skuLines'];
}

interface PlanInForce {
  compiled: CompiledForDetect;
  effectiveAt: Instant;
}

/** The statistics of one partition's series under the plan in force: leaves and SKUs, and the counts for those above. */
export class SeriesWatch {
  readonly #watch: PartitionWatch;
  readonly #plans: PlanInForce[];
  readonly #leafBank: SeriesBank;
  readonly #skuBank: SeriesBank;
  readonly #cells: Cells;
  readonly #feeds: Feeds;
  readonly #reported: Reported;
  readonly #sinceTick: SinceTick;
  /** Leaf of a local SKU and location, or −1, dense: the hot path's look-up. */
  readonly #leafTable: Int32Array;
  readonly #locations: number;
  readonly #locationIndex: ReadonlyMap<string, number>;
  readonly currency: number;
  #at: Instant;
  /** Locations with a silence past doubt. */
  #confirmed: number[] = [];
  /** Shares below 1 of SKUs' kept days that could be seen, by `seenKey`. */
  readonly #seen = new Map<number, { day: number; share: number }>();

  private constructor(watch: PartitionWatch, plans: PlanInForce[], at: Instant) {
    const { plan } = watch;
    this.#watch = watch;
    this.#plans = plans;
    this.#at = at;
    this.#locations = plan.locations.length;
    this.currency = packCurrency(plan.version.currency);
    this.#leafTable = leafTable(watch);
    this.#locationIndex = new Map(plan.locations.map(({ code }, i) => [code, i]));
    this.#feeds = new Feeds(plan, new PlanNodes(plan), at);
    this.#cells = new Cells(plan.families.length, plan.locations.length);
    this.#leafBank = new SeriesBank({
      size: watch.leaves.length,
      expectation: this.#leafExpectation(),
      clockOf: Uint16Array.from(watch.leaves, (leaf) => plan.zoneOfLocation[plan.leafLocation[leaf]!]!),
      openDay: plan.zones.map((zone) => zone.dayOf(at)),
    });
    this.#skuBank = new SeriesBank({ size: watch.skus.length, wide: true, expectation: this.#skuExpectation(), openDay: watch.commonDay(at) });
    this.#reported = new Reported(watch);
    this.#sinceTick = new SinceTick(plan);
    this.#openCells(at);
  }

  /** The series of a plan that takes effect at tick `at`; state of series that `before` knows too is carried on. */
  static successor(before: SeriesWatch | undefined, compiled: CompiledForDetect, effectiveAt: Instant, at: Instant, partition: number, partitions: number): SeriesWatch {
    const plans = [...(before ? before.#plans : []).slice(-1), { compiled, effectiveAt }];
    const known = before ? before.#watch : undefined;
    const watch = new PartitionWatch(compiled.plan, effectiveAt, partition, partitions, compiled.thresholds, known);
    const next = new SeriesWatch(watch, plans, at);
    if (before) next.#inherit(before);
    else compiled.plan.locations.forEach((_, location) => next.#feeds.startAt(location, at));
    next.#confirmed = next.#feeds.confirmed();
    return next;
  }

  /** @throws PlumblineError 'snapshot-damaged' | 'snapshot-mismatch' */
  static restore(plans: PlanInForce[], partition: number, partitions: number, state: WatchState, pages: readonly SnapshotPage[]): SeriesWatch {
    let watch: PartitionWatch | undefined;
    for (const { compiled, effectiveAt } of plans) {
      watch = new PartitionWatch(compiled.plan, effectiveAt, partition, partitions, compiled.thresholds, watch);
    }
    const series = new SeriesWatch(watch!, plans, state.at);
    for (const { page, bytes, checksum } of pages) {
      if (crc32(bytes) !== checksum) {
        throw new PlumblineError('snapshot-damaged', `Page ${page} of a detect snapshot does not match its checksum.`, {
          where: `partition ${partition}`,
          fix: 'Restore the database from a backup, or drop the snapshot so that the partition is rebuilt from the log.',
        });
      }
      if (page < state.leafPages) series.#leafBank.load(page, bytes);
      else series.#skuBank.load(page - state.leafPages, bytes);
    }
    series.#feeds.lastHeard.set(state.heard);
    series.#feeds.usualPause.set(state.pauses);
    series.#feeds.silences = state.silences.map(({ location, from, to }): Silence => ({ location, from, to: to ?? Infinity }));
    series.#feeds.resume(state.at);
    series.#confirmed = series.#feeds.confirmed();
    for (const [sku, day, share] of state.seen ?? []) series.#seen.set(seenKey(sku, day), { day, share });
    series.#reported.load(state.reported);
    series.#openCells(state.at);
    series.#cells.load(state.cells);
    return series;
  }

  static noCells(): CellColumns {
    return new Cells(0, 0).take();
  }

  get leaves(): number {
    return this.#watch.leaves.length;
  }

  get locations(): readonly { code: string }[] {
    return this.#watch.plan.locations;
  }

  zoneOf(location: number): Zone {
    const { plan } = this.#watch;
    return plan.zones[plan.zoneOfLocation[location]!]!;
  }

  /** Local leaf of plan indices, or −1 when the plan does not name it or it lives in another partition. */
  leafOf(sku: number, location: number): number {
    const local = this.#watch.localSku[sku]!;
    return local < 0 ? -1 : this.#leafTable[local * this.#locations + location]!;
  }

  nameOfLeaf(local: number): { sku: string; location: string } {
    return this.#watch.nameOfPlanLeaf(this.#watch.leaves[local]!);
  }

  /** Counts one sales line. @returns true when it belongs to a day already closed */
  count(sku: number, location: number, leaf: number, day: number, units: number, revenue: number): boolean {
    const outcome = this.#leafBank.count(leaf, day, 1);
    const local = this.#watch.localSku[sku]!;
    this.#skuBank.count(local, day, 1);
    this.#cells.add(this.#watch.plan.familyOfSku[sku]!, location, day, units, revenue);
    if (this.#reported.any) this.#reported.touch(local, leaf, day);
    return outcome === LATE || outcome < 0;
  }

  /** What was counted since the last tick, by cell of the live figures, and the plan that numbers them. */
  sinceTick(): { plan: string; cells: number[] } {
    return { plan: this.#watch.plan.version.hash, cells: this.#sinceTick.of(this.#cells) };
  }

  /** Closes time up to `at`: silences first, then leaves zone by zone, then SKUs. */
  tick(at: Instant, heard: readonly string[]): TickResult {
    const { plan } = this.#watch;
    this.#at = at;
    const cells = this.#cells.take();
    this.#hear(at, heard);
    const firings: Firing[] = [];
    plan.zones.forEach((zone, clock) => {
      const day = zone.dayOf(at);
      this.#leafBank.tick(clock, day, zone.minuteOf(at), firings);
    });
    const leafFirings = firings.map((firing) => this.#leafFiring(firing));
    const skuFirings: Firing[] = [];
    const common = this.#watch.commonDay(at);
    this.#skuBank.tick(0, common, this.#stretched(common, at), skuFirings);
    const all = [...leafFirings, ...skuFirings.map((firing) => this.#skuFiring(firing))].sort(byName);
    for (const { sku } of all) this.#reported.report(this.#watch.localSkuNamed(sku), at);
    const skuLines = this.#reported.take(at, this.#leafBank);
    this.#openCells(at);
    return { cells, firings: all, skuLines };
  }

  save(): WatchState {
    return {
      plans: this.#plans.map(({ compiled, effectiveAt }) => ({ hash: compiled.plan.version.hash, effectiveAt })),
      heard: Array.from(this.#feeds.lastHeard),
      pauses: Array.from(this.#feeds.usualPause),
      silences: this.#feeds.silences.map(({ location, from, to }) => ({ location, from, to: to === Infinity ? null : to })),
      seen: [...this.#seen].map(([key, { day, share }]): [number, number, number] => [key >>> 3, day, share]).sort((a, b) => a[0] - b[0] || a[1] - b[1]),
      reported: this.#reported.save(),
      cells: this.#cells.save(),
      leafPages: this.#leafBank.pageCount,
      at: this.#at,
    };
  }

  get pageCount(): number {
    return this.#leafBank.pageCount + this.#skuBank.pageCount;
  }

  /** Copies of the pages changed since the last call. */
  takePages(): SnapshotPage[] {
    const first = this.#leafBank.pageCount;
    const pages = [
      ...this.#leafBank.pages().map(({ page, bytes }) => ({ page, bytes: bytes.slice() })),
      ...this.#skuBank.pages().map(({ page, bytes }) => ({ page: first + page, bytes: bytes.slice() })),
    ];
    this.#leafBank.clean();
    this.#skuBank.clean();
    return pages.map((page) => ({ ...page, checksum: crc32(page.bytes) }));
  }

  #inherit(before: SeriesWatch): void {
    this.#watch.leaves.forEach((leaf, local) => {
      const old = before.#watch.localLeafNamed(this.#watch.nameOfPlanLeaf(leaf));
      if (old >= 0) this.#leafBank.copySeries(before.#leafBank, old, local);
    });
    this.#watch.skus.forEach((sku, local) => {
      const old = before.#watch.localSkuNamed(this.#watch.plan.skus[sku]!);
      if (old < 0) return;
      this.#skuBank.copySeries(before.#skuBank, old, local);
      for (let slot = 0; slot < 8; slot++) {
        const seen = before.#seen.get(seenKey(old, slot));
        if (seen) this.#seen.set(seenKey(local, slot), seen);
      }
    });
    this.#watch.plan.locations.forEach(({ code }, location) => {
      const old = before.#locationIndex.get(code);
      if (old === undefined) return;
      this.#feeds.lastHeard[location] = before.#feeds.lastHeard[old]!;
      this.#feeds.usualPause[location] = before.#feeds.usualPause[old]!;
      for (const silence of before.#feeds.silences) if (silence.location === old) this.#feeds.add({ ...silence, location });
    });
    this.#reported.inherit(before.#reported);
  }

  #hear(at: Instant, heard: readonly string[]): void {
    const locations = new Set<number>();
    for (const code of heard) {
      const location = this.#locationIndex.get(code);
      if (location !== undefined) locations.add(location);
    }
    const lastHeard = this.#feeds.lastHeard.slice();
    const { silent, doubtful, back } = this.#feeds.tick(at, locations);
    this.#confirmed = this.#feeds.confirmed();
    const over = back.filter((location) => this.#feeds.silences.some((silence) => silence.location === location && silence.to === at));
    // A silence reaches back to when the feed was last heard; closed days it touches are looked at again.
    const reached = (location: number): number => this.zoneOf(location).dayOf(lastHeard[location]!);
    const { plan, leaves, skus } = this.#watch;
    for (const location of [...doubtful, ...back]) {
      const from = reached(location);
      if (from === this.zoneOf(location).dayOf(at)) continue;
      for (let local = 0; local < leaves.length; local++) if (plan.leafLocation[leaves[local]!] === location) this.#leafBank.exposureChanged(local, from);
    }
    for (const location of [...silent, ...over]) {
      const from = reached(location);
      for (let local = 0; local < skus.length; local++) if (this.#leafTable[local * this.#locations + location]! >= 0) this.#skuBank.exposureChanged(local, from);
    }
  }

  #openCells(at: Instant): void {
    const { plan } = this.#watch;
    const days = plan.zones.map((zone) => zone.dayOf(at));
    for (let location = 0; location < this.#locations; location++) this.#cells.openDay[location] = days[plan.zoneOfLocation[location]!]!;
  }

  #leafExpectation(): Expectation {
    const base = this.#watch.leafExpectation();
    const { plan, leaves } = this.#watch;
    return {
      ...base,
      elapsed: (series, minute) => {
        const elapsed = base.elapsed(series, minute);
        const leaf = leaves[series]!;
        const location = plan.leafLocation[leaf]!;
        if (!this.#feeds.quiet(location)) return elapsed;
        const clock = plan.zoneOfLocation[location]!;
        const until = plan.zones[clock]!.startOf(this.#leafBank.openDay(clock)) + minute * 60_000;
        return Math.max(0, elapsed - this.#feeds.silentShare(plan.familyOfSku[plan.leafSku[leaf]!]!, location, this.#leafBank.openDay(clock), until));
      },
      exposure: (series, day, lines) => {
        const leaf = leaves[series]!;
        const location = plan.leafLocation[leaf]!;
        if (!this.#feeds.quiet(location)) return 1;
        const planned = this.#watch.leafLines(series, day);
        const share = this.#feeds.silentShare(plan.familyOfSku[plan.leafSku[leaf]!]!, location, day, Infinity);
        return planned > 0 ? heardOf(planned, share, lines) / planned : 1;
      },
    };
  }

  #skuExpectation(): Expectation {
    const base = this.#watch.skuExpectation(() => this.#at);
    const { plan, skus } = this.#watch;
    const spread = (minute: number): number => (minute * (1440 + this.#spread())) / 1440;
    return {
      ...base,
      elapsed: (series, minute) => {
        const elapsed = base.elapsed(series, spread(minute));
        return this.#confirmed.length > 0 ? elapsed * this.#skuExposure(series, this.#skuBank.openDay(0)) : elapsed;
      },
      exposure: (series, day) => (this.#confirmed.length > 0 ? this.#skuExposure(series, day) : 1),
      alpha: (series) => plan.alphaOfLeaf(plan.leavesOfSku[skus[series]!]!),
    };
  }

  /**
   * Share of a SKU's planned day that its leaves' feeds let be seen. Only silences past doubt count: a SKU sells in many
   * places, and a doubtful feed of a small one says nothing about it. A SKU's days close after its leaves': of its
   * oldest one the leaves no longer know their lines, and what was seen then holds.
   */
  #skuExposure(series: number, day: number): number {
    const planned = this.#watch.skuLines(series, day);
    if (!(planned > 0)) return 1;
    const { plan, skus } = this.#watch;
    const family = plan.familyOfSku[skus[series]!]!;
    const key = seenKey(series, day);
    let unheard = 0;
    for (const location of this.#confirmed) {
      const leaf = this.#leafTable[series * this.#locations + location]!;
      if (leaf < 0) continue;
      const share = this.#feeds.confirmedShare(family, location, day);
      if (share <= 0) continue;
      const lines = this.#leafBank.keptLines(leaf, day);
      if (lines === undefined) {
        const before = this.#seen.get(key);
        return before?.day === day ? before.share : 1;
      }
      const part = this.#watch.leafLines(leaf, day);
      unheard += part - heardOf(part, share, lines);
    }
    const share = Math.max(0, 1 - unheard / planned);
    if (share < 1) this.#seen.set(key, { day, share });
    else this.#seen.delete(key);
    return share;
  }

  /** Minutes by which the last zone's midnight follows the leading one's. */
  #spread(): number {
    const { plan, leadZone } = this.#watch;
    const lead = plan.zones[leadZone]!.offsetAt(this.#at);
    return plan.zones.reduce((most, zone) => Math.max(most, lead - zone.offsetAt(this.#at)), 0) / 60_000;
  }

  /** A SKU's day lasts from the leading zone's midnight to the last zone's; its minutes are stretched to 0…1440. */
  #stretched(day: number, at: Instant): number {
    return Math.min(1440, (this.#watch.leadMinute(day, at) * 1440) / (1440 + this.#spread()));
  }

  #leafFiring(firing: Firing): SeriesFiring {
    const { series, ...rest } = firing;
    return { ...this.nameOfLeaf(series), ...rest };
  }

  #skuFiring(firing: Firing): SeriesFiring {
    const { series, ...rest } = firing;
    return { sku: this.#watch.plan.skus[this.#watch.skus[series]!]!, location: undefined, ...rest };
  }
}

/** Eight days of a SKU: the kept ones and the open one. */
const seenKey = (sku: number, day: number): number => 8 * sku + (day & 7);

function leafTable(watch: PartitionWatch): Int32Array {
  const { plan, skus, leafShift } = watch;
  const locations = plan.locations.length;
  const table = new Int32Array(skus.length * locations).fill(-1);
  skus.forEach((sku, local) => {
    for (let leaf = plan.leavesOfSku[sku]!; leaf < plan.leavesOfSku[sku + 1]!; leaf++) {
      table[local * locations + plan.leafLocation[leaf]!] = leaf + leafShift[sku]!;
    }
  });
  return table;
}

const byName = (a: SeriesFiring, b: SeriesFiring): number =>
  compare(a.sku, b.sku) || compare(a.location ?? '', b.location ?? '') || compare(a.kind, b.kind) || a.day - b.day;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
