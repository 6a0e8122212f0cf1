import type { Exception, ExceptionCommand, ExceptionTransition, SeriesFiring, TickDelta } from '@plumbline/contracts';
import { SeriesBank, type Expectation, type Firing } from '@plumbline/detection';
import { Feeds, heardOf, thresholds, type Thresholds } from '@plumbline/exceptions';
import { compareText, HOUR_MS, MINUTE_MS, partitionOf, Random, type Instant } from '@plumbline/kernel';
import { buildVersion, compilePlan, PlanNodes, type PlanIndex } from '@plumbline/plan';
import { RollUp } from './topology.ts';

/**
 * Stands in for the detect stream in tests of the roll-up: banks of leaves and SKUs under the same thresholds, and tick
 * deltas for any number of partitions. It has no log, no duplicates and no late lines.
 */
export class DetectDriver {
  readonly plan: PlanIndex;
  readonly #partitions: number;
  readonly #leaves: SeriesBank;
  readonly #skus: SeriesBank;
  readonly #feeds: Feeds;
  readonly #partitionOfSku: number[];
  readonly #cells = new Map<string, number[]>();
  readonly #reported = new Set<number>();
  readonly #known = new Map<string, number>();
  readonly #lines = new Map<string, number>();

  constructor(plan: PlanIndex, partitions: number, budget: number, at: Instant) {
    this.plan = plan;
    this.#partitions = partitions;
    this.#feeds = new Feeds(plan, new PlanNodes(plan), at);
    this.#partitionOfSku = plan.skus.map((sku) => partitionOf(new TextEncoder().encode(sku), partitions));
    const limits = thresholds(plan, budget);
    const day = plan.zones[0]!.dayOf(at);
    this.#leaves = new SeriesBank({
      size: plan.leaves,
      clockOf: Uint16Array.from(plan.leafLocation, (location) => plan.zoneOfLocation[location]!),
      openDay: plan.zones.map((zone) => zone.dayOf(at)),
      expectation: this.#leafExpectation(limits),
    });
    this.#skus = new SeriesBank({ size: plan.skus.length, openDay: day, wide: true, expectation: this.#skuExpectation(limits) });
  }

  /** Sales lines of a leaf, each of `units` thousandths. */
  sell(leaf: number, day: number, lines: number, units: number): void {
    if (lines <= 0) return;
    const { plan } = this;
    const sku = plan.leafSku[leaf]!;
    const location = plan.leafLocation[leaf]!;
    this.#leaves.count(leaf, day, lines);
    this.#skus.count(sku, day, lines);
    const key = `${this.#partitionOfSku[sku]} ${plan.familyOfSku[sku]} ${location} ${day}`;
    const cell = this.#cells.get(key) ?? [0, 0, 0];
    const revenue = Math.round((lines * units * plan.priceOfLeaf(leaf)) / 1000);
    this.#cells.set(key, [cell[0]! + lines, cell[1]! + lines * units, cell[2]! + revenue]);
    const at = `${leaf} ${day}`;
    this.#lines.set(at, (this.#lines.get(at) ?? 0) + lines);
  }

  tick(at: Instant, heard: readonly string[], commands: ExceptionCommand[] = [], plans: TickDelta['plans'] = []): TickDelta[] {
    const { plan } = this;
    this.#feeds.tick(at, new Set(heard.map((code) => plan.locations.findIndex((location) => location.code === code))));
    const firings: SeriesFiring[] = [];
    const found: Firing[] = [];
    plan.zones.forEach((zone, clock) => this.#leaves.tick(clock, zone.dayOf(at), zone.minuteOf(at), found));
    for (const { series, ...rest } of found.splice(0)) {
      firings.push({ sku: plan.skus[plan.leafSku[series]!]!, location: plan.locations[plan.leafLocation[series]!]!.code, ...rest });
    }
    this.#skus.tick(0, plan.zones[0]!.dayOf(at), plan.zones[0]!.minuteOf(at), found);
    for (const { series, ...rest } of found) firings.push({ sku: plan.skus[series]!, location: undefined, ...rest });
    firings.sort((a, b) => compareText(a.sku, b.sku) || compareText(a.location ?? '', b.location ?? '') || compareText(a.kind, b.kind));
    for (const { sku } of firings) this.#reported.add(plan.skus.indexOf(sku));
    const lines = this.#skuLines(at);
    const cells = [...this.#cells].map(([key, sums]) => [...key.split(' ').map(Number), ...sums]);
    this.#cells.clear();
    return Array.from({ length: this.#partitions }, (_, partition) => ({
      partition,
      tick: at,
      cells: columnsOf(cells.filter(([p]) => p === partition)),
      firings: firings.filter(({ sku }) => this.#partitionOfSku[plan.skus.indexOf(sku)] === partition),
      skuLines: lines.filter(({ sku }) => this.#partitionOfSku[plan.skus.indexOf(sku)] === partition),
      commands: commands.filter(({ exceptionId }) => partitionOf(new TextEncoder().encode(exceptionId), this.#partitions) === partition),
      plans: partition === 0 ? plans : [],
      heard: [...heard],
    }));
  }

  #skuLines(at: Instant): TickDelta['skuLines'] {
    const { plan } = this;
    const changed: TickDelta['skuLines'] = [];
    for (const sku of [...this.#reported].sort((a, b) => a - b)) {
      for (let leaf = plan.leavesOfSku[sku]!; leaf < plan.leavesOfSku[sku + 1]!; leaf++) {
        const location = plan.leafLocation[leaf]!;
        const today = plan.zones[plan.zoneOfLocation[location]!]!.dayOf(at);
        for (let day = today - 7; day <= today; day++) {
          const lines = this.#lines.get(`${leaf} ${day}`) ?? 0;
          if ((this.#known.get(`${leaf} ${day}`) ?? 0) === lines) continue;
          this.#known.set(`${leaf} ${day}`, lines);
          changed.push({ sku: plan.skus[sku]!, location: plan.locations[location]!.code, day, lines });
        }
      }
    }
    return changed;
  }

  #heard(leaf: number, day: number, lines: number): number {
    const { plan } = this;
    const location = plan.leafLocation[leaf]!;
    const planned = plan.linesOfLeaf(leaf, day);
    return heardOf(planned, this.#feeds.silentShare(plan.familyOfSku[plan.leafSku[leaf]!]!, location, day, Infinity), lines);
  }

  #leafExpectation(limits: Thresholds): Expectation {
    const { plan } = this;
    const familyOf = (leaf: number): number => plan.familyOfSku[plan.leafSku[leaf]!]!;
    return {
      linesOfDay: (leaf, day) => plan.linesOfLeaf(leaf, day),
      elapsed: (leaf, minute) => {
        const location = plan.leafLocation[leaf]!;
        const elapsed = plan.elapsed(familyOf(leaf), location, minute);
        const clock = plan.zoneOfLocation[location]!;
        const day = this.#leaves.openDay(clock);
        const until = plan.zones[clock]!.startOf(day) + minute * MINUTE_MS;
        return Math.max(0, elapsed - this.#feeds.silentShare(familyOf(leaf), location, day, until));
      },
      exposure: (leaf, day) => {
        const planned = plan.linesOfLeaf(leaf, day);
        return planned > 0 ? this.#heard(leaf, day, this.#lines.get(`${leaf} ${day}`) ?? 0) / planned : 1;
      },
      alpha: (leaf) => plan.alphaOfLeaf(leaf),
      deadBand: () => 0.25,
      lnThreshold: (leaf) => limits.leaf(leaf),
    };
  }

  #skuExpectation(limits: Thresholds): Expectation {
    const { plan } = this;
    const sum = (sku: number, of: (leaf: number) => number): number => {
      let total = 0;
      for (let leaf = plan.leavesOfSku[sku]!; leaf < plan.leavesOfSku[sku + 1]!; leaf++) total += of(leaf);
      return total;
    };
    const exposure = (sku: number, day: number): number => {
      const planned = sum(sku, (leaf) => plan.linesOfLeaf(leaf, day));
      return planned > 0 ? sum(sku, (leaf) => this.#heard(leaf, day, this.#lines.get(`${leaf} ${day}`) ?? 0)) / planned : 1;
    };
    return {
      linesOfDay: (sku, day) => sum(sku, (leaf) => plan.linesOfLeaf(leaf, day)),
      elapsed: (sku, minute) => plan.elapsed(plan.familyOfSku[sku]!, 0, minute) * exposure(sku, this.#skus.openDay(0)),
      exposure,
      alpha: (sku) => plan.alphaOfLeaf(plan.leavesOfSku[sku]!),
      deadBand: () => 0.15,
      lnThreshold: (sku) => limits.sku(sku),
    };
  }
}

function columnsOf(rows: readonly number[][]): TickDelta['cells'] {
  const sorted = [...rows].sort((a, b) => a[1]! - b[1]! || a[2]! - b[2]! || a[3]! - b[3]!);
  return {
    family: Uint16Array.from(sorted, (row) => row[1]!),
    location: Uint16Array.from(sorted, (row) => row[2]!),
    day: Int32Array.from(sorted, (row) => row[3]!),
    lines: Int32Array.from(sorted, (row) => row[4]!),
    units: Float64Array.from(sorted, (row) => row[5]!),
    revenue: Float64Array.from(sorted, (row) => row[6]!),
  };
}

export interface Retailer {
  families: number;
  skusPerFamily: number;
  regions: number;
  locationsPerRegion: number;
  /** Mean lines a day of a leaf; SKUs differ by a factor of up to 3. */
  dailyLines: number;
  zones?: readonly string[];
}

export const small: Retailer = { families: 6, skusPerFamily: 8, regions: 3, locationsPerRegion: 4, dailyLines: 8 };

const two = (n: number): string => String(n).padStart(2, '0');

/** A retailer open 08–20 every day, with a plan for November 2026 to January 2027. */
export function retailPlan(retailer: Retailer, id = 'P-1', alpha = 0.1): PlanIndex {
  const zones = retailer.zones ?? ['Europe/Paris'];
  const products = Array.from({ length: retailer.families * retailer.skusPerFamily }, (_, i) => ({
    sku: `S${two(Math.floor(i / retailer.skusPerFamily))}${two(i % retailer.skusPerFamily)}`,
    family: `Family ${two(Math.floor(i / retailer.skusPerFamily))}`,
    name: `Product ${i}`,
    unit: 'each' as const,
    price: 25_000 + 10_000 * (i % 7),
    dailyLines: retailer.dailyLines * [0.5, 1, 1.5][i % 3]!,
  }));
  const locations = Array.from({ length: retailer.regions * retailer.locationsPerRegion }, (_, i) => ({
    code: `L${two(i)}`,
    region: `Region ${Math.floor(i / retailer.locationsPerRegion)}`,
    name: `Store ${two(i)}`,
    zone: zones[Math.floor(i / retailer.locationsPerRegion) % zones.length]!,
    factor: [1, 0.7, 1.3][i % 3]!,
  }));
  const hour = Array.from({ length: 24 }, (_, h) => (h >= 8 && h < 20 ? 10 : 0));
  const version = buildVersion({
    id,
    name: 'Test plan',
    currency: 'EUR',
    createdAt: 0,
    products,
    locations,
    profile: { weekday: [10, 10, 10, 11, 13, 15, 8], hour, alpha },
    months: { from: (2026 - 1970) * 12 + 9, to: (2027 - 1970) * 12 },
  });
  return compilePlan(version, `hash-of-${id}`);
}

/** What happens to demand, and to feeds. */
export interface Cause {
  from: number;
  to?: number;
  /** Ratio to plan by plan index; 1 = untouched. */
  ratio?: (sku: number, location: number) => number;
  /** Location that sends nothing. */
  silent?: number;
}

/** Draws a day of lines for every leaf, by local hour; each leaf and day has its own stream of chance. */
export function drawDay(plan: PlanIndex, leaf: number, day: number, seed: number, ratio: number): number[] {
  const random = new Random((seed * 7919 + leaf) * 104_729 + day);
  const mean = plan.linesOfLeaf(leaf, day) * ratio;
  const frailty = mean > 0 ? random.gamma(1 / plan.alphaOfLeaf(leaf), plan.alphaOfLeaf(leaf)) : 0;
  const family = plan.familyOfSku[plan.leafSku[leaf]!]!;
  const location = plan.leafLocation[leaf]!;
  return Array.from({ length: 24 }, (_, hour) => {
    const share = plan.elapsed(family, location, (hour + 1) * 60) - plan.elapsed(family, location, hour * 60);
    return share > 0 ? random.poisson(mean * frailty * share) : 0;
  });
}

export interface Outcome {
  /** Last state of each, by id. */
  exceptions: Map<string, Exception>;
  transitions: ExceptionTransition[];
  /** In order of raising, each as it was last. */
  raised: Exception[];
}

/** Runs days of sales with causes through detect and the roll-up, hour by hour. Day 0 is 2 November 2026. */
export function runStory(plan: PlanIndex, days: number, causes: readonly Cause[], options: { budget: number; seed: number }): Outcome {
  const start = plan.zones[0]!.startOf(STORY_BEGINS);
  const rollUp = new RollUp({ budget: options.budget });
  rollUp.provide(plan);
  const detect = new DetectDriver(plan, 1, options.budget, start);
  const exceptions = new Map<string, Exception>();
  const transitions: ExceptionTransition[] = [];
  rollUp.apply(start, detect.tick(start, [], [], [{ id: plan.version.id, hash: plan.version.hash, effectiveAt: start }]));
  for (let day = 0; day < days; day++) {
    const active = causes.filter(({ from, to }) => day >= from && day < (to ?? Infinity));
    const silent = new Set(active.flatMap((cause) => cause.silent ?? []));
    const drawn = Array.from({ length: plan.leaves }, (_, leaf) => {
      const ratio = active.reduce((r, cause) => r * (cause.ratio?.(plan.leafSku[leaf]!, plan.leafLocation[leaf]!) ?? 1), 1);
      return drawDay(plan, leaf, STORY_BEGINS + day, options.seed, ratio);
    });
    for (let hour = 0; hour < 24; hour++) {
      const heard = new Set<string>();
      drawn.forEach((lines, leaf) => {
        const location = plan.leafLocation[leaf]!;
        if (lines[hour] === 0 || silent.has(location)) return;
        detect.sell(leaf, STORY_BEGINS + day, lines[hour]!, 1000);
        heard.add(plan.locations[location]!.code);
      });
      const tick = start + (day * 24 + hour + 1) * HOUR_MS;
      const result = rollUp.apply(tick, detect.tick(tick, [...heard].sort()));
      for (const exception of result.exceptions) exceptions.set(exception.id, exception);
      transitions.push(...result.transitions);
    }
  }
  const raised = transitions.filter(({ action }) => action === 'raised').map(({ exceptionId }) => exceptions.get(exceptionId)!);
  return { exceptions, transitions, raised };
}

/** 2 November 2026, a Monday. */
const STORY_BEGINS = 20_759;
