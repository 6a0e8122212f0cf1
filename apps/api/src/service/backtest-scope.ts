import type { Altitude, Scope } from '@plumbline/contracts';
import { nodeOf, type Node, type Places } from '@plumbline/exceptions';
import { firstDayOfMonth, type BusinessDay } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';

/** Lines, units (thousandths) and revenue (ten-thousandths). */
export interface Amounts {
  lines: number;
  units: number;
  revenue: number;
}

export const nothing = (): Amounts => ({ lines: 0, units: 0, revenue: 0 });

export function add(into: Amounts, { lines, units, revenue }: Amounts, share = 1): void {
  into.lines += lines * share;
  into.units += units * share;
  into.revenue += revenue * share;
}

/** What a plan expects of a scope on a business day in one zone, and how it falls on the 24 local hours. */
export interface ZoneDay extends Amounts {
  zone: string;
  /** 24 shares of the day. */
  hours: Float64Array;
}

/** The smallest parts of a scope that a plan answers for, all of one family and location. */
interface Part {
  family: number;
  location: number;
  leaf: number;
}

/** Dispersion beyond what independent leaves would show: of the roll-up's nodes, and of the places of one SKU. */
const NODE_COMMON_ALPHA = 0.01;
const SKU_COMMON_ALPHA = 0.03;
const WEIGHT_DAYS = 28;

/** An exception's scope in one plan version: its smooth expectation by business day and local hour. */
export class ScopePlan {
  readonly plan: PlanIndex;
  readonly node: Node;
  readonly #parts: readonly Part[];
  readonly #shares = new Map<number, Float64Array>();
  readonly #days = new Map<BusinessDay, ZoneDay[]>();

  private constructor(plan: PlanIndex, node: Node, parts: readonly Part[]) {
    this.plan = plan;
    this.node = node;
    this.#parts = parts;
  }

  /** Undefined when the plan does not know the product or the place. */
  static of(places: Places, altitude: Altitude, scope: Scope): ScopePlan | undefined {
    const node = nodeOf(places, altitude, scope);
    return node && new ScopePlan(places.plan, node, partsOf(places, node));
  }

  get skus(): readonly string[] {
    const { plan, node } = this;
    if (node.sku >= 0) return [plan.skus[node.sku]!];
    return node.family < 0 ? plan.skus : plan.skus.filter((_, sku) => plan.familyOfSku[sku] === node.family);
  }

  /** Location code → IANA zone. */
  get locations(): ReadonlyMap<string, string> {
    const used = new Set(this.#parts.map(({ location }) => location));
    return new Map([...used].map((location) => [this.plan.locations[location]!.code, this.plan.locations[location]!.zone]));
  }

  /** "each", "kg", or "units" where the products differ. */
  get unit(): string {
    const skus = new Set(this.skus);
    const units = new Set(this.plan.products.flatMap(({ sku, unit }) => (skus.has(sku) ? [unit] : [])));
    return units.size === 1 ? [...units][0]! : 'units';
  }

  /**
   * Dispersion of daily lines as far as the plan tells it, by the formulas that the streams start from: the leaf's own;
   * otherwise that of independent leaves, Σα_i·w_i²/(Σw_i)², and a part that all share.
   */
  get alpha(): number {
    const { plan, node } = this;
    const leaves = this.#leaves();
    if (node.sku >= 0 && node.location >= 0) return plan.alphaOfLeaf(leaves[0] ?? 0);
    const first = firstDayOfMonth(plan.firstMonth);
    let squares = 0;
    let sum = 0;
    for (const leaf of leaves) {
      const weight = plan.unitsOfLeaf(leaf, first, first + WEIGHT_DAYS) * plan.linesPerUnitOfLeaf(leaf);
      squares += plan.alphaOfLeaf(leaf) * weight * weight;
      sum += weight;
    }
    return (node.sku >= 0 ? SKU_COMMON_ALPHA : NODE_COMMON_ALPHA) + (sum > 0 ? squares / (sum * sum) : 0);
  }

  /** By zone and trading hours; nothing on a day on which nothing is planned. */
  zoneDays(day: BusinessDay): readonly ZoneDay[] {
    let known = this.#days.get(day);
    if (!known) this.#days.set(day, (known = this.#sum(day)));
    return known;
  }

  day(day: BusinessDay): Amounts {
    const sum = nothing();
    for (const part of this.zoneDays(day)) add(sum, part);
    return sum;
  }

  #sum(day: BusinessDay): ZoneDay[] {
    const { plan } = this;
    const sums = new Map<string, ZoneDay>();
    for (const { family, location, leaf } of this.#parts) {
      const { zone } = plan.locations[location]!;
      const split = family * plan.regions.length + plan.regionOfLocation[location]!;
      const key = `${split} ${zone}`;
      let sum = sums.get(key);
      if (!sum) sums.set(key, (sum = { ...nothing(), zone, hours: this.#sharesOf(split, family, location) }));
      if (leaf >= 0) {
        sum.lines += plan.linesOfLeaf(leaf, day);
        sum.units += plan.unitsOfLeaf(leaf, day, day + 1);
        sum.revenue += plan.revenueOfLeaf(leaf, day, day + 1);
      } else {
        sum.lines += plan.linesOfCell(family, location, day);
        sum.units += plan.unitsOfCell(family, location, day);
        sum.revenue += plan.revenueOfCell(family, location, day);
      }
    }
    return [...sums.values()].filter(({ lines, units }) => lines > 0 || units > 0);
  }

  /** A family has one profile in a region, so all its cells there share their hours. */
  #sharesOf(split: number, family: number, location: number): Float64Array {
    let shares = this.#shares.get(split);
    if (!shares) {
      const elapsed = (hour: number): number => this.plan.elapsed(family, location, hour * 60);
      this.#shares.set(split, (shares = Float64Array.from({ length: 24 }, (_, hour) => elapsed(hour + 1) - elapsed(hour))));
    }
    return shares;
  }

  #leaves(): number[] {
    const { plan, node } = this;
    if (node.sku >= 0) return this.#parts.map(({ leaf }) => leaf);
    const inside = new Uint8Array(plan.families.length * plan.locations.length);
    for (const { family, location } of this.#parts) inside[family * plan.locations.length + location] = 1;
    const leaves: number[] = [];
    for (let leaf = 0; leaf < plan.leaves; leaf++) {
      if (inside[plan.familyOfSku[plan.leafSku[leaf]!]! * plan.locations.length + plan.leafLocation[leaf]!]) leaves.push(leaf);
    }
    return leaves;
  }
}

function partsOf(places: Places, node: Node): Part[] {
  const { plan } = places;
  if (node.sku >= 0) {
    return places.sellers(node.sku, node).map((location) => ({ family: plan.familyOfSku[node.sku]!, location, leaf: plan.leafOf(node.sku, location) }));
  }
  const width = plan.locations.length;
  return Array.from(places.cells(node), (cell) => ({ family: Math.floor(cell / width), location: cell % width, leaf: -1 }));
}
