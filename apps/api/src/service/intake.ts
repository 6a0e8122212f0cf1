import { COMMAND, DecodedEvent, EventDecoder, PLAN, RETURN, SALE, TICK, type EventFault, type IngestLine } from '@plumbline/contracts';
import { KeyTable, type Instant } from '@plumbline/kernel';
import type { AppendRecord, NewDeadLetter } from '@plumbline/ports';
import { sha256, utf8 } from './bytes.ts';

/** Lines of one request that were looked at and are to be sent together. */
export interface Portion {
  lines: IngestLine[];
  records: AppendRecord[];
  letters: NewDeadLetter[];
  bytes: number;
}

const empty = (): Portion => ({ lines: [], records: [], letters: [], bytes: 0 });

/** What of an event that is past the size limit goes to the dead letters: enough to recognise it. */
const KEPT_OF_TOO_LARGE = 4096;

/** Looks at the events of one request: valid ones become records, the others dead letters; a repeat is told as one. */
export class Intake {
  readonly #decoder: EventDecoder;
  readonly #event = new DecodedEvent();
  readonly #seen = new Set<string>();
  readonly #eventBytes: number;
  readonly #at: Instant;
  #index = 0;
  #portion = empty();

  /** @param at when the request came, milliseconds UTC */
  constructor(eventBytes: number, at: Instant) {
    this.#eventBytes = eventBytes;
    this.#at = at;
    this.#decoder = new EventDecoder({ skus: new KeyTable(), locations: new KeyTable(), sources: new KeyTable() });
  }

  get received(): number {
    return this.#index;
  }

  /** What was gathered since the last portion was taken. */
  get portion(): Portion {
    return this.#portion;
  }

  takePortion(): Portion {
    const portion = this.#portion;
    this.#portion = empty();
    return portion;
  }

  /** @param length the event's size, when `bytes` is only its beginning */
  take(bytes: Uint8Array, length = bytes.length): void {
    const index = this.#index++;
    this.#portion.bytes += bytes.length;
    if (length > this.#eventBytes) {
      const detail = `the event has ${length} bytes, at most ${this.#eventBytes} are taken; send it in parts`;
      this.#reject(index, bytes.subarray(0, KEPT_OF_TOO_LARGE), { reason: 'too-large', detail, source: undefined, id: undefined });
      return;
    }
    const event = this.#event;
    const fault = this.#decoder.decode(bytes, undefined, event);
    if (fault) this.#reject(index, bytes, fault);
    else this.#accept(index, bytes, event);
  }

  #accept(index: number, bytes: Uint8Array, event: DecodedEvent): void {
    const { id, source, type } = namesOf(event, bytes);
    const { lines, records } = this.#portion;
    if (event.kind === TICK || event.kind === PLAN) {
      lines.push({ index, id, status: 'rejected', reason: 'not-accepted-here', detail: refusal(type) });
      return;
    }
    const identity = `${source}\0${id}`;
    if (this.#seen.has(identity)) {
      lines.push({ index, id, status: 'duplicate-in-request' });
      return;
    }
    this.#seen.add(identity);
    records.push({ key: keyOf(event), value: bytes });
    lines.push({ index, id, status: 'accepted' });
  }

  #reject(index: number, bytes: Uint8Array, { reason, detail, source, id }: EventFault): void {
    const payload = bytes.slice();
    this.#portion.letters.push({ key: sha256(payload), reason, detail, source, eventId: id, payload, at: this.#at });
    this.#portion.lines.push({ index, id: id ?? null, status: 'rejected', reason, detail });
  }
}

/** The identity of an event the decoder took: it is JSON with these members. */
function namesOf(event: DecodedEvent, bytes: Uint8Array): { id: string; source: string; type: string } {
  if (event.event) return event.event;
  return JSON.parse(decoder.decode(bytes)) as { id: string; source: string; type: string };
}
const decoder = new TextDecoder();

/** SKU of what concerns one, exception id of a command: what the topic is keyed by. */
export function keyOf(event: DecodedEvent): Uint8Array {
  if (event.kind === SALE || event.kind === RETURN) return event.bytes.slice(event.skuStart, event.skuEnd);
  const data = (event.event?.data ?? {}) as { sku?: string; exceptionId?: string };
  return utf8((event.kind === COMMAND ? data.exceptionId : data.sku) ?? '');
}

export function refusal(type: string): string {
  return type === 'clock.ticked'
    ? 'type: clock.ticked comes from the tower’s own clock alone; leave it out'
    : `type: ${type} follows from committing a plan version; commit it with "plumbline plan commit" or POST /plans/{id}/commit`;
}
