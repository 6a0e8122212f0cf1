import { PlumblineError } from '@plumbline/kernel';
import * as at from './bank-layout.ts';
import { BankDays, type SeriesBankOptions } from './bank-days.ts';
import { COLD_DAYS, COLD_DEAD_BAND, sensedRatio, usedAlpha } from './day-step.ts';
import { DROP, edgeOf, liveStatistic, SURGE, surgeBound } from './e-detector.ts';
import { fastExp } from './fast-math.ts';
import type { Firing } from './types.ts';

/** Sensed expected lines of the whole open day, and k = 1/α. */
interface Today {
  expected: number;
  k: number;
}

/** What became of counted lines; below 0 they were not counted. */
export const COUNTED = 0;
/** The surge bound of the open day is reached: the next tick looks at the series. */
export const CANDIDATE = 1;
/** Added to a closed day within the window: the next tick replays the series. */
export const LATE = 2;
/** Kept aside for the day after the open one. */
export const EARLY = 3;
/** Older than the seven kept days, or before the series' first day. */
export const TOO_OLD = -1;
/** More than one day ahead of the open day. */
export const TOO_NEW = -2;

const HOUR = 60;
const DAY = 1440;
/** Series per entry of the transient index of drop bounds. */
const BLOCK = 64;

/**
 * D1, D3, sensed rate, dispersion and the late window of n series in one buffer. Of a series it keeps the statistics
 * before the oldest kept day and the counts since; what holds today is worked out from these when it is needed (at the
 * close of the day, when a bound is reached, after a late line). So a late line gives bit for bit the state it would
 * have given in time, and what has happened is a pure function of the ticks and of the multiset of lines between them.
 *
 * Facts stay facts: a day on which an alarm was raised keeps it (M ← 0 for the direction at that day's close), whatever
 * arrives later; a closed day that alarms only after a late line alarms at the tick after the line.
 */
export class SeriesBank extends BankDays {
  /** Series with FLAG_LATE or FLAG_CANDIDATE, in order of arrival; rebuilt from the flags after a load. */
  #waiting: number[] = [];
  /** Lower bound of the drop hours of each block of series. */
  readonly #blockHour: Uint8Array;
  constructor(options: SeriesBankOptions) {
    super(options);
    this.#blockHour = new Uint8Array(Math.ceil(this.size / BLOCK));
  }

  /** Counts `lines` ≥ 1 sales lines of a series on a business day. */
  count(series: number, day: number, lines: number): number {
    const cells = this.cells;
    const open = this.words[at.openDayWord(this.clockOf[series]!)]!;
    const slot = this.cellOf(series);
    if (day !== open) return this.#countElsewhere(series, slot, day, open, lines);
    const i = slot + (day & 7);
    const sum = cells[i]! + lines;
    const n = sum < this.never ? sum : this.never - 1;
    cells[i] = n;
    this.touch(i);
    if (n < cells[slot + this.boundCell]!) return COUNTED;
    this.#wait(series, at.FLAG_CANDIDATE);
    return CANDIDATE;
  }

  #countElsewhere(series: number, slot: number, day: number, open: number, lines: number): number {
    if (day > open + 1) return TOO_NEW;
    if (day > open) {
      const i = slot + this.nextCell;
      this.cells[i] = Math.min(this.never - 1, this.cells[i]! + lines);
      this.touch(i);
      return EARLY;
    }
    if (day < open - at.KEPT_DAYS || day < this.firstDay(series)) return TOO_OLD;
    const i = slot + (day & 7);
    this.cells[i] = Math.min(this.never - 1, this.cells[i]! + lines);
    this.touch(i);
    this.changed(series, day);
    this.#wait(series, at.FLAG_LATE);
    return LATE;
  }

  #wait(series: number, flag: number): void {
    const flags = this.flags(series);
    if ((flags & flag) !== 0) return;
    this.setFlags(series, flags | flag);
    if (!this.stale && (flags & (at.FLAG_LATE | at.FLAG_CANDIDATE)) === 0) this.#waiting.push(series);
  }

  /**
   * Lines or observed time of kept days, `from` and later, changed otherwise than by `count` (a feed fell silent): replay
   * at the next tick.
   */
  exposureChanged(series: number, from = 0): void {
    this.changed(series, from);
    this.#wait(series, at.FLAG_LATE);
  }

  /**
   * Takes over a series of another bank (a new plan changed the set of series), with all it knows. The next tick works
   * out its bounds against this bank's expectation.
   * @throws PlumblineError 'clock-mismatch' when the two clocks do not stand at the same day
   */
  copySeries(from: SeriesBank, fromSeries: number, toSeries: number): void {
    const there = from.openDay(from.clockOf[fromSeries]!);
    const here = this.openDay(this.clockOf[toSeries]!);
    if (there !== here) {
      throw new PlumblineError(
        'clock-mismatch',
        `The series stands at day ${there}, the bank it is copied to at ${here}.`,
        {
          where: `series ${fromSeries} to ${toSeries}`,
          fix: 'Open the new bank at the open days of the old one.',
        },
      );
    }
    this.copyRecord(from, fromSeries, toSeries);
    const late = this.flags(toSeries) & at.FLAG_LATE;
    this.setFlags(toSeries, this.flags(toSeries) & ~(at.FLAG_LATE | at.FLAG_CANDIDATE));
    this.#wait(toSeries, at.FLAG_CANDIDATE | late);
  }

  /** Expectations or thresholds changed: every bound is worked out anew at the next tick of each clock. */
  refresh(): void {
    for (let series = 0; series < this.size; series++) this.#wait(series, at.FLAG_CANDIDATE);
  }

  /** While an exception on the series is open its dispersion is not learnt. */
  setOpen(series: number, open: boolean): void {
    const flags = this.flags(series);
    this.setFlags(series, open ? flags | at.FLAG_OPEN : flags & ~at.FLAG_OPEN);
  }

  /**
   * Time of a clock has come to a local minute (0…1440) of a business day. Replays late series, closes the days
   * before `day`, evaluates surges against the expectation at the end of the minute's hour and, when the hour has
   * changed, drops against that at its beginning; so what is found does not depend on how often the hour ticks. Time
   * that goes back (a clock change) changes nothing. Firings are appended in order of series, then day.
   */
  tick(clock: number, day: number, minute: number, firings: Firing[]): void {
    const { words } = this;
    const open = words[at.openDayWord(clock)]!;
    if (day < open) return;
    this.touchHeader();
    if (this.stale) this.#reindex();
    const now = day > open ? minute : Math.max(minute, words[at.minuteWord(clock)]!);
    words[at.minuteWord(clock)] = now;
    const start = firings.length;
    const waiting = this.#takeWaiting(clock);
    const staying = day === open;
    for (const series of waiting) this.#settle(series, open, staying ? now : -1, firings);
    if (!staying) this.#closeDays(clock, open, day, now, firings);
    const hour = Math.floor(now / HOUR);
    if (staying && hour > words[at.hourWord(clock)]!) this.#scanDrops(clock, open, hour, now, firings);
    words[at.hourWord(clock)] = hour;
    if (firings.length > start + 1) {
      const sorted = firings.splice(start).sort((a, b) => a.series - b.series || a.day - b.day);
      for (const firing of sorted) firings.push(firing);
    }
  }

  /** The series of a clock that wait, ascending, their flags left as they are; the others go on waiting. */
  #takeWaiting(clock: number): number[] {
    const taken: number[] = [];
    const left: number[] = [];
    for (const series of this.#waiting) (this.clockOf[series] === clock ? taken : left).push(series);
    this.#waiting = left;
    return taken.sort((a, b) => a - b);
  }

  /** Replays a late series, looks at a candidate. `minute` < 0: the day is about to be closed anyway. */
  #settle(series: number, open: number, minute: number, firings: Firing[]): void {
    const flags = this.flags(series);
    this.setFlags(series, flags & ~(at.FLAG_LATE | at.FLAG_CANDIDATE));
    const late = (flags & at.FLAG_LATE) !== 0;
    if (minute < 0 && !late) return;
    if (late) this.replay(series, open, firings);
    else this.morning(series, open);
    if (minute >= 0) this.#assess(series, open, minute, firings);
  }

  #closeDays(clock: number, open: number, day: number, minute: number, firings: Firing[]): void {
    const { clockOf, size, words } = this;
    for (let closing = open; closing < day; closing++) {
      words[at.openDayWord(clock)] = closing + 1;
      const last = closing + 1 === day;
      for (let series = 0; series < size; series++) {
        if (clockOf[series] !== clock) continue;
        this.close(series, closing, firings);
        if (last) this.#assess(series, day, minute, firings);
      }
    }
  }

  /** Looks at the open day, its morning's state loaded: raises what alarms, and sets both bounds anew. */
  #assess(series: number, open: number, minute: number, firings: Firing[]): void {
    const { s } = this.step;
    const e = this.expectation;
    const cold = open - this.firstDay(series) < COLD_DAYS;
    const alpha = usedAlpha(s, e.alpha(series), cold);
    const theta = sensedRatio(s);
    this.setSensed(series, theta, alpha);
    const expected = e.linesOfDay(series, open) * theta;
    const threshold = e.lnThreshold(series);
    let bound = this.never;
    let dropHour = at.NO_HOUR;
    if (expected > 0 && threshold < Infinity) {
      const band = cold ? COLD_DEAD_BAND : e.deadBand(series);
      const today = { expected, k: 1 / alpha };
      const fired = this.factsOn(series, open);
      if ((fired & at.FACT_SURGE) === 0)
        bound = this.#assessSurge(series, open, minute, today, band, threshold, firings);
      if ((fired & at.FACT_DROP) === 0)
        dropHour = this.#assessDrop(series, open, minute, today, band, threshold, firings);
    }
    this.setBounds(series, bound, dropHour);
    const block = (series / BLOCK) | 0;
    if (dropHour < this.#blockHour[block]!) this.#blockHour[block] = dropHour;
  }

  /** The count at which the open day alarms at the end of this hour; raises the alarm when it is reached. */
  #assessSurge(
    series: number,
    open: number,
    minute: number,
    today: Today,
    band: number,
    threshold: number,
    firings: Firing[],
  ): number {
    const { s } = this.step;
    const { k } = today;
    const expected = today.expected * this.expectation.elapsed(series, Math.min(DAY, Math.ceil(minute / HOUR) * HOUR));
    const x = edgeOf(SURGE, band) * expected;
    const bound = surgeBound(s, x, k, threshold, this.never);
    const lines = this.linesOn(series, open);
    if (lines < bound) return bound;
    const statistic = liveStatistic(s, SURGE, x, lines, k);
    this.addFact(series, open, this.fire(series, 'surge', open, statistic, { expected, k }, firings));
    return this.never;
  }

  /** The first hour of the rest of the day at which the lines so far would alarm; raises the alarm when it is here. */
  #assessDrop(
    series: number,
    open: number,
    minute: number,
    today: Today,
    band: number,
    threshold: number,
    firings: Firing[],
  ): number {
    const { s } = this.step;
    const e = this.expectation;
    const { k } = today;
    const edge = edgeOf(DROP, band) * today.expected;
    const lines = this.linesOn(series, open);
    const c = fastExp(threshold);
    const statistic = (hour: number): number => liveStatistic(s, DROP, edge * e.elapsed(series, hour * HOUR), lines, k);
    let low = Math.floor(minute / HOUR);
    let high = 24;
    if (statistic(high) < c) return at.NO_HOUR;
    const now = statistic(low);
    if (now >= c) {
      const expected = today.expected * e.elapsed(series, low * HOUR);
      this.addFact(series, open, this.fire(series, 'drop', open, now, { expected, k }, firings));
      return at.NO_HOUR;
    }
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (statistic(middle) >= c) high = middle;
      else low = middle;
    }
    return high;
  }

  #scanDrops(clock: number, open: number, hour: number, minute: number, firings: Firing[]): void {
    const blocks = this.#blockHour;
    for (let block = 0; block < blocks.length; block++) {
      if (blocks[block]! > hour) continue;
      const end = Math.min(this.size, (block + 1) * BLOCK);
      let earliest = at.NO_HOUR;
      for (let series = block * BLOCK; series < end; series++) {
        if (this.clockOf[series] === clock && this.dropHour(series) <= hour) {
          this.morning(series, open);
          this.#assess(series, open, minute, firings);
        }
        earliest = Math.min(earliest, this.dropHour(series));
      }
      blocks[block] = earliest;
    }
  }

  /** After a load: what waits and which drop bounds come next stand in the records. */
  #reindex(): void {
    this.#waiting = [];
    this.#blockHour.fill(0);
    for (let series = 0; series < this.size; series++) {
      if ((this.flags(series) & (at.FLAG_LATE | at.FLAG_CANDIDATE)) !== 0) this.#waiting.push(series);
    }
    this.stale = false;
  }
}
