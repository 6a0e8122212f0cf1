import { DecodedEvent, EventDecoder, RETURN, SALE, TICK, type ArchivedEventPage } from '@plumbline/contracts';
import { DAY_MS, formatInstant, HOUR_MS, KeyTable, parseInstant, partitionOf, PlumblineError, type Instant } from '@plumbline/kernel';
import type { StoredRecord } from '@plumbline/ports';
import { jsonOf, utf8 } from './bytes.ts';
import { membersOf } from './members.ts';
import type { Plans } from './plans.ts';
import type { Source } from './source.ts';

export interface EventsRequest {
  sku?: string | undefined;
  location?: string | undefined;
  /** Plan's hierarchies, as the version in force has them. */
  family?: string | undefined;
  region?: string | undefined;
  /** Event time [from, to), RFC 3339. */
  from: string;
  to: string;
  limit: number;
  /** `next` of the answer before. */
  cursor?: string | undefined;
}

type Item = ArchivedEventPage['items'][number];
interface Found {
  item: Item;
  time: Instant;
}

/** Records read at a time, and altogether for one answer. */
const CHUNK = 5000;
const MOST_RECORDS = 2_000_000;
/** How far a tick is looked for before it is taken that there is none. */
const TICK_SEARCH = 50_000;
/** An event is in the log at the latest so long after its time (late lines), and at the earliest so long before it. */
const LATEST_MS = 7 * DAY_MS;
const EARLIEST_MS = HOUR_MS;

/**
 * The events behind a number. On the embedded log they are read from the log itself, which keeps them; on Kafka from the
 * archive. Pages hold every event once: on the log they go on at the next offset of each partition, ascending by time
 * within a page, and a late line comes on the page of its arrival; in the archive they are ascending by time throughout.
 */
export class Events {
  readonly #source: Source;
  readonly #plans: Plans;

  constructor(source: Source, plans: Plans) {
    this.#source = source;
    this.#plans = plans;
  }

  /** @throws PlumblineError 'range-invalid', 'no-plan', 'invalid-cursor' */
  async list(request: EventsRequest): Promise<ArchivedEventPage> {
    const [from, to] = [parseInstant(request.from), parseInstant(request.to)];
    if (!(from < to)) throw new PlumblineError('range-invalid', 'The range holds no instant.', { where: 'to', fix: 'Give a later end.' });
    const { sku, location, family, region, limit, cursor } = request;
    const named = { family, region, ...(sku === undefined ? {} : { skus: [sku] }), ...(location === undefined ? {} : { locations: [location] }) };
    const wanted = { ...(await membersOf(this.#source.store, this.#plans, named)), from, to };
    if (wanted.skus?.length === 0 || wanted.locations?.length === 0) return { items: [], next: null };
    return this.#source.config.log === 'kafka' ? this.#archived(wanted, limit, cursor) : this.#logged(wanted, limit, cursor);
  }

  async #archived(wanted: Wanted, limit: number, cursor: string | undefined): Promise<ArchivedEventPage> {
    const key = cursor === undefined ? undefined : cursorOf(cursor, 'archive', 3);
    const after = key && { time: key[0]!, partition: key[1]!, offset: key[2]! };
    const events = await this.#source.store.archivedEvents({ ...wanted, limit: limit + 1, ...(after ? { after } : {}) });
    const items = events.slice(0, limit).map(({ offset, time, value }) => ({ offset, time: formatInstant(time), event: eventOf(value) }));
    const last = events.length > limit ? events[limit - 1] : undefined;
    return { items, next: last ? textOf('archive', [last.time, last.partition ?? 0, last.offset]) : null };
  }

  async #logged(wanted: Wanted, limit: number, cursor: string | undefined): Promise<ArchivedEventPage> {
    const { log, config, partitions } = this.#source;
    const offsets = await log.offsets(config.topic);
    const begun = cursor === undefined ? undefined : cursorOf(cursor, 'log', offsets.length);
    const holds = wanted.skus && new Set(wanted.skus.map((sku) => partitionOf(utf8(sku), partitions)));
    const budget = { records: MOST_RECORDS };
    // Where each partition's next page begins; DONE when nothing wanted is left in it.
    const next = offsets.map(({ partition }) => (holds && !holds.has(partition) ? DONE : (begun?.[partition] ?? DONE)));
    const scans: { partition: number; found: Found[]; end: number }[] = [];
    for (const { partition, low, high } of offsets) {
      if (begun?.[partition] === DONE || (holds && !holds.has(partition))) continue;
      const scan = new Scan(this.#source, partition, wanted);
      const start = begun ? Math.max(low, begun[partition]!) : await scan.start(low, high);
      const found: Found[] = [];
      scans.push({ partition, found, end: await scan.run(start, high, limit, budget, found) });
    }
    const items: Found[] = [];
    while (items.length < limit) {
      // The earliest of the partitions' next ones: what is taken of a partition is a beginning of it, so that an offset tells it.
      const heads = scans.filter(({ found }) => found.length > 0);
      if (heads.length === 0) break;
      const first = heads.reduce((least, scan) => (scan.found[0]!.time < least.found[0]!.time ? scan : least));
      items.push(first.found.shift()!);
    }
    for (const { partition, found, end } of scans) next[partition] = found.length > 0 ? found[0]!.item.offset : end;
    items.sort((a, b) => a.time - b.time || a.item.partition! - b.item.partition! || a.item.offset - b.item.offset);
    return { items: items.map(({ item }) => item), next: next.every((offset) => offset === DONE) ? null : textOf('log', next) };
  }
}

/** In place of an offset: nothing wanted is left in the partition. */
const DONE = -1;

const textOf = (kind: string, key: readonly number[]): string => Buffer.from(JSON.stringify([kind, ...key])).toString('base64url');

/** @throws PlumblineError 'invalid-cursor' */
function cursorOf(cursor: string, kind: string, length: number): number[] {
  const [given, ...key] = (jsonOf(Buffer.from(cursor, 'base64url')) as unknown[] | undefined) ?? [];
  if (given === kind && key.length === length && key.every(Number.isInteger)) return key as number[];
  throw new PlumblineError('invalid-cursor', 'The cursor does not belong to this list.', { where: 'cursor', fix: 'Start again without a cursor.' });
}

interface Wanted {
  skus?: string[];
  locations?: string[];
  from: Instant;
  to: Instant;
}

/** Looks through one partition. Ticks rise along it, so where to begin is found by halving, and where to end is known. */
class Scan {
  readonly #source: Source;
  readonly #partition: number;
  readonly #wanted: Wanted;
  /** The one key of what is wanted, where there is one. */
  readonly #key: Uint8Array | undefined;
  readonly #decoder: EventDecoder;
  readonly #skus: ReadonlySet<string> | undefined;
  readonly #locations: ReadonlySet<string> | undefined;
  readonly #event = new DecodedEvent();

  constructor(source: Source, partition: number, wanted: Wanted) {
    this.#source = source;
    this.#partition = partition;
    this.#wanted = wanted;
    const { skus, locations } = wanted;
    this.#key = skus?.length === 1 ? utf8(skus[0]!) : undefined;
    this.#skus = skus && new Set(skus);
    this.#locations = locations && new Set(locations);
    this.#decoder = new EventDecoder({ skus: tableOf(skus), locations: tableOf(locations), sources: new KeyTable() });
  }

  /** The last offset found to lie before everything wanted. */
  async start(low: number, high: number): Promise<number> {
    let [from, to] = [low, high];
    while (to - from > CHUNK) {
      const middle = Math.floor((from + to) / 2);
      const tick = await this.#tickFrom(middle, to);
      // No tick between the middle and the end: what is wanted may begin in the first half.
      if (tick === undefined || tick.at >= this.#wanted.from - EARLIEST_MS) to = middle;
      else from = tick.offset;
    }
    return from;
  }

  /** Adds up to `limit` of what is wanted, in log order. @returns where to go on, or DONE */
  async run(start: number, high: number, limit: number, budget: { records: number }, found: Found[]): Promise<number> {
    let from = start;
    while (from < high && budget.records > 0) {
      const records = await this.#read(from, CHUNK);
      if (records.length === 0) return DONE;
      budget.records -= records.length;
      for (const record of records) {
        from = record.offset + 1;
        const time = this.#match(record);
        if (time === 'past') return DONE;
        if (time === undefined) continue;
        found.push({ time, item: { partition: this.#partition, offset: record.offset, time: formatInstant(time), event: eventOf(record.value) } });
        if (found.length === limit) return from;
      }
    }
    return from < high ? from : DONE;
  }

  async #tickFrom(from: number, to: number): Promise<{ offset: number; at: Instant } | undefined> {
    for (let at = from; at < Math.min(to, from + TICK_SEARCH); ) {
      const records = await this.#read(at, CHUNK / 10);
      if (records.length === 0) return undefined;
      for (const record of records) if (this.#decode(record) && this.#event.kind === TICK) return { offset: record.offset, at: this.#event.time };
      at = records.at(-1)!.offset + 1;
    }
    return undefined;
  }

  /** The event's time when it is wanted; 'past' when nothing wanted can come any more. */
  #match(record: StoredRecord): Instant | 'past' | undefined {
    const { from, to } = this.#wanted;
    const tick = record.key.length === 0 || isClock(record.key);
    if (!tick && this.#key && !same(record.key, this.#key)) return undefined;
    if (!this.#decode(record)) return undefined;
    const event = this.#event;
    if (event.kind === TICK) return event.time > to + LATEST_MS ? 'past' : undefined;
    if (event.time < from || event.time >= to) return undefined;
    if (event.kind === SALE || event.kind === RETURN) {
      return (this.#skus && event.sku < 0) || (this.#locations && event.location < 0) ? undefined : event.time;
    }
    const { sku = '', location = '' } = (event.event?.data ?? {}) as { sku?: string; location?: string };
    return (this.#skus && !this.#skus.has(sku)) || (this.#locations && !this.#locations.has(location)) ? undefined : event.time;
  }

  #decode({ value, headers }: StoredRecord): boolean {
    return this.#decoder.decode(value, (name) => headers?.[name], this.#event) === undefined;
  }

  #read(from: number, limit: number): Promise<StoredRecord[]> {
    return this.#source.log.read(this.#source.config.topic, this.#partition, from, limit);
  }
}

function tableOf(codes: readonly string[] = []): KeyTable {
  const table = new KeyTable();
  for (const code of codes) table.add(code);
  return table;
}

const CLOCK_KEY = utf8('clock');
const isClock = (key: Uint8Array): boolean => same(key, CLOCK_KEY);
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
const eventOf = (value: Uint8Array): Record<string, unknown> => (jsonOf(value) as Record<string, unknown> | undefined) ?? {};
