import { extendedAmount, parseInstant, parseMoney, parseQuantity } from '@plumbline/kernel';
import { instantOfBytes } from './civil.ts';
import {
  COMMAND,
  MAX_EVENT_BYTES,
  OTHER,
  packCurrency,
  PLAN,
  RETURN,
  SALE,
  TICK,
  type DecodedEvent,
  type DecodeOutcome,
  type DecodeTables,
  type EventFault,
  type HeaderOf,
} from './decoded.ts';
import { isCommand, parseEvent, type PlumblineEvent } from './events.ts';
import { MAX_AMOUNT, MAX_ID_LENGTH, MAX_PRICE, MAX_QUANTITY, text } from './fields.ts';
import { IdentityHash } from './identity.ts';
import * as scan from './scan.ts';
import { HEADERS, LineScanner } from './scanner.ts';

const fatal = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();
const idText = text(MAX_ID_LENGTH);

/**
 * Decodes and validates records of the events topic, structured or binary mode. Plain pos.* events are read byte by
 * byte without allocating; whatever the scanner does not understand goes through JSON.parse and the schema, which
 * decide. Never throws on any input.
 */
export class EventDecoder {
  readonly #tables: DecodeTables;
  readonly #fast: boolean;
  readonly #line = new LineScanner();
  readonly #hash = new IdentityHash();

  /** @param options.fastPath false sends everything the slow way, for tests */
  constructor(tables: DecodeTables, options: { fastPath?: boolean } = {}) {
    this.#tables = tables;
    this.#fast = options.fastPath ?? true;
  }

  /** @param header the record's headers; without `ce_specversion` among them the value is a structured event */
  decode(value: Uint8Array, header: HeaderOf | undefined, out: DecodedEvent): DecodeOutcome {
    if (value.length > MAX_EVENT_BYTES) return tooLarge(value.length);
    if (header !== undefined && header('ce_specversion') !== undefined) {
      if (this.#fast && this.#line.binary(value, header) && this.#fill(this.#line.scratch, out)) return undefined;
      return this.#slow(value, header, out);
    }
    if (this.#fast && this.#line.structured(value) && this.#fill(value, out)) return undefined;
    return this.#slow(value, undefined, out);
  }

  /** Judges the members noted and writes the record; false sends the event the slow way. */
  #fill(b: Uint8Array, out: DecodedEvent): boolean {
    const line = this.#line;
    const { starts, ends } = line;
    const time = instantOfBytes(b, starts[scan.TIME]!, ends[scan.TIME]!);
    const quantity = scan.decimalOfBytes(b, starts[scan.QUANTITY]!, ends[scan.QUANTITY]!, 3);
    const price = scan.decimalOfBytes(b, starts[scan.PRICE]!, ends[scan.PRICE]!, 4);
    const currency = currencyOfBytes(b, starts[scan.CURRENCY]!, ends[scan.CURRENCY]!);
    const numbered = line.has(scan.SEQUENCE);
    const sequence = numbered ? scan.decimalOfBytes(b, starts[scan.SEQUENCE]!, ends[scan.SEQUENCE]!, -1) : -1;
    if (time !== time || quantity <= 0 || quantity > MAX_QUANTITY || price < 0 || price > MAX_PRICE) return false;
    if (currency < 0 || (numbered && sequence < 0)) return false;
    const amount = extendedAmount(quantity, price);
    if (amount > MAX_AMOUNT) return false;
    out.kind = line.isReturn ? RETURN : SALE;
    out.sequence = sequence;
    out.time = time;
    out.quantity = quantity;
    out.price = price;
    out.amount = amount;
    out.currency = currency;
    out.redrive = line.has(scan.REDRIVE);
    out.event = undefined;
    this.#identify(b, starts[scan.SOURCE]!, ends[scan.SOURCE]!, starts[scan.ID]!, ends[scan.ID]!, out);
    this.#place(b, starts[scan.SKU]!, ends[scan.SKU]!, starts[scan.LOCATION]!, ends[scan.LOCATION]!, out);
    return true;
  }

  #identify(
    b: Uint8Array,
    sourceStart: number,
    sourceEnd: number,
    idStart: number,
    idEnd: number,
    out: DecodedEvent,
  ): void {
    const source = this.#tables.sources.addBytes(b, sourceStart, sourceEnd);
    const hash = this.#hash;
    hash.over(source, b, sourceStart, sourceEnd, idStart, idEnd);
    out.source = source;
    out.idHashA = hash.a;
    out.idHashB = hash.b;
  }

  #place(
    b: Uint8Array,
    skuStart: number,
    skuEnd: number,
    locationStart: number,
    locationEnd: number,
    out: DecodedEvent,
  ): void {
    out.bytes = b;
    out.skuStart = skuStart;
    out.skuEnd = skuEnd;
    out.locationStart = locationStart;
    out.locationEnd = locationEnd;
    out.sku = skuEnd === skuStart ? -1 : this.#tables.skus.find(b, skuStart, skuEnd);
    out.location = locationEnd === locationStart ? -1 : this.#tables.locations.find(b, locationStart, locationEnd);
  }

  #slow(value: Uint8Array, header: HeaderOf | undefined, out: DecodedEvent): DecodeOutcome {
    let json: unknown;
    try {
      json = JSON.parse(fatal.decode(value));
    } catch (error) {
      const { source, id } = idsOf({ source: header?.('ce_source'), id: header?.('ce_id') });
      return { reason: 'not-json', detail: notJson(error), source, id };
    }
    if (header !== undefined) json = envelopeOf(header, json);
    const parsed = parseEvent(json);
    if (!parsed.ok) return { reason: parsed.reason, detail: parsed.detail, ...idsOf(json) };
    this.#fillFrom(parsed.event, out);
    return undefined;
  }

  #fillFrom(event: PlumblineEvent, out: DecodedEvent): void {
    const isLine = event.type === 'pos.sale' || event.type === 'pos.return';
    out.kind = kindOf(event);
    out.sequence = event.sequence === undefined ? -1 : Number(event.sequence);
    out.time = parseInstant(event.type === 'clock.ticked' ? event.data.at : event.time);
    out.quantity = isLine ? parseQuantity(event.data.quantity) : 0;
    out.price = isLine ? parseMoney(event.data.price) : 0;
    out.amount = isLine ? extendedAmount(out.quantity, out.price) : 0;
    out.currency = isLine ? packCurrency(event.data.currency) : 0;
    out.redrive = event.redrive !== undefined;
    out.event = isLine ? undefined : event;
    const ids = encoder.encode(event.source + event.id);
    const sourceEnd = encoder.encode(event.source).length;
    this.#identify(ids, 0, sourceEnd, sourceEnd, ids.length, out);
    const sku = 'sku' in event.data ? event.data.sku : '';
    const location = 'location' in event.data ? event.data.location : '';
    const codes = encoder.encode(sku + location);
    const skuEnd = encoder.encode(sku).length;
    this.#place(codes, 0, skuEnd, skuEnd, codes.length, out);
  }
}

function currencyOfBytes(b: Uint8Array, start: number, end: number): number {
  if (end - start !== 3) return -1;
  for (let i = start; i < end; i++) if (b[i]! < 0x41 || b[i]! > 0x5a) return -1;
  return (b[start]! << 16) | (b[start + 1]! << 8) | b[start + 2]!;
}

function kindOf(event: PlumblineEvent): number {
  if (event.type === 'pos.sale') return SALE;
  if (event.type === 'pos.return') return RETURN;
  if (event.type === 'clock.ticked') return TICK;
  if (event.type === 'plan.committed') return PLAN;
  return isCommand(event) ? COMMAND : OTHER;
}

/** A binary record as the structured event it stands for. */
function envelopeOf(header: HeaderOf, data: unknown): Record<string, unknown> {
  const event: Record<string, unknown> = { data };
  for (const [, name, member] of HEADERS) {
    const content = header(name);
    if (content !== undefined) event[member] = content;
  }
  return event;
}

/** Source and id for a dead letter, where they are fit to be kept. */
function idsOf(json: unknown): { source: string | undefined; id: string | undefined } {
  if (json === null || typeof json !== 'object') return { source: undefined, id: undefined };
  const { source, id } = json as Record<string, unknown>;
  return { source: idText.safeParse(source).data, id: idText.safeParse(id).data };
}

/** The parser quotes the input, control characters included; a database takes none. */
function notJson(error: unknown): string {
  const said = (error instanceof Error ? error.message : String(error)).replace(/\p{Cc}/gu, ' ').toWellFormed();
  return `the record is not JSON in UTF-8 (${said}); send one CloudEvents object per record`;
}

const tooLarge = (size: number): EventFault => ({
  reason: 'too-large',
  detail: `the event has ${size} bytes; at most ${MAX_EVENT_BYTES} are taken, so split it`,
  source: undefined,
  id: undefined,
});
