import {
  COMMAND,
  commandOf,
  DecodedEvent,
  encodeDelta,
  EventDecoder,
  isCommand,
  PLAN,
  RETURN,
  SALE,
  TICK,
  unpackCurrency,
  type ExceptionCommand,
  type Increment,
} from '@plumbline/contracts';
import { DAY_MS, HOUR_MS, KeyTable, parseInstant, zoneOf, type Instant, type Zone } from '@plumbline/kernel';
import type { ActualRows, DetectCommit, NewDeadLetter, SnapshotPage, StreamCounters } from '@plumbline/ports';
import { bytesToHex, sha256, utf8 } from './bytes.ts';
import { BEHIND, DUPLICATE, Duplicates, OUTSIDE } from './duplicates.ts';
import { FeedCounts } from './feed-counts.ts';
import { Journal } from './journal.ts';
import { mergeRows } from './rows.ts';
import { decodeMeta, encodeMeta } from './snapshot.ts';
import { SeriesWatch, type WatchState } from './series.ts';
import type { CompiledForDetect, DetectOptions, Records } from './partition.ts';

export type DetectOutput = Omit<DetectCommit, 'partition' | 'epoch' | 'offset'>;

/** What a partition knows of an increment; whose it is, its runner adds. */
export type Counted = Pick<Increment, 'follows' | 'ended' | 'plan' | 'cells'>;

/** Increments kept that nobody has taken: when a log is worked off, what was between two ticks is of no use to anyone. */
const COUNTED_KEPT = 8;

/** An event may lie this far after the last tick: a clock that runs ahead, not one that is wrong. */
const AHEAD_MS = HOUR_MS;

/**
 * One partition of the detect stream. Pure: its state after any record is a function of the records before it, its
 * output is cut where the caller likes. Time passes by `clock.ticked` events alone.
 */
export class DetectPartition {
  readonly #options: DetectOptions;
  readonly #event = new DecodedEvent();
  readonly #sources = new KeyTable();
  readonly #defaultZone: Zone;
  #feeds = new FeedCounts(this.#sources);
  #decoder: EventDecoder;
  #duplicates: Duplicates;
  #series: SeriesWatch | undefined;
  /** Plans committed through the log that have not taken effect; `compiled` once loaded. */
  #coming: { id: string; hash: string; effectiveAt: Instant; compiled: CompiledForDetect | undefined }[] = [];
  #tick = -Infinity;
  readonly #journal = new Journal();
  /** Names of journal series beyond the plan's leaves. */
  #strangers = new Map<string, number>();
  #strangerNames: { sku: string; location: string }[] = [];
  /** Rows of journals closed by a change of plan, waiting for the flush. */
  #rows: ActualRows | undefined;
  #counters: StreamCounters = { accepted: 0, sales: 0, returns: 0, other: 0, duplicates: 0, outsideWindow: 0, late: 0, unplanned: 0, rejected: {} };
  #deltas: { tick: number; payload: Uint8Array }[] = [];
  #deadLetters: NewDeadLetter[] = [];
  #unplanned = new Map<string, { sku: string; location: string; lines: number; lastAt: number }>();
  #commands: ExceptionCommand[] = [];
  #plans: { id: string; hash: string; effectiveAt: number }[] = [];
  #outputSize = 0;
  /** Since the last call of takeCounted, closed by ticks. */
  #counted: Counted[] = [];

  constructor(options: DetectOptions) {
    this.#options = options;
    this.#defaultZone = zoneOf(options.defaultZone);
    this.#decoder = this.#decoderFor(undefined);
    this.#duplicates = new Duplicates(options.duplicates);
  }

  /** @throws PlumblineError 'snapshot-damaged' when a checksum or the layout does not fit */
  static async restore(options: DetectOptions, meta: Uint8Array, pages: readonly SnapshotPage[]): Promise<DetectPartition> {
    const partition = new DetectPartition(options);
    const saved = decodeMeta(meta);
    for (const source of saved.sources) partition.#sources.add(source);
    partition.#feeds = new FeedCounts(partition.#sources, saved.rejecting);
    partition.#duplicates.load(saved.duplicates);
    partition.#tick = saved.tick ?? -Infinity;
    partition.#counters = saved.counters;
    partition.#commands = saved.commands;
    partition.#plans = saved.plans;
    partition.#coming = [];
    for (const coming of saved.coming) {
      partition.#coming.push({ ...coming, compiled: await options.plans.load(coming.hash) });
    }
    if (saved.series) {
      const history = [];
      for (const { hash, effectiveAt } of saved.series.plans) history.push({ compiled: await options.plans.load(hash), effectiveAt });
      partition.#series = SeriesWatch.restore(history, options.partition, options.partitions, saved.series, pages);
      partition.#decoder = partition.#decoderFor(history.at(-1)!.compiled);
    }
    return partition;
  }

  get tick(): Instant {
    return this.#tick;
  }

  get hasTicks(): boolean {
    return this.#deltas.length > 0;
  }

  get journalSize(): number {
    return this.#journal.size + (this.#rows?.sku.length ?? 0);
  }

  /** Rough bytes of results not yet taken. */
  get outputSize(): number {
    return this.#outputSize;
  }

  /** True when a committed plan must be loaded (loadPlan) before handling goes on. */
  get wantsPlan(): boolean {
    return this.#coming.some((plan) => plan.compiled === undefined);
  }

  async loadPlan(): Promise<void> {
    for (const plan of this.#coming) plan.compiled ??= await this.#options.plans.load(plan.hash);
  }

  /**
   * Handles records [from, to) in order.
   * @returns the index of the first record not handled: `to`, or earlier when a plan must be loaded first
   */
  handle(records: Records, from: number, to: number): number {
    const event = this.#event;
    let i = from;
    const header = (name: string): string | undefined => records.header(i, name);
    for (; i < to; i++) {
      const value = records.value(i);
      const fault = this.#decoder.decode(value, header, event);
      if (fault) {
        this.#feeds.reject(fault.source);
        this.#reject(fault.reason, fault.detail, value, fault.source, fault.id);
        continue;
      }
      if (event.kind === TICK) this.#ticked(event);
      else if (this.#isNew(event, value)) {
        if (event.kind === SALE || event.kind === RETURN) this.#sold(event, value);
        else if (event.kind === PLAN) {
          if (this.#planned(event)) return i + 1;
        } else this.#other(event);
      }
    }
    return to;
  }

  /** Results since the last call. With `flush`, the actuals gathered since the last flush and a snapshot go with them. */
  takeOutput(flush: boolean): DetectOutput {
    const output: DetectOutput = {
      tick: this.#tick,
      deltas: this.#deltas,
      actuals: flush ? this.#takeActuals() : undefined,
      deadLetters: this.#deadLetters,
      counters: { ...this.#counters, rejected: { ...this.#counters.rejected } },
      unplanned: [...this.#unplanned.values()],
      feeds: this.#feeds.take(this.#series?.locations),
      snapshot: flush ? this.#snapshot() : undefined,
    };
    this.#clear();
    return output;
  }

  /** What was counted between ticks since the last call, and since the last tick: provisional, and no part of the results. */
  takeCounted(): Counted[] {
    const counted = this.#counted;
    this.#counted = [];
    if (this.#series) counted.push({ follows: this.#tick, ...this.#series.sinceTick() });
    return counted;
  }

  /** Sales lines counted. */
  get sales(): number {
    return this.#counters.sales;
  }

  /** Drops results that were committed before: used while a snapshot is replayed up to the committed offset. */
  discardOutput(): void {
    this.#counted = [];
    this.#clear();
  }

  #clear(): void {
    this.#deltas = [];
    this.#deadLetters = [];
    this.#unplanned = new Map();
    this.#feeds.discard();
    this.#outputSize = 0;
  }

  #decoderFor(compiled: CompiledForDetect | undefined): EventDecoder {
    const none = new KeyTable();
    return new EventDecoder({ skus: compiled?.skus ?? none, locations: compiled?.locations ?? none, sources: this.#sources });
  }

  #isNew(event: DecodedEvent, value: Uint8Array): boolean {
    if (event.time > this.#tick + AHEAD_MS && this.#tick > -Infinity && event.kind !== PLAN && event.kind !== COMMAND) {
      this.#feeds.refuse(event.source, event.location, false);
      this.#reject('future', `time: lies ${Math.round((event.time - this.#tick) / 60_000)} minutes after the log's clock; correct the sender's clock and re-drive it`, value, this.#sources.key(event.source), undefined);
      return false;
    }
    const { idHashA, idHashB, time } = event;
    // What people and planners say bears the wall clock's time, which is not the log's: only its id counts.
    const verdict = event.redrive || event.kind === PLAN || event.kind === COMMAND
      ? this.#duplicates.redriven(idHashA, idHashB)
      : event.sequence >= 0
        ? this.#duplicates.numbered(event.source, event.sequence)
        : this.#duplicates.identified(idHashA, idHashB, time);
    if (verdict === OUTSIDE) {
      this.#counters.outsideWindow++;
      this.#feeds.refuse(event.source, event.location, true);
      this.#reject('outside-duplicate-window', 'the event is older than the window in which duplicates are known; re-drive it if it was never sent before', value, this.#sources.key(event.source), undefined);
      return false;
    }
    if (verdict === BEHIND) this.#counters.outsideWindow++;
    if (verdict === DUPLICATE || verdict === BEHIND) {
      this.#counters.duplicates++;
      if (event.kind !== PLAN && event.kind !== COMMAND) this.#feeds.duplicate(event.source, event.location, verdict === BEHIND);
      return false;
    }
    return true;
  }

  #sold(event: DecodedEvent, value: Uint8Array): void {
    const series = this.#series;
    if (series && series.currency !== event.currency) {
      this.#feeds.refuse(event.source, event.location, false);
      this.#reject('currency', `currency: is ${unpackCurrency(event.currency)}, the plan is in ${unpackCurrency(series.currency)}; convert it at the source and re-drive it`, value, this.#sources.key(event.source), undefined);
      return;
    }
    const counters = this.#counters;
    counters.accepted++;
    const sale = event.kind === SALE;
    if (sale) counters.sales++;
    else counters.returns++;
    const zone = series && event.location >= 0 ? series.zoneOf(event.location) : this.#defaultZone;
    const local = event.time + zone.offsetAt(event.time);
    const day = Math.floor(local / DAY_MS);
    const hour = Math.floor((local - day * DAY_MS) / HOUR_MS);
    const leaf = series && event.sku >= 0 && event.location >= 0 ? series.leafOf(event.sku, event.location) : -1;
    const units = sale ? event.quantity : -event.quantity;
    const revenue = sale ? event.amount : -event.amount;
    if (leaf < 0) {
      this.#feeds.accept(event.source, event.location, event.time, false);
      this.#journal.add(this.#stranger(event), day, hour, sale ? 1 : 0, units, revenue);
      return;
    }
    this.#journal.add(leaf, day, hour, sale ? 1 : 0, units, revenue);
    const late = sale && series!.count(event.sku, event.location, leaf, day, event.quantity, event.amount);
    if (late) counters.late++;
    this.#feeds.accept(event.source, event.location, event.time, late);
  }

  /** Journal number of a series that no plan names; counts it as unplanned. */
  #stranger(event: DecodedEvent): number {
    const text = utf8.decode.bind(utf8);
    const sku = text(event.bytes.subarray(event.skuStart, event.skuEnd));
    const location = text(event.bytes.subarray(event.locationStart, event.locationEnd));
    const key = `${sku}\0${location}`;
    this.#counters.unplanned++;
    const seen = this.#unplanned.get(key);
    if (seen) {
      seen.lines++;
      seen.lastAt = Math.max(seen.lastAt, event.time);
    } else this.#unplanned.set(key, { sku, location, lines: 1, lastAt: event.time });
    let number = this.#strangers.get(key);
    if (number === undefined) {
      number = this.#strangerNames.push({ sku, location }) - 1;
      this.#strangers.set(key, number);
    }
    return (this.#series?.leaves ?? 0) + number;
  }

  #other(event: DecodedEvent): void {
    this.#counters.accepted++;
    this.#counters.other++;
    if (event.kind !== COMMAND) this.#feeds.accept(event.source, event.location, event.time, false);
    const full = event.event;
    if (full && isCommand(full)) this.#commands.push(commandOf(full));
  }

  /** @returns true when the plan must be loaded before going on */
  #planned(event: DecodedEvent): boolean {
    const full = event.event;
    if (full?.type !== 'plan.committed') return false;
    const plan = { id: full.data.id, hash: full.data.hash, effectiveAt: parseInstant(full.data.effectiveAt) };
    this.#plans.push(plan);
    this.#coming.push({ ...plan, compiled: undefined });
    return true;
  }

  /** Closes time up to a tick. A tick at or before the last one was seen already. */
  #ticked(event: DecodedEvent): void {
    const at = event.time;
    const full = event.event;
    if (full?.type !== 'clock.ticked' || at <= this.#tick) return;
    if (this.#series && this.#counted.length < COUNTED_KEPT) this.#counted.push({ follows: this.#tick, ended: at, ...this.#series.sinceTick() });
    this.#tick = at;
    const closed = this.#series?.tick(at, full.data.heard);
    const payload = encodeDelta({
      partition: this.#options.partition,
      tick: at,
      cells: closed?.cells ?? SeriesWatch.noCells(),
      firings: closed?.firings ?? [],
      skuLines: closed?.skuLines ?? [],
      commands: this.#commands,
      plans: this.#plans,
      heard: full.data.heard,
    });
    this.#commands = [];
    this.#plans = [];
    this.#deltas.push({ tick: at, payload });
    this.#outputSize += payload.length;
    this.#takeEffect(at);
  }

  /** The last committed plan whose instant has come takes over; series that both plans know carry their state on. */
  #takeEffect(at: Instant): void {
    const due = this.#coming.filter((plan) => plan.effectiveAt <= at);
    if (due.length === 0) return;
    this.#coming = this.#coming.filter((plan) => plan.effectiveAt > at);
    for (const { compiled, effectiveAt } of due) {
      this.#closeJournal();
      this.#feeds.renumber(this.#series?.locations);
      this.#series = SeriesWatch.successor(this.#series, compiled!, this.#series ? effectiveAt : at, at, this.#options.partition, this.#options.partitions);
      this.#decoder = this.#decoderFor(compiled);
    }
  }

  #closeJournal(): void {
    const leaves = this.#series?.leaves ?? 0;
    const rows = this.#journal.flush(leaves + this.#strangerNames.length, (series) =>
      series < leaves ? this.#series!.nameOfLeaf(series) : this.#strangerNames[series - leaves]!,
    );
    this.#rows = mergeRows(this.#rows, rows);
    this.#strangers = new Map();
    this.#strangerNames = [];
  }

  #takeActuals(): ActualRows | undefined {
    this.#closeJournal();
    const rows = this.#rows;
    this.#rows = undefined;
    return rows;
  }

  #reject(reason: string, detail: string, value: Uint8Array, source: string | undefined, eventId: string | undefined): void {
    this.#counters.rejected[reason] = (this.#counters.rejected[reason] ?? 0) + 1;
    const payload = new Uint8Array(value);
    const key = bytesToHex(sha256(payload));
    this.#deadLetters.push({ key, reason, detail, source, eventId, payload, at: Math.max(0, this.#tick) });
    this.#outputSize += payload.length + 200;
  }

  #snapshot(): NonNullable<DetectOutput['snapshot']> {
    const series: WatchState | undefined = this.#series?.save();
    const meta = encodeMeta({
      tick: this.#tick === -Infinity ? null : this.#tick,
      sources: Array.from({ length: this.#sources.size }, (_, i) => this.#sources.key(i)),
      duplicates: this.#duplicates.save(this.#sources.size),
      counters: this.#counters,
      rejecting: this.#feeds.rejecting,
      commands: this.#commands,
      plans: this.#plans,
      coming: this.#coming.map(({ id, hash, effectiveAt }) => ({ id, hash, effectiveAt })),
      series,
    });
    return { meta, pages: this.#series?.takePages() ?? [], pageCount: this.#series?.pageCount ?? 0 };
  }
}
