import { decodeIncrements, type CellFigures, type Figures, type Increment, type PeriodFigures } from '@plumbline/contracts';
import { formatMoney, formatQuantity, parseInstant, parseMoney, parseQuantity } from '@plumbline/kernel';

/** What a partition counted between two ticks, by cell: units and revenue. */
interface Span {
  plan: string;
  ended: number | undefined;
  cells: Map<number, readonly [units: number, revenue: number]>;
}

interface Partition {
  epoch: number;
  /** By the tick they follow. */
  spans: Map<number, Span>;
}

/** Spans kept while the roll-up's figures stay behind. */
const SPANS = 64;

/**
 * The figures of the roll-up's last tick and what detect has counted since. A span is absolute since its tick, so it is
 * replaced and never added to itself; and of each partition only spans that follow one another without a gap from the
 * figures' tick are counted. So what is shown never counts an event twice, and the next tick's figures are the truth.
 */
export class ProvisionalFigures {
  #figures: Figures | undefined;
  #tick = -Infinity;
  readonly #partitions = new Map<number, Partition>();

  /** Figures of a tick; those of an earlier one are of a store that was restored, and count as well. */
  set(figures: Figures): void {
    this.#figures = figures;
    const tick = parseInstant(figures.tick);
    if (tick < this.#tick) this.#partitions.clear();
    this.#tick = tick;
    for (const { spans } of this.#partitions.values()) {
      for (const follows of spans.keys()) if (follows < tick) spans.delete(follows);
    }
  }

  /** @returns when the log took the first of the events told of; undefined when that says nothing new */
  add(text: string): number | undefined {
    let first: number | undefined;
    for (const increment of decodeIncrements(text)) {
      if (!this.#take(increment) || !increment.accepted) continue;
      first = Math.min(first ?? Infinity, increment.accepted[0]);
    }
    return first;
  }

  now(): Figures | undefined {
    const figures = this.#figures;
    if (!figures) return undefined;
    const sums = this.#sums(figures.planVersion.hash);
    if (sums.size === 0) return figures;
    const cells = figures.cells.slice();
    const moved: Moved = { units: 0, revenue: 0, metUnits: 0, metRevenue: 0 };
    for (const [index, [units, revenue]] of sums) {
      const cell = cells[index];
      if (cell) cells[index] = raised(cell, units, revenue, moved);
    }
    const period = (one: PeriodFigures): PeriodFigures => raisedPeriod(one, moved);
    return { ...figures, cells, today: period(figures.today), week: period(figures.week), month: period(figures.month) };
  }

  #take({ partition, epoch, follows, ended, plan, cells }: Increment): boolean {
    if (follows < this.#tick) return false;
    let known = this.#partitions.get(partition);
    if (known && known.epoch > epoch) return false;
    if (known?.epoch !== epoch) this.#partitions.set(partition, (known = { epoch, spans: new Map() }));
    let span = known.spans.get(follows);
    if (!span || span.plan !== plan) known.spans.set(follows, (span = { plan, ended, cells: new Map() }));
    span.ended = ended ?? span.ended;
    for (let i = 0; i < cells.length; i += 3) span.cells.set(cells[i]!, [cells[i + 1]!, cells[i + 2]!]);
    if (known.spans.size > SPANS) known.spans.delete(Math.max(...known.spans.keys()));
    return true;
  }

  #sums(plan: string): Map<number, [number, number]> {
    const sums = new Map<number, [number, number]>();
    for (const { spans } of this.#partitions.values()) {
      for (let span = spans.get(this.#tick); span?.plan === plan; span = span.ended === undefined ? undefined : spans.get(span.ended)) {
        for (const [cell, [units, revenue]] of span.cells) {
          const sum = sums.get(cell);
          if (sum) {
            sum[0] += units;
            sum[1] += revenue;
          } else sums.set(cell, [units, revenue]);
        }
      }
    }
    return sums;
  }
}

interface Moved {
  units: number;
  revenue: number;
  metUnits: number;
  metRevenue: number;
}

function raised(cell: CellFigures, units: number, revenue: number, moved: Moved): CellFigures {
  const before = { units: parseQuantity(cell.units), revenue: parseMoney(cell.revenue) };
  const planned = { units: parseQuantity(cell.plannedUnits), revenue: parseMoney(cell.plannedRevenue) };
  moved.units += units;
  moved.revenue += revenue;
  moved.metUnits += Math.min(before.units + units, planned.units) - Math.min(before.units, planned.units);
  moved.metRevenue += Math.min(before.revenue + revenue, planned.revenue) - Math.min(before.revenue, planned.revenue);
  return { ...cell, units: formatQuantity(before.units + units), revenue: formatMoney(before.revenue + revenue) };
}

function raisedPeriod(period: PeriodFigures, moved: Moved): PeriodFigures {
  const metUnits = parseQuantity(period.metUnits) + moved.metUnits;
  const metRevenue = parseMoney(period.metRevenue) + moved.metRevenue;
  return {
    ...period,
    units: formatQuantity(parseQuantity(period.units) + moved.units),
    revenue: formatMoney(parseMoney(period.revenue) + moved.revenue),
    metUnits: formatQuantity(metUnits),
    metRevenue: formatMoney(metRevenue),
    attainment: shareOf(metUnits, parseQuantity(period.plannedUnits)),
    revenueAttainment: shareOf(metRevenue, parseMoney(period.plannedRevenue)),
  };
}

const shareOf = (met: number, planned: number): number | null => (planned > 0 ? Math.round((10_000 * met) / planned) / 10_000 : null);
