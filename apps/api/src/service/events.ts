import { DecodedEvent, EventDecoder, RETURN, SALE, TICK, type ArchivedEventPage } from '@plumbline/contracts';
import { DAY_MS, formatInstant, HOUR_MS, KeyTable, parseInstant, partitionOf, PlumblineError, type Instant } from '@plumbline/kernel';
import type { StoredRecord } from '@plumbline/ports';
import { jsonOf, utf8 } from './bytes.ts';
import type { Source } from './source.ts';

export interface EventsRequest {
  sku?: string | undefined;
  location?: string | undefined;
  /** Event time [from, to), RFC 3339. */
  from: string;
  to: string;
  limit: number;
}

type Item = ArchivedEventPage['items'][number];

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
 * archive.
 */
export class Events {
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Ascending by time. @throws PlumblineError 'range-invalid', 'sku-missing' */
  async list(request: EventsRequest): Promise<ArchivedEventPage> {
    const [from, to] = [parseInstant(request.from), parseInstant(request.to)];
    if (!(from < to)) throw new PlumblineError('range-invalid', 'The range holds no instant.', { where: 'to', fix: 'Give a later end.' });
    const items = this.#source.config.log === 'kafka' ? await this.#archived(request, from, to) : await this.#logged(request, from, to);
    return { items, next: null };
  }

  async #archived({ sku, location, limit }: EventsRequest, from: Instant, to: Instant): Promise<Item[]> {
    const events = await this.#source.store.archivedEvents({ from, to, limit, ...(sku === undefined ? {} : { sku }), ...(location === undefined ? {} : { location }) });
    return events.map(({ offset, time, value }) => ({ offset, time: formatInstant(time), event: eventOf(value) }));
  }

  async #logged({ sku, location, limit }: EventsRequest, from: Instant, to: Instant): Promise<Item[]> {
    const { log, config, partitions } = this.#source;
    const offsets = await log.offsets(config.topic);
    const own = sku === undefined ? offsets : offsets.filter(({ partition }) => partition === partitionOf(utf8(sku), partitions));
    const found: { item: Item; time: Instant }[] = [];
    const budget = { records: MOST_RECORDS };
    for (const { partition, low, high } of own) {
      const scan = new Scan(this.#source, partition, { sku, location, from, to });
      await scan.run(await scan.start(low, high), high, limit, budget, found);
    }
    found.sort((a, b) => a.time - b.time || a.item.partition! - b.item.partition! || a.item.offset - b.item.offset);
    return found.slice(0, limit).map(({ item }) => item);
  }
}

interface Wanted {
  sku: string | undefined;
  location: string | undefined;
  from: Instant;
  to: Instant;
}

/** Looks through one partition. Ticks rise along it, so where to begin is found by halving, and where to end is known. */
class Scan {
  readonly #source: Source;
  readonly #partition: number;
  readonly #wanted: Wanted;
  readonly #key: Uint8Array | undefined;
  readonly #decoder: EventDecoder;
  readonly #skus = new KeyTable();
  readonly #locations = new KeyTable();
  readonly #event = new DecodedEvent();

  constructor(source: Source, partition: number, wanted: Wanted) {
    this.#source = source;
    this.#partition = partition;
    this.#wanted = wanted;
    this.#key = wanted.sku === undefined ? undefined : utf8(wanted.sku);
    if (wanted.sku !== undefined) this.#skus.add(wanted.sku);
    if (wanted.location !== undefined) this.#locations.add(wanted.location);
    this.#decoder = new EventDecoder({ skus: this.#skus, locations: this.#locations, sources: new KeyTable() });
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

  async run(start: number, high: number, limit: number, budget: { records: number }, found: { item: Item; time: Instant }[]): Promise<void> {
    let matches = 0;
    for (let from = start; from < high && matches < limit && budget.records > 0; ) {
      const records = await this.#read(from, CHUNK);
      if (records.length === 0) return;
      budget.records -= records.length;
      from = records.at(-1)!.offset + 1;
      for (const record of records) {
        const time = this.#match(record);
        if (time === 'past') return;
        if (time === undefined || matches >= limit) continue;
        matches++;
        found.push({ time, item: { partition: this.#partition, offset: record.offset, time: formatInstant(time), event: eventOf(record.value) } });
      }
    }
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
    const { from, to, sku, location } = this.#wanted;
    const tick = record.key.length === 0 || isClock(record.key);
    if (!tick && this.#key && !same(record.key, this.#key)) return undefined;
    if (!this.#decode(record)) return undefined;
    const event = this.#event;
    if (event.kind === TICK) return event.time > to + LATEST_MS ? 'past' : undefined;
    if (event.time < from || event.time >= to) return undefined;
    if (event.kind === SALE || event.kind === RETURN) {
      return (sku !== undefined && event.sku < 0) || (location !== undefined && event.location < 0) ? undefined : event.time;
    }
    const data = (event.event?.data ?? {}) as { sku?: string; location?: string };
    return (sku !== undefined && data.sku !== sku) || (location !== undefined && data.location !== location) ? undefined : event.time;
  }

  #decode({ value, headers }: StoredRecord): boolean {
    return this.#decoder.decode(value, (name) => headers?.[name], this.#event) === undefined;
  }

  #read(from: number, limit: number): Promise<StoredRecord[]> {
    return this.#source.log.read(this.#source.config.topic, this.#partition, from, limit);
  }
}

const CLOCK_KEY = utf8('clock');
const isClock = (key: Uint8Array): boolean => same(key, CLOCK_KEY);
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
const eventOf = (value: Uint8Array): Record<string, unknown> => (jsonOf(value) as Record<string, unknown> | undefined) ?? {};
