/**
 * What a bank of series needs to know from outside. A bank holds the statistics of n series of one kind (leaves,
 * SKUs, or the nodes above them); it knows neither plan nor calendar, both are asked through here.
 */
export interface Expectation {
  /**
   * Planned lines of a series on a business day; 0 when closed. The seven days before the open one are asked for
   * again: their answers must stay what they were, also when another plan has taken effect since.
   */
  linesOfDay(series: number, day: number): number;
  /**
   * Share of the series' open day elapsed at a local minute (0…1440), 0…1, nondecreasing; time in which the series'
   * feed was silent left out.
   */
  elapsed(series: number, minute: number): number;
  /**
   * Share of a closed day in which the series, that had `lines` then, was observed, 0…1; absent = 1. Kept days are asked
   * for again, the oldest when the bank has let go of its lines.
   */
  exposure?(series: number, day: number, lines: number): number;
  /** Class-pool dispersion of daily lines. */
  alpha(series: number): number;
  /** Dead band δ of the series' altitude. */
  deadBand(series: number): number;
  /** ln c, the alarm threshold the budget allots to this series; Infinity = not watched at its own level. */
  lnThreshold(series: number): number;
}

export interface Firing {
  series: number;
  kind: 'surge' | 'drop' | 'zero-run';
  day: number;
  /** First day of the change as estimated from the kept days. */
  since: number;
  /** Natural logarithms. */
  statistic: number;
  threshold: number;
  /** Lines seen and expected (sensed rate) since `since`. */
  lines: number;
  expected: number;
}
