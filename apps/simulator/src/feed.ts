import { DAY_MS, partitionOf, PlumblineError, type Instant } from '@plumbline/kernel';
import type { AppendRecord } from '@plumbline/ports';
import { expectedOf, LONGEST_SILENCE_MS, type Cause, type InjectedCause } from './causes.ts';
import { DEMO_DIRT, type Dirt } from './demand.ts';
import { Encoder } from './encode.ts';
import { Outbox, type SendingDay } from './outbox.ts';
import type { Retailer } from './retailer.ts';
import { MALFORMED, RETURN, UNKNOWN_SKU } from './sends.ts';

export interface FeedOptions {
  retailer: Retailer;
  /** Partitions of the events topic: every tick goes to each of them. */
  partitions: number;
  /** Event time to begin, or to resume, at; taken back to the tick before it. */
  from: Instant;
  /** Event time between ticks; a divisor of a day. Default 60. */
  tickSeconds?: number;
  dirt?: Partial<Dirt>;
  causes?: readonly Cause[];
}

/** What has been sent since the feed was made: the truth of its counts. Ticks are not lines. */
export interface FeedCounts {
  /** All lines sent, repeats and malformed ones included. */
  lines: number;
  returns: number;
  duplicates: number;
  /** Sent an hour or more after the sale. */
  late: number;
  unknownSku: number;
  malformed: number;
  ticks: number;
}

/**
 * The demo retailer's events in order of sending, as encoded records, with a tick to every partition whenever a
 * tick interval of event time is over. No clock: the caller says how far to go. A feed made anew at any instant
 * sends exactly what an undisturbed one sends from there on, so after a crash what is sent twice is recognised.
 */
export class DemoFeed {
  readonly #retailer: Retailer;
  readonly #encoder: Encoder;
  readonly #dirt: Dirt;
  readonly #tickMs: number;
  readonly #partitions: number;
  readonly #partitionOfSku: Int32Array;
  readonly #heard: Uint8Array;
  readonly #counts: FeedCounts = {
    lines: 0,
    returns: 0,
    duplicates: 0,
    late: 0,
    unknownSku: 0,
    malformed: 0,
    ticks: 0,
  };
  #causes: Cause[];
  #outbox: Outbox;
  #day: SendingDay;
  #utcDay: number;
  #next = 0;
  #at: Instant;

  constructor(options: FeedOptions) {
    this.#retailer = options.retailer;
    this.#encoder = new Encoder(options.retailer);
    this.#dirt = { ...DEMO_DIRT, ...options.dirt };
    this.#tickMs = (options.tickSeconds ?? 60) * 1000;
    this.#partitions = options.partitions;
    const places = options.retailer.locations.length;
    this.#partitionOfSku = Int32Array.from(options.retailer.products, (_, sku) =>
      partitionOf(this.#encoder.key(sku * places, 0), options.partitions),
    );
    this.#heard = new Uint8Array(places);
    this.#causes = [...(options.causes ?? [])];
    this.#causes.forEach(checkCause);
    this.#at = Math.floor(options.from / this.#tickMs) * this.#tickMs;
    this.#outbox = new Outbox(this.#retailer, this.#dirt, this.#causes);
    this.#utcDay = Math.floor(this.#at / DAY_MS);
    this.#day = this.#outbox.day(this.#utcDay);
    this.#seek();
  }

  /** Event time reached: everything before it has been handed out. */
  get at(): Instant {
    return this.#at;
  }

  get counts(): Readonly<FeedCounts> {
    return this.#counts;
  }

  /** Goes on to an instant: the lines sent in [at, to) and the ticks of (at, to], in order. */
  advance(to: Instant): AppendRecord[] {
    const records: AppendRecord[] = [];
    while (this.#at < to) {
      const tick = (Math.floor(this.#at / this.#tickMs) + 1) * this.#tickMs;
      const until = Math.min(to, tick);
      this.#send(until, records);
      this.#at = until;
      if (until === tick) this.#tick(tick, records);
    }
    return records;
  }

  /**
   * Injects a cause from now on. @returns it as the tower should see it
   * @throws PlumblineError 'cause-past' when it begins before `at`: what was sent cannot be changed
   */
  inject(cause: Cause): InjectedCause {
    checkCause(cause);
    if (cause.from < this.#at) {
      throw new PlumblineError('cause-past', `cause ${cause.id} begins before the event time reached`, {
        where: cause.id,
        fix: 'let it begin at the current event time or later',
      });
    }
    this.#causes = [...this.#causes, cause];
    this.#outbox = new Outbox(this.#retailer, this.#dirt, this.#causes);
    this.#day = this.#outbox.day(this.#utcDay);
    this.#seek();
    return { ...cause, expected: expectedOf(cause) };
  }

  /** Every cause of this feed, scheduled or injected by hand, in order of beginning. */
  injected(): InjectedCause[] {
    return this.#causes.map((cause) => ({ ...cause, expected: expectedOf(cause) })).sort((a, b) => a.from - b.from);
  }

  #seek(): void {
    const { at } = this.#day;
    this.#next = 0;
    while (this.#next < at.length && at[this.#next]! < this.#at) this.#next++;
  }

  #send(until: Instant, records: AppendRecord[]): void {
    for (;;) {
      const { at } = this.#day;
      while (this.#next < at.length && at[this.#next]! < until) this.#line(this.#next++, records);
      if (this.#next < at.length || until < (this.#utcDay + 1) * DAY_MS) return;
      this.#day = this.#outbox.day(++this.#utcDay);
      this.#next = 0;
    }
  }

  #line(n: number, records: AppendRecord[]): void {
    const { sends, order, sequence, at } = this.#day;
    const i = order[n]!;
    const leaf = sends.leaf[i]!;
    const kind = sends.kind[i]!;
    const places = this.#heard.length;
    const key = this.#encoder.key(leaf, kind);
    const value = this.#encoder.line({
      leaf,
      kind,
      time: sends.time[i]!,
      quantity: sends.quantity[i]!,
      price: sends.price[i]!,
      sequence: sequence[i]!,
    });
    const partition =
      kind === UNKNOWN_SKU ? partitionOf(key, this.#partitions) : this.#partitionOfSku[Math.floor(leaf / places)]!;
    records.push({ key, value, partition });
    this.#heard[leaf % places] = 1;
    this.#count(kind, at[n]! > sends.sentAt[i]!, sends.sentAt[i]! - sends.time[i]! >= 3_600_000);
  }

  #count(kind: number, repeat: boolean, late: boolean): void {
    const counts = this.#counts;
    counts.lines++;
    if (repeat) counts.duplicates++;
    else if (late) counts.late++;
    if (kind === RETURN) counts.returns++;
    else if (kind === UNKNOWN_SKU) counts.unknownSku++;
    else if (kind === MALFORMED) counts.malformed++;
  }

  #tick(at: Instant, records: AppendRecord[]): void {
    const heard = this.#retailer.locations.filter((_, i) => this.#heard[i] === 1).map((location) => location.code);
    this.#heard.fill(0);
    const value = this.#encoder.tick(at, heard);
    for (let partition = 0; partition < this.#partitions; partition++)
      records.push({ key: TICK_KEY, value, partition });
    this.#counts.ticks++;
  }
}

const TICK_KEY = Buffer.from('clock');

function checkCause(cause: Cause): void {
  const fail = (what: string, fix: string): never => {
    throw new PlumblineError('cause-invalid', `cause ${cause.id}: ${what}`, { where: cause.id, fix });
  };
  if (!(cause.from < cause.to)) fail('ends before it begins', 'give it a time from < to');
  if (!(cause.factor >= 0 && cause.factor <= 20))
    fail(`factor ${cause.factor} is out of range`, 'give a factor of 0 to 20');
  if (cause.kind === 'store-silence' && cause.scope.location === undefined)
    fail('names no location', 'say which location falls silent');
  if (cause.kind === 'store-silence' && cause.to - cause.from > LONGEST_SILENCE_MS)
    fail('lasts longer than two days', 'let it end sooner');
}
