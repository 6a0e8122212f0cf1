import { deadBands, heardOf, nodesOf, watchedAltitudes, type Feeds, type Node, type Places, type Thresholds, type WatchedAltitude } from '@plumbline/exceptions';
import { SeriesBank, type Expectation, type Firing } from '@plumbline/detection';
import { firstDayOfMonth, type BusinessDay, type Instant, type Zone } from '@plumbline/kernel';
import { NODES_PER_CELL, type PlanIndex, type PlanNodes } from '@plumbline/plan';
import { LINES, PLANNED_LINES, type CellDays } from './cell-days.ts';

/** A bank's day has 1440 minutes, whatever the zones of its nodes and their clock changes make of it. */
const MINUTES = 1440;
/** Dispersion of a node's daily lines beyond what independent leaves would show: weather, season, plan error. */
const COMMON_ALPHA = 0.01;

/** Nodes whose locations share the same zones count their days together. */
class Clock {
  readonly zones: readonly Zone[];

  constructor(zones: readonly Zone[]) {
    this.zones = zones;
  }

  /** The business day that every zone has reached. */
  dayOf(at: Instant): BusinessDay {
    let day = Infinity;
    for (const zone of this.zones) day = Math.min(day, zone.dayOf(at));
    return day;
  }

  /** A business day from its first zone's midnight to its last zone's end. */
  span(day: BusinessDay): { from: Instant; to: Instant } {
    let from = Infinity;
    let to = -Infinity;
    for (const zone of this.zones) {
      from = Math.min(from, zone.startOf(day));
      to = Math.max(to, zone.startOf(day + 1));
    }
    return { from, to };
  }

  minuteOf(day: BusinessDay, at: Instant): number {
    const { from, to } = this.span(day);
    return Math.max(0, Math.min(MINUTES, (MINUTES * (at - from)) / (to - from)));
  }

  instantOf(day: BusinessDay, minute: number): Instant {
    const { from, to } = this.span(day);
    return from + (minute / MINUTES) * (to - from);
  }
}

/** The aggregate nodes of a plan under D1, each with its own dispersion and sensed rate. */
export class NodeWatch {
  readonly places: Places;
  readonly nodes: PlanNodes;
  readonly bank: SeriesBank;
  readonly clocks: readonly Clock[];
  readonly clockOf: Uint16Array;
  /** What the roll-up's search calls the bank's series. */
  readonly nodeOf: readonly Node[];
  readonly #thresholds: Float64Array;
  readonly #pool: Float64Array;
  readonly #days: CellDays;
  readonly #feeds: Feeds;
  readonly #planned = new Map<BusinessDay, Float64Array>();
  readonly #familyOfCell: Uint16Array;
  /** Open flags as last told to the bank; 255 = not yet. */
  readonly #open: Uint8Array;

  constructor(places: Places, nodes: PlanNodes, days: CellDays, feeds: Feeds, thresholds: Thresholds, at: Instant) {
    const { plan } = places;
    this.places = places;
    this.nodes = nodes;
    this.#days = days;
    this.#feeds = feeds;
    this.#familyOfCell = Uint16Array.from({ length: days.cells }, (_, cell) => Math.floor(cell / plan.locations.length));
    ({ clocks: this.clocks, clockOf: this.clockOf } = clocksOf(plan, nodes));
    const ofAltitude = new Map(watchedAltitudes.map((altitude) => [altitude, nodesOf(places, altitude)]));
    this.nodeOf = nodes.nodes.map((node) => ofAltitude.get(node.altitude)![indexIn(plan, node)]!);
    this.#thresholds = Float64Array.from(nodes.nodes, (node) => thresholds.node(node.altitude as WatchedAltitude, indexIn(plan, node)));
    this.#pool = poolDispersion(plan, nodes);
    this.#open = new Uint8Array(nodes.nodes.length).fill(255);
    this.bank = new SeriesBank({
      size: nodes.nodes.length,
      clockOf: this.clockOf,
      openDay: this.clocks.map((clock) => clock.dayOf(at)),
      wide: true,
      expectation: this.#expectation(),
    });
  }

  /** Counts a cell's lines in all its nodes. */
  count(cell: number, day: BusinessDay, lines: number): void {
    for (let i = cell * NODES_PER_CELL; i < (cell + 1) * NODES_PER_CELL; i++) {
      const node = this.nodes.nodesOfCell[i]!;
      if (node >= 0) this.bank.count(node, day, lines);
    }
  }

  /** The last business day whose lines every clock takes without losing some: one after the open one. */
  takes(): BusinessDay {
    let day = Infinity;
    this.clocks.forEach((_, clock) => (day = Math.min(day, this.bank.openDay(clock) + 1)));
    return day;
  }

  /** Closes the days before `day`, without looking into it yet. */
  closeBefore(day: BusinessDay, firings: Firing[]): void {
    this.clocks.forEach((_, clock) => {
      if (this.bank.openDay(clock) < day) this.bank.tick(clock, day, 0, firings);
    });
  }

  tick(at: Instant, firings: Firing[]): void {
    this.clocks.forEach((clock, i) => {
      const day = clock.dayOf(at);
      this.bank.tick(i, day, clock.minuteOf(day, at), firings);
    });
  }

  /** What is expected of a location's nodes changed, because its feed fell silent, spoke again, or sent late. */
  exposureChanged(location: number): void {
    for (const node of this.nodesOfLocation(location)) this.bank.exposureChanged(node);
  }

  /** The nodes under an open exception; the others learn. */
  markOpen(open: ReadonlySet<number>): void {
    for (let series = 0; series < this.bank.size; series++) {
      const is = open.has(series) ? 1 : 0;
      if (this.#open[series] === is) continue;
      this.#open[series] = is;
      this.bank.setOpen(series, is === 1);
    }
  }

  nodesOfLocation(location: number): ReadonlySet<number> {
    const found = new Set<number>();
    const width = this.places.plan.locations.length;
    for (let cell = location; cell < this.#days.cells; cell += width) {
      for (let i = cell * NODES_PER_CELL; i < (cell + 1) * NODES_PER_CELL; i++) {
        if (this.nodes.nodesOfCell[i]! >= 0) found.add(this.nodes.nodesOfCell[i]!);
      }
    }
    return found;
  }

  /** Dispersion in use of a node; its pool's before the bank has worked it out. */
  alpha(series: number): number {
    return this.bank.sensed(series).alpha || this.#pool[series]!;
  }

  seriesOf(node: Node): number {
    switch (node.altitude) {
      case 'total':
        return this.nodes.totalNode;
      case 'region':
        return this.nodes.regionNode(node.region);
      case 'family':
        return this.nodes.familyNode(node.family);
      case 'location':
        return this.nodes.locationNode(node.location);
      default:
        return this.nodes.familyRegionNode(node.family, node.region);
    }
  }

  /** Takes over the statistics of nodes that both plans know; the new bank stands at the same days. */
  carryOver(before: NodeWatch): void {
    const known = new Map(before.nodes.nodes.map((node, i) => [node.code, i]));
    this.nodes.nodes.forEach((node, series) => {
      const old = known.get(node.code);
      if (old === undefined) return;
      const there = before.bank.openDay(before.clockOf[old]!);
      if (there === this.bank.openDay(this.clockOf[series]!)) this.bank.copySeries(before.bank, old, series);
    });
    this.bank.refresh();
  }

  /** Planned lines of a node's day by the plans that ruled it, and what silence took from it. */
  #linesOfDay(series: number, day: BusinessDay): number {
    let planned = this.#planned.get(day);
    if (!planned) {
      if (this.#planned.size > 40) this.#planned.clear();
      planned = this.#sumPlanned(day);
      this.#planned.set(day, planned);
    }
    return planned[series]!;
  }

  #sumPlanned(day: BusinessDay): Float64Array {
    const sums = new Float64Array(this.nodes.nodes.length);
    const width = this.places.plan.locations.length;
    const { nodesOfCell } = this.nodes;
    for (let cell = 0; cell < this.#days.cells; cell++) {
      if (nodesOfCell[cell * NODES_PER_CELL]! < 0) continue;
      const location = cell % width;
      let lines = 0;
      if (this.#days.knows(location, day)) lines = this.#days.value(PLANNED_LINES, cell, day);
      else if (day > this.#days.day[location]!) lines = this.places.plan.linesOfCell(this.#familyOfCell[cell]!, location, day);
      for (let i = cell * NODES_PER_CELL; i < (cell + 1) * NODES_PER_CELL; i++) sums[nodesOfCell[i]!]! += lines;
    }
    return sums;
  }

  /** Planned lines of a node's day that silence took, of what was planned up to an instant. */
  #unheard(series: number, day: BusinessDay, at: Instant): number {
    const quiet = this.#feeds.quietOn(day);
    if (quiet.size === 0) return 0;
    let lines = 0;
    const { plan } = this.places;
    const width = plan.locations.length;
    for (const cell of this.nodes.cellsOf(series)) {
      const location = cell % width;
      if (!quiet.has(location) || !this.#days.knows(location, day)) continue;
      const family = this.#familyOfCell[cell]!;
      const planned = this.#days.value(PLANNED_LINES, cell, day);
      if (planned <= 0) continue;
      const share = this.#feeds.silentShare(family, location, day, at);
      if (share <= 0) continue;
      const zone = plan.zones[plan.zoneOfLocation[location]!]!;
      const local = zone.dayOf(at);
      const elapsed = local > day ? 1 : local < day ? 0 : plan.elapsed(family, location, zone.minuteOf(at));
      const whole = planned * elapsed;
      lines += whole - heardOf(whole, elapsed > 0 ? share / elapsed : 0, this.#days.value(LINES, cell, day));
    }
    return lines;
  }

  #expectation(): Expectation {
    return {
      linesOfDay: (series, day) => this.#linesOfDay(series, day),
      elapsed: (series, minute) => {
        const clock = this.clockOf[series]!;
        const day = this.bank.openDay(clock);
        const at = this.clocks[clock]!.instantOf(day, minute);
        const elapsed = this.nodes.elapsed(series, day, at);
        const whole = this.#linesOfDay(series, day);
        return whole > 0 ? Math.max(0, elapsed - this.#unheard(series, day, at) / whole) : elapsed;
      },
      exposure: (series, day) => {
        const whole = this.#linesOfDay(series, day);
        return whole > 0 ? Math.max(0, 1 - this.#unheard(series, day, Infinity) / whole) : 1;
      },
      alpha: (series) => this.#pool[series]!,
      deadBand: (series) => deadBands[this.nodeOf[series]!.altitude],
      lnThreshold: (series) => this.#thresholds[series]!,
    };
  }
}

function clocksOf(plan: PlanIndex, nodes: PlanNodes): { clocks: Clock[]; clockOf: Uint16Array } {
  const clocks: Clock[] = [];
  const byZones = new Map<string, number>();
  const clockOf = Uint16Array.from(nodes.nodes, (_, series) => {
    const zones = new Set<number>();
    for (const cell of nodes.cellsOf(series)) zones.add(plan.zoneOfLocation[cell % plan.locations.length]!);
    if (zones.size === 0) zones.add(0);
    const sorted = [...zones].sort((a, b) => a - b);
    const key = sorted.join(' ');
    if (!byZones.has(key)) byZones.set(key, clocks.push(new Clock(sorted.map((zone) => plan.zones[zone]!))) - 1);
    return byZones.get(key)!;
  });
  return { clocks, clockOf };
}

function indexIn(plan: PlanIndex, node: { altitude: string; family: number; region: number; location: number }): number {
  switch (node.altitude) {
    case 'total':
      return 0;
    case 'region':
      return node.region;
    case 'family':
      return node.family;
    case 'location':
      return node.location;
    default:
      return node.family * plan.regions.length + node.region;
  }
}

/** Σα_i·μ_i²/(Σμ_i)² of independent leaves, and what all leaves of a node share. Weights are a leaf's planned lines of four weeks. */
function poolDispersion(plan: PlanIndex, nodes: PlanNodes): Float64Array {
  const cells = plan.families.length * plan.locations.length;
  const first = firstDayOfMonth(plan.firstMonth);
  const squares = new Float64Array(cells);
  const sums = new Float64Array(cells);
  for (let leaf = 0; leaf < plan.leaves; leaf++) {
    const cell = plan.familyOfSku[plan.leafSku[leaf]!]! * plan.locations.length + plan.leafLocation[leaf]!;
    const weight = plan.unitsOfLeaf(leaf, first, first + 28) * plan.linesPerUnitOfLeaf(leaf);
    squares[cell]! += plan.alphaOfLeaf(leaf) * weight * weight;
    sums[cell]! += weight;
  }
  return Float64Array.from(nodes.nodes, (_, series) => {
    let square = 0;
    let sum = 0;
    for (const cell of nodes.cellsOf(series)) {
      square += squares[cell]!;
      sum += sums[cell]!;
    }
    return COMMON_ALPHA + (sum > 0 ? square / (sum * sum) : 0);
  });
}
