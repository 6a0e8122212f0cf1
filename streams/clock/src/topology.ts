import { DecodedEvent, encodeEvent, EventDecoder, RETURN, SALE } from '@plumbline/contracts';
import { formatInstant, KeyTable, type Instant } from '@plumbline/kernel';
import type { AppendRecord } from '@plumbline/ports';

const SOURCE = 'urn:plumbline:clock';
/** Ticks are no closer than this while nobody is heard from. */
const QUIET_MS = 1000;

/** Which locations were heard from since the last tick; and the tick that says so. Pure: time is an argument. */
export class Clock {
  readonly #decoder: EventDecoder;
  readonly #locations = new KeyTable();
  readonly #event = new DecodedEvent();
  #heard = new Set<number>();
  #last = -Infinity;

  constructor() {
    this.#decoder = new EventDecoder({ skus: new KeyTable(), locations: new KeyTable(), sources: new KeyTable() });
  }

  hear(value: Uint8Array, header: (name: string) => string | undefined): void {
    const event = this.#event;
    if (this.#decoder.decode(value, header, event) !== undefined) return;
    if (event.kind !== SALE && event.kind !== RETURN) return;
    this.#heard.add(this.#locations.addBytes(event.bytes, event.locationStart, event.locationEnd));
  }

  /** One tick for every partition; nothing when time has not moved on, or too little for a log in which nothing happens. */
  tick(at: Instant, partitions: number): AppendRecord[] {
    if (at <= this.#last || (this.#heard.size === 0 && at < this.#last + QUIET_MS)) return [];
    this.#last = at;
    const heard = [...this.#heard].map((index) => this.#locations.key(index)).sort();
    this.#heard = new Set();
    const text = formatInstant(at);
    const value = encodeEvent({
      specversion: '1.0',
      id: text,
      source: SOURCE,
      type: 'clock.ticked',
      time: text,
      datacontenttype: 'application/json',
      data: { at: text, heard },
    });
    return Array.from({ length: partitions }, (_, partition) => ({ key: NO_KEY, value, partition }));
  }
}

const NO_KEY = new Uint8Array(0);
