import { encodeEvent, encodeSale, type PlumblineEvent } from '@plumbline/contracts';
import { DAY_MS, firstDayOfMonth, formatInstant, HOUR_MS, MINUTE_MS, monthOf, parseMoney, parseQuantity, PlumblineError, type Instant, type Zone } from '@plumbline/kernel';
import { SalesHistoryBuilder, type SalesHistory } from '@plumbline/plan';
import type { AppendRecord, LogProducer } from '@plumbline/ports';
import { CsvError, parse } from 'csv-parse';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { textOf, type SalesFile } from './file.ts';
import type { SalesFormat, SalesLine } from './formats.ts';

/** Event time between two ticks of a replay while lines flow; in gaps, nights and closed days, an hour. */
const TICK_MS = 30 * MINUTE_MS;
const BATCH_RECORDS = 5000;
/** A replay at a chosen speed sends what is due together, rather than line by line. */
const SHORTEST_WAIT_MS = 20;
const CLOCK = 'urn:plumbline:clock:replay';

export interface FeederOptions {
  file: SalesFile;
  format: SalesFormat;
  zone: Zone;
  topic: string;
  partitions: number;
  producer: LogProducer;
  /** The event of a plan that is in force from the first tick; undefined = none. */
  firstPlan: ((at: Instant) => Promise<PlumblineEvent>) | undefined;
  /** Commits a plan derived from the past of the month that begins; returns its event, or undefined to go without. */
  planFor: ((history: SalesHistory, month: number, at: Instant) => Promise<PlumblineEvent | undefined>) | undefined;
  /** Event milliseconds per real millisecond; Infinity = as fast as it goes. */
  speed: number;
  onProgress(progress: { share: number; lines: number; at: Instant }): void;
  signal: AbortSignal;
}

export interface FeedResult {
  linesRead: number;
  /** Instant of the last tick appended. */
  lastTick: Instant;
}

/** Streams the lines of a sales file through the event log as live events would come, with the ticks of event time. */
export class FileFeeder {
  readonly #options: FeederOptions;
  readonly #source: string;
  readonly #history: SalesHistoryBuilder;
  readonly #names = new Map<string, string>();
  #records: AppendRecord[] = [];
  #sent: Promise<void> = Promise.resolve();
  #under = 0;
  #lines = 0;
  #share = 0;
  #newest = -Infinity;
  #tick = NaN;
  #month = NaN;
  #heard = new Set<string>();
  /** Number of the first line with the same content, per invoice-like block: an exact repeat is the same event. */
  #repeats = new Map<string, number>();
  #repeatsBefore = new Map<string, number>();
  #began = performance.now();
  #firstTime = NaN;

  constructor(options: FeederOptions) {
    this.#options = options;
    this.#source = `urn:plumbline:file:${options.file.hash.slice(0, 32)}`;
    const { format, zone } = options;
    this.#history = new SalesHistoryBuilder({
      product: (sku) => ({ family: format.family(sku) ?? '', unit: 'each', name: this.#names.get(sku) || sku }),
      location: (code) => ({ region: format.region(code), zone: zone.id, name: code }),
    });
  }

  /** @throws PlumblineError 'file-row' with the row when the CSV itself is broken */
  async run(): Promise<FeedResult> {
    const { file, format, signal } = this.#options;
    const rows = Readable.from(textOf(file, (share) => (this.#share = Math.min(0.99, share)))).pipe(
      parse({ delimiter: file.delimiter, bom: true, from_line: 2, relax_column_count: true, skip_empty_lines: true, relax_quotes: true }),
    );
    let shown = 0;
    try {
      for await (const cells of rows as AsyncIterable<string[]>) {
        if (signal.aborted) break;
        this.#lines++;
        while (cells.length < file.header.length) cells.push('');
        await this.#send(format.line(cells));
        if (this.#lines - shown >= 10_000) {
          shown = this.#lines;
          this.#tell();
        }
      }
    } catch (error) {
      throw error instanceof CsvError ? await this.#broken(error) : error;
    }
    if (Number.isFinite(this.#newest)) await this.#advance(this.#newest + TICK_MS);
    await this.#flush(true);
    if (!signal.aborted) this.#share = 1;
    this.#tell();
    return { linesRead: this.#lines, lastTick: this.#tick };
  }

  /** By lines, which reading ahead does not move; by bytes in a file without line feeds. */
  #tell(): void {
    const { file, onProgress } = this.#options;
    const share = this.#share < 1 && file.lines > 1 ? Math.min(0.99, this.#lines / file.lines) : this.#share;
    onProgress({ share, lines: this.#lines, at: this.#newest });
  }

  /** What was read before the fault stays sent: the corrected file's other content makes it another source. */
  async #broken(error: CsvError): Promise<PlumblineError> {
    await this.#flush(true);
    return new PlumblineError('file-row', `The file stops being CSV: ${error.message}. The ${this.#lines} lines before it were sent.`, {
      where: `${this.#options.file.path}, row ${this.#lines + 2}`,
      fix: 'Look for a quotation mark that is opened and never closed; try a corrected file with --isolated first.',
    });
  }

  async #send(line: SalesLine): Promise<void> {
    const { time } = line;
    if (time > this.#newest || Number.isNaN(this.#tick)) {
      if (Number.isFinite(time)) {
        await this.#advance(time);
        this.#newest = time;
        await this.#pace(time);
      }
    }
    if (Number.isFinite(time)) this.#heard.add(line.location);
    const sequence = this.#number(line);
    const quantity = parseQuantity(line.quantity);
    const price = parseMoney(line.price);
    const repeated = sequence !== this.#lines;
    const sold = (line.type === 'pos.sale' || line.type === 'pos.return') && quantity > 0 && price >= 0 && Number.isFinite(time);
    this.#push(line.sku, sold ? this.#saleBytes(line, sequence, quantity, price) : this.#otherBytes(line, sequence));
    if (sold && !repeated && line.type === 'pos.sale' && this.#options.planFor) this.#remember(line, quantity, price);
    if (this.#records.length >= BATCH_RECORDS) await this.#flush(false);
  }

  #saleBytes(line: SalesLine, sequence: number, quantity: number, price: number): Uint8Array {
    return encodeSale({
      type: line.type as 'pos.sale' | 'pos.return',
      id: String(sequence),
      source: this.#source,
      time: line.time,
      sequence,
      sku: line.sku,
      location: line.location,
      quantity,
      price,
      currency: this.#options.format.currency,
    });
  }

  /** Stock corrections, and lines the contract will refuse: they go into the log as they are and come out with a reason. */
  #otherBytes(line: SalesLine, sequence: number): Uint8Array {
    const common = {
      specversion: '1.0',
      id: String(sequence),
      source: this.#source,
      type: line.type,
      time: Number.isFinite(line.time) ? formatInstant(line.time) : line.timeText,
      datacontenttype: 'application/json',
      sequence: String(sequence),
    };
    const data =
      line.type === 'inventory.adjusted'
        ? { sku: line.sku, location: line.location, quantity: line.quantity, reason: line.name || 'stock correction' }
        : { sku: line.sku, location: line.location, quantity: line.quantity, price: line.price, currency: this.#options.format.currency };
    return utf8.encode(JSON.stringify({ ...common, data }));
  }

  /** Number of the line in its source; a repeat bears the number of the line it repeats. */
  #number(line: SalesLine): number {
    if (line.repeat === undefined) return this.#lines;
    if (this.#repeats.size > 2 * REPEAT_WITHIN) {
      this.#repeatsBefore = this.#repeats;
      this.#repeats = new Map();
    }
    const first = this.#repeats.get(line.repeat) ?? this.#repeatsBefore.get(line.repeat);
    if (first !== undefined && this.#lines - first < REPEAT_WITHIN) return first;
    this.#repeats.set(line.repeat, this.#lines);
    return this.#lines;
  }

  #remember(line: SalesLine, quantity: number, price: number): void {
    if (this.#options.format.family(line.sku) === undefined) return;
    if (line.name && !this.#names.has(line.sku)) this.#names.set(line.sku, line.name);
    const { zone } = this.#options;
    const local = line.time + zone.offsetAt(line.time);
    const day = Math.floor(local / DAY_MS);
    this.#history.add(line.sku, line.location, day, Math.floor((local - day * DAY_MS) / HOUR_MS), 1, quantity, Math.round((quantity * price) / 1000));
  }

  /** Ticks up to an instant, in steps while lines flow and hourly across gaps; month boundaries on the way commit plans. */
  async #advance(to: Instant): Promise<void> {
    const { zone, signal } = this.#options;
    if (Number.isNaN(this.#tick)) {
      this.#tick = Math.floor(to / TICK_MS) * TICK_MS;
      this.#month = monthOf(zone.dayOf(this.#tick));
      this.#firstTime = to;
      const plan = await this.#options.firstPlan?.(this.#tick);
      if (plan) this.#broadcast(encodeEvent(plan));
      this.#appendTick();
    }
    while (!signal.aborted) {
      const step = to - this.#tick > 2 * HOUR_MS ? HOUR_MS - (this.#tick % HOUR_MS) : TICK_MS;
      if (this.#tick + step > to) return;
      const next = this.#tick + step;
      const monthStart = zone.startOf(firstDayOfMonth(this.#month + 1));
      if (next >= monthStart) {
        this.#month++;
        await this.#commitPlan(monthStart);
      }
      this.#tick = next;
      this.#appendTick();
      await this.#pace(next);
    }
  }

  async #commitPlan(at: Instant): Promise<void> {
    const event = this.#history.rows > 0 ? await this.#options.planFor?.(this.#history.history(), this.#month, at) : undefined;
    if (event) this.#broadcast(encodeEvent(event));
  }

  #appendTick(): void {
    const at = formatInstant(this.#tick);
    const heard = [...this.#heard].sort();
    this.#heard.clear();
    const data = { at, heard };
    this.#broadcast(encodeEvent({ specversion: '1.0', id: at, source: CLOCK, type: 'clock.ticked', time: at, datacontenttype: 'application/json', data }));
  }

  /** Until an instant of the file is due at the chosen speed, or the replay is asked to stop. */
  async #pace(at: Instant): Promise<void> {
    const { speed, signal } = this.#options;
    if (speed === Infinity) return;
    const wait = this.#began + (at - this.#firstTime) / speed - performance.now();
    if (wait < SHORTEST_WAIT_MS) return;
    await this.#flush(false);
    this.#tell();
    await sleep(wait, undefined, { signal }).catch(() => {});
  }

  #push(sku: string, value: Uint8Array): void {
    this.#records.push({ key: keyOf(sku), value });
  }

  #broadcast(value: Uint8Array): void {
    for (let partition = 0; partition < this.#options.partitions; partition++) this.#records.push({ key: NO_KEY, value, partition });
  }

  /** Appends go on in the background, in order; a few may be under way before reading waits. */
  async #flush(all: boolean): Promise<void> {
    if (this.#records.length > 0) {
      const records = this.#records;
      this.#records = [];
      this.#under++;
      const appended = this.#options.producer.append(this.#options.topic, records).finally(() => this.#under--);
      this.#sent = Promise.all([this.#sent, appended]).then(() => {});
      this.#sent.catch(() => {});
    }
    if (all || this.#under >= 4) await this.#sent;
  }
}

/** Lines apart within which a repeat is looked for: well inside the duplicate window of a numbered source. */
const REPEAT_WITHIN = 2000;
const utf8 = new TextEncoder();
const NO_KEY = new Uint8Array(0);

const keys = new Map<string, Uint8Array>();
function keyOf(sku: string): Uint8Array {
  let key = keys.get(sku);
  if (!key) keys.set(sku, (key = utf8.encode(sku)));
  return key;
}
