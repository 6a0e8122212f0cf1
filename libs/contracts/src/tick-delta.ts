/**
 * What one detect partition says at one tick: everything the roll-up needs, nothing it can work out from the plan.
 * Counts are integers and are summed over partitions before anything is derived from them.
 */
export interface TickDelta {
  partition: number;
  /** The tick that closed this record, milliseconds UTC. */
  tick: number;
  /** Lines since the previous tick per cell (family × location) and business day; parallel columns. */
  cells: CellColumns;
  /** Series of this partition (leaf and SKU) whose statistic passed its threshold at this tick. */
  firings: SeriesFiring[];
  /**
   * Lines of reported SKUs, absolute per location and business day, whenever one changed. A SKU is reported from its
   * first firing (with the closed days the engine keeps) until 28 days after its last.
   */
  skuLines: { sku: string; location: string; day: number; lines: number }[];
  /** What people did (exception.acknowledged …), in log order. */
  commands: ExceptionCommand[];
  /** Plans committed through the log, in log order. */
  plans: { id: string; hash: string; effectiveAt: number }[];
  /** Locations heard from since the previous tick, as the tick event says. Equal in every partition. */
  heard: string[];
}

export interface CellColumns {
  family: Uint16Array;
  location: Uint16Array;
  day: Int32Array;
  lines: Int32Array;
  /** Thousandths of a unit, sales only. */
  units: Float64Array;
  /** Ten-thousandths of the currency, sales only. */
  revenue: Float64Array;
}

export interface SeriesFiring {
  sku: string;
  /** Absent for the SKU node (all locations). */
  location: string | undefined;
  kind: 'surge' | 'drop' | 'zero-run';
  /** Business day of the evidence. */
  day: number;
  /** First day of the change as estimated from the kept days. */
  since: number;
  /** Natural logarithms. */
  statistic: number;
  threshold: number;
  /** Lines seen and expected since `since`. */
  lines: number;
  expected: number;
}

export interface ExceptionCommand {
  type:
    | 'exception.acknowledged'
    | 'exception.assigned'
    | 'exception.started'
    | 'exception.snoozed'
    | 'exception.resolved'
    | 'exception.dismissed'
    | 'exception.commented'
    | 'exception.reopened'
    | 'exception.undone';
  /** CloudEvents id of the command; the same id twice is applied once. */
  id: string;
  exceptionId: string;
  by: string;
  /** When it was said, milliseconds UTC. */
  at: number;
  owner?: string;
  until?: number;
  reason?: string;
  note?: string;
  /** Id of the command taken back. */
  undoes?: string;
  /** The same instant as `at` by the clock on the wall, where the tower's time is another (demo, replay). */
  saidAt?: number;
}
