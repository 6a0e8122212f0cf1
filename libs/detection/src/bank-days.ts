import * as at from './bank-layout.ts';
import { BankPages, type BankOptions } from './bank-pages.ts';
import { COLD_DAYS, DayStep, STATISTICS, ZERO_RUN, ZERO_RUN_HAZARD } from './day-step.ts';
import { DROP, SURGE } from './e-detector.ts';
import { changeUpTo } from './evidence.ts';
import { fastExp } from './fast-math.ts';
import type { Expectation, Firing } from './types.ts';

export interface SeriesBankOptions extends BankOptions {
  expectation: Expectation;
  /**
   * How many mornings' statistics of every series to keep at hand, 64 bytes each, outside the snapshot and without
   * effect on results: 1 makes day closes four times faster, 8 (all kept days) halves them again and lets a late line
   * replay only the days after it. Default: 8 up to 32 768 series, 1 up to 262 144, else 0.
   */
  mornings?: 0 | 1 | 8;
}

const EIGHT_UP_TO = 32_768;
const ONE_UP_TO = 262_144;
const MORNING_FLOATS = STATISTICS + 1;

/** The days of a bank: replaying the kept ones from the checkpoint, closing the open one, and what alarms at a close. */
export class BankDays extends BankPages {
  protected readonly expectation: Expectation;
  /** The series last loaded; after `morning` the statistics the open day began with. */
  protected readonly step = new DayStep();
  readonly #evidence = new DayStep();
  /** The zero run under way in `step` has been reported. */
  #zeroRunReported = false;
  /** Days right before the state loaded that were looked at for alarms since this bank knows them, up to KEPT_DAYS. */
  #assessed = 0;
  /**
   * Per series and morning: its statistics, then 16·day + 2·assessed + 1 when its zero run was reported; 0 = none.
   * What changes a kept day takes away the mornings after it.
   */
  readonly #mornings: Float32Array;
  readonly #depth: number;

  constructor(options: SeriesBankOptions) {
    super(options);
    this.expectation = options.expectation;
    this.#depth = options.mornings ?? (options.size <= EIGHT_UP_TO ? 8 : options.size <= ONE_UP_TO ? 1 : 0);
    this.#mornings = new Float32Array(options.size * this.#depth * MORNING_FLOATS);
  }

  override load(page: number, bytes: Uint8Array): void {
    if (!this.stale) this.#mornings.fill(0);
    super.load(page, bytes);
  }

  /** D3: ln M0 through yesterday, and the probability P = hM0/(1 + hM0) that the product is off the shelf. */
  zeroRun(series: number): { lnStatistic: number; probability: number } {
    this.morning(series, this.openDay(this.clockOf[series]!));
    const m = this.step.s[ZERO_RUN]!;
    return { lnStatistic: Math.log(m), probability: (ZERO_RUN_HAZARD * m) / (1 + ZERO_RUN_HAZARD * m) };
  }

  /** Statistics in the morning of the open day: 0–9 the atoms M_j, C, E, M0, α sums (see day-step.ts). A copy. */
  statistics(series: number): Float32Array {
    this.morning(series, this.openDay(this.clockOf[series]!));
    return this.step.s.slice();
  }

  /** Loads the state of the open day's morning. */
  protected morning(series: number, open: number): void {
    if (!this.#recall(series, open)) this.replay(series, open, undefined);
  }

  /**
   * Works out the state of the open day's morning from the last one that still holds; raises what alarms on the days
   * between when `firings` is given. Then it begins no later than the first kept day that nobody has looked at: what is
   * found does not depend on which mornings are at hand.
   */
  protected replay(series: number, open: number, firings: Firing[] | undefined): void {
    const first = this.firstDay(series);
    const oldest = Math.max(open - at.KEPT_DAYS, first);
    let from = open;
    while (from > oldest && !this.#recall(series, from, firings ? from - oldest : 0)) from--;
    if (from === oldest) this.#loadCheckpoint(series);
    this.#run(series, from, open, first, firings);
  }

  /** Moves the checkpoint on by a day, closes the open day, and leaves the state of the next morning loaded. */
  protected close(series: number, closing: number, firings: Firing[]): void {
    const oldest = closing - at.KEPT_DAYS;
    const first = this.firstDay(series);
    if (oldest >= first) {
      if (!this.#recall(series, oldest + 1)) {
        this.#loadCheckpoint(series);
        this.#advance(series, oldest, first, undefined);
      }
      this.#saveCheckpoint(series);
    }
    if (!this.#recall(series, closing)) {
      if (oldest < first) this.#loadCheckpoint(series);
      this.#run(series, Math.max(oldest + 1, first), closing, first, undefined);
    }
    if ((this.facts(series) & at.FACTS_FIRED) !== 0 || (this.flags(series) & at.FLAG_OPEN) !== 0) {
      this.addFact(series, closing, at.FACT_ALPHA_HELD);
    }
    this.#run(series, closing, closing + 1, first, firings);
    this.openNext(series, closing + 1);
  }

  /** What is known of a series' day changed: mornings after it hold no more. */
  protected changed(series: number, day: number): void {
    const mornings = this.#mornings;
    const from = series * this.#depth * MORNING_FLOATS + STATISTICS;
    for (let i = from, end = from + this.#depth * MORNING_FLOATS; i < end; i += MORNING_FLOATS) if (mornings[i]! >>> 4 > day) mornings[i] = 0;
  }

  protected override copyRecord(from: BankPages, fromSeries: number, toSeries: number): void {
    super.copyRecord(from, fromSeries, toSeries);
    this.changed(toSeries, -1);
  }

  /** From the state loaded on; the mornings it comes to are kept. */
  #run(series: number, from: number, to: number, first: number, firings: Firing[] | undefined): void {
    for (let day = from; day < to; day++) {
      this.#advance(series, day, first, firings);
      this.#assessed = firings ? Math.min(at.KEPT_DAYS, this.#assessed + 1) : 0;
      this.#keep(series, day + 1);
    }
  }

  #morningOf(series: number, day: number): number {
    return (series * this.#depth + (day & (this.#depth - 1))) * MORNING_FLOATS;
  }

  /** Loads a morning that is at hand, if at least so many days before it were looked at. */
  #recall(series: number, day: number, assessed = 0): boolean {
    if (this.#depth === 0) return false;
    const mornings = this.#mornings;
    const from = this.#morningOf(series, day);
    const mark = mornings[from + STATISTICS]!;
    if (mark >>> 4 !== day || ((mark >>> 1) & 7) < assessed) return false;
    const { s } = this.step;
    for (let i = 0; i < STATISTICS; i++) s[i] = mornings[from + i]!;
    this.#zeroRunReported = (mark & 1) === 1;
    this.#assessed = (mark >>> 1) & 7;
    return true;
  }

  #keep(series: number, day: number): void {
    if (this.#depth === 0) return;
    const mornings = this.#mornings;
    const to = this.#morningOf(series, day);
    const { s } = this.step;
    for (let i = 0; i < STATISTICS; i++) mornings[to + i] = s[i]!;
    mornings[to + STATISTICS] = 16 * day + 2 * this.#assessed + (this.#zeroRunReported ? 1 : 0);
  }

  #loadCheckpoint(series: number): void {
    const from = this.floatOf(series);
    const { s } = this.step;
    const { floats } = this;
    for (let i = 0; i < STATISTICS; i++) s[i] = floats[from + i]!;
    this.#zeroRunReported = (this.flags(series) & at.FLAG_ZERO_RUN) !== 0;
    this.#assessed = 0;
  }

  #saveCheckpoint(series: number): void {
    const to = this.floatOf(series);
    const { s } = this.step;
    const { floats } = this;
    for (let i = 0; i < STATISTICS; i++) floats[to + i] = s[i]!;
    const flags = this.flags(series) & ~at.FLAG_ZERO_RUN;
    this.setFlags(series, this.#zeroRunReported ? flags | at.FLAG_ZERO_RUN : flags);
  }

  #stepDay(step: DayStep, series: number, day: number, first: number, fact: number): void {
    const e = this.expectation;
    const lines = this.linesOn(series, day);
    const planned = e.linesOfDay(series, day) * (e.exposure ? e.exposure(series, day, lines) : 1);
    const learn = (fact & at.FACT_ALPHA_HELD) === 0;
    step.close(lines, planned, e.alpha(series), e.deadBand(series), day - first < COLD_DAYS, learn);
  }

  /** Closes one day. Alarms already raised are applied; new ones are raised when `firings` is given. */
  #advance(series: number, day: number, first: number, firings: Firing[] | undefined): void {
    const { step } = this;
    const lines = this.linesOn(series, day);
    let facts = this.factsOn(series, day);
    this.#stepDay(step, series, day, first, facts);
    if (lines > 0 && step.expected > 0) this.#zeroRunReported = false;
    if (firings !== undefined) {
      const raised = this.#alarms(series, day, facts, firings);
      if (raised !== 0) this.addFact(series, day, raised);
      facts |= raised;
    }
    applyFacts(step.s, facts);
    if ((facts & at.FACT_ZERO_RUN) !== 0 && lines === 0) this.#zeroRunReported = true;
  }

  /** What alarms at the close just made, as facts. */
  #alarms(series: number, day: number, facts: number, firings: Firing[]): number {
    const { step } = this;
    const threshold = this.expectation.lnThreshold(series);
    const c = fastExp(threshold);
    let raised = 0;
    if (step.surge >= c && (facts & at.FACT_SURGE) === 0)
      raised |= this.fire(series, 'surge', day, step.surge, step, firings);
    if (step.drop >= c && (facts & at.FACT_DROP) === 0)
      raised |= this.fire(series, 'drop', day, step.drop, step, firings);
    const newRun = !this.#zeroRunReported && (facts & at.FACT_ZERO_RUN) === 0;
    if (step.zeroRun >= c && newRun) raised |= this.fire(series, 'zero-run', day, step.zeroRun, step, firings);
    return raised;
  }

  /**
   * Appends a firing; its beginning is looked for in the days kept behind the checkpoint.
   * @param today expected lines and k of `day` itself
   * @returns the fact to note
   */
  protected fire(
    series: number,
    kind: Firing['kind'],
    day: number,
    statistic: number,
    today: { expected: number; k: number },
    firings: Firing[],
  ): number {
    const open = this.openDay(this.clockOf[series]!);
    const first = this.firstDay(series);
    const evidence = this.#evidence;
    const from = this.floatOf(series);
    for (let i = 0; i < STATISTICS; i++) evidence.s[i] = this.floats[from + i]!;
    const days: { day: number; lines: number; expected: number; k: number }[] = [];
    for (let d = Math.max(open - at.KEPT_DAYS, first); d < day; d++) {
      const facts = this.factsOn(series, d);
      this.#stepDay(evidence, series, d, first, facts);
      applyFacts(evidence.s, facts);
      days.push({ day: d, lines: this.linesOn(series, d), expected: evidence.expected, k: evidence.k });
    }
    days.push({ day, lines: this.linesOn(series, day), expected: today.expected, k: today.k });
    const change = changeUpTo(days, kind === 'surge' ? 1 : -1);
    firings.push({
      series,
      kind,
      day,
      ...change,
      statistic: Math.log(statistic),
      threshold: this.expectation.lnThreshold(series),
    });
    return kind === 'surge' ? at.FACT_SURGE : kind === 'drop' ? at.FACT_DROP : at.FACT_ZERO_RUN;
  }
}

/** M ← 0 for the directions that have alarmed on a day. */
function applyFacts(s: Float32Array, facts: number): void {
  if ((facts & at.FACT_SURGE) !== 0) s.fill(0, SURGE, DROP);
  if ((facts & at.FACT_DROP) !== 0) s.fill(0, DROP, 2 * DROP);
}
