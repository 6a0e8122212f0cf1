import type { Altitude, Scope } from '@plumbline/contracts';
import { firstDayOfMonth, type BusinessDay, type Instant, type Zone } from '@plumbline/kernel';
import type { PlanIndex } from './types.ts';

export type NodeAltitude = Extract<Altitude, 'total' | 'region' | 'family' | 'family-region' | 'location'>;

/** A node of the hierarchies above the SKU. Family, region and location are positions in the plan's lists, or −1 for all. */
export interface PlanNode {
  altitude: NodeAltitude;
  /** Unique among a plan's nodes and stable between plans: "family-region:Bakery|North". */
  code: string;
  scope: Scope;
  family: number;
  region: number;
  location: number;
}

/** Position of each altitude's node in `nodesOfCell`. */
export const NODES_PER_CELL = 5;

/**
 * The aggregate nodes of a plan, in this order: total, regions, families, family-regions, locations, each by code unit.
 * A cell is family × location, numbered family · locations + location; only cells with a leaf belong to nodes. Every sum
 * runs over a node's cells in ascending order, so that it is the same however the work is divided.
 */
export class PlanNodes {
  readonly plan: PlanIndex;
  readonly nodes: readonly PlanNode[];
  /** cells × 5: family-region, family, region, location and total node of a cell; −1 throughout for a cell without a leaf. */
  readonly nodesOfCell: Int32Array;
  /** Cells of node n: `cells[starts[n]] … cells[starts[n + 1] − 1]`, ascending. */
  readonly cells: Uint32Array;
  readonly starts: Uint32Array;
  readonly totalNode = 0;
  readonly #firstRegion = 1;
  readonly #firstFamily: number;
  readonly #firstLocation: number;
  readonly #familyRegions: Int32Array;
  readonly #firstDay: BusinessDay;
  readonly #endDay: BusinessDay;
  readonly #days = new Map<BusinessDay, DayOfNodes>();
  readonly #cumulative = new Map<number, Float64Array>();

  constructor(plan: PlanIndex) {
    this.plan = plan;
    this.#firstDay = firstDayOfMonth(plan.firstMonth);
    this.#endDay = firstDayOfMonth(plan.endMonth);
    const planned = plannedCells(plan);
    const nodes: PlanNode[] = [{ altitude: 'total', code: 'total', scope: {}, family: -1, region: -1, location: -1 }];
    plan.regions.forEach((name, region) =>
      nodes.push({
        altitude: 'region',
        code: `region:${name}`,
        scope: { region: name },
        family: -1,
        region,
        location: -1,
      }),
    );
    this.#firstFamily = nodes.length;
    plan.families.forEach((name, family) =>
      nodes.push({
        altitude: 'family',
        code: `family:${name}`,
        scope: { family: name },
        family,
        region: -1,
        location: -1,
      }),
    );
    this.#familyRegions = addFamilyRegions(plan, planned, nodes);
    this.#firstLocation = nodes.length;
    plan.locations.forEach(({ code, region: regionName }, location) => {
      const region = plan.regionOfLocation[location];
      nodes.push({
        altitude: 'location',
        code: `location:${code}`,
        scope: { location: code, region: regionName },
        family: -1,
        region,
        location,
      });
    });
    this.nodes = nodes;
    this.nodesOfCell = this.#linkCells(planned);
    ({ cells: this.cells, starts: this.starts } = invert(this.nodesOfCell, nodes.length));
  }

  cellOf(family: number, location: number): number {
    return family * this.plan.locations.length + location;
  }
  regionNode(region: number): number {
    return this.#firstRegion + region;
  }
  familyNode(family: number): number {
    return this.#firstFamily + family;
  }
  locationNode(location: number): number {
    return this.#firstLocation + location;
  }
  /** −1 when the family has no leaf in the region. */
  familyRegionNode(family: number, region: number): number {
    return this.#familyRegions[family * this.plan.regions.length + region];
  }
  cellsOf(node: number): Uint32Array {
    return this.cells.subarray(this.starts[node], this.starts[node + 1]);
  }

  /** Expected sales lines of a node on a business day. */
  linesOfDay(node: number, day: BusinessDay): number {
    return this.#day(day).lines[node];
  }
  /** Expected units (thousandths) of a node on a business day. */
  unitsOfDay(node: number, day: BusinessDay): number {
    return this.#day(day).units[node];
  }
  /** Expected revenue (ten-thousandths) of a node on a business day. */
  revenueOfDay(node: number, day: BusinessDay): number {
    return this.#day(day).revenue[node];
  }

  /**
   * Expected lines of a node's business day that should have come by an instant: each zone's part stands where its own
   * clock stands: nothing before its day begins, all of it after the day has ended. Nondecreasing in time.
   */
  elapsedLines(node: number, day: BusinessDay, at: Instant): number {
    const { zones, lines } = this.#curves(node, day);
    let sum = 0;
    for (let i = 0; i < zones.length; i++) {
      const zone = this.plan.zones[zones[i]];
      const local = zone.dayOf(at);
      if (local < day) continue;
      const row = i * 25;
      if (local > day) {
        sum += lines[row + 24];
        continue;
      }
      const minute = forwardMinute(zone, at);
      const hour = Math.min(23, Math.floor(minute / 60));
      sum += lines[row + hour] + (lines[row + hour + 1] - lines[row + hour]) * (minute / 60 - hour);
    }
    return sum;
  }

  /** Share 0…1 of a node's business day elapsed at an instant; 0 when nothing is planned for that day. */
  elapsed(node: number, day: BusinessDay, at: Instant): number {
    const whole = this.linesOfDay(node, day);
    return whole > 0 ? Math.min(1, this.elapsedLines(node, day, at) / whole) : 0;
  }

  /** Expected lines of a location over the instants [from, to): what a silent feed has left unsaid. 0 outside the plan. */
  locationLinesBetween(location: number, from: Instant, to: Instant): number {
    return to <= from ? 0 : Math.max(0, this.#linesBefore(location, to) - this.#linesBefore(location, from));
  }

  /** Expected lines of a location from the begin of the plan to an instant. */
  #linesBefore(location: number, at: Instant): number {
    const node = this.locationNode(location);
    let cumulative = this.#cumulative.get(location);
    if (!cumulative) {
      cumulative = new Float64Array(this.#endDay - this.#firstDay + 1);
      const cells = this.cellsOf(node);
      for (let day = this.#firstDay; day < this.#endDay; day++) {
        let lines = 0;
        for (const cell of cells) lines += this.plan.linesOfCell(this.#familyOf(cell), location, day);
        cumulative[day - this.#firstDay + 1] = cumulative[day - this.#firstDay] + lines;
      }
      this.#cumulative.set(location, cumulative);
    }
    const day = this.plan.zones[this.plan.zoneOfLocation[location]].dayOf(at);
    if (day < this.#firstDay) return 0;
    if (day >= this.#endDay) return cumulative[cumulative.length - 1];
    return cumulative[day - this.#firstDay] + this.elapsedLines(node, day, at);
  }

  #familyOf(cell: number): number {
    return Math.floor(cell / this.plan.locations.length);
  }

  #day(day: BusinessDay): DayOfNodes {
    const known = this.#days.get(day);
    if (known) return known;
    const { plan, nodesOfCell } = this;
    const count = this.nodes.length;
    const fresh: DayOfNodes = {
      lines: new Float64Array(count),
      units: new Float64Array(count),
      revenue: new Float64Array(count),
      curves: new Map(),
    };
    for (const cell of this.cellsOf(this.totalNode)) {
      const family = this.#familyOf(cell);
      const location = cell % plan.locations.length;
      const lines = plan.linesOfCell(family, location, day);
      const units = plan.unitsOfCell(family, location, day);
      const revenue = plan.revenueOfCell(family, location, day);
      for (let i = cell * NODES_PER_CELL; i < (cell + 1) * NODES_PER_CELL; i++) {
        fresh.lines[nodesOfCell[i]] += lines;
        fresh.units[nodesOfCell[i]] += units;
        fresh.revenue[nodesOfCell[i]] += revenue;
      }
    }
    for (const oldest of this.#days.keys()) {
      if (this.#days.size < DAYS_KEPT) break;
      this.#days.delete(oldest);
    }
    this.#days.set(day, fresh);
    return fresh;
  }

  #curves(node: number, day: BusinessDay): DayCurves {
    const cache = this.#day(day).curves;
    const known = cache.get(node);
    if (known) return known;
    const { plan } = this;
    const locations = plan.locations.length;
    const cells = this.cellsOf(node);
    const zones = [...new Set(Array.from(cells, (cell) => plan.zoneOfLocation[cell % locations]))].sort(
      (a, b) => a - b,
    );
    const lines = new Float64Array(zones.length * 25);
    for (const cell of cells) {
      const family = this.#familyOf(cell);
      const location = cell % locations;
      const whole = plan.linesOfCell(family, location, day);
      const row = zones.indexOf(plan.zoneOfLocation[location]) * 25;
      for (let hour = 1; hour <= 24; hour++) lines[row + hour] += whole * plan.elapsed(family, location, hour * 60);
    }
    const curves = { zones, lines };
    cache.set(node, curves);
    return curves;
  }

  #linkCells(planned: Uint8Array): Int32Array {
    const { plan } = this;
    const locations = plan.locations.length;
    const links = new Int32Array(planned.length * NODES_PER_CELL).fill(-1);
    for (let cell = 0; cell < planned.length; cell++) {
      if (!planned[cell]) continue;
      const family = this.#familyOf(cell);
      const region = plan.regionOfLocation[cell % locations];
      links.set(
        [
          this.familyRegionNode(family, region),
          this.familyNode(family),
          this.regionNode(region),
          this.locationNode(cell % locations),
          this.totalNode,
        ],
        cell * NODES_PER_CELL,
      );
    }
    return links;
  }
}

/** Late lines reach back 7 days, and zones put up to 2 business days side by side; scanning back 28 days is the longest window. */
const DAYS_KEPT = 40;

interface DayOfNodes {
  lines: Float64Array;
  units: Float64Array;
  revenue: Float64Array;
  curves: Map<number, DayCurves>;
}

/** Cumulative expected lines at the full local hours 0…24 of each zone (positions in the plan's list, ascending). */
interface DayCurves {
  zones: readonly number[];
  lines: Float64Array;
}

/**
 * Local minute of an instant, except that it does not go back in the hour a clock change repeats: there it stands at
 * the full hour the clock had reached.
 */
function forwardMinute(zone: Zone, at: Instant): number {
  const minute = zone.minuteOf(at);
  const offset = zone.offsetAt(at);
  const fold = zone.offsetAt(at - LONGEST_FOLD) - offset;
  if (fold <= 0 || zone.offsetAt(at - fold) === offset) return minute;
  return Math.min(1440, (Math.floor(minute / 60) + 1) * 60);
}

const LONGEST_FOLD = 3_600_000;

function plannedCells(plan: PlanIndex): Uint8Array {
  const locations = plan.locations.length;
  const planned = new Uint8Array(plan.families.length * locations);
  for (let leaf = 0; leaf < plan.leaves; leaf++)
    planned[plan.familyOfSku[plan.leafSku[leaf]] * locations + plan.leafLocation[leaf]] = 1;
  return planned;
}

/** Appends the family-regions that have a planned cell; returns family × region → node, or −1. */
function addFamilyRegions(plan: PlanIndex, planned: Uint8Array, nodes: PlanNode[]): Int32Array {
  const regions = plan.regions.length;
  const locations = plan.locations.length;
  const found = new Int32Array(plan.families.length * regions).fill(-1);
  for (let cell = 0; cell < planned.length; cell++) {
    if (planned[cell]) found[Math.floor(cell / locations) * regions + plan.regionOfLocation[cell % locations]] = 0;
  }
  for (let at = 0; at < found.length; at++) {
    if (found[at] < 0) continue;
    const family = Math.floor(at / regions);
    const region = at % regions;
    const scope = { family: plan.families[family], region: plan.regions[region] };
    found[at] = nodes.length;
    nodes.push({
      altitude: 'family-region',
      code: `family-region:${scope.family}|${scope.region}`,
      scope,
      family,
      region,
      location: -1,
    });
  }
  return found;
}

/** From cell → nodes to node → cells, cells ascending. */
function invert(nodesOfCell: Int32Array, nodes: number): { cells: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(nodes + 1);
  for (const node of nodesOfCell) if (node >= 0) starts[node + 1]++;
  for (let node = 0; node < nodes; node++) starts[node + 1] += starts[node];
  const cells = new Uint32Array(starts[nodes]);
  const next = starts.slice();
  nodesOfCell.forEach((node, i) => {
    if (node >= 0) cells[next[node]++] = Math.floor(i / NODES_PER_CELL);
  });
  return { cells, starts };
}
