import { PlumblineError } from '@plumbline/kernel';
import * as at from './bank-layout.ts';

export interface BankOptions {
  /** Number of series. */
  size: number;
  /** Zone group of each series; absent: all of clock 0. Not part of the snapshot. */
  clockOf?: Uint16Array;
  /** The business day each clock opens with; one number for all clocks. Series begin with it. */
  openDay: number | readonly number[];
  /** 32-bit counts instead of 16-bit (aggregate nodes above 65 534 lines a day); 128 instead of 96 bytes a series. */
  wide?: boolean;
}

/**
 * The bytes of a bank, their views, and their life as a snapshot: pages of 64 KiB with a dirty mark each. The bytes are
 * the state; loading them is all there is to recovery. Layout: bank-layout.ts.
 */
export class BankPages {
  readonly size: number;
  readonly clocks: number;
  readonly clockOf: Uint16Array;
  readonly buffer: ArrayBuffer;
  protected readonly layout: at.RecordLayout;
  protected readonly words: Int32Array;
  protected readonly floats: Float32Array;
  protected readonly cells: Uint16Array | Uint32Array;
  protected readonly never: number;
  protected readonly nextCell: number;
  protected readonly boundCell: number;
  /** Bytes were loaded since the transient indices were built. */
  protected stale = false;
  readonly #bytes: Uint8Array;
  readonly #facts: Uint32Array;
  readonly #days: Uint16Array;
  readonly #dirty: Uint8Array;
  readonly #header: number;
  readonly #cellShift: number;
  /** In cells: of the first record's counts, and from record to record. */
  readonly #cellBase: number;
  readonly #cellStride: number;

  constructor(options: BankOptions) {
    const { size, openDay } = options;
    this.size = size;
    this.clockOf = options.clockOf ?? new Uint16Array(size);
    let clocks = typeof openDay === 'number' ? 1 : openDay.length;
    for (let i = 0; i < size; i++) if (this.clockOf[i]! >= clocks) clocks = this.clockOf[i]! + 1;
    const days = Array.from({ length: clocks }, (_, clock) => (typeof openDay === 'number' ? openDay : openDay[clock]));
    if (!days.every((day): day is number => day !== undefined && Number.isInteger(day) && day >= 8 && day < 65_536)) {
      throw new PlumblineError('open-day', `A bank's open days must be business days for all its ${clocks} clocks.`, {
        where: `openDay ${JSON.stringify(openDay)}`,
        fix: 'Give whole days since 1970-01-01, one for every clock that clockOf names.',
      });
    }
    this.clocks = clocks;
    this.layout = options.wide ? at.WIDE : at.NARROW;
    const { stride, cell } = this.layout;
    this.#header = at.headerBytes(clocks);
    this.buffer = new ArrayBuffer(this.#header + size * stride);
    this.words = new Int32Array(this.buffer);
    this.floats = new Float32Array(this.buffer);
    this.cells = options.wide ? new Uint32Array(this.buffer) : new Uint16Array(this.buffer);
    this.#bytes = new Uint8Array(this.buffer);
    this.#facts = new Uint32Array(this.buffer);
    this.#days = new Uint16Array(this.buffer);
    this.never = this.layout.never;
    this.nextCell = (this.layout.next - at.COUNTS) / cell;
    this.boundCell = (this.layout.bound - at.COUNTS) / cell;
    this.#cellShift = cell === 2 ? 15 : 14;
    this.#cellBase = (this.#header + at.COUNTS) / cell;
    this.#cellStride = stride / cell;
    this.#dirty = new Uint8Array(this.pageCount).fill(1);
    at.writeHeader(this.words, this.layout, size, days);
    for (let i = 0; i < size; i++) this.#days[(this.recordOf(i) + this.layout.first) >>> 1] = days[this.clockOf[i]!]!;
  }

  get bytesPerSeries(): number {
    return this.layout.stride;
  }

  get pageCount(): number {
    return Math.ceil(this.buffer.byteLength / at.PAGE_BYTES);
  }

  /** Pages changed since `clean()`, ascending. The bytes are views: copy or write them before the next change. */
  pages(): { page: number; bytes: Uint8Array }[] {
    const changed: { page: number; bytes: Uint8Array }[] = [];
    this.#dirty.forEach((dirty, page) => {
      if (dirty) changed.push({ page, bytes: this.#bytes.subarray(page * at.PAGE_BYTES, (page + 1) * at.PAGE_BYTES) });
    });
    return changed;
  }

  /** The changed pages are safe. */
  clean(): void {
    this.#dirty.fill(0);
  }

  /**
   * Puts back one page. All pages must have been loaded before the bank is used.
   * @throws PlumblineError 'snapshot-mismatch' when it is not a page of a bank of this shape
   */
  load(page: number, bytes: Uint8Array): void {
    const room = Math.min(at.PAGE_BYTES, this.buffer.byteLength - page * at.PAGE_BYTES);
    if (bytes.length !== room) {
      throw new PlumblineError('snapshot-mismatch', `Page ${page} has ${bytes.length} bytes instead of ${room}.`, {
        where: `detection state, page ${page}`,
        fix: 'Drop the snapshot and rebuild it from the log.',
      });
    }
    if (page === 0) at.checkHeader(bytes, this.words);
    this.#bytes.set(bytes, page * at.PAGE_BYTES);
    this.#dirty[page] = 0;
    this.stale = true;
  }

  openDay(clock: number): number {
    return this.words[at.openDayWord(clock)]!;
  }

  /** The last local minute a tick has brought. */
  minute(clock: number): number {
    return this.words[at.minuteWord(clock)]!;
  }

  firstDay(series: number): number {
    return this.#days[(this.recordOf(series) + this.layout.first) >>> 1]!;
  }

  /** A series begins on this day: nothing before it is evidence, its cold start counts from here. Default: the open day of its bank's beginning. */
  startSeries(series: number, day: number): void {
    const i = (this.recordOf(series) + this.layout.first) >>> 1;
    this.#days[i] = day;
    this.#touchRecord(series);
  }

  /** The kept days and the open one: `lines[i]` of day `fromDay + i`. */
  history(series: number): { fromDay: number; lines: number[] } {
    const fromDay = this.openDay(this.clockOf[series]!) - at.KEPT_DAYS;
    const slot = this.cellOf(series);
    return { fromDay, lines: Array.from({ length: 8 }, (_, i) => this.cells[slot + ((fromDay + i) & 7)]!) };
  }

  /** Lines of a kept day or the open one; undefined for any other. */
  keptLines(series: number, day: number): number | undefined {
    const open = this.openDay(this.clockOf[series]!);
    return day > open || day < open - at.KEPT_DAYS ? undefined : this.cells[this.cellOf(series) + (day & 7)]!;
  }

  /** Lines of the open day so far. */
  linesToday(series: number): number {
    return this.linesOn(series, this.openDay(this.clockOf[series]!));
  }

  /** Sensed ratio θ̂ and dispersion in use, as last worked out for the open day (0 before the first time). */
  sensed(series: number): { theta: number; alpha: number } {
    const { theta, alpha } = this.layout;
    const record = this.recordOf(series);
    return { theta: this.floats[(record + theta) >>> 2]!, alpha: this.floats[(record + alpha) >>> 2]! };
  }

  /** Copies a record of another bank whose clock stands at the same day. Narrow counts are cut off at 65 534. */
  protected copyRecord(from: BankPages, fromSeries: number, toSeries: number): void {
    const source = from.recordOf(fromSeries);
    const target = this.recordOf(toSeries);
    this.#bytes.set(from.#bytes.subarray(source, source + at.COUNTS), target);
    const fromCells = from.cellOf(fromSeries);
    const toCells = this.cellOf(toSeries);
    for (let i = 0; i < 8; i++) this.cells[toCells + i] = Math.min(this.never - 1, from.cells[fromCells + i]!);
    this.cells[toCells + this.nextCell] = Math.min(this.never - 1, from.cells[fromCells + from.nextCell]!);
    this.#days[(target + this.layout.first) >>> 1] = from.firstDay(fromSeries);
    const { theta, alpha } = from.sensed(fromSeries);
    this.setSensed(toSeries, theta, alpha);
    this.setFlags(toSeries, from.flags(fromSeries));
    this.setBounds(toSeries, 0, 0);
  }

  protected cellOf(series: number): number {
    return this.#cellBase + series * this.#cellStride;
  }

  protected recordOf(series: number): number {
    return this.#header + series * this.layout.stride;
  }

  protected floatOf(series: number): number {
    return this.recordOf(series) >>> 2;
  }

  /** Marks the page of a count. */
  protected touch(cell: number): void {
    this.#dirty[cell >>> this.#cellShift] = 1;
  }

  protected touchHeader(): void {
    this.#dirty[0] = 1;
  }

  #touchRecord(series: number): void {
    const record = this.recordOf(series);
    this.#dirty[Math.floor(record / at.PAGE_BYTES)] = 1;
    this.#dirty[Math.floor((record + this.layout.stride - 1) / at.PAGE_BYTES)] = 1;
  }

  protected flags(series: number): number {
    return this.#bytes[this.recordOf(series) + this.layout.flags]!;
  }

  protected setFlags(series: number, flags: number): void {
    this.#bytes[this.recordOf(series) + this.layout.flags] = flags;
    this.#touchRecord(series);
  }

  protected facts(series: number): number {
    return this.#facts[(this.recordOf(series) + at.FACTS) >>> 2]!;
  }

  protected factsOn(series: number, day: number): number {
    return (this.facts(series) >>> ((day & 7) * 4)) & 15;
  }

  /** Lines of a kept day or the open one. */
  protected linesOn(series: number, day: number): number {
    return this.cells[this.cellOf(series) + (day & 7)]!;
  }

  protected addFact(series: number, day: number, fact: number): void {
    this.#facts[(this.recordOf(series) + at.FACTS) >>> 2]! |= fact << ((day & 7) * 4);
    this.#touchRecord(series);
  }

  protected dropHour(series: number): number {
    return this.#bytes[this.recordOf(series) + this.layout.dropHour]!;
  }

  protected setBounds(series: number, bound: number, dropHour: number): void {
    this.cells[this.cellOf(series) + this.boundCell] = bound;
    this.#bytes[this.recordOf(series) + this.layout.dropHour] = dropHour;
    this.#touchRecord(series);
  }

  protected setSensed(series: number, theta: number, alpha: number): void {
    const record = this.recordOf(series);
    this.floats[(record + this.layout.theta) >>> 2] = theta;
    this.floats[(record + this.layout.alpha) >>> 2] = alpha;
  }

  /** Gives the slot of the day that leaves the window to the day that opens, with the lines kept aside for it. */
  protected openNext(series: number, day: number): void {
    const slot = this.cellOf(series);
    this.cells[slot + (day & 7)] = this.cells[slot + this.nextCell]!;
    this.cells[slot + this.nextCell] = 0;
    this.#facts[(this.recordOf(series) + at.FACTS) >>> 2]! &= ~(15 << ((day & 7) * 4));
    this.setBounds(series, 0, 0);
  }
}
