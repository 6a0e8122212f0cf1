import { DecodedEvent, EventDecoder, TICK } from '@plumbline/contracts';
import { KeyTable } from '@plumbline/kernel';
import type { ArchivedEvent } from '@plumbline/ports';

const utf8 = new TextDecoder();

/** Turns log records into archive rows: what an event says of SKU, location and time, and its bytes. Ticks are left out. */
export class Archivist {
  readonly #decoder = new EventDecoder({ skus: new KeyTable(), locations: new KeyTable(), sources: new KeyTable() });
  readonly #event = new DecodedEvent();

  /** Undefined when there is nothing to keep: ticks, and what detect sends to the dead letter. */
  row(offset: number, value: Uint8Array, header: (name: string) => string | undefined): ArchivedEvent | undefined {
    const event = this.#event;
    if (this.#decoder.decode(value, header, event) !== undefined || event.kind === TICK) return undefined;
    const text = (from: number, to: number): string | undefined => (to > from ? utf8.decode(event.bytes.subarray(from, to)) : undefined);
    return {
      offset,
      sku: text(event.skuStart, event.skuEnd),
      location: text(event.locationStart, event.locationEnd),
      time: event.time,
      value: new Uint8Array(value),
    };
  }
}
